/* link: ftm_lang ftm_graph ftm_ops ftm_base */
/* What can be called: every row and parameter says what it is and what PyTorch calls it, and the tables of grammar/README.md are
 * those of the rows. With an argument it prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "document_tables.h"
#include "str.h"

/* ---- the tables as text ---- */

static void add_meaning(struct strbuf *out, const char *pytorch, const char *help)
{
    if (strcmp(pytorch, "none") != 0)
        strbuf_addf(out, " `%s`", pytorch);
    strbuf_addf(out, " | %s |\n", help);
}

static void add_calls(struct strbuf *out, const struct call_chapter *chapter)
{
    strbuf_addf(out, "\n### %s\n\n| call | PyTorch | |\n|---|---|---|\n", chapter->title);
    for (uint32_t i = 0; i < call_count(); i++) {
        const struct ftmrt_call_info *info = call_row(i);
        if (info->category != chapter->category)
            continue;
        strbuf_add(out, "| `");
        call_signature(out, info);
        strbuf_add(out, "` |");
        add_meaning(out, info->pytorch, info->help);
    }
}

static void add_block(struct strbuf *out, const struct ftmrt_call_info *info)
{
    strbuf_addf(out, "\n### Keys of `%s`: %s\n\n| key | PyTorch | |\n|---|---|---|\n", info->name,
                info->help);
    for (uint32_t i = 0; i < info->param_count; i++) {
        if (info->params[i].type == FTMRT_TYPE_LOSS_FACTORS)
            continue; /* written with the losses */
        strbuf_addf(out, "| `%s", info->params[i].name);
        call_default(out, &info->params[i]);
        strbuf_add(out, "` |");
        add_meaning(out, info->params[i].pytorch, info->params[i].help);
    }
}

static void add_functions(struct strbuf *out)
{
    static const struct {
        const char *name, *help;
        int least, most;
    } rows[] = {
#define FTM_FUNCTION(name, least, most, help) {#name, help, least, most},
#include "functions.def"
    };
    strbuf_add(
        out, "\n### Functions of numbers and lists\n\n| function | arguments | |\n|---|---|---|\n");
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        strbuf_addf(out, "| `%s` | %d", rows[i].name, rows[i].least);
        if (rows[i].most > rows[i].least)
            strbuf_addf(out, " to %d", rows[i].most);
        strbuf_addf(out, " | %s |\n", rows[i].help);
    }
}

static void add_published(struct strbuf *out)
{
    static const struct {
        const char *key, *help;
        bool must;
    } rows[] = {
#define FTM_PUBLISHED(key, kind, must, help) {#key, help, must},
#include "published.def"
    };
    strbuf_add(out, "\n### Keys of `published`: what is known about a model's weight file\n\n| key "
                    "| | |\n|---|---|---|\n");
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++)
        strbuf_addf(out, "| `%s` | %s| %s |\n", rows[i].key, rows[i].must ? "must be given " : "",
                    rows[i].help);
}

static const char *tables(struct arena *arena)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    for (uint32_t i = 0; call_chapter(i); i++)
        add_calls(&out, call_chapter(i));
    for (uint32_t i = 0; i < call_count(); i++)
        if (call_row(i)->category == FTMRT_CATEGORY_BLOCK)
            add_block(&out, call_row(i));
    add_functions(&out);
    add_published(&out);
    strbuf_addc(&out, '\n');
    return out.text;
}

static const struct document_tables printed = {
    "../grammar/README.md", "<!-- tables of the rows, as unit_front_calls --print gives them -->\n",
    "<!-- end of the tables of the rows -->\n", tables};

/* ---- tests ---- */

static void check_texts(const char *call, const char *param, const char *pytorch, const char *help)
{
    if (!*pytorch || !*help || str_ends_with(help, "."))
        fail_msg("%s %s: a line of help without a final stop, and PyTorch's spelling", call, param);
}

static void every_row_says_what_it_is(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < call_count(); i++) {
        const struct ftmrt_call_info *info = call_row(i);
        check_texts(info->name, "", info->pytorch, info->help);
        for (uint32_t k = 0; k < info->param_count; k++)
            check_texts(info->name, info->params[k].name, info->params[k].pytorch,
                        info->params[k].help);
    }
    assert_true(call_count() > 40);
}

static void the_document_has_the_tables(void **state)
{
    (void)state;
    assert_document_has(&printed);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return print_document_tables(&printed);
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row_says_what_it_is),
                                       cmocka_unit_test(the_document_has_the_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* link: ftm_lang ftm_graph ftm_ops ftm_base */
/* What is named means what it means in PyTorch: every default of a row beside PyTorch's (data/pytorch_defaults.txt, which
 * tools/make_defaults_reference.py wrote), and the table of grammar/DEFAULTS.md, which an argument prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "document_tables.h"
#include "file.h"
#include "str.h"

static const char reference[] = "unit/data/pytorch_defaults.txt";

/* Where a default is another one, and why. */
static const struct {
    const char *call, *param, *reason;
} others[] = {
    {"cross_entropy", "ignore_index",
     "without it every label counts; PyTorch's -100 is no class either"},
    {"random_crop", "padding", "0 is none"},
    {"random_erasing", "value",
     "the mean of `normalize`, which comes behind it and makes 0 of that"},
    {"rand_augment", "fill", "none is 0"},
    {"trivial_augment_wide", "fill", "none is 0"},
    {"softmax", "dim", "PyTorch guesses, and warns"},
    {"log_softmax", "dim", "PyTorch guesses, and warns"},
    {"param", "shape", "PyTorch's makes an empty tensor"},
    {"normal", "std", "weights of deviation 1 hardly ever train"},
    {"interpolate", "align_corners", "PyTorch's means false"},
    {"interpolate", "recompute_scale_factor", "PyTorch's means false"},
    {"pad", "value", "PyTorch's means 0"},
};

static const char *reason_of(const char *call, const char *param)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcmp(others[i].call, call) && !strcmp(others[i].param, param))
            return others[i].reason;
    return NULL;
}

/* A default as the reference writes it. */
static const char *own_text(struct arena *arena, const struct ftmrt_param_info *p)
{
    if (!p->value)
        return "must be given";
    if (!*p->value)
        return "none";
    return p->type == FTMRT_TYPE_WORD || p->type == FTMRT_TYPE_LABEL
               ? arena_strndup(arena, p->value, strcspn(p->value, "|"))
               : p->value;
}

/* The same numbers, however they are written: "[0.08, 1]" and "[0.08,1.0]". */
static bool same(const char *a, const char *b)
{
    while (*a && *b) {
        char *end_a, *end_b;
        const double x = strtod(a, &end_a), y = strtod(b, &end_b);
        a += strspn(a, " ");
        b += strspn(b, " ");
        if (end_a != a && end_b != b) {
            if (x < y || x > y)
                return false;
            a = end_a;
            b = end_b;
        } else if (*a++ != *b++) {
            return false;
        }
    }
    return *a == *b;
}

/* The reference's lines: call, argument, default, which may have blanks. */
static char *reference_text(struct arena *arena)
{
    struct file_map m;
    assert_true(file_map_open(&m, reference));
    char *text = arena_strndup(arena, (const char *)m.data, m.size);
    file_map_close(&m);
    return text;
}

/* Calls `use` for each line of the reference that has a row. */
static uint32_t each_default(struct arena *arena, struct strbuf *out,
                             void (*use)(struct strbuf *out, const struct ftmrt_call_info *call,
                                         const struct ftmrt_param_info *p, const char *own,
                                         const char *theirs))
{
    uint32_t count = 0;
    char *next = reference_text(arena);
    for (const char *call; (call = strtok_r(next, " ", &next));) {
        const char *param = strtok_r(NULL, " ", &next), *theirs = strtok_r(NULL, "\n", &next);
        const struct ftmrt_call_info *info = call_find(call);
        for (uint32_t i = 0; info && i < info->param_count; i++)
            if (!strcmp(info->params[i].name, param)) {
                use(out, info, &info->params[i], own_text(arena, &info->params[i]), theirs);
                count++;
            }
    }
    return count;
}

static void check_row(struct strbuf *out, const struct ftmrt_call_info *call,
                      const struct ftmrt_param_info *p, const char *own, const char *theirs)
{
    (void)out;
    const bool stated = reason_of(call->name, p->name) != NULL;
    if (same(own, theirs) == stated)
        fail_msg("%s %s: %s here, %s in PyTorch, %s", call->name, p->name, own, theirs,
                 stated ? "and stated as different" : "not stated");
}

static void print_row(struct strbuf *out, const struct ftmrt_call_info *call,
                      const struct ftmrt_param_info *p, const char *own, const char *theirs)
{
    const char *reason = reason_of(call->name, p->name);
    strbuf_addf(out, "| `%s` | `%s` | %s | `%s`, `%s` | %s | %s |\n", call->name, p->name, own,
                call->pytorch, p->pytorch, theirs, reason ? reason : "");
}

static const char *table(struct arena *arena)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    strbuf_add(&out,
               "\n| call | argument | default | PyTorch | its default | where it differs, why "
               "|\n|---|---|---|---|---|---|\n");
    each_default(arena, &out, print_row);
    strbuf_addc(&out, '\n');
    return out.text;
}

static const struct document_tables printed = {
    "../grammar/DEFAULTS.md", "<!-- defaults, as unit_front_defaults --print gives them -->\n",
    "<!-- end of defaults -->\n", table};

static void defaults_are_those_of_pytorch(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, "test");
    assert_true(each_default(&arena, NULL, check_row) > 80);
    arena_clear(&arena);
}

static void the_document_has_the_table(void **state)
{
    (void)state;
    assert_document_has(&printed);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return print_document_tables(&printed);
    const struct CMUnitTest tests[] = {cmocka_unit_test(defaults_are_those_of_pytorch),
                                       cmocka_unit_test(the_document_has_the_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

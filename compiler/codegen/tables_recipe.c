/* Prints the recipe of a program as C: calls with one line per argument, which its parameter's name
 * stands behind. */
#include "tables.h"
#include "tables_words.h"

#include <inttypes.h>
#include <string.h>

static void print_call(struct strbuf *out, const struct ftmrt_call *c, int depth);

static void indent(struct strbuf *out, int depth)
{
    for (int i = 0; i < depth; i++)
        strbuf_add(out, "    ");
}

static void print_numbers(struct strbuf *out, const struct ftmrt_arg *a)
{
    strbuf_add(out, ".numbers = (const double[]){");
    for (uint32_t i = 0; i < a->count; i++) {
        strbuf_add(out, i ? ", " : "");
        tables_add_number(out, a->numbers[i]);
    }
    strbuf_addc(out, '}');
}

static void print_texts(struct strbuf *out, const struct ftmrt_arg *a)
{
    strbuf_add(out, ".texts = (const char *const[]){");
    for (uint32_t i = 0; i < a->count; i++) {
        strbuf_add(out, i ? ", " : "");
        tables_add_string(out, a->texts[i]);
    }
    strbuf_addc(out, '}');
}

static void print_calls(struct strbuf *out, const struct ftmrt_arg *a, int depth)
{
    strbuf_add(out, ".calls = (const struct ftmrt_call[]){\n");
    for (uint32_t i = 0; i < a->count; i++) {
        indent(out, depth + 1);
        print_call(out, &a->calls[i], depth + 1);
        strbuf_add(out, ",\n");
    }
    indent(out, depth);
    strbuf_addc(out, '}');
}

static void print_value(struct strbuf *out, const struct ftmrt_arg *a, int depth)
{
    if (a->kind == FTMRT_ARG_NUMBERS || a->kind == FTMRT_ARG_TEXTS || a->kind == FTMRT_ARG_CALLS)
        strbuf_addf(out, ".count = %" PRIu32 ", ", a->count);
    switch (a->kind) {
    case FTMRT_ARG_NONE: break;
    case FTMRT_ARG_INTEGER: strbuf_addf(out, ".integer = %" PRId64, a->integer); break;
    case FTMRT_ARG_NUMBER:
        strbuf_add(out, ".number = ");
        tables_add_number(out, a->number);
        break;
    case FTMRT_ARG_TEXT:
        strbuf_add(out, ".text = ");
        tables_add_string(out, a->text);
        break;
    case FTMRT_ARG_NUMBERS: print_numbers(out, a); break;
    case FTMRT_ARG_TEXTS: print_texts(out, a); break;
    case FTMRT_ARG_CALLS: print_calls(out, a, depth); break;
    }
}

static void print_arg(struct strbuf *out, const struct ftmrt_arg *a, int depth)
{
    static const char *const kinds[] = {
        [FTMRT_ARG_NONE] = "NONE",   [FTMRT_ARG_INTEGER] = "INTEGER", [FTMRT_ARG_NUMBER] = "NUMBER",
        [FTMRT_ARG_TEXT] = "TEXT",   [FTMRT_ARG_NUMBERS] = "NUMBERS", [FTMRT_ARG_TEXTS] = "TEXTS",
        [FTMRT_ARG_CALLS] = "CALLS",
    };
    strbuf_addf(out, "{.kind = FTMRT_ARG_%s%s", kinds[a->kind],
                a->kind == FTMRT_ARG_NONE ? "" : ", ");
    print_value(out, a, depth);
    strbuf_addc(out, '}');
}

static void print_call(struct strbuf *out, const struct ftmrt_call *c, int depth)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    strbuf_addf(out, "{.id = FTMRT_CALL_%s", info->name);
    if (info->param_count > 0)
        strbuf_add(out, ", .args = (const struct ftmrt_arg[]){\n");
    for (uint32_t i = 0; i < info->param_count; i++) {
        indent(out, depth + 1);
        print_arg(out, &c->args[i], depth + 1);
        strbuf_addf(out, ", /* %s */\n", info->params[i].name);
    }
    if (info->param_count > 0) {
        indent(out, depth);
        strbuf_addc(out, '}');
    }
    strbuf_addc(out, '}');
}

/* ---- what is linked ---- */

static void note_call(bool *used, const struct ftmrt_call *c, bool trains)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    used[c->id] = true;
    for (uint32_t i = 0; i < info->param_count; i++) {
        const bool trains_only =
            info->params[i].type == FTMRT_TYPE_MIX ||
            (c->id == FTMRT_CALL_transform && strcmp(info->params[i].name, "train") == 0);
        for (uint32_t k = 0; c->args[i].kind == FTMRT_ARG_CALLS && k < c->args[i].count; k++)
            if (trains || !trains_only)
                note_call(used, &c->args[i].calls[k], trains);
    }
}

void tables_transforms(const struct ftmrt_recipe *r, bool trains,
                       void (*use)(void *user, const char *name, bool mix, bool named), void *user)
{
    bool used[FTMRT_CALL_COUNT] = {false};
    note_call(used, &r->finetune, trains);
    for (int i = 0; i < FTMRT_CALL_COUNT; i++) {
        const struct ftmrt_call_info *info = ftmrt_call_info((enum ftmrt_call_id)i);
        const bool mix = info->category == FTMRT_CATEGORY_MIX;
        if (mix || info->category == FTMRT_CATEGORY_TRANSFORM)
            use(user, info->name, mix, used[i]);
    }
}

struct linked {
    struct strbuf declarations, list;
};

static void add_linked(void *user, const char *name, bool mix, bool named)
{
    struct linked *l = user;
    if (!named)
        return;
    strbuf_addf(&l->declarations, "extern const char run_%s%s[];\n", mix ? "batch_" : "", name);
    strbuf_addf(&l->list, "run_%s%s, ", mix ? "batch_" : "", name);
}

/* A transform is a file of a library (runtime/transform), which the linker takes where its function is named: by its address alone,
 * so that what it is does not matter here. */
static void print_linked(struct strbuf *out, const struct ftmrt_recipe *r, bool trains)
{
    struct linked l;
    strbuf_init(&l.declarations, out->arena);
    strbuf_init(&l.list, out->arena);
    tables_transforms(r, trains, add_linked, &l);
    strbuf_addf(out, "%sstatic const void *const linked[] = {%s0};\n\n",
                l.declarations.len ? l.declarations.text : "", l.list.len ? l.list.text : "");
}

void tables_print_recipe(struct strbuf *out, const struct ftmrt_recipe *r, enum tables_link link)
{
    if (link != TABLES_LINK_NOTHING)
        print_linked(out, r, link == TABLES_LINK_ALL);
    strbuf_add(out, "/* What the recipe says, every default filled in. */\n"
                    "static const struct ftmrt_recipe recipe = {\n    .name = ");
    tables_add_string(out, r->name);
    strbuf_add(out, ",\n    .base = ");
    tables_add_string(out, r->base);
    if (r->base_model) {
        strbuf_add(out, ",\n    .base_model = ");
        tables_add_string(out, r->base_model);
        strbuf_add(out, ",\n    .licence = ");
        tables_add_string(out, r->licence);
    }
    strbuf_add(out, ",\n    .finetune = ");
    print_call(out, &r->finetune, 1);
    strbuf_add(out, link != TABLES_LINK_NOTHING ? ",\n    .linked = linked" : "");
    strbuf_add(out, ",\n};\n\n");
}

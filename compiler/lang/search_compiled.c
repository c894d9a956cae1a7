/* over PATH = [ "...", "..." ] of what is compiled into a program: its values are texts that stand behind `-D PATH=`, and each is compiled into
 * a program of its own (driver/program_search.c).
 *
 *     over train = ["fc", "layer4, fc", all]      what trains; all else is frozen
 *     over adapt.rank = [2, 8, 32]                ranks of LoRA
 *     over train = depth(4)                       more and more of the network, from its output on */
#include <string.h>

#include "argument.h"
#include "recipe_reader.h"
#include "str.h"

enum { MOST_PROGRAMS = 16, DEPTHS = 4 };

/* adapt.rank, adapt.alpha: an argument of every `adapt`. */
static bool is_of_adapters(const char *path) { return str_begins_with(path, "adapt."); }

bool search_is_compiled(const char *path)
{
    static const char *const all[] = {"train",    "model",          "weights",        "optimizer",
                                      "schedule", "transform.eval", "transform.train"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i], path))
            return true;
    return is_of_adapters(path);
}

typedef VEC(const char *) text_values;

static void add_text(struct recipe_reader *r, text_values *texts, const char *text)
{
    vec_push(r->arena, texts, text);
}

/* ---- depths ---- */

/* A name as a pattern: as it is, or quoted where it is no path. */
static const char *pattern_of(struct recipe_reader *r, const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    return strspn(name, plain) == strlen(name) ? name : str_quoted(r->arena, name);
}

/* How much of a layer's path says where it is: its block, or no more than the first part where all layers below that are among the
 * blocks from `first` on. */
static size_t name_length(const struct net *net, const struct blocks *b, uint32_t first,
                          const char *path)
{
    const size_t part = strcspn(path, ".");
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        if (!l->dead && l->param_count && !strncmp(l->path, path, part) &&
            (l->path[part] == '.' || !l->path[part]) && b->of[i] < first)
            return block_length(path);
    }
    return part;
}

/* The patterns of all blocks from the one with this number on, and of what the recipe has added, which has learnt nothing yet. */
static const char *patterns_from(struct recipe_reader *r, const struct blocks *b, uint32_t first)
{
    const struct net *net = r->builder->net;
    VEC(const char *) names = {0};
    struct strbuf text;
    strbuf_init(&text, r->arena);
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        if (l->dead || !l->param_count || (b->of[i] < first && !l->added))
            continue;
        const char *name = b->of[i] < first ? l->path
                                            : arena_strndup(r->arena, l->path,
                                                            name_length(net, b, first, l->path));
        uint32_t k = 0;
        while (k < names.len && strcmp(names.at[k], name) != 0)
            k++;
        if (k < names.len)
            continue;
        vec_push(r->arena, &names, name);
        strbuf_addf(&text, "%s%s", names.len > 1 ? ", " : "", pattern_of(r, name));
    }
    return text.text;
}

/* So many depths, evenly from the last block to the whole network; fewer where it has fewer blocks. */
static void add_depths(struct recipe_reader *r, text_values *texts, uint32_t count)
{
    const struct blocks b = find_blocks(r);
    const uint32_t all = b.names.len;
    for (uint32_t i = 0, last = 0; i < count && all; i++) {
        const uint32_t blocks = 1 + (i * (all - 1) + (count - 1) / 2) / (count - 1);
        if (blocks != last)
            add_text(r, texts, blocks == all ? "all" : patterns_from(r, &b, all - blocks));
        last = blocks;
    }
}

static bool report_values(struct recipe_reader *r, const struct recipe_stmt *s, struct span span,
                          const char *found)
{
    const bool train = !strcmp(s->name, "train");
    diag_report(r->diag, span, DIAG_WRONG_TYPE, arena_printf(r->arena, "'%s'", s->name),
                arena_printf(r->arena, "a list of 2 to %d strings, each what `-D %s=` takes%s",
                             MOST_PROGRAMS, s->name, train ? ", or depth()" : ""),
                found);
    return false;
}

/* depth(), depth(6) */
static bool read_depth(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *s,
                       const struct expr *e, text_values *texts)
{
    int64_t count = DEPTHS;
    if (e->args->list.len) {
        struct value v = eval(r->builder, scope, e->args->list.at[0].value);
        if (v.kind == VALUE_ERROR)
            return false;
        count = v.kind == VALUE_INT && e->args->list.len == 1 ? v.integer : 0;
    }
    if (count < 2 || count > MOST_PROGRAMS) {
        diag_report(r->diag, e->span, DIAG_WRONG_TYPE, arena_printf(r->arena, "'%s'", s->name),
                    arena_printf(r->arena, "depth() or depth(2) to depth(%d)", MOST_PROGRAMS),
                    "another call");
        return false;
    }
    add_depths(r, texts, (uint32_t)count);
    return true;
}

/* ---- lists ---- */

/* A string, or a name or number as it is; NULL: something else. */
static const char *text_of(struct recipe_reader *r, const struct expr *e)
{
    struct strbuf text;
    if ((e->kind == EXPR_STRING || e->kind == EXPR_NAME) && *e->text)
        return e->text;
    if (e->kind != EXPR_INT && e->kind != EXPR_FLOAT)
        return NULL;
    strbuf_init(&text, r->arena);
    strbuf_add_double(&text, e->kind == EXPR_INT ? (double)e->integer : e->real);
    return text.text;
}

static bool add_value(struct recipe_reader *r, const struct recipe_stmt *s, const struct expr *e,
                      text_values *texts)
{
    const char *text = text_of(r, e);
    if (!text)
        return report_values(r, s, e->span, "something else");
    for (uint32_t i = 0; i < texts->len; i++)
        if (!strcmp(texts->at[i], text)) {
            diag_report(r->diag, e->span, DIAG_BAD_VALUE, arena_printf(r->arena, "'%s'", s->name),
                        "a value once", arena_printf(r->arena, "%s twice", text));
            return false;
        }
    add_text(r, texts, text);
    return true;
}

static bool read_texts(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *s,
                       text_values *texts)
{
    const struct expr *e = s->values->list.at[0];
    if (s->values->list.len == 1 && e->kind == EXPR_CALL && !strcmp(e->text, "depth") &&
        !strcmp(s->name, "train"))
        return read_depth(r, scope, s, e, texts);
    if (s->values->list.len != 1 || e->kind != EXPR_LIST)
        return report_values(r, s, e->span, "something else");
    if (e->items->list.len < 2 || e->items->list.len > MOST_PROGRAMS)
        return report_values(r, s, e->span, arena_printf(r->arena, "%u", e->items->list.len));
    for (uint32_t i = 0; i < e->items->list.len; i++)
        if (!add_value(r, s, e->items->list.at[i], texts))
            return false;
    return true;
}

static bool has_adapters(const struct recipe_reader *r)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    for (uint32_t i = 0; i < stmts->list.len; i++)
        if (stmts->list.at[i]->kind == RECIPE_ADAPT)
            return true;
    return false;
}

bool read_compiled_over(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *s,
                        struct ftmrt_arg *args)
{
    text_values texts = {0};
    const bool of_phases = recipe_phases(r->recipe)->count &&
                           (!strcmp(s->name, "train") || !strcmp(s->name, "optimizer") ||
                            !strcmp(s->name, "schedule"));
    if (of_phases) {
        diag_report(r->diag, s->name_span, DIAG_SEARCH_PATH, s->name, "each phase has its own");
        return false;
    }
    if (is_of_adapters(s->name) && !has_adapters(r)) {
        diag_report(r->diag, s->name_span, DIAG_SEARCH_PATH, s->name, "the recipe has no `adapt`");
        return false;
    }
    if (!read_texts(r, scope, s, &texts))
        return false;
    args[FTMRT_PARAM_over_texts % FTMRT_PARAM_LIMIT] =
        (struct ftmrt_arg){FTMRT_ARG_TEXTS, texts.len, {.texts = texts.at}};
    return true;
}

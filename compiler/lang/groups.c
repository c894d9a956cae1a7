/* group PATTERNS { lr = 0.1x, weight_decay = 0 }: parameters whose update goes by factors of the optimizer's values. A parameter is in
 * one group at most, and the rest go by the values themselves. */
#include "recipe_reader.h"

#include <string.h>

#include "str.h"

static void add_pattern(struct strbuf *b, struct arena *arena, const struct pattern *p)
{
    if (p->is_kind)
        strbuf_addf(b, "type(%s)", p->text);
    else
        strbuf_add(b, str_quoted(arena, p->text));
}

static const char *patterns_text(struct arena *arena, const struct patterns *patterns)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    for (uint32_t i = 0; i < patterns->list.len; i++) {
        strbuf_add(&b, i ? ", " : "");
        add_pattern(&b, arena, &patterns->list.at[i]);
    }
    return b.text;
}

/* The factor that an expression is; false: it is none. */
static bool factor_of(const struct expr *e, double *out)
{
    *out = e->kind == EXPR_FACTOR ? e->real : 0;
    return e->kind == EXPR_FACTOR || (e->kind == EXPR_INT && e->integer == 0);
}

const char *group_text(const struct recipe_reader *r, const struct recipe_stmt *s)
{
    struct strbuf b;
    strbuf_init(&b, r->arena);
    strbuf_addf(&b, "group %s { ", patterns_text(r->arena, s->patterns));
    for (uint32_t i = 0; i < s->items->list.len; i++) {
        const struct recipe_stmt *item = s->items->list.at[i];
        double factor;
        strbuf_addf(&b, "%s%s = ", i ? ", " : "", item->name);
        factor_of(item->values->list.at[0], &factor);
        strbuf_add_double(&b, factor);
        strbuf_add(&b, "x");
    }
    strbuf_add(&b, " }");
    return b.text;
}

/* The group's factor of a name, or NULL. */
static double *factor_place(struct recipe_group *g, const char *name)
{
    return strcmp(name, "lr") == 0             ? &g->lr
           : strcmp(name, "weight_decay") == 0 ? &g->weight_decay
                                               : NULL;
}

static void read_factor(struct recipe_reader *r, struct recipe_group *g,
                        const struct recipe_stmt *s)
{
    const struct expr *e = s->values->list.at[0];
    double *place = factor_place(g, s->name), factor;
    if (!place) /* check_block has said it */
        return;
    if (!factor_of(e, &factor)) {
        diag_report(r->diag, e->span, DIAG_WRONG_TYPE, arena_printf(r->arena, "'%s'", s->name),
                    "a factor of the optimizer's value, as in 0.1x, or 0", "another value");
        return;
    }
    if (factor <= 1e6)
        *place = factor;
    else
        diag_report(r->diag, e->span, DIAG_BAD_VALUE, arena_printf(r->arena, "'%s'", s->name),
                    "from 0x to 1000000x", arena_printf(r->arena, "%gx", factor));
}

void read_groups(struct recipe_reader *r)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind != RECIPE_GROUP)
            continue;
        struct recipe_group g = {patterns_text(r->arena, s->patterns), 1, 1};
        check_block(r, s->items, RECIPE_SETTING, FTMRT_CALL_group);
        for (uint32_t k = 0; k < s->items->list.len; k++)
            read_factor(r, &g, s->items->list.at[k]);
        vec_push(r->arena, &r->recipe->groups, g);
    }
}

/* ---- which parameters ---- */

/* A group while its patterns are tried. */
struct membership {
    uint32_t number; /* of the group, from 1 */
    bool matched;    /* the pattern at hand, something */
    bool trains;     /* something of the group does */
};

static void take_param(struct recipe_reader *r, const struct pattern *p, const struct layer *l,
                       struct layer_param *param, struct membership *m)
{
    if (param->kind != LAYER_PARAMETER || !pattern_matches(r, p, l, param))
        return;
    m->matched = true;
    m->trains = m->trains || param->trainable;
    if (param->group && param->group != m->number) {
        diag_report(r->diag, p->span, DIAG_GROUP_TWICE, layer_param_key(r->arena, l, param));
        diag_note(r->diag, "the other one is `group %s`",
                  r->recipe->groups.at[param->group - 1].name);
    }
    param->group = m->number;
}

static void take_pattern(struct recipe_reader *r, const struct pattern *p, struct membership *m)
{
    m->matched = false;
    if (!p->is_kind && !check_pattern(r, p->text, p->span))
        return;
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++) {
        struct layer *l = &r->builder->net->layers.at[i];
        for (uint32_t k = 0; k < l->param_count; k++)
            take_param(r, p, l, &l->params[k], m);
    }
    if (!m->matched)
        report_unmatched(r, RECIPE_GROUP, p);
}

void settle_groups(struct recipe_reader *r)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    struct membership m = {0};
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind != RECIPE_GROUP)
            continue;
        const uint32_t errors = r->diag->errors;
        m.number++;
        m.trains = false;
        for (uint32_t k = 0; k < s->patterns->list.len; k++)
            take_pattern(r, &s->patterns->list.at[k], &m);
        if (!m.trains && r->diag->errors == errors && !r->files->options->infer)
            diag_report(r->diag, s->span, DIAG_GROUP_FROZEN);
    }
}

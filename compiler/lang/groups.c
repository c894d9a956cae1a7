/* group PATTERNS { lr = 0.1x, weight_decay = 0 }: parameters whose update goes by factors of the optimizer's values, or by values of their
 * own, which are made factors when the optimizer's are known. A parameter is in one group at most, and the rest go by the values themselves. */
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

/* The factor that an expression is, or the value (*own); false: it is neither. */
static bool factor_of(const struct expr *e, double *out, bool *own)
{
    const bool whole = e->kind == EXPR_INT && e->integer >= 0;
    *own = e->kind == EXPR_FLOAT || (whole && e->integer != 0);
    *out = whole ? (double)e->integer : e->real;
    return whole || e->kind == EXPR_FACTOR || e->kind == EXPR_FLOAT;
}

const char *group_text(const struct recipe_reader *r, const struct recipe_stmt *s)
{
    struct strbuf b;
    strbuf_init(&b, r->arena);
    strbuf_addf(&b, "group %s { ", patterns_text(r->arena, s->patterns));
    for (uint32_t i = 0; i < s->items->list.len; i++) {
        const struct recipe_stmt *item = s->items->list.at[i];
        double factor;
        bool own;
        strbuf_addf(&b, "%s%s = ", i ? ", " : "", item->name);
        factor_of(item->values->list.at[0], &factor, &own);
        strbuf_add_double(&b, factor);
        strbuf_add(&b, own ? "" : "x");
    }
    strbuf_add(&b, " }");
    return b.text;
}

static void read_factor(struct recipe_reader *r, struct recipe_group *g,
                        const struct recipe_stmt *s)
{
    const struct expr *e = s->values->list.at[0];
    const bool lr = strcmp(s->name, "lr") == 0;
    double factor;
    bool own;
    if (!lr && strcmp(s->name, "weight_decay") != 0) /* check_block has said it */
        return;
    if (!factor_of(e, &factor, &own)) {
        diag_report(r->diag, e->span, DIAG_WRONG_TYPE, arena_printf(r->arena, "'%s'", s->name),
                    "a value, or a factor of the optimizer's, as in 0.1x", "something else");
        return;
    }
    if (factor > 1e6) {
        const char *x = own ? "" : "x";
        diag_report(r->diag, e->span, DIAG_BAD_VALUE, arena_printf(r->arena, "'%s'", s->name),
                    arena_printf(r->arena, "from 0%s to 1000000%s", x, x),
                    arena_printf(r->arena, "%g%s", factor, x));
        return;
    }
    *(lr ? &g->lr : &g->weight_decay) = factor;
    *(lr ? &g->own_lr : &g->own_weight_decay) = own;
}

void read_groups(struct recipe_reader *r)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind != RECIPE_GROUP)
            continue;
        struct recipe_group g = {.name = patterns_text(r->arena, s->patterns),
                                 .span = s->span,
                                 .lr = 1,
                                 .weight_decay = 1};
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

/* ---- values of their own ---- */

/* The value of an optimizer's argument; 0 where it has none. */
static double argument_value(const struct ftmrt_call *optimizer, const char *name)
{
    const struct ftmrt_arg *a = optimizer ? ftmrt_call_named(optimizer, name) : NULL;
    return a ? a->number : 0;
}

/* A group's value as a share of the optimizer's, which the schedule and options scale: as torch.optim's parameter groups are. */
static void make_factor(struct recipe_reader *r, const struct recipe_group *g, const char *name,
                        double *value)
{
    const struct ftmrt_call *optimizer = recipe_call(r->recipe, FTMRT_PARAM_finetune_optimizer);
    const double whole = argument_value(optimizer, name);
    bool same = true;
    for (uint32_t i = 0; i < recipe_phases(r->recipe)->count; i++) {
        const struct ftmrt_call *own = recipe_phase_optimizer(r->recipe, i);
        same = same && argument_value(own, name) == whole;
    }
    if (same && whole > 0) {
        *value /= whole;
        return;
    }
    diag_report(r->diag, g->span, DIAG_GROUP_VALUE, g->name, name,
                same ? "is 0" : "differs from phase to phase");
    diag_note(r->diag,
              same ? "give the optimizer a value, and other groups `%s = 0`"
                   : "write a factor of it: `%s = 0.1x`",
              name);
}

void settle_group_values(struct recipe_reader *r)
{
    for (uint32_t i = 0; i < r->recipe->groups.len; i++) {
        struct recipe_group *g = &r->recipe->groups.at[i];
        if (g->own_lr)
            make_factor(r, g, "lr", &g->lr);
        if (g->own_weight_decay)
            make_factor(r, g, "weight_decay", &g->weight_decay);
        g->own_lr = g->own_weight_decay = false;
    }
}

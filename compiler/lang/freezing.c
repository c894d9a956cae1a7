/* freeze and train: which parameters are trained. Statements apply in order, the last match wins. Where nothing is, as of a
 * network that only predicts, --keep says which stay open.
 *
 * A pattern matches a parameter if it matches its path or the path of something around it, by whole
 * components: `layer1` matches layer1.0.conv1.weight. `all` is everything; type(batch_norm) matches
 * layers of one kind. */
#include "recipe_reader.h"

#include <string.h>

#include "str.h"

static bool layer_matches(struct recipe_reader *r, const struct pattern *p, const struct layer *l)
{
    if (p->is_kind)
        return !strcmp(layer_kind(l), p->text);
    return !strcmp(p->text, "all") || str_path_match_above(r->arena, p->text, l->path);
}

static bool param_matches(struct recipe_reader *r, const struct pattern *p, const struct layer *l,
                          const struct layer_param *param)
{
    return !p->is_kind && str_path_match(p->text, layer_param_key(r->arena, l, param));
}

static bool has_statistics(const struct layer *l)
{
    for (uint32_t i = 0; i < l->param_count; i++)
        if (l->params[i].kind == LAYER_STATISTIC)
            return true;
    return false;
}

/* Leaves parameters and statistics of a layer open; whether the pattern matched. */
static bool keep(struct recipe_reader *r, const struct pattern *p, struct layer *l)
{
    const bool whole = layer_matches(r, p, l);
    bool matched = false;
    for (uint32_t i = 0; i < l->param_count; i++) {
        const bool match = whole || param_matches(r, p, l, &l->params[i]);
        l->params[i].kept |= match;
        matched |= match;
    }
    return matched;
}

/* Applies one pattern to one layer, in all phases; whether it matched. */
static bool apply(struct recipe_reader *r, enum recipe_kind kind, const struct pattern *p,
                  struct layer *l)
{
    const uint32_t every = recipe_every_phase(r->recipe);
    if (kind == RECIPE_KEEP)
        return keep(r, p, l);
    bool train = kind == RECIPE_TRAIN, whole = layer_matches(r, p, l), matched = false;
    if (kind == RECIPE_FREEZE_STATISTICS) {
        matched = whole && has_statistics(l);
        l->stats_frozen |= matched ? every : 0;
        return matched;
    }
    for (uint32_t i = 0; i < l->param_count; i++) {
        struct layer_param *param = &l->params[i];
        if (param->kind != LAYER_PARAMETER || !(whole || param_matches(r, p, l, param)))
            continue;
        param->trainable = train ? every : 0;
        matched = true;
    }
    if (whole)
        l->stats_frozen = train ? 0 : every;
    return matched;
}

/* Whether a layer has the name, or a block that holds layers. */
static bool names_layer(const struct net *net, const char *name)
{
    for (uint32_t i = 0; i < net->layers.len; i++)
        if (layer_within(&net->layers.at[i], name))
            return true;
    return false;
}

static void report_unmatched(struct recipe_reader *r, enum recipe_kind kind,
                             const struct pattern *p)
{
    if (p->is_kind &&
        (!call_find(p->text) || call_find(p->text)->category != FTMRT_CATEGORY_LAYER)) {
        diag_report(r->diag, p->span, DIAG_UNKNOWN_CALL, "kind of layer", p->text);
        const char *near = call_nearest(p->text, FTMRT_CATEGORY_LAYER);
        diag_note(r->diag, near ? "did you mean '%s'?" : "there are: %s",
                  near ? near : call_list(r->arena, FTMRT_CATEGORY_LAYER));
        return;
    }
    bool name = !p->is_kind && !strpbrk(p->text, "*[") && kind != RECIPE_FREEZE_STATISTICS;
    if (name && !names_layer(r->builder->net, p->text)) {
        report_unknown_layer(r->builder, p->text, p->span);
        return;
    }
    diag_report(r->diag, p->span, DIAG_PATTERN_UNMATCHED, p->text,
                kind == RECIPE_FREEZE_STATISTICS ? "batch norm" : "layer with parameters");
    if (!p->is_kind && !name)
        diag_note(r->diag,
                  "* stays within a component, ** crosses dots: \"layer1.*.conv1\", \"**.bias\"; "
                  "[0-5] is one character");
}

bool check_pattern(struct recipe_reader *r, const char *pattern, struct span span)
{
    const char *defect = str_pattern_defect(pattern);
    if (!defect)
        return true;
    diag_report(r->diag, span, DIAG_BAD_PATTERN, pattern, defect);
    diag_note(r->diag,
              "[0-5] is a digit from 0 to 5; 0 to 12 are two patterns: \"features.[0-9]\", "
              "\"features.1[0-2]\"");
    return false;
}

static void apply_pattern(struct recipe_reader *r, enum recipe_kind kind, const struct pattern *p)
{
    bool any = false;
    if (!p->is_kind && !check_pattern(r, p->text, p->span))
        return;
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++) {
        struct layer *l = &r->builder->net->layers.at[i];
        if (l->param_count)
            any = apply(r, kind, p, l) || any;
    }
    if (!any)
        report_unmatched(r, kind, p);
}

static void freeze_all(struct net *net, uint32_t every)
{
    for (uint32_t i = 0; i < net->layers.len; i++) {
        struct layer *l = &net->layers.at[i];
        l->stats_frozen = every;
        for (uint32_t k = 0; k < l->param_count; k++)
            l->params[k].trainable = 0;
    }
}

/* What training writes: what is computed of it there at run time. */
static void note_learnt(struct net *net)
{
    for (uint32_t i = 0; i < net->layers.len; i++) {
        struct layer *l = &net->layers.at[i];
        for (uint32_t k = 0; k < l->param_count; k++)
            l->params[k].learnt = layer_param_moves(l, &l->params[k]);
    }
}

/* Sums up per layer; the phases in which something trains. */
static uint32_t settle(struct net *net, uint32_t every)
{
    uint32_t any = 0;
    for (uint32_t i = 0; i < net->layers.len; i++) {
        struct layer *l = &net->layers.at[i];
        uint32_t trains = 0;
        for (uint32_t k = 0; k < l->param_count; k++)
            trains |= l->params[k].trainable &= every;
        l->frozen = l->param_count ? every & ~trains : 0;
        l->stats_frozen = has_statistics(l) ? l->stats_frozen | l->frozen : 0;
        any |= trains;
    }
    settle_draws(net, every);
    return any;
}

/* A batch of one on a map of one pixel: the variance is zero whatever comes in (PyTorch refuses). */
static void warn_one_value(struct recipe_reader *r)
{
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++) {
        const struct layer *l = &r->builder->net->layers.at[i];
        if (!has_statistics(l) || l->stats_frozen ||
            recipe_integer(r->recipe, FTMRT_PARAM_finetune_batch) != 1 ||
            shape_elements(&l->type.shape, 1) != l->type.shape.dim[1])
            continue;
        diag_report(r->diag, l->span, DIAG_ONE_VALUE, l->path);
        diag_note(r->diag, "take a larger batch, or `freeze statistics %s`", l->path);
    }
}

void read_freezing(struct recipe_reader *r)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    struct span last = r->files->finetune->span;
    uint32_t errors = r->diag->errors;
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind != RECIPE_FREEZE && s->kind != RECIPE_TRAIN &&
            s->kind != RECIPE_FREEZE_STATISTICS && s->kind != RECIPE_KEEP)
            continue;
        last = s->span;
        for (uint32_t k = 0; k < s->patterns->list.len; k++)
            apply_pattern(r, s->kind, &s->patterns->list.at[k]);
    }
    const uint32_t every = recipe_every_phase(r->recipe);
    const bool infer = r->files->options->infer;
    if (infer) {
        settle(r->builder->net, every);
        note_learnt(r->builder->net);
        freeze_all(r->builder->net, every);
    }
    if (settle(r->builder->net, every) == every || infer || r->diag->errors > errors) {
        warn_one_value(r);
        return;
    }
    diag_report(r->diag, last, DIAG_NOTHING_TRAINABLE);
    diag_note(r->diag, "write `train NAME` after it: the last match wins");
}

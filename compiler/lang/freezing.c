/* freeze, train and adapt: which parameters are trained. Statements apply in order, the last match wins. Where nothing is, as of a
 * network that only predicts, --keep says which stay open.
 *
 * A pattern matches a parameter if it matches its path or the path of something around it, by whole
 * components: `layer1` matches layer1.0.conv1.weight. `all` is everything; type(batch_norm) matches
 * layers of one kind. */
#include "recipe_reader.h"

#include <string.h>

#include "str.h"

bool pattern_matches_layer(struct recipe_reader *r, const struct pattern *p, const struct layer *l)
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

bool pattern_matches(struct recipe_reader *r, const struct pattern *p, const struct layer *l,
                     const struct layer_param *param)
{
    return pattern_matches_layer(r, p, l) || param_matches(r, p, l, param);
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
    const bool whole = pattern_matches_layer(r, p, l);
    bool matched = false;
    for (uint32_t i = 0; i < l->param_count; i++) {
        const bool match = whole || param_matches(r, p, l, &l->params[i]);
        l->params[i].kept |= match;
        matched |= match;
    }
    return matched;
}

static void set_bits(uint32_t *of, uint32_t bits, bool on) { *of = on ? *of | bits : *of & ~bits; }

/* Applies one pattern to one layer, in some phases; whether it matched. */
static bool apply(struct recipe_reader *r, enum recipe_kind kind, const struct pattern *p,
                  struct layer *l, uint32_t phases)
{
    if (kind == RECIPE_KEEP)
        return keep(r, p, l);
    bool train = kind == RECIPE_TRAIN, whole = pattern_matches_layer(r, p, l), matched = false;
    if (kind == RECIPE_FREEZE_STATISTICS) {
        matched = whole && has_statistics(l);
        l->stats_frozen |= matched ? phases : 0;
        return matched;
    }
    for (uint32_t i = 0; i < l->param_count; i++) {
        struct layer_param *param = &l->params[i];
        if (param->kind != LAYER_PARAMETER || !(whole || param_matches(r, p, l, param)))
            continue;
        set_bits(&param->trainable, phases, train);
        matched = true;
    }
    if (whole)
        set_bits(&l->stats_frozen, phases, !train);
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

void report_unmatched(struct recipe_reader *r, enum recipe_kind kind, const struct pattern *p)
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
                kind == RECIPE_FREEZE_STATISTICS ? "batch norm"
                : kind == RECIPE_SET             ? "layer"
                                                 : "layer with parameters");
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

static void apply_pattern(struct recipe_reader *r, enum recipe_kind kind, const struct pattern *p,
                          uint32_t phases)
{
    bool any = false;
    if (!p->is_kind && !check_pattern(r, p->text, p->span))
        return;
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++) {
        struct layer *l = &r->builder->net->layers.at[i];
        if (l->param_count)
            any = apply(r, kind, p, l, phases) || any;
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

/* What training sets before its first step, the units of the targets, stays open for it; a network that only predicts computes with it as
 * the one that was trained. */
static void keep_target_scale(const struct recipe *recipe, struct net *net, bool infer)
{
    struct layer *last = &net->layers.at[net->outputs.at[0].layer.i];
    for (uint32_t k = 0; recipe_standardizes(recipe) && k < last->param_count; k++) {
        last->params[k].kept = last->params[k].kept || !infer;
        last->params[k].learnt = true;
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

static bool adapts(const struct layer *l, const struct recipe_stmt *s)
{
    return l->adapt && l->adapt->stmt == s;
}

/* What `adapt` says of training: the layers are frozen, what it adds trains. */
static void apply_adapt(struct recipe_reader *r, const struct recipe_stmt *s, uint32_t phases)
{
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++) {
        struct layer *l = &r->builder->net->layers.at[i];
        for (uint32_t k = 0; adapts(l, s) && k < l->param_count; k++)
            set_bits(&l->params[k].trainable, phases, l->added);
    }
}

/* Where nothing that a statement added trains, in any phase, it does nothing: a `freeze` behind it took it along. */
static void check_adapt(struct recipe_reader *r, const struct recipe_stmt *s)
{
    uint32_t trains = 0;
    bool there = false;
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++) {
        const struct layer *l = &r->builder->net->layers.at[i];
        const bool adds = adapts(l, s) && l->added;
        there |= adds;
        for (uint32_t k = 0; adds && k < l->param_count; k++)
            trains |= l->params[k].trainable;
    }
    if (trains)
        return;
    diag_report(r->diag, s->span, DIAG_ADAPT_FROZEN);
    diag_note(r->diag, there ? "the last match wins: write `freeze` before `adapt`"
                             : "an edit behind it takes out what it adds");
}

static void check_adapts(struct recipe_reader *r)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    for (uint32_t i = 0; i < stmts->list.len; i++)
        if (stmts->list.at[i]->kind == RECIPE_ADAPT)
            check_adapt(r, stmts->list.at[i]);
}

/* The statements of the recipe, or of a phase; the place of the last one. */
static struct span apply_statements(struct recipe_reader *r, const struct recipe_stmts *stmts,
                                    uint32_t phases, struct span last)
{
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind == RECIPE_ADAPT)
            apply_adapt(r, s, phases);
        if (s->kind != RECIPE_FREEZE && s->kind != RECIPE_TRAIN &&
            s->kind != RECIPE_FREEZE_STATISTICS && s->kind != RECIPE_KEEP)
            continue;
        last = s->span;
        for (uint32_t k = 0; k < s->patterns->list.len; k++)
            apply_pattern(r, s->kind, &s->patterns->list.at[k], phases);
    }
    return last;
}

/* Where no parameter trains in a phase. */
static void report_nothing(struct recipe_reader *r, uint32_t trained, struct span last)
{
    if (!find_phase(r, 0)) {
        diag_report(r->diag, last, DIAG_NOTHING_TRAINABLE);
        diag_note(r->diag, "write `train NAME` after it: the last match wins");
    }
    for (uint32_t i = 0; find_phase(r, i) && i < r->recipe->phases; i++) {
        if (trained >> i & 1U)
            continue;
        diag_report(r->diag, find_phase(r, i)->span, DIAG_NOTHING_TRAINABLE);
        diag_note(r->diag, "write `train NAME` in phase '%s': the last match wins",
                  find_phase(r, i)->name);
    }
}

void read_freezing(struct recipe_reader *r)
{
    uint32_t errors = r->diag->errors;
    const struct span last = apply_statements(
        r, r->files->finetune->recipe, recipe_every_phase(r->recipe), r->files->finetune->span);
    for (uint32_t i = 0; find_phase(r, i) && i < r->recipe->phases; i++)
        apply_statements(r, find_phase(r, i)->items, (uint32_t)1 << i, last);
    const uint32_t every = recipe_every_phase(r->recipe);
    const bool infer = r->files->options->infer;
    if (infer) {
        settle(r->builder->net, every);
        note_learnt(r->builder->net);
        freeze_all(r->builder->net, every);
    }
    keep_target_scale(r->recipe, r->builder->net, infer);
    const uint32_t trained = settle(r->builder->net, every);
    settle_groups(r);
    settle_lr_decay(r);
    if (!infer && trained && !r->diag->errors)
        check_adapts(r);
    if (trained == every || infer || r->diag->errors > errors)
        warn_one_value(r);
    else
        report_nothing(r, trained, last);
}

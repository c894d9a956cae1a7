/* `ftmc explain FILE.ftm`: what the network costs and what training touches, layer by layer.
 *
 * MACs are multiplications with an addition, per image, of the forward pass. A training step also
 * multiplies for the gradient of a layer's input, where something trainable lies in front of it,
 * and of its weight, where that trains. The frozen prefix is what has nothing trainable in front of
 * it or in itself, and nothing random. Behind the kind stands the kernel that the pass `select` chose for the layer, where its
 * operation has several. Where the recipe has phases, the layers say in which of them they train, and each phase has a line. */
#include "reports.h"

#include <inttypes.h>
#include <string.h>

#include "bind.h"
#include "kept_features.h"
#include "shape.h"
#include "str.h"

enum { COSTLY_LAYERS = 5 };

struct layer_cost {
    int64_t params, trainable; /* parameters; buffers do not count, as in PyTorch */
    int64_t macs, step_macs;
    int64_t bytes; /* of the value, per image */
    bool above;    /* it or something in front of it trains or updates statistics */
    bool drawn;    /* or draws random numbers: no epoch has its value again */
};

/* A network for images of one size, and what its layers cost. */
struct net_costs {
    const struct net *net;
    struct layer_cost *costs; /* per layer */
};

struct explain {
    struct arena *arena;
    const struct recipe *recipe;
    struct net_costs eval, train; /* of evaluation and of training: one where the size is one */
    struct map variants;          /* by path of a layer: the kernel that computes it */
    FILE *out;
};

static void count_params(struct layer_cost *cost, const struct layer *l, uint32_t phases)
{
    cost->above = (layer_statistics(l) & phases) != 0;
    cost->drawn = layer_draws(l) && (~l->frozen & phases);
    for (uint32_t i = 0; i < l->param_count; i++) {
        const struct layer_param *p = &l->params[i];
        if (p->kind != LAYER_PARAMETER)
            continue;
        const int64_t n = shape_elements(&p->type.shape, 1);
        cost->params += n;
        cost->trainable += p->trainable & phases ? n : 0;
        cost->above = cost->above || (p->trainable & phases);
    }
}

/* Follows operands until nothing changes, since edits may append layers out of order. */
static void spread(struct net_costs *c)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < c->net->layers.len; i++) {
            const struct layer *l = &c->net->layers.at[i];
            struct layer_cost *cost = &c->costs[i];
            for (uint32_t k = 0; !l->dead && k < l->input_count; k++) {
                const struct layer_cost *in = &c->costs[l->inputs[k].i];
                changed |= (in->above && !cost->above) || (in->drawn && !cost->drawn);
                cost->above |= in->above;
                cost->drawn |= in->drawn;
            }
        }
    }
}

/* Whether it is of the part that is the same in every epoch. */
static bool in_prefix(const struct layer_cost *c) { return !c->above && !c->drawn; }

/* phases: a bit for each that counts. */
static struct net_costs measure(struct arena *arena, const struct net *net, uint32_t phases)
{
    struct net_costs c = {net, arena_array(arena, struct layer_cost, net->layers.len + 1)};
    for (uint32_t i = 0; i < net->layers.len; i++)
        if (!net->layers.at[i].dead)
            count_params(&c.costs[i], &net->layers.at[i], phases);
    spread(&c);
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        struct layer_cost *cost = &c.costs[i];
        if (l->dead)
            continue;
        cost->macs = layer_work(l);
        cost->bytes = shape_elements(&l->type.shape, 1) * 4;
        cost->step_macs = cost->macs;
        if (cost->macs && c.costs[l->inputs[0].i].above)
            cost->step_macs += cost->macs;
        if (cost->macs && (l->params[0].trainable & phases))
            cost->step_macs += cost->macs;
    }
    return c;
}

/* ---- printing ---- */

/* Behind "trained": the phases, where they are not all. */
static const char *phases_text(const struct explain *e, const struct layer *l)
{
    const uint32_t every = recipe_every_phase(e->recipe);
    uint32_t trains = 0;
    for (uint32_t i = 0; i < l->param_count; i++)
        trains |= l->params[i].trainable;
    if ((trains & every) == every)
        return "";
    struct strbuf out;
    strbuf_init(&out, e->arena);
    for (uint32_t i = 0; i < e->recipe->phases; i++)
        if (trains >> i & 1U)
            strbuf_addf(&out, "%s%s", out.len ? ", " : " in ", recipe_phase_name(e->recipe, i));
    return out.text;
}

static const char *state_text(const struct explain *e, const struct layer *l,
                              const struct layer_cost *cost)
{
    if (!cost->params)
        return !in_prefix(cost) || !l->row ? "" : "frozen prefix";
    if (in_prefix(cost))
        return "frozen prefix";
    if (!cost->trainable)
        return "frozen";
    const bool still = l->stats_frozen & ~l->frozen;
    return arena_printf(e->arena, "trained%s%s%s", phases_text(e, l),
                        cost->trainable == cost->params || still ? "" : " in part",
                        still ? ", statistics frozen" : "");
}

/* Which of its kernels computes a layer, where its operation has several. */
static void find_variants(struct explain *e, const struct graph *g)
{
    map_init(&e->variants, e->arena);
    for (uint32_t i = 0; g && i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (!n->dead && n->name && n->variant)
            map_set(&e->variants, n->name, (void *)n->variant);
    }
}

/* What a network reads: the shape of its first input. */
static const char *input_text(const struct net *net, char *text, unsigned size)
{
    uint32_t i = 0;
    while (net->layers.at[i].row)
        i++;
    return shape_text(&net->layers.at[i].type.shape, text, size);
}

static int path_width(const struct net *net)
{
    size_t width = 4;
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        const size_t n = l->path && !l->dead ? strlen(l->path) : 0;
        width = n > width ? n : width;
    }
    return (int)width;
}

static void print_layer(const struct explain *e, const struct layer *l, const struct layer_cost *c,
                        int width)
{
    char shape[96];
    const char *name = l->path ? l->path : !l->row ? l->input_name : "-";
    const char *training = state_text(e, l, c);
    const char *variant = l->path ? map_get(&e->variants, l->path) : NULL;
    char kind[64];
    snprintf(kind, sizeof kind, "%s%s%s", layer_kind(l), variant ? "." : "",
             variant ? variant : "");
    fprintf(e->out, "%-*s  %-17s %-18s %10" PRId64 " %13" PRId64 " %11" PRId64, width, name, kind,
            shape_text(&l->type.shape, shape, sizeof shape), c->params, c->macs, c->bytes);
    if (*training)
        fprintf(e->out, "  %s", training);
    fprintf(e->out, "%s\n", !l->added ? "" : *training ? ", new" : "  new");
}

static void print_layers(const struct explain *e)
{
    const struct net *net = e->eval.net;
    const int width = path_width(net);
    fprintf(e->out, "%-*s  %-17s %-18s %10s %13s %11s  %s\n", width, "name", "kind", "output",
            "parameters", "MACs/image", "bytes/image", "training");
    for (uint32_t i = 0; i < net->layers.len; i++) {
        if (!net->layers.at[i].dead)
            print_layer(e, &net->layers.at[i], &e->eval.costs[i], width);
    }
}

static struct layer_cost sum(const struct net_costs *n, bool prefix_only)
{
    struct layer_cost t = {0};
    for (uint32_t i = 0; i < n->net->layers.len; i++) {
        const struct layer_cost *c = &n->costs[i];
        if (n->net->layers.at[i].dead || (prefix_only && !in_prefix(c)))
            continue;
        t.params += c->params;
        t.trainable += c->trainable;
        t.macs += c->macs;
        t.step_macs += c->step_macs;
        t.bytes += c->bytes;
    }
    return t;
}

/* The sizes of images, where training has another one: the rows of layers are those of evaluation. */
static void print_sizes(const struct explain *e)
{
    char eval[96], train[96];
    if (e->eval.net == e->train.net)
        return;
    fprintf(e->out, "images       %s in evaluation, %s in training\n",
            input_text(e->eval.net, eval, sizeof eval),
            input_text(e->train.net, train, sizeof train));
}

static double percent(int64_t part, int64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void print_step(const struct explain *e)
{
    fprintf(e->out,
            "train step   %.3f million MACs per image, batch of %" PRId64 " in %" PRId64
            " shards\n",
            (double)sum(&e->train, false).step_macs * 1e-6,
            recipe_integer(e->recipe, FTMRT_PARAM_finetune_batch),
            recipe_integer(e->recipe, FTMRT_PARAM_finetune_shards));
}

static void print_totals(const struct explain *e)
{
    const struct layer_cost sums = sum(&e->eval, false), prefix = sum(&e->eval, true);
    const struct layer_cost *const total = &sums;
    fputc('\n', e->out);
    print_sizes(e);
    fprintf(e->out, "parameters   %" PRId64 ", %" PRId64 " of them trained (%.1f %%)\n",
            total->params, total->trainable, percent(total->trainable, total->params));
    fprintf(e->out, "forward      %.3f million MACs per image\n", (double)total->macs * 1e-6);
    if (total->trainable)
        print_step(e);
    fprintf(e->out, "activations  %.3f MB per image, if every value were kept\n",
            (double)total->bytes * 1e-6);
    if (total->trainable)
        fprintf(
            e->out,
            "prefix       %.1f %% of the forward MACs come before anything that trains or draws\n",
            percent(prefix.macs, total->macs));
}

/* "teacher big  0.360 million parameters, 11.2 million MACs more for an image of a step" */
static void print_teachers(const struct explain *e)
{
    for (uint32_t i = 0; i < e->recipe->teachers.len; i++) {
        const struct recipe_teacher *t = &e->recipe->teachers.at[i];
        const struct net_costs costs = measure(e->arena, t->net, 0);
        const struct layer_cost all = sum(&costs, false);
        fprintf(e->out,
                "teacher      '%s': %.3f million MACs more for an image of a step, %" PRId64
                " parameters, %g of the loss\n",
                t->name, (double)all.macs * 1e-6, all.params, t->share);
    }
}

static int64_t trained_of_group(const struct net *net, uint32_t group)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        for (uint32_t k = 0; k < l->param_count && !l->dead; k++)
            if (l->params[k].group == group && l->params[k].trainable)
                n += shape_elements(&l->params[k].type.shape, 1);
    }
    return n;
}

/* A line for each group. */
static void print_groups(const struct explain *e)
{
    for (uint32_t i = 0; i < e->recipe->groups.len; i++) {
        const struct recipe_group *g = &e->recipe->groups.at[i];
        fprintf(e->out,
                "group        %s: %" PRId64 " parameters trained, learning rate times %g, weight "
                "decay times %g\n",
                g->name, trained_of_group(e->train.net, i + 1), g->lr, g->weight_decay);
    }
}

/* A line for each phase. */
static void print_phases(const struct explain *e)
{
    const struct net *net = e->train.net;
    for (uint32_t i = 0; i < recipe_phases(e->recipe)->count; i++) {
        const struct net_costs c = measure(e->arena, net, (uint32_t)1 << i);
        const struct layer_cost all = sum(&c, false), prefix = sum(&c, true);
        fprintf(e->out,
                "phase        %s: %" PRId64 " parameters trained (%.1f %%), %.3f million MACs per "
                "image in a step, prefix %.1f %%\n",
                recipe_phase_name(e->recipe, i), all.trainable, percent(all.trainable, all.params),
                (double)all.step_macs * 1e-6, percent(prefix.macs, all.macs));
    }
}

/* The layers with the largest share of a training step's multiplications. */
static void print_costly(const struct explain *e)
{
    const struct net *net = e->train.net;
    const struct layer_cost *costs = e->train.costs, total = sum(&e->train, false);
    if (!total.trainable)
        return;
    bool *printed = arena_array(e->arena, bool, net->layers.len + 1);
    fputs("where the multiplications of a train step go:\n", e->out);
    for (int k = 0; k < COSTLY_LAYERS; k++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < net->layers.len; i++) {
            if (!net->layers.at[i].dead && !printed[i] && costs[i].step_macs &&
                (best == UINT32_MAX || costs[i].step_macs > costs[best].step_macs))
                best = i;
        }
        if (best == UINT32_MAX)
            return;
        printed[best] = true;
        const struct layer *l = &net->layers.at[best];
        fprintf(e->out, "  %5.1f %%  %s\n", percent(costs[best].step_macs, total.step_macs),
                l->path ? l->path : layer_kind(l));
    }
}

static void print_plan(const struct explain_plan *p, FILE *out)
{
    fprintf(out, "workspace    %.3f MB: %.3f MB of states, %.3f MB of activations and scratch\n",
            (double)p->workspace_bytes * 1e-6, (double)p->states_bytes * 1e-6,
            (double)p->arena_bytes * 1e-6);
    fprintf(out, "constants    %.3f MB, packed when compiling\n",
            (double)p->constants_bytes * 1e-6);
    if (p->kernels)
        fprintf(out, "code         %u kernels; predict calls %u, train %u\n", (unsigned)p->kernels,
                (unsigned)p->calls_predict, (unsigned)p->calls_train);
}

/* Programs keep the mean of the weights beside their workspace. */
static void print_average(const struct explain *e)
{
    const struct ftmrt_arg *ema = ftmrt_call_named(&e->recipe->bound.finetune, "ema");
    if (ema)
        fprintf(e->out,
                "average      %.3f MB beside it while training: the mean of what trains, which is "
                "evaluated and saved\n",
                (double)sum(&e->eval, false).trainable * sizeof(float) * 1e-6);
}

/* Why nothing is kept in a phase of which nothing was made an entry of its own. */
static const char *why_not_kept(const struct explain *e, uint32_t phase)
{
    const struct net_costs c = measure(e->arena, e->train.net, (uint32_t)1 << phase);
    const char *defect = kept_features_defect(e->recipe);
    if (!sum(&c, true).macs)
        return "no layer that computes lies before all that trains or draws";
    return defect
               ? defect
               : "what they make of an image is larger than the image; `cache = memory` keeps it "
                 "all the same";
}

/* What is kept between epochs in a phase. */
static void print_cache(const struct explain *e, const struct explain_plan *p, uint32_t phase)
{
    const int64_t views = kept_features_views(e->recipe),
                  bytes = kept_features_bytes(p->program, phase) * (views ? views : 1),
                  budget = ftmrt_call_integer(recipe_call(e->recipe, FTMRT_PARAM_finetune_data),
                                              FTMRT_PARAM_data_cache_budget);
    const char *of = recipe_phases(e->recipe)->count
                         ? arena_printf(e->arena, "%s: ", recipe_phase_name(e->recipe, phase))
                         : "";
    if (!bytes) {
        fprintf(e->out, "cache        %snothing of frozen layers: %s\n", of,
                why_not_kept(e, phase));
        return;
    }
    fprintf(e->out, "cache        %sthe frozen prefix is computed once", of);
    if (views)
        fprintf(e->out, " for each of %" PRId64 " variants of a sample, an approximation", views);
    fprintf(e->out, "; %" PRId64 " bytes of each sample are kept", bytes);
    if (p->samples > 0)
        fprintf(e->out, ", %.3f MB of %" PRId64 " samples", (double)(bytes * p->samples) * 1e-6,
                p->samples);
    fprintf(e->out, "%s\n",
            kept_features_place(e->recipe, p->samples > 0 && bytes * p->samples > budget));
}

static void print_caches(const struct explain *e, const struct explain_plan *p)
{
    if (!sum(&e->train, false).trainable || !recipe_call(e->recipe, FTMRT_PARAM_finetune_data))
        return;
    for (uint32_t i = 0; i < e->recipe->phases; i++)
        print_cache(e, p, i);
}

/* What `program search` tries. */
static void print_search(const struct explain *e)
{
    const struct ftmrt_call *search =
        ftmrt_call_inner(&e->recipe->bound.finetune, FTMRT_PARAM_finetune_search);
    const struct ftmrt_arg *overs = ftmrt_call_arg(search, FTMRT_PARAM_search_over),
                           *trials = ftmrt_call_arg(search, FTMRT_PARAM_search_trials);
    struct strbuf b;
    strbuf_init(&b, e->arena);
    for (uint32_t i = 0; i < overs->count; i++) {
        strbuf_add(&b, i ? ", " : "");
        lang_add_over(&b, &overs->calls[i]);
    }
    if (overs->count && trials->kind == FTMRT_ARG_INTEGER)
        fprintf(e->out, "search       %" PRId64 " trials over %s\n", trials->integer, b.text);
    else if (overs->count)
        fprintf(e->out, "search       all combinations of %s\n", b.text);
}

void report_explain(const struct net *net, const struct recipe *r, const struct explain_plan *plan,
                    FILE *out)
{
    struct arena scratch;
    arena_init(&scratch, "explain");
    struct explain e = {.arena = &scratch, .recipe = r, .out = out};
    const uint32_t every = recipe_every_phase(r);
    e.eval = e.train = measure(&scratch, net, every);
    if (net->train)
        e.train = measure(&scratch, net->train, every);
    find_variants(&e, plan ? plan->predict : NULL);
    fprintf(out, "%s: %s\n\n", r->bound.name, recipe_text(r, FTMRT_PARAM_finetune_model));
    print_layers(&e);
    print_totals(&e);
    print_phases(&e);
    print_groups(&e);
    print_teachers(&e);
    if (plan && plan->program)
        print_caches(&e, plan);
    if (plan)
        print_plan(plan, out);
    print_average(&e);
    print_search(&e);
    print_costly(&e);
    arena_clear(&scratch);
}

/* What does not train, and what keeps its stored statistics: by names, each of which stands for all below it. */
#include <string.h>

#include "writer.h"

/* Names of parameters or modules, and which of them are meant. */
struct selection {
    VEC(const char *) names;
    VEC(bool) meant;
};

static void add(struct writer *w, struct selection *s, const char *name, bool meant)
{
    vec_push(w->arena, &s->names, name);
    vec_push(w->arena, &s->meant, meant);
}

/* Whether all names below one are meant. */
static bool all_below(const struct selection *s, const char *above, bool meant)
{
    for (uint32_t i = 0; i < s->names.len; i++)
        if (str_path_within(s->names.at[i], above) && s->meant.at[i] != meant)
            return false;
    return true;
}

/* The shortest path at or above a name below which all are meant. */
static const char *shortest(struct writer *w, const struct selection *s, uint32_t name, bool meant)
{
    const char *best = s->names.at[name];
    for (const char *above = str_path_parent(w->arena, best); above;
         above = str_path_parent(w->arena, above))
        if (all_below(s, above, meant))
            best = above;
    return best;
}

static bool has(const struct selection *s, const char *name)
{
    for (uint32_t i = 0; i < s->names.len; i++)
        if (!strcmp(s->names.at[i], name))
            return true;
    return false;
}

/* The fewest names that stand for those that are meant, or for the others. */
static struct selection cover(struct writer *w, const struct selection *s, bool meant)
{
    struct selection c = {0};
    for (uint32_t i = 0; i < s->names.len; i++) {
        if (s->meant.at[i] != meant)
            continue;
        const char *name = shortest(w, s, i, meant);
        if (!has(&c, name))
            add(w, &c, name, true);
    }
    return c;
}

static void print_names(struct strbuf *out, struct writer *w, const char *title,
                        const struct selection *s)
{
    struct strbuf line;
    strbuf_init(&line, w->arena);
    strbuf_addf(&line, "%s = (", title);
    for (uint32_t i = 0; i < s->names.len; i++)
        strbuf_addf(&line, "%s%s", i ? ", " : "", python_string(w->arena, s->names.at[i]));
    strbuf_add(&line, s->names.len == 1 ? ",)" : ")");
    python_line(out, 0, line.text);
}

static struct selection new_parameters(struct writer *w)
{
    struct selection s = {0};
    for (uint32_t i = 0; i < w->in->binding->params.len; i++) {
        const struct net_param *p = &w->in->binding->params.at[i];
        if (p->param->kind != LAYER_COUNTER)
            add(w, &s, p->name, p->source < 0);
    }
    return s;
}

static struct selection frozen_parameters(struct writer *w)
{
    struct selection s = {0};
    for (uint32_t i = 0; i < w->in->binding->params.len; i++) {
        const struct net_param *p = &w->in->binding->params.at[i];
        if (p->param->kind == LAYER_PARAMETER)
            add(w, &s, p->name, !(p->param->trainable & 1));
    }
    return s;
}

/* Modules that behave in another way while they train: those with statistics, and those that draw random numbers. */
static struct selection still_modules(struct writer *w)
{
    struct selection s = {0};
    for (uint32_t i = 0; i < w->net->layers.len; i++) {
        const struct layer *l = writer_layer(w, i);
        bool statistics = false;
        for (uint32_t k = 0; k < l->param_count; k++)
            statistics = statistics || l->params[k].kind == LAYER_STATISTIC;
        if (w->fields[i] && (statistics || layer_draws(l)))
            add(w, &s, w->fields[i],
                statistics ? !(layer_statistics(l) & 1) : (l->frozen & 1) != 0);
    }
    return s;
}

void print_frozen(struct strbuf *out, struct writer *w)
{
    const struct selection parameters = frozen_parameters(w), still = still_modules(w),
                           added = new_parameters(w), frozen = cover(w, &parameters, true),
                           trained = cover(w, &parameters, false), kept = cover(w, &still, true),
                           made = cover(w, &added, true);
    if (w->in->binding->weights) {
        strbuf_add(out, "# Layers that begin with new weights.\n");
        print_names(out, w, "NEW", &made);
    }
    strbuf_add(
        out,
        "# What is trained, and what keeps its stored statistics and drops nothing meanwhile.\n");
    const bool by_trained = trained.names.len <= frozen.names.len || !frozen.names.len;
    print_names(out, w, by_trained ? "TRAINED" : "FROZEN", by_trained ? &trained : &frozen);
    print_names(out, w, "STILL", &kept);
    strbuf_addf(out,
                "\n\ndef is_trained(name):\n"
                "    \"\"\"Whether a parameter follows its gradient.\"\"\"\n"
                "    return %s\n\n\n",
                by_trained ? "within(name, TRAINED)" : "not within(name, FROZEN)");
}

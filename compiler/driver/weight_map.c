/* `ftmc map FILE.ftm`: which tensor of the weight file becomes which parameter, and what is left
 * over on both sides with the reason. It prints also when binding failed: that is when it is
 * needed. */
#include "reports.h"

#include <string.h>

#include "bind.h"
#include "str.h"

struct map_printer {
    struct arena *arena;
    const struct net *net;
    const struct binding *b;
    FILE *out;
    int width; /* of the column of parameters */
};

static const char *type_text(const struct map_printer *m, const struct net_param *p)
{
    char *text = arena_alloc(m->arena, 96);
    return shape_text(&p->param->type.shape, text, 96);
}

/* The tensor of the file that a parameter is called like, or NULL. */
static const struct weight_tensor *tensor_of(const struct map_printer *m, uint32_t param)
{
    for (uint32_t i = 0; i < m->b->uses.len; i++) {
        if (m->b->uses.at[i].param == param)
            return &m->b->weights->tensors.at[i];
    }
    return NULL;
}

static const char *init_text(const struct map_printer *m, const struct net_param *p)
{
    static const char *const names[] = {
#define FTMRT_INIT(name, text, meaning) text,
#include "init.def"
#undef FTMRT_INIT
    };
    const enum ftmrt_init init = p->param->init;
    if (init == FTMRT_INIT_NORMAL || init == FTMRT_INIT_FULL)
        return arena_printf(m->arena, "%s(%g)", names[init], p->param->init_arg);
    return names[init];
}

static const char *why_unsourced(const struct map_printer *m, const struct net_param *p,
                                 const struct weight_tensor *t)
{
    if (!m->b->weights)
        return "random weights";
    if (p->fresh && p->note)
        return arena_printf(m->arena, "new layer: %s", p->note);
    if (p->fresh)
        return t ? "new layer; the file's tensor of that name is not taken" : "new layer";
    if (t)
        return t->unusable ? t->unusable : "does not fit";
    for (uint32_t i = 0; i < m->b->uses.len; i++) {
        if (m->b->uses.at[i].fate == TENSOR_SKIPPED && !strcmp(m->b->uses.at[i].name, p->name))
            return "skipped";
    }
    return p->param->kind == LAYER_COUNTER ? "a counter, absent from the file"
                                           : "absent from the file";
}

/* Why a tensor that is called like a parameter is not taken for it. */
static const char *misfit_text(const struct map_printer *m, const struct net_param *p,
                               const struct weight_tensor *t)
{
    const char *why = t->unusable;
    if (!why && p->param->kind == LAYER_COUNTER)
        why = weight_counter_defect(m->arena, t);
    return why ? why : arena_printf(m->arena, "does not fit %s", type_text(m, p));
}

static void print_param(const struct map_printer *m, uint32_t index)
{
    const struct net_param *p = &m->b->params.at[index];
    const struct weight_tensor *t = tensor_of(m, index);
    fprintf(m->out, "  %-*s  %-18s ", m->width, p->name, type_text(m, p));
    if (p->source >= 0)
        fprintf(m->out, "<- %s  %s %s%s%s\n", str_printable(m->arena, t->name),
                ftmrt_dtype_name(t->dtype), weight_shape_text(m->arena, t), p->note ? "  " : "",
                p->note ? p->note : "");
    else if (t && t->unusable && !p->fresh)
        fprintf(m->out, "!! %s: %s\n", str_printable(m->arena, t->name), t->unusable);
    else if (t && !p->fresh)
        fprintf(m->out, "!! %s  %s %s: %s\n", str_printable(m->arena, t->name),
                ftmrt_dtype_name(t->dtype), weight_shape_text(m->arena, t), misfit_text(m, p, t));
    else
        fprintf(m->out, "   init = %s (%s)\n", init_text(m, p), why_unsourced(m, p, t));
}

static const char *fate_text(const struct map_printer *m, const struct tensor_use *use,
                             const struct weight_tensor *t)
{
    switch (use->fate) {
    case TENSOR_SKIPPED: return "skipped by the recipe";
    case TENSOR_REPLACED: return "its layer is new in the recipe";
    case TENSOR_NO_LAYER: return "no such layer";
    case TENSOR_NO_PARAMETER: return "its layer has no such parameter";
    case TENSOR_MISFIT: return misfit_text(m, &m->b->params.at[use->param], t);
    case TENSOR_UNUSABLE: return t->unusable;
    case TENSOR_USED: break;
    }
    return "used";
}

static void print_leftovers(const struct map_printer *m)
{
    bool first = true;
    for (uint32_t i = 0; i < m->b->uses.len; i++) {
        const struct tensor_use *use = &m->b->uses.at[i];
        const struct weight_tensor *t = &m->b->weights->tensors.at[i];
        if (use->fate == TENSOR_USED)
            continue;
        if (first)
            fputs("tensors that are not used:\n", m->out);
        first = false;
        fprintf(m->out, "  %-*s  %-18s %s", m->width, str_printable(m->arena, t->name),
                t->unusable ? "" : weight_shape_text(m->arena, t), fate_text(m, use, t));
        if (strcmp(t->name, use->name) != 0)
            fprintf(m->out, " (as '%s')", str_printable(m->arena, use->name));
        fputc('\n', m->out);
    }
}

static void print_totals(const struct map_printer *m)
{
    uint32_t from_file = 0, unused = 0;
    for (uint32_t i = 0; i < m->b->params.len; i++)
        from_file += m->b->params.at[i].source >= 0;
    for (uint32_t i = 0; i < m->b->uses.len; i++)
        unused += m->b->uses.at[i].fate != TENSOR_USED;
    fprintf(m->out,
            "total: %u of %u parameters and buffers come from the file, %u of its %u tensors are "
            "not used\n",
            (unsigned)from_file, (unsigned)m->b->params.len, (unsigned)unused,
            (unsigned)m->b->uses.len);
}

void report_map(const struct net *net, const struct recipe *r, const struct binding *binding,
                FILE *out)
{
    struct arena scratch;
    arena_init(&scratch, "map");
    const char *weights = recipe_text(r, FTMRT_PARAM_finetune_weights);
    struct map_printer m = {.arena = &scratch, .net = net, .b = binding, .out = out, .width = 4};
    for (uint32_t i = 0; i < binding->params.len; i++) {
        const int n = (int)strlen(binding->params.at[i].name);
        m.width = n > m.width ? n : m.width;
    }
    fprintf(out, "%s <- %s%s%s\n", net->name, weights ? weights : "random",
            binding->weights ? ", " : "", binding->weights ? binding->weights->format : "");
    if (binding->weights && binding->weights->dictionary)
        fprintf(out, "dictionary: '%s'\n", str_printable(&scratch, binding->weights->dictionary));
    if (binding->renamed)
        fprintf(out, "names: %s\n", binding->renamed);
    for (uint32_t i = 0; i < binding->params.len; i++)
        print_param(&m, i);
    if (binding->weights)
        print_leftovers(&m);
    print_totals(&m);
    arena_clear(&scratch);
}

/* The table of kernels, made of kernel.def, and the questions about the kernel of a node. */
#include "facts.h"

#include <inttypes.h>
#include <string.h>

#include "op.h"
#include "optimizer.h"

struct row {
    enum op op;
    const char *variant;
    const struct kernel_facts *facts;
};

static const struct row table[KERNEL_COUNT] = {
    [KERNEL_none] = {OP_COUNT, "", &facts_no_steps},
    [KERNEL_elementwise] = {OP_COUNT, "", &facts_elementwise},
    [KERNEL_mean_loss] = {OP_COUNT, "", &facts_loss},
    [KERNEL_update] = {OP_COUNT, "", &facts_update},
#define FTM_KERNEL(op, variant, facts, family)                                                     \
    [KERNEL_##op##_##variant] = {OP_##op, #variant, &facts_##facts},
#include "kernel.def"
#undef FTM_KERNEL
};

const struct kernel_facts *kernel_facts(enum kernel_id id) { return table[id].facts; }

const char *kernel_variant(enum kernel_id id)
{
    const char *name = table[id].variant;
    return table[id].op == OP_COUNT || strcmp(name, "only") == 0 ? NULL : name;
}

enum kernel_id kernel_by_variant(enum op op, const char *variant)
{
    for (int id = 0; id < KERNEL_COUNT; id++)
        if (table[id].op == op && strcmp(table[id].variant, variant) == 0)
            return (enum kernel_id)id;
    return KERNEL_none;
}

static double cost_of(enum kernel_id id, const struct graph *g, const struct node *n)
{
    const struct kernel_facts *f = table[id].facts;
    return f->cost ? f->cost(g, n) : 0;
}

enum kernel_id kernel_choose(const struct graph *g, const struct node *n)
{
    if (op_info(n->op)->cls == OP_CLASS_ELEMWISE)
        return KERNEL_elementwise;
    if (op_info(n->op)->cls == OP_CLASS_LOSS)
        return KERNEL_mean_loss;
    if (optimizer_rule(n->op))
        return KERNEL_update;
    enum kernel_id best = KERNEL_none;
    for (int i = 0; i < KERNEL_COUNT; i++) {
        enum kernel_id id = (enum kernel_id)i;
        const struct kernel_facts *f = table[id].facts;
        if (table[id].op != n->op || (f->applies && !f->applies(g, n)))
            continue;
        if (best == KERNEL_none || cost_of(id, g, n) < cost_of(best, g, n))
            best = id;
    }
    return best;
}

enum kernel_id kernel_of(const struct graph *g, const struct node *n)
{
    enum kernel_id chosen = n->variant ? kernel_by_variant(n->op, n->variant) : KERNEL_none;
    return chosen != KERNEL_none ? chosen : kernel_choose(g, n);
}

struct form kernel_wants(const struct graph *g, const struct node *n, uint32_t operand)
{
    const struct kernel_facts *f = kernel_facts(kernel_of(g, n));
    if (f->wants && operand < node_anchor_inputs(n))
        return f->wants(g, n, operand);
    return form_usual(&graph_node(g, n->inputs[operand])->type, f->weight);
}

struct form kernel_gives(const struct graph *g, const struct node *n)
{
    return form_usual(&n->type, kernel_facts(kernel_of(g, n))->weight);
}

uint64_t kernel_scratch_bytes(const struct graph *g, const struct node *n)
{
    const struct kernel_facts *f = kernel_facts(kernel_of(g, n));
    return f->scratch ? f->scratch(g, n) : 0;
}

bool kernel_takes_steps(const struct graph *g, const struct node *n)
{
    return kernel_facts(kernel_of(g, n))->takes_steps;
}

bool kernel_takes_image(const struct graph *g, const struct node *n, uint32_t operand)
{
    return operand < node_anchor_inputs(n) &&
           (kernel_facts(kernel_of(g, n))->images >> operand & 1U);
}

bool kernel_takes_constant(const struct graph *g, const struct node *n, uint32_t operand)
{
    return op_info(n->op)->cls == OP_CLASS_ELEMWISE || operand >= node_anchor_inputs(n) ||
           op_operand(n->op, operand) == 'o' ||
           (kernel_facts(kernel_of(g, n))->constants >> (operand < 31 ? operand : 31) & 1U);
}

enum ftmrt_merge_kind kernel_merges(const struct graph *g, const struct node *n)
{
    return kernel_facts(kernel_of(g, n))->merges;
}

bool kernel_reduces(const struct graph *g, const struct node *n)
{
    bool batched = false;
    for (uint32_t i = 0; i < n->input_count; i++)
        batched |= shape_batched(graph_shape(g, n->inputs[i]));
    return batched && !shape_batched(&n->type.shape);
}

bool kernel_any_size(const struct graph *g, const struct node *n)
{
    const struct kernel_facts *f = kernel_facts(kernel_of(g, n));
    return f->any_size && f->any_size(g, n);
}

/* ---- names ---- */

void kernel_name_pair(struct strbuf *b, const char *prefix, const int64_t pair[2])
{
    if (pair[0] == pair[1] && pair[0] == 1)
        return;
    strbuf_addf(b, "%s%" PRId64, prefix, pair[0]);
    if (pair[0] != pair[1])
        strbuf_addf(b, "x%" PRId64, pair[1]);
}

void kernel_name_shape(struct strbuf *b, const struct shape *s)
{
    if (s->rank >= 2 && s->rank < 4 && !shape_batched(s))
        strbuf_addf(b, "_%" PRId64 "x%" PRId64, s->dim[0], s->dim[1]);
    else if (s->rank > 1 || (s->rank == 1 && !shape_batched(s)))
        strbuf_addf(b, "_%" PRId64, s->dim[shape_batched(s) && s->rank > 1 ? 1 : 0]);
    if (s->rank == 4)
        strbuf_addf(b, "_%" PRId64 "x%" PRId64, s->dim[2], s->dim[3]);
}

void kernel_name(struct strbuf *b, const struct graph *g, const struct node *n)
{
    const struct kernel_facts *f = kernel_facts(kernel_of(g, n));
    strbuf_add(b, op_info(n->op)->name);
    if (f->detail)
        f->detail(b, g, n);
    else if (!kernel_any_size(g, n))
        kernel_name_shape(b, n->input_count ? graph_shape(g, n->inputs[0]) : &n->type.shape);
    for (uint32_t i = 0; i < n->step_count; i++)
        strbuf_addf(b, "_%s", op_info(n->steps[i].op)->name);
}

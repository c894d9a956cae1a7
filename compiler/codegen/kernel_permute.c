/* permute: a copy.
 *
 * Each side has a dimension that lies in its lanes: the channels of what is in blocks, the last one of what lies plain. Where it is the
 * same dimension, vectors are copied. Where it is not, squares of as many indices of the one by as many of the other are transposed
 * in registers; what is too short for a square is copied element by element.
 *
 * A unit is an image and a block of the result's channels, or, where the result lies plain, an index of its dimension 1, or a block of
 * them where they are in the operand's lanes. */
#include "geometry.h"
#include "rounding.h"
#include "square.h"

enum { CB = FTMRT_CB };

/* One side of the copy. */
struct side {
    const struct shape *s;
    enum ftmrt_layout layout;
};

/* A few neighbouring indices of a dimension: so many exist. */
struct run {
    LLVMValueRef first;
    int64_t count;
};

struct permutation {
    struct kernel_build *k;
    struct side in, out;
    uint32_t to, from; /* dimensions of the result in its lanes, and in the operand's */
    struct unit_loop unit;
    struct run at;                  /* of the result's lanes */
    LLVMValueRef i[SHAPE_MAX_RANK]; /* of the result, where a loop is at */
};

static struct side side_of(const struct node *n)
{
    return (struct side){&n->type.shape, n->form.layout};
}

static bool is_blocked(const struct side *side) { return side->layout == FTMRT_LAYOUT_BLOCKED; }

/* The dimension that lies in a side's lanes. */
static uint32_t lane_dimension(const struct side *side)
{
    return is_blocked(side) ? 1 : side->s->rank - 1;
}

/* The dimension of the result that is the operand's dimension e. */
static uint32_t dimension_of(const struct node *n, uint32_t e)
{
    uint32_t d = 0;
    while (n->attrs->dims.at[d] != e)
        d++;
    return d;
}

static struct permutation permutation_of(const struct graph *g, const struct node *n)
{
    struct permutation p = {.in = side_of(graph_node(g, n->inputs[0])), .out = side_of(n)};
    p.to = lane_dimension(&p.out);
    p.from = dimension_of(n, lane_dimension(&p.in));
    return p;
}

/* Whether a unit has a block of the indices of the result's dimension 1, or one of them. */
static bool unit_is_block(const struct permutation *p) { return p->to == 1 || p->from == 1; }

/* ---- addresses ---- */

/* The element of an image at indices i of the dimensions behind the batch. */
static LLVMValueRef element_of(struct ir *ir, const struct side *side, LLVMValueRef image,
                               LLVMValueRef const *i)
{
    const struct shape *s = side->s;
    const int64_t blocks = ceil_div(s->dim[1], CB);
    LLVMValueRef at = is_blocked(side)
                          ? ir_add(ir, ir_mul_const(ir, image, blocks), ir_div_const(ir, i[1], CB))
                          : ir_add(ir, ir_mul_const(ir, image, s->dim[1]), i[1]);
    for (uint32_t k = 2; k < s->rank; k++)
        at = ir_add(ir, ir_mul_const(ir, at, s->dim[k]), i[k]);
    if (is_blocked(side))
        at = ir_add(ir, ir_mul_const(ir, at, CB), ir_rem_const(ir, i[1], CB));
    return at;
}

/* Of the element that the result has at the indices at hand: where it is in the operand. */
static struct address source(struct permutation *p)
{
    struct ir *ir = p->k->ir;
    LLVMValueRef from[SHAPE_MAX_RANK] = {0};
    for (uint32_t d = 1; d < p->in.s->rank; d++)
        from[p->k->node->attrs->dims.at[d]] = p->i[d];
    struct address x =
        ir_at(ir, kernel_buffer(p->k, 0), element_of(ir, &p->in, p->unit.image, from));
    return is_blocked(&p->in) ? x : ir_loose(x);
}

static struct address target(struct permutation *p)
{
    struct ir *ir = p->k->ir;
    struct address y = ir_at(ir, kernel_result(p->k), element_of(ir, &p->out, p->unit.image, p->i));
    return is_blocked(&p->out) ? y : ir_loose(y);
}

/* ---- what is copied ---- */

/* Element by element; blocks of the result get their padding, too. */
static void copy_elements(struct permutation *p, struct run to)
{
    struct ir *ir = p->k->ir;
    LLVMValueRef v = ir_vec_const(ir, 0);
    for (int64_t i = 0; i < to.count; i++) {
        p->i[p->to] = ir_add_const(ir, to.first, i);
        LLVMValueRef x = ir_load_f32(ir, source(p));
        if (is_blocked(&p->out))
            v = LLVMBuildInsertElement(ir->b, v, x, LLVMConstInt(ir->i32, (uint64_t)i, false), "");
        else
            ir_store_f32(ir, x, target(p));
    }
    p->i[p->to] = to.first;
    if (is_blocked(&p->out))
        ir_store_vec(ir, v, target(p));
}

/* A vector that has lanes for indices which do not exist may be accessed in blocks only. */
static bool is_vector(const struct permutation *p, const struct side *side, struct run run)
{
    return is_blocked(side) || run.count == p->k->ir->cpu->lanes;
}

/* The same dimension is in the lanes of both; padding is 0 in both. */
static void copy_vector(struct permutation *p, struct run to)
{
    p->i[p->to] = to.first;
    if (is_vector(p, &p->in, to) && is_vector(p, &p->out, to))
        ir_store_vec(p->k->ir, ir_load_vec(p->k->ir, source(p)), target(p));
    else
        copy_elements(p, to);
}

static void copy_square(struct permutation *p, struct run to, struct run from)
{
    struct ir *ir = p->k->ir;
    LLVMValueRef v[CB];
    p->i[p->from] = from.first;
    for (int64_t i = 0; i < ir->cpu->lanes; i++) {
        p->i[p->to] = ir_add_const(ir, to.first, i);
        v[i] = i < to.count ? ir_load_vec(ir, source(p)) : ir_vec_const(ir, 0);
    }
    square_transpose(ir, v);
    p->i[p->to] = to.first;
    for (int64_t i = 0; i < from.count; i++) {
        p->i[p->from] = ir_add_const(ir, from.first, i);
        ir_store_vec(ir, v[i], target(p));
    }
}

/* Different dimensions are in the lanes: a run of the operand's, at a run of the result's. */
static void copy_pair(struct permutation *p, struct run from)
{
    struct ir *ir = p->k->ir;
    const struct run to = p->at;
    if (is_vector(p, &p->out, to) && is_vector(p, &p->in, from)) {
        copy_square(p, to, from);
        return;
    }
    struct ir_loop loop =
        ir_loop_begin(ir, from.first, ir_add_const(ir, from.first, from.count), 1);
    p->i[p->from] = loop.i;
    copy_elements(p, to);
    ir_loop_end(ir, &loop);
}

/* ---- loops ---- */

/* Calls what is next for the runs of a dimension, of as many indices as a vector has lanes. */
typedef void run_body(struct permutation *p, struct run run);

/* The runs of a block with `count` indices: of the result's lanes, also those that have padding alone. */
static void runs_of_block(struct permutation *p, int64_t count, bool all, run_body *body)
{
    struct ir *ir = p->k->ir;
    const int64_t lanes = ir->cpu->lanes, end = all ? CB : count;
    LLVMValueRef first = ir_mul_const(ir, p->unit.block, CB);
    for (int64_t i = 0; i < end; i += lanes) {
        int64_t rest = count < i ? 0 : count - i;
        body(p, (struct run){ir_add_const(ir, first, i), rest < lanes ? rest : lanes});
    }
}

static void runs_of_unit(struct permutation *p, int64_t size, bool all, run_body *body)
{
    struct ir *ir = p->k->ir;
    if (size % CB == 0) {
        runs_of_block(p, CB, all, body);
        return;
    }
    LLVMValueRef whole = LLVMBuildICmp(ir->b, LLVMIntSLT, p->unit.block, ir_i64(ir, size / CB), "");
    struct ir_if one = ir_if_begin(ir, whole);
    runs_of_block(p, CB, all, body);
    ir_if_else(ir, &one);
    runs_of_block(p, size % CB, all, body);
    ir_if_end(ir, &one);
}

static void each_run(struct permutation *p, uint32_t d, run_body *body)
{
    struct ir *ir = p->k->ir;
    const int64_t lanes = ir->cpu->lanes, size = p->out.s->dim[d], whole = size / lanes * lanes;
    if (d == 1) {
        runs_of_unit(p, size, is_blocked(&p->out), body);
        return;
    }
    struct ir_loop loop = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, whole), lanes);
    body(p, (struct run){loop.i, lanes});
    ir_loop_end(ir, &loop);
    if (whole < size)
        body(p, (struct run){ir_i64(ir, whole), size - whole});
}

static void copy_run(struct permutation *p, struct run to)
{
    p->at = to;
    if (p->to == p->from)
        copy_vector(p, to);
    else
        each_run(p, p->from, copy_pair);
}

/* Loops over what the operand's dimensions from `e` on are, but for lanes and the unit's: in the operand's order, as stores that lie
 * apart wait for less than loads. */
static void emit_dimensions(struct permutation *p, uint32_t e)
{
    if (e == p->in.s->rank) {
        each_run(p, p->to, copy_run);
        return;
    }
    const uint32_t d = dimension_of(p->k->node, e);
    if (d == 1 || d == p->to || d == p->from) {
        emit_dimensions(p, e + 1);
        return;
    }
    struct ir *ir = p->k->ir;
    struct ir_loop loop = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, p->out.s->dim[d]), 1);
    p->i[d] = loop.i;
    emit_dimensions(p, e + 1);
    ir_loop_end(ir, &loop);
}

/* ---- the kernel ---- */

static int64_t units_of_image(const struct permutation *p)
{
    return unit_is_block(p) ? ceil_div(p->out.s->dim[1], CB) : p->out.s->dim[1];
}

static void emit(struct kernel_build *k)
{
    struct permutation p = permutation_of(k->graph, k->node);
    p.k = k;
    p.unit = unit_loop_begin(k, units_of_image(&p));
    p.i[1] = p.unit.block;
    emit_dimensions(&p, 1);
    unit_loop_end(k, &p.unit);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)cpu, (void)phase;
    const struct permutation p = permutation_of(g, n);
    return (struct kernel_units){.per_group = units_of_image(&p), .images = 1};
}

const struct kernel_family kernel_permute = {
    .name = "permute", .phases = one_phase, .units = units, .emit = emit};

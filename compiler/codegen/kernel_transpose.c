/* transpose: a matrix turned over, both VECTOR, by squares in registers. A unit is a block of the result. Of matrices that
 * come from memory neighbours read along the same rows, as stores that lie apart wait for less than loads; of others they write along
 * the same rows, as stores that lie apart share few places of the first-level cache. */
#include "geometry.h"
#include "rounding.h"
#include "square.h"

enum { CB = FTMRT_CB };

struct turned {
    struct kernel_build *k;
    struct geometry in, out;
    int64_t rows; /* of the operand */
};

/* A vector of row `row` of the operand, from `column` on; of a row that does not exist 0. */
static LLVMValueRef load_row(struct turned *t, LLVMValueRef row, LLVMValueRef column)
{
    struct ir *ir = t->k->ir;
    LLVMValueRef zero = ir_i64(ir, 0), last = ir_i64(ir, t->rows - 1);
    struct address x =
        geometry_slice(ir, &t->in, kernel_buffer(t->k, 0), ir_min(ir, row, last), zero);
    LLVMValueRef v = ir_load_vec(ir, ir_at(ir, x, column));
    if (t->rows % CB == 0)
        return v;
    LLVMValueRef exists = LLVMBuildICmp(ir->b, LLVMIntSLE, row, last, "");
    return LLVMBuildSelect(ir->b, exists, v, ir_vec_const(ir, 0), "");
}

/* The square of the result at row `row` and column `column`, of which `rows` rows exist. */
static void emit_square(struct turned *t, LLVMValueRef row, LLVMValueRef column, int64_t rows)
{
    struct ir *ir = t->k->ir;
    const int64_t lanes = ir->cpu->lanes;
    LLVMValueRef v[CB], zero = ir_i64(ir, 0);
    for (int64_t i = 0; i < lanes; i++)
        v[i] = load_row(t, ir_add_const(ir, column, i), row);
    square_transpose(ir, v);
    for (int64_t i = 0; i < lanes && i < rows; i++) {
        struct address y =
            geometry_slice(ir, &t->out, kernel_result(t->k), ir_add_const(ir, row, i), zero);
        ir_store_vec(ir, v[i], ir_at(ir, y, column));
    }
}

/* Block by block; rows: those of the block that exist. */
static void emit_block(struct turned *t, LLVMValueRef row, LLVMValueRef column, int64_t rows)
{
    struct ir *ir = t->k->ir;
    const int64_t lanes = ir->cpu->lanes;
    for (int64_t i = 0; i < rows; i += lanes)
        for (int64_t j = 0; j < CB; j += lanes)
            emit_square(t, ir_add_const(ir, row, i), ir_add_const(ir, column, j), rows - i);
}

static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    const struct shape *s = &k->node->type.shape;
    struct turned t = {.k = k,
                       .in = geometry_of(k->graph, k->node->inputs[0]),
                       .out = geometry_of_shape(s),
                       .rows = s->dim[1]};
    const int64_t rest = s->dim[0] % CB;
    const bool reads = s->dim[0] * s->dim[1] > GEOMETRY_NEAR;
    struct unit_loop u = unit_loop_begin(k, reads ? ceil_div(s->dim[0], CB) : t.out.blocks);
    LLVMValueRef rows = reads ? u.block : u.image, columns = reads ? u.image : u.block;
    LLVMValueRef row = ir_mul_const(ir, rows, CB), column = ir_mul_const(ir, columns, CB);
    LLVMValueRef whole = LLVMBuildICmp(ir->b, LLVMIntSLT, rows, ir_i64(ir, s->dim[0] / CB), "");
    struct ir_if one = ir_if_begin(ir, whole);
    emit_block(&t, row, column, CB);
    if (rest) {
        ir_if_else(ir, &one);
        emit_block(&t, row, column, rest);
    }
    ir_if_end(ir, &one);
    unit_loop_end(k, &u);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)g, (void)cpu, (void)phase;
    const struct shape *s = &n->type.shape;
    return (struct kernel_units){.fixed = ceil_div(s->dim[0], CB) * geometry_of_shape(s).blocks,
                                 .images = 1};
}

const struct kernel_family kernel_transpose = {
    .name = "transpose", .phases = one_phase, .units = units, .emit = emit};

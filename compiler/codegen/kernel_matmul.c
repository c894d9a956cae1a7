/* matmul: a product of matrices, both and the result VECTOR. A unit is a block of columns of a few rows of
 * the result, which stay in registers while the elements of a's rows are spread over the rows of b. */
#include "geometry.h"
#include "rounding.h"

enum { MAX_ROWS = 12 };

/* Rows at once: their sums fill most of the registers. */
static int64_t rows_at_once(const struct cpu *cpu)
{
    int64_t rows = ((int64_t)cpu->registers - 4) * cpu->lanes / FTMRT_CB;
    return rows > MAX_ROWS ? MAX_ROWS : rows;
}

struct product {
    struct kernel_build *k;
    struct geometry a, b;
    LLVMValueRef sum[MAX_ROWS][FTMRT_CB]; /* locals, by part */
};

/* A column of a times a row of b. x: a's element in the first row; row: of b, the block. */
static void add_products(struct product *m, struct address x, struct address row, int64_t rows)
{
    struct ir *ir = m->k->ir;
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef v = ir_load_vec(ir, geometry_pixel(ir, row, ir_i64(ir, 0), part));
        for (int64_t i = 0; i < rows; i++) {
            struct address element = ir_at_const(ir, x, i * m->a.blocks * FTMRT_CB);
            LLVMValueRef spread = ir_splat(ir, ir_load_f32(ir, element)), local = m->sum[i][part];
            ir_set(ir, local, ir_fma(ir, spread, v, ir_get(ir, ir->vec, local)));
        }
    }
}

/* The sums over k of a[row + i][k] b[k][block] for the rows, stored. */
static void emit_rows(struct product *m, LLVMValueRef row, LLVMValueRef block, int64_t rows)
{
    struct ir *ir = m->k->ir;
    LLVMValueRef zero = ir_i64(ir, 0);
    struct address x = geometry_slice(ir, &m->a, kernel_buffer(m->k, 0), row, zero),
                   w = geometry_slice(ir, &m->b, kernel_buffer(m->k, 1), zero, block);
    for (int64_t i = 0; i < rows; i++)
        for (uint32_t part = 0; part < geometry_parts(ir); part++)
            ir_set(ir, m->sum[i][part], ir_vec_const(ir, 0));
    struct ir_loop i = ir_loop_begin(ir, zero, ir_i64(ir, m->a.channels), 1);
    add_products(m, ir_at(ir, x, i.i), geometry_slice(ir, &m->b, w, i.i, zero), rows);
    ir_loop_end(ir, &i);
    for (int64_t r = 0; r < rows; r++) {
        struct address y =
            geometry_slice(ir, &m->b, kernel_result(m->k), ir_add_const(ir, row, r), block);
        for (uint32_t part = 0; part < geometry_parts(ir); part++)
            ir_store_vec(ir, ir_get(ir, ir->vec, m->sum[r][part]),
                         geometry_pixel(ir, y, zero, part));
    }
}

static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct product m = {.k = k,
                        .a = geometry_of(k->graph, k->node->inputs[0]),
                        .b = geometry_of(k->graph, k->node->inputs[1])};
    const int64_t all = k->node->type.shape.dim[0], many = rows_at_once(ir->cpu);
    for (int64_t i = 0; i < many; i++)
        for (uint32_t part = 0; part < geometry_parts(ir); part++)
            m.sum[i][part] = ir_local(ir, ir->vec);
    struct unit_loop u = unit_loop_begin(k, m.b.blocks); /* its "image" is the run of rows */
    LLVMValueRef row = ir_mul_const(ir, u.image, many);
    LLVMValueRef whole = LLVMBuildICmp(ir->b, LLVMIntSLT, u.image, ir_i64(ir, all / many), "");
    struct ir_if one = ir_if_begin(ir, whole);
    emit_rows(&m, row, u.block, many);
    if (all % many) {
        ir_if_else(ir, &one);
        emit_rows(&m, row, u.block, all % many);
    }
    ir_if_end(ir, &one);
    unit_loop_end(k, &u);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)g, (void)phase;
    const struct shape *s = &n->type.shape;
    return (struct kernel_units){
        .fixed = ceil_div(s->dim[0], rows_at_once(cpu)) * geometry_of_shape(s).blocks, .images = 1};
}

const struct kernel_family kernel_matmul = {
    .name = "matmul", .phases = one_phase, .units = units, .emit = emit};

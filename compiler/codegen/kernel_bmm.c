/* bmm: products of row-major matrices, one for each image and group. A unit is a block of rows of one product: a tile of rows by
 * vectors of columns stays in registers while the inner dimension streams past, a row of b as vectors, a column of a as numbers.
 * A b that is stored turned over is turned first, into scratch.
 *
 * Where columns are no multiple of a vector, the last vector of a row begins earlier and repeats a few of them; where they are
 * fewer than one, their lanes are loaded and stored one by one. */
#include "geometry.h"
#include "rounding.h"

enum { VECTORS = 2, ROWS_MAX = 30 };

/* One product, all sizes known; element (i, k) of a is at i * a_row + k * a_inner. */
struct product {
    struct kernel_build *k;
    int64_t groups, rows, inner, columns, a_row, a_inner;
    int64_t vectors, block; /* of columns; rows of a unit */
    struct address a, b, y; /* of the unit: a and y at its first row */
};

static int64_t rows_of_unit(const struct cpu *cpu, int64_t rows, int64_t vectors)
{
    const int64_t used = vectors < VECTORS ? vectors : VECTORS,
                  spare = used + (cpu->fma ? 1 : 2); /* b, a, and a product without FMA */
    const int64_t most = (cpu->registers - spare) / used;
    return ceil_div(rows, ceil_div(rows, most));
}

static struct product product_of(const struct graph *g, const struct node *n, const struct cpu *cpu)
{
    const struct shape *a = graph_shape(g, n->inputs[0]), *y = &n->type.shape;
    const bool turned = n->attrs->transpose_a;
    struct product p = {.groups = n->attrs->groups, .columns = y->dim[2]};
    p.rows = y->dim[1] / p.groups;
    p.inner = turned ? a->dim[1] / p.groups : a->dim[2];
    p.a_row = turned ? 1 : p.inner;
    p.a_inner = turned ? p.rows : 1;
    p.vectors = ceil_div(p.columns, cpu->lanes);
    p.block = rows_of_unit(cpu, p.rows, p.vectors);
    return p;
}

/* ---- rows of columns ---- */

static LLVMValueRef load_columns(const struct product *p, struct address from)
{
    struct ir *ir = p->k->ir;
    if (p->columns >= ir->cpu->lanes)
        return ir_load_vec(ir, ir_loose(from));
    LLVMValueRef v = ir_vec_const(ir, 0);
    for (int64_t i = 0; i < p->columns; i++)
        v = LLVMBuildInsertElement(ir->b, v, ir_load_f32(ir, ir_at_const(ir, from, i)),
                                   LLVMConstInt(ir->i32, (uint64_t)i, false), "");
    return v;
}

static void store_columns(const struct product *p, LLVMValueRef v, struct address to)
{
    struct ir *ir = p->k->ir;
    if (p->columns >= ir->cpu->lanes) {
        ir_store_vec(ir, v, ir_loose(to));
        return;
    }
    for (int64_t i = 0; i < p->columns; i++)
        ir_store_f32(
            ir, LLVMBuildExtractElement(ir->b, v, LLVMConstInt(ir->i32, (uint64_t)i, false), ""),
            ir_at_const(ir, to, i));
}

/* ---- tiles ---- */

/* Columns of a tile: vector v begins at first + offset[v]. */
struct columns {
    LLVMValueRef first;
    int64_t count, offset[VECTORS];
};

static void emit_tile(const struct product *p, int64_t rows, const struct columns *c)
{
    struct ir *ir = p->k->ir;
    LLVMValueRef sum[ROWS_MAX][VECTORS] = {{0}}, b[VECTORS] = {0};
    for (int64_t i = 0; i < rows * c->count; i++) {
        sum[i / c->count][i % c->count] = ir_local(ir, ir->vec);
        ir_set(ir, sum[i / c->count][i % c->count], ir_vec_const(ir, 0));
    }
    struct ir_loop inner = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, p->inner), 1);
    const struct address a = ir_at(ir, p->a, ir_mul_const(ir, inner.i, p->a_inner)),
                         row = ir_at(ir, p->b,
                                     ir_add(ir, ir_mul_const(ir, inner.i, p->columns), c->first));
    for (int64_t v = 0; v < c->count; v++)
        b[v] = load_columns(p, ir_at_const(ir, row, c->offset[v]));
    for (int64_t i = 0; i < rows; i++) {
        LLVMValueRef x = ir_splat(ir, ir_load_f32(ir, ir_at_const(ir, a, i * p->a_row)));
        for (int64_t v = 0; v < c->count; v++)
            ir_set(ir, sum[i][v], ir_fma(ir, x, b[v], ir_get(ir, ir->vec, sum[i][v])));
    }
    ir_loop_end(ir, &inner);
    for (int64_t i = 0; i < rows * c->count; i++) {
        const struct address y =
            ir_at(ir, ir_at_const(ir, p->y, i / c->count * p->columns), c->first);
        store_columns(p, ir_get(ir, ir->vec, sum[i / c->count][i % c->count]),
                      ir_at_const(ir, y, c->offset[i % c->count]));
    }
}

/* All columns of so many rows: whole tiles in a loop, then what is left. */
static void emit_rows(const struct product *p, int64_t rows)
{
    struct ir *ir = p->k->ir;
    const int64_t lanes = ir->cpu->lanes, width = VECTORS * lanes,
                  whole = p->columns / width * width;
    struct columns c = {.count = VECTORS};
    for (int64_t v = 0; v < VECTORS; v++)
        c.offset[v] = v * lanes;
    if (whole > 0) {
        struct ir_loop tiles = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, whole), width);
        c.first = tiles.i;
        emit_tile(p, rows, &c);
        ir_loop_end(ir, &tiles);
    }
    c.count = ceil_div(p->columns - whole, lanes);
    c.first = ir_i64(ir, whole);
    const int64_t last = p->columns - lanes - whole; /* where the last vector begins */
    for (int64_t v = 0; v < VECTORS && p->columns >= lanes; v++)
        c.offset[v] = v * lanes < last ? v * lanes : last;
    if (c.count > 0)
        emit_tile(p, rows, &c);
}

/* ---- units ---- */

/* Number m of the matrices in a buffer, each of so many elements. */
static struct address matrix(struct ir *ir, struct address base, LLVMValueRef m, int64_t elements)
{
    return ir_at(ir, base, ir_mul_const(ir, m, elements));
}

static void emit_products(struct kernel_build *k, struct product *p)
{
    struct ir *ir = k->ir;
    const int64_t blocks = ceil_div(p->rows, p->block), left = p->rows - (blocks - 1) * p->block;
    struct unit_loop u = unit_loop_begin(k, p->groups * blocks);
    LLVMValueRef group = ir_div_const(ir, u.block, blocks),
                 block = ir_rem_const(ir, u.block, blocks),
                 m = ir_add(ir, ir_mul_const(ir, u.image, p->groups), group),
                 first = ir_mul_const(ir, block, p->block);
    p->a = ir_at(ir, matrix(ir, kernel_buffer(k, 0), m, p->rows * p->inner),
                 ir_mul_const(ir, first, p->a_row));
    p->b = matrix(ir, k->node->attrs->transpose_b ? kernel_scratch(k) : kernel_buffer(k, 1), m,
                  p->inner * p->columns);
    p->y = ir_at(ir, matrix(ir, kernel_result(k), m, p->rows * p->columns),
                 ir_mul_const(ir, first, p->columns));
    if (left == p->block) {
        emit_rows(p, p->block);
    } else {
        struct ir_if last =
            ir_if_begin(ir, LLVMBuildICmp(ir->b, LLVMIntEQ, block, ir_i64(ir, blocks - 1), ""));
        emit_rows(p, left);
        ir_if_else(ir, &last);
        emit_rows(p, p->block);
        ir_if_end(ir, &last);
    }
    unit_loop_end(k, &u);
}

/* Columns first .. of [columns][inner], a vector of them for each place of the inner dimension. */
static void turn_columns(const struct product *p, struct address from, struct address to,
                         LLVMValueRef first)
{
    struct ir *ir = p->k->ir;
    const int64_t lanes = p->columns < ir->cpu->lanes ? p->columns : ir->cpu->lanes;
    struct ir_loop inner = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, p->inner), 1);
    const struct address x =
        ir_at(ir, from, ir_add(ir, ir_mul_const(ir, first, p->inner), inner.i));
    LLVMValueRef v = ir_vec_const(ir, 0);
    for (int64_t i = 0; i < lanes; i++)
        v = LLVMBuildInsertElement(ir->b, v, ir_load_f32(ir, ir_at_const(ir, x, i * p->inner)),
                                   LLVMConstInt(ir->i32, (uint64_t)i, false), "");
    store_columns(p, v, ir_at(ir, to, ir_add(ir, ir_mul_const(ir, inner.i, p->columns), first)));
    ir_loop_end(ir, &inner);
}

/* b of a group turned over: [columns][inner] to [inner][columns]. */
static void emit_turning(struct kernel_build *k, const struct product *p)
{
    struct ir *ir = k->ir;
    struct unit_loop u = unit_loop_begin(k, p->groups);
    LLVMValueRef m = ir_add(ir, ir_mul_const(ir, u.image, p->groups), u.block);
    const struct address from = matrix(ir, kernel_buffer(k, 1), m, p->inner * p->columns),
                         to = matrix(ir, kernel_scratch(k), m, p->inner * p->columns);
    const int64_t lanes = ir->cpu->lanes, last = p->columns > lanes ? p->columns - lanes : 0;
    struct ir_loop vectors =
        ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, p->vectors * lanes), lanes);
    turn_columns(p, from, to, ir_min(ir, vectors.i, ir_i64(ir, last)));
    ir_loop_end(ir, &vectors);
    unit_loop_end(k, &u);
}

static bool turns(const struct node *n, uint32_t phase)
{
    return n->attrs->transpose_b && phase == 0;
}

static void emit(struct kernel_build *k)
{
    struct product p = product_of(k->graph, k->node, k->ir->cpu);
    p.k = k;
    if (turns(k->node, k->phase))
        emit_turning(k, &p);
    else
        emit_products(k, &p);
}

static uint32_t phases(const struct graph *g, const struct node *n, const struct cpu *cpu)
{
    (void)g, (void)cpu;
    return n->attrs->transpose_b ? 2 : 1;
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    const struct product p = product_of(g, n, cpu);
    const int64_t blocks = turns(n, phase) ? 1 : ceil_div(p.rows, p.block);
    return (struct kernel_units){.per_group = p.groups * blocks, .images = 1};
}

const struct kernel_family kernel_bmm = {
    .name = "bmm", .phases = phases, .units = units, .emit = emit};

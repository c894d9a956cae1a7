/* relayout: the same value in another layout.
 *
 * The trainable convolutions' weights are transposed every step (CONV <-> CONV_T): blocks of 16 x
 * 16, done in registers as lanes x lanes squares. Maps between rows and blocks go by the same squares. Everything else
 * (labels coming in, logits going out) is small: a scalar copy over (row, column, rest) with each layout's index
 * formula; it fills the padding lanes of its result with zeros.
 */
#include "geometry.h"
#include "op.h"
#include "rounding.h"
#include "square.h"

struct view {
    enum ftmrt_layout layout;
    int64_t rows, columns, rest; /* [O,I,KH*KW], [N,C,H*W], [R,C] */
};

static struct view view_of(const struct node *n, int64_t batch)
{
    const struct shape *s = &n->type.shape;
    struct view v = {n->form.layout, 1, 1, 1};
    if (shape_batched(s))
        v.rows = batch;
    else if (s->rank >= 2)
        v.rows = s->dim[0];
    else if (s->rank == 1)
        v.columns = s->dim[0];
    if (s->rank >= 2)
        v.columns = s->dim[1];
    for (uint32_t i = 2; i < s->rank; i++)
        v.rest *= s->dim[i];
    return v;
}

static int64_t round_up(int64_t v) { return ceil_div(v, FTMRT_CB) * FTMRT_CB; }

static bool rows_padded(enum ftmrt_layout layout)
{
    return layout == FTMRT_LAYOUT_CONV || layout == FTMRT_LAYOUT_CONV_T ||
           layout == FTMRT_LAYOUT_DEPTHWISE;
}

static bool columns_padded(enum ftmrt_layout layout)
{
    return layout != FTMRT_LAYOUT_PLAIN && layout != FTMRT_LAYOUT_DEPTHWISE;
}

/* a * size + b. */
static LLVMValueRef nest(struct ir *ir, LLVMValueRef a, int64_t size, LLVMValueRef b)
{
    return ir_add(ir, ir_mul_const(ir, a, size), b);
}

static LLVMValueRef block(struct ir *ir, LLVMValueRef i) { return ir_div_const(ir, i, FTMRT_CB); }

static LLVMValueRef lane(struct ir *ir, LLVMValueRef i) { return ir_rem_const(ir, i, FTMRT_CB); }

/* The index of element (row, column, rest); the formulas of layout.def. */
static LLVMValueRef index_of(struct ir *ir, const struct view *v, LLVMValueRef r, LLVMValueRef c,
                             LLVMValueRef t)
{
    int64_t row_blocks = round_up(v->rows) / FTMRT_CB,
            column_blocks = round_up(v->columns) / FTMRT_CB;
    LLVMValueRef at;
    switch (v->layout) {
    case FTMRT_LAYOUT_PLAIN: return nest(ir, nest(ir, r, v->columns, c), v->rest, t);
    case FTMRT_LAYOUT_BLOCKED:
    case FTMRT_LAYOUT_VECTOR:
        at = nest(ir, nest(ir, r, column_blocks, block(ir, c)), v->rest, t);
        return nest(ir, at, FTMRT_CB, lane(ir, c));
    case FTMRT_LAYOUT_CONV:
        at = nest(ir, nest(ir, block(ir, r), column_blocks, block(ir, c)), v->rest, t);
        return nest(ir, nest(ir, at, FTMRT_CB, lane(ir, c)), FTMRT_CB, lane(ir, r));
    case FTMRT_LAYOUT_CONV_T:
        at = nest(ir, nest(ir, block(ir, c), row_blocks, block(ir, r)), v->rest, t);
        return nest(ir, nest(ir, at, FTMRT_CB, lane(ir, r)), FTMRT_CB, lane(ir, c));
    case FTMRT_LAYOUT_DEPTHWISE:
        return nest(ir, nest(ir, block(ir, r), v->rest, t), FTMRT_CB, lane(ir, r));
    case FTMRT_LAYOUT_COUNT: break;
    }
    FTM_BUG("no such layout");
}

/* Copies or clears the elements (r, c, first .. rest-1). */
static void copy_rest(struct kernel_build *k, const struct view *from, const struct view *to,
                      LLVMValueRef r, LLVMValueRef c, int64_t first)
{
    struct ir *ir = k->ir;
    LLVMValueRef inside =
        LLVMBuildAnd(ir->b, LLVMBuildICmp(ir->b, LLVMIntSLT, c, ir_i64(ir, to->columns), ""),
                     LLVMBuildICmp(ir->b, LLVMIntSLT, r, ir_i64(ir, to->rows), ""), "");
    struct address src = kernel_buffer(k, 0), dst = kernel_result(k);
    LLVMValueRef start = ir_i64(ir, first), end = ir_i64(ir, to->rest);
    struct ir_if s = ir_if_begin(ir, inside);
    struct ir_loop t = ir_loop_begin(ir, start, end, 1);
    LLVMValueRef source = index_of(ir, from, r, c, t.i);
    ir_copy(ir, ir_at(ir, src, source), ir_at(ir, dst, index_of(ir, to, r, c, t.i)));
    ir_loop_end(ir, &t);
    ir_if_else(ir, &s);
    t = ir_loop_begin(ir, start, end, 1);
    ir_clear(ir, ir_at(ir, dst, index_of(ir, to, r, c, t.i)));
    ir_loop_end(ir, &t);
    ir_if_end(ir, &s);
}

/* ---- maps ---- */

/* Between an image's rows of channels and its blocks: squares of lanes channels by as many pixels, transposed. */
struct map_copy {
    struct kernel_build *k;
    const struct view *from, *to;
    LLVMValueRef image;
};

static bool is_map_copy(const struct view *from, const struct view *to, const struct ir *ir)
{
    bool in = from->layout == FTMRT_LAYOUT_PLAIN && to->layout == FTMRT_LAYOUT_BLOCKED,
         out = from->layout == FTMRT_LAYOUT_BLOCKED && to->layout == FTMRT_LAYOUT_PLAIN;
    return (in || out) && to->rest >= (int64_t)ir->cpu->lanes;
}

/* Vector i of a square whose first channel and pixel these are: that of a channel in rows, that of a pixel in blocks. */
static struct address square_vector(const struct map_copy *m, const struct view *v,
                                    struct address base, LLVMValueRef channel, LLVMValueRef pixel,
                                    int64_t i)
{
    struct ir *ir = m->k->ir;
    if (v->layout == FTMRT_LAYOUT_PLAIN)
        return ir_loose(
            ir_at(ir, base, index_of(ir, v, m->image, ir_add_const(ir, channel, i), pixel)));
    pixel = ir_add_const(ir, pixel, i);
    return ir_at(ir, base, index_of(ir, v, m->image, channel, pixel));
}

/* Of the square's channels only some exist. */
static void copy_square(const struct map_copy *m, LLVMValueRef channel, LLVMValueRef pixel,
                        int64_t channels)
{
    struct ir *ir = m->k->ir;
    const int64_t lanes = ir->cpu->lanes;
    struct address x = kernel_buffer(m->k, 0), y = kernel_result(m->k);
    LLVMValueRef v[FTMRT_CB];
    for (int64_t i = 0; i < lanes; i++) {
        bool none = m->from->layout == FTMRT_LAYOUT_PLAIN && i >= channels;
        v[i] = none ? ir_vec_const(ir, 0)
                    : ir_load_vec(ir, square_vector(m, m->from, x, channel, pixel, i));
    }
    square_transpose(ir, v);
    for (int64_t i = 0; i < lanes; i++)
        if (m->to->layout != FTMRT_LAYOUT_PLAIN || i < channels)
            ir_store_vec(ir, v[i], square_vector(m, m->to, y, channel, pixel, i));
}

/* The squares of a block's first `pixels` pixels. */
static void copy_map_block(const struct map_copy *m, LLVMValueRef block, int64_t channels,
                           int64_t pixels)
{
    struct ir *ir = m->k->ir;
    const int64_t lanes = ir->cpu->lanes;
    LLVMValueRef first = ir_mul_const(ir, block, FTMRT_CB);
    struct ir_loop i = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, pixels), lanes);
    for (int64_t c = 0; c < FTMRT_CB; c += lanes)
        copy_square(m, ir_add_const(ir, first, c), i.i, channels - c);
    ir_loop_end(ir, &i);
}

static void copy_map(const struct map_copy *m, int64_t pixels)
{
    struct ir *ir = m->k->ir;
    const int64_t channels = m->to->columns, whole = channels / FTMRT_CB;
    struct ir_loop blocks = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, whole), 1);
    copy_map_block(m, blocks.i, FTMRT_CB, pixels);
    ir_loop_end(ir, &blocks);
    if (channels % FTMRT_CB)
        copy_map_block(m, ir_i64(ir, whole), channels % FTMRT_CB, pixels);
}

/* ---- the copy ---- */

/* A unit is a row of the result (an image, an output channel). */
static void emit_copy(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    const struct node *x = graph_node(k->graph, k->node->inputs[0]);
    struct view from = view_of(x, k->graph->program->max_batch),
                to = view_of(k->node, k->graph->program->max_batch);
    const int64_t lanes = ir->cpu->lanes;
    const int64_t by_squares = is_map_copy(&from, &to, ir) ? to.rest / lanes * lanes : 0;
    struct ir_loop rows = ir_loop_begin(ir, k->begin, k->end, 1);
    if (by_squares)
        copy_map(&(struct map_copy){k, &from, &to, rows.i}, by_squares);
    int64_t columns = columns_padded(to.layout) ? round_up(to.columns) : to.columns;
    struct ir_loop c = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, columns), 1);
    copy_rest(k, &from, &to, rows.i, c.i, by_squares);
    ir_loop_end(ir, &c);
    if (to.layout == FTMRT_LAYOUT_BLOCKED) {
        struct ir_loop blocks = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, columns / FTMRT_CB), 1);
        const struct unit_loop u = {.image = rows.i, .block = blocks.i};
        geometry_finish(k, &u);
        ir_loop_end(ir, &blocks);
    }
    ir_loop_end(ir, &rows);
}

/* ---- transposes ---- */

/* Transposes a block of 16 x 16 elements. */
static void transpose_block(struct ir *ir, struct address src, struct address dst)
{
    uint32_t lanes = ir->cpu->lanes;
    for (uint32_t row = 0; row < FTMRT_CB; row += lanes)
        for (uint32_t column = 0; column < FTMRT_CB; column += lanes) {
            LLVMValueRef v[FTMRT_CB] = {0};
            for (uint32_t i = 0; i < lanes; i++)
                v[i] = ir_load_vec(ir, ir_at_const(ir, src, (row + i) * FTMRT_CB + column));
            square_transpose(ir, v);
            for (uint32_t i = 0; i < lanes; i++)
                ir_store_vec(ir, v[i], ir_at_const(ir, dst, (column + i) * FTMRT_CB + row));
        }
}

static bool is_transpose(const struct graph *g, const struct node *n)
{
    enum ftmrt_layout from = graph_node(g, n->inputs[0])->form.layout, to = n->form.layout;
    return (from == FTMRT_LAYOUT_CONV && to == FTMRT_LAYOUT_CONV_T) ||
           (from == FTMRT_LAYOUT_CONV_T && to == FTMRT_LAYOUT_CONV);
}

/* Outer and inner blocks of the source. */
static void block_counts(const struct graph *g, const struct node *n, int64_t *outer,
                         int64_t *inner)
{
    const struct node *x = graph_node(g, n->inputs[0]);
    struct view v = view_of(x, 1);
    bool conv = x->form.layout == FTMRT_LAYOUT_CONV;
    *outer = round_up(conv ? v.rows : v.columns) / FTMRT_CB;
    *inner = round_up(conv ? v.columns : v.rows) / FTMRT_CB;
}

/* A unit is a pair of blocks with all of its taps. */
static void emit_transpose(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    int64_t outer, inner, taps = view_of(k->node, 1).rest, square = (int64_t)FTMRT_CB * FTMRT_CB;
    block_counts(k->graph, k->node, &outer, &inner);
    struct address src = kernel_buffer(k, 0), dst = kernel_result(k);
    LLVMValueRef rows = kernel_number(k, outer), count = kernel_number(k, taps),
                 size = ir_mul_const(ir, count, square);
    struct unit_loop u = unit_loop_begin_any(k, kernel_number(k, inner)); /* "image": outer */
    LLVMValueRef other = ir_add(ir, ir_mul(ir, u.block, rows), u.image);
    struct address from = ir_at(ir, src, ir_mul(ir, u.loop.i, size));
    struct address to = ir_at(ir, dst, ir_mul(ir, other, size));
    struct ir_loop t = ir_loop_begin(ir, ir_i64(ir, 0), count, 1);
    LLVMValueRef offset = ir_mul_const(ir, t.i, square);
    transpose_block(ir, ir_at(ir, from, offset), ir_at(ir, to, offset));
    ir_loop_end(ir, &t);
    unit_loop_end(k, &u);
}

static void emit(struct kernel_build *k)
{
    FTM_BUG_ON(k->node->step_count && k->node->form.layout != FTMRT_LAYOUT_BLOCKED,
               "steps behind a relayout");
    if (is_transpose(k->graph, k->node))
        emit_transpose(k);
    else
        emit_copy(k);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)cpu, (void)phase;
    if (is_transpose(g, n)) {
        int64_t outer, inner;
        block_counts(g, n, &outer, &inner);
        return (struct kernel_units){.fixed = outer * inner, .images = 1};
    }
    if (shape_batched(&n->type.shape))
        return (struct kernel_units){.per_group = 1, .images = 1};
    int64_t rows = view_of(n, 1).rows;
    return (struct kernel_units){.fixed = rows_padded(n->form.layout) ? round_up(rows) : rows,
                                 .images = 1};
}

const struct kernel_family kernel_relayout = {
    .name = "relayout", .phases = one_phase, .units = units, .emit = emit};

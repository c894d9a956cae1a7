/* Weighted sums of places: see resample_map.h. Taps are read from tables among the code's constants. Where each place has some and
 * they are few, they are unrolled; else they are loops. */
#include "resample_map.h"

#include "mask.h"

enum { MAX_UNROLLED = 16, MAX_FETCHED = 4 };

/* An axis in the code: its tables, and the place at hand. */
struct axis {
    const struct resample_axis *r;
    LLVMValueRef count, from, weight; /* addresses; `from` in pixels */
    LLVMValueRef place;
};

struct resample {
    struct kernel_build *k;
    struct axis rows, columns;
    double value;
    bool unrolled, fetches;
    struct address slice;       /* of operand 0 */
    LLVMValueRef sum[FTMRT_CB]; /* by part: locals */
};

/* ---- tables ---- */

static LLVMValueRef integers(struct ir *ir, struct arena *arena, const int64_t *v, int64_t count,
                             int64_t factor)
{
    LLVMValueRef *at = arena_array(arena, LLVMValueRef, count);
    for (int64_t i = 0; i < count; i++)
        at[i] = ir_i64(ir, v[i] * factor);
    return ir_table(ir, ir->i64, at, (uint32_t)count);
}

static LLVMValueRef numbers(struct ir *ir, struct arena *arena, const double *v, int64_t count)
{
    LLVMValueRef *at = arena_array(arena, LLVMValueRef, count);
    for (int64_t i = 0; i < count; i++)
        at[i] = ir_f32(ir, v[i]);
    return ir_table(ir, ir->f32, at, (uint32_t)count);
}

/* step: pixels of operand 0 between two places of the axis. */
static struct axis axis_of(struct ir *ir, struct arena *arena, const struct resample_axis *r,
                           int64_t step)
{
    return (struct axis){.r = r,
                         .count = integers(ir, arena, r->count, r->out, 1),
                         .from = integers(ir, arena, r->from, r->out * r->taps, step),
                         .weight = numbers(ir, arena, r->weight, r->out * r->taps)};
}

/* The same sums with as many taps for each place: the last one's weight is halved, which is exact, as often as one is missing. */
static const struct resample_axis *with_even_taps(struct arena *arena,
                                                  const struct resample_axis *r)
{
    struct resample_axis *even = arena_new(arena, struct resample_axis);
    *even = resample_axis_new(arena, r->in, r->out, r->taps);
    for (int64_t i = 0; i < r->out; i++) {
        int64_t count = r->count[i], at = i * r->taps;
        for (int64_t t = 0; t < count; t++)
            resample_tap(even, i, r->from[at + t], r->weight[at + t]);
        for (; even->count[i] < r->taps; count++) {
            double half = even->weight[at + count - 1] / 2;
            even->weight[at + count - 1] = half;
            resample_tap(even, i, r->from[at + r->count[i] - 1], half);
        }
    }
    return even;
}

static bool none_is_empty(const struct resample_axis *r)
{
    for (int64_t i = 0; i < r->out; i++)
        if (r->count[i] == 0)
            return false;
    return true;
}

/* ---- sums ---- */

static LLVMValueRef load_integer(struct ir *ir, LLVMValueRef table, LLVMValueRef i)
{
    return ir_table_load(ir, ir->i64, table, i);
}

/* The number in the tables of a tap of the place at hand. */
static LLVMValueRef tap_index(struct ir *ir, const struct axis *a, LLVMValueRef tap)
{
    return ir_add(ir, ir_mul_const(ir, a->place, a->r->taps), tap);
}

static LLVMValueRef tap_pixel(struct ir *ir, const struct axis *a, LLVMValueRef tap)
{
    return load_integer(ir, a->from, tap_index(ir, a, tap));
}

/* In every lane; NULL: 1. */
static LLVMValueRef tap_weight(struct ir *ir, const struct axis *a, LLVMValueRef tap)
{
    if (!a->r->weighted)
        return NULL;
    return ir_splat(ir, ir_table_load(ir, ir->f32, a->weight, tap_index(ir, a, tap)));
}

/* sum + weight * v; sum NULL: 0, weight NULL: 1. */
static LLVMValueRef add_weighted(struct ir *ir, LLVMValueRef sum, LLVMValueRef weight,
                                 LLVMValueRef v)
{
    if (sum && weight)
        return ir_fma(ir, weight, v, sum);
    if (weight)
        return LLVMBuildFMul(ir->b, weight, v, "");
    return sum ? LLVMBuildFAdd(ir->b, sum, v, "") : v;
}

static LLVMValueRef load_part(struct resample *m, LLVMValueRef pixel, uint32_t part)
{
    struct ir *ir = m->k->ir;
    return ir_load_vec(ir, geometry_pixel(ir, m->slice, pixel, part));
}

/* Lines that a place has for itself along an axis. */
static int64_t own_lines(const struct resample_axis *r) { return (r->in + r->out / 2) / r->out; }

/* Of maps that come from memory a row comes too late: asks for the lines of the rows below the last tap's. */
static void fetch_below(struct resample *m)
{
    struct ir *ir = m->k->ir;
    const struct resample_axis *rows = m->rows.r, *columns = m->columns.r;
    LLVMValueRef first = ir_add(ir, tap_pixel(ir, &m->rows, ir_i64(ir, rows->taps - 1)),
                                tap_pixel(ir, &m->columns, ir_i64(ir, columns->taps - 1)));
    for (int64_t i = 1; i <= own_lines(rows); i++)
        for (int64_t j = 0; j < own_lines(columns); j++) {
            LLVMValueRef pixel = ir_add_const(ir, first, i * columns->in + j);
            ir_prefetch(ir, m->slice, ir_mul_const(ir, pixel, FTMRT_CB));
        }
}

/* The taps of a row, and then the rows. */
static void sum_unrolled(struct resample *m)
{
    struct ir *ir = m->k->ir;
    if (m->fetches)
        fetch_below(m);
    const int64_t rows = m->rows.r->taps, columns = m->columns.r->taps;
    LLVMValueRef total[FTMRT_CB] = {0};
    for (int64_t p = 0; p < rows; p++) {
        LLVMValueRef line[FTMRT_CB] = {0}, row = tap_pixel(ir, &m->rows, ir_i64(ir, p)),
                     weight = tap_weight(ir, &m->rows, ir_i64(ir, p));
        for (int64_t q = 0; q < columns; q++) {
            LLVMValueRef pixel = ir_add(ir, row, tap_pixel(ir, &m->columns, ir_i64(ir, q))),
                         factor = tap_weight(ir, &m->columns, ir_i64(ir, q));
            for (uint32_t part = 0; part < geometry_parts(ir); part++)
                line[part] = add_weighted(ir, line[part], factor, load_part(m, pixel, part));
        }
        for (uint32_t part = 0; part < geometry_parts(ir); part++)
            total[part] = add_weighted(ir, total[part], weight, line[part]);
    }
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        ir_set(ir, m->sum[part], total[part]);
}

static LLVMValueRef product(struct ir *ir, LLVMValueRef a, LLVMValueRef b)
{
    return a && b ? LLVMBuildFMul(ir->b, a, b, "") : a ? a : b;
}

static void sum_in_loops(struct resample *m)
{
    struct ir *ir = m->k->ir;
    LLVMValueRef zero = ir_i64(ir, 0), rows = load_integer(ir, m->rows.count, m->rows.place),
                 columns = load_integer(ir, m->columns.count, m->columns.place);
    struct ir_loop p = ir_loop_begin(ir, zero, rows, 1);
    LLVMValueRef row = tap_pixel(ir, &m->rows, p.i), of_row = tap_weight(ir, &m->rows, p.i);
    struct ir_loop q = ir_loop_begin(ir, zero, columns, 1);
    LLVMValueRef pixel = ir_add(ir, row, tap_pixel(ir, &m->columns, q.i)),
                 weight = product(ir, of_row, tap_weight(ir, &m->columns, q.i));
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef sum = ir_get(ir, ir->vec, m->sum[part]);
        ir_set(ir, m->sum[part], add_weighted(ir, sum, weight, load_part(m, pixel, part)));
    }
    ir_loop_end(ir, &q);
    ir_loop_end(ir, &p);
}

/* What a sum begins with: 0, or the value of a place without taps. */
static LLVMValueRef first_value(struct resample *m, const struct position *at)
{
    struct ir *ir = m->k->ir;
    LLVMValueRef zero = ir_vec_const(ir, 0);
    if (m->value == 0)
        return zero;
    LLVMValueRef rows = load_integer(ir, m->rows.count, m->rows.place),
                 columns = load_integer(ir, m->columns.count, m->columns.place);
    LLVMValueRef taps = ir_mul(ir, rows, columns), value = ir_vec_const(ir, m->value);
    LLVMValueRef none = LLVMBuildICmp(ir->b, LLVMIntEQ, taps, ir_i64(ir, 0), "");
    return LLVMBuildSelect(ir->b, none, mask_padding(m->k, value, at), zero, "");
}

/* The place at hand of the result. */
static void emit_place(struct resample *m, struct position at)
{
    struct ir *ir = m->k->ir;
    uint32_t parts = geometry_parts(ir);
    for (at.part = 0; at.part < parts && !m->unrolled; at.part++)
        ir_set(ir, m->sum[at.part], first_value(m, &at));
    if (m->unrolled)
        sum_unrolled(m);
    else
        sum_in_loops(m);
    for (at.part = 0; at.part < parts; at.part++)
        epilogue_store(m->k, ir_get(ir, ir->vec, m->sum[at.part]), &at);
}

static void emit_units(struct resample *m)
{
    struct ir *ir = m->k->ir;
    struct geometry in = geometry_of(m->k->graph, m->k->node->inputs[0]),
                    out = geometry_of_shape(&m->k->node->type.shape);
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        m->sum[part] = ir_local(ir, ir->vec);
    struct unit_loop u = unit_loop_begin(m->k, out.blocks);
    m->slice = geometry_slice(ir, &in, kernel_buffer(m->k, 0), u.image, u.block);
    struct ir_loop rows = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, out.height), 1);
    struct ir_loop columns = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, out.width), 1);
    m->rows.place = rows.i;
    m->columns.place = columns.i;
    LLVMValueRef pixel = ir_add(ir, ir_mul_const(ir, rows.i, out.width), columns.i);
    emit_place(m, (struct position){.image = u.image, .block = u.block, .pixel = pixel});
    ir_loop_end(ir, &columns);
    ir_loop_end(ir, &rows);
    unit_loop_end(m->k, &u);
}

void resample_map(struct kernel_build *k, const struct resample_axis *rows,
                  const struct resample_axis *columns, double value)
{
    struct arena arena;
    arena_init(&arena, "resample");
    struct resample m = {.k = k, .value = value};
    m.unrolled =
        rows->taps * columns->taps <= MAX_UNROLLED && none_is_empty(rows) && none_is_empty(columns);
    if (m.unrolled) {
        rows = with_even_taps(&arena, rows);
        columns = with_even_taps(&arena, columns);
    }
    const struct geometry in = geometry_of(k->graph, k->node->inputs[0]);
    m.fetches = rows->in > rows->out && columns->in > columns->out &&
                own_lines(rows) * own_lines(columns) <= MAX_FETCHED && geometry_is_far(k, &in);
    m.rows = axis_of(k->ir, &arena, rows, columns->in);
    m.columns = axis_of(k->ir, &arena, columns, 1);
    emit_units(&m);
    arena_clear(&arena);
}

/* link: ftm_support ftm_graph */
/* The emission rule of every element-wise op against its reference evaluation.
 *
 * The rules run over a builder whose vectors are single doubles, once per element, so what is
 * compared is the formula and not a target. Operands include the kinks, the values beyond them,
 * infinities and NaN. */
#include "emit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "draw.h"
#include "random_values.h"

static const struct draw_keys keys = {.seed = 11, .step = 4, .first_image = 3};

enum { N = 2, C = 3, INNER = 4, ROUNDS = 5 };

/* A builder whose values are doubles; emit_value is a pointer into `pool`. */
struct scalar_emit {
    struct emit emit;
    const struct tensor *in;
    int64_t at; /* element of the result */
    int64_t channel;
    int64_t inner; /* pixels of the result */
    double pool[64];
    unsigned used;
};

static emit_value keep(struct emit *e, double v)
{
    struct scalar_emit *s = (struct scalar_emit *)e;
    FTM_BUG_ON(s->used >= sizeof s->pool / sizeof *s->pool, "a rule makes too many values");
    s->pool[s->used] = v;
    return (emit_value)&s->pool[s->used++];
}

static double value(emit_value v) { return *(const double *)v; }

static emit_value scalar_in(struct emit *e, uint32_t i, uint32_t row)
{
    struct scalar_emit *s = (struct scalar_emit *)e;
    const struct tensor *t = &s->in[i];
    if (t->shape.rank == 0)
        return keep(e, t->data[0]);
    if (t->shape.rank < 4)
        return keep(e, t->data[(int64_t)row * C + s->channel]);
    const int64_t *dim = t->shape.dim, image = s->at / (C * s->inner), pixel = s->at % s->inner;
    int64_t slice = image * dim[1] + (dim[1] == 1 ? 0 : s->channel);
    return keep(e, t->data[dim[2] == 1 ? slice : slice * s->inner + pixel]);
}

static double inner_of(const struct emit *e)
{
    return (double)((const struct scalar_emit *)e)->inner;
}
static emit_value scalar_count(struct emit *e) { return keep(e, N * inner_of(e)); }
static emit_value scalar_size(struct emit *e) { return keep(e, N * C * inner_of(e)); }
static emit_value scalar_constant(struct emit *e, double v) { return keep(e, v); }
/* Labels are distributions here, of which all count. */
static emit_value scalar_kept(struct emit *e, uint32_t i, int64_t ignored)
{
    (void)i, (void)ignored;
    return keep(e, 1);
}

static emit_value scalar_uniform(struct emit *e, int64_t layer, enum draw_for draw_for)
{
    const struct scalar_emit *s = (struct scalar_emit *)e;
    const int64_t sample = C * s->inner, image = s->at / sample;
    const int64_t place[] = {
        [DRAW_FOR_ELEMENT] = s->at % sample, [DRAW_FOR_CHANNEL] = s->channel, [DRAW_FOR_IMAGE] = 0};
    return keep(e, draw_uniform(&keys, layer, image, place[draw_for]));
}

#define DOUBLES_1 double a
#define DOUBLES_2 DOUBLES_1, double b
#define DOUBLES_3 DOUBLES_2, double c
#define DOUBLES_4 DOUBLES_3, double d
#define VALUES_1  value(a)
#define VALUES_2  VALUES_1, value(b)
#define VALUES_3  VALUES_2, value(c)
#define VALUES_4  VALUES_3, value(d)

#define FTM_EMIT(name, operands, formula, meaning)                                                 \
    static double formula_##name(DOUBLES_##operands) { return formula; }                           \
    static emit_value scalar_##name(struct emit *e, EMIT_PARAMS_##operands)                        \
    {                                                                                              \
        return keep(e, formula_##name(VALUES_##operands));                                         \
    }
#include "emit.def"
#undef FTM_EMIT

static const struct emit_builder scalar_builder = {
    .in = scalar_in,
    .count = scalar_count,
    .size = scalar_size,
    .constant = scalar_constant,
    .kept = scalar_kept,
    .uniform = scalar_uniform,
#define FTM_EMIT(name, operands, formula, meaning) .name = scalar_##name,
#include "emit.def"
#undef FTM_EMIT
};

/* round: which of the shapes that an operand may have. */
static struct shape operand_shape(char kind, int round)
{
    const struct shape broadcast[ROUNDS] = {shape_4d(N, C, 2, 2), shape_4d(N, C, 1, 1),
                                            shape_4d(N, 1, 2, 2), shape_scalar(), shape_1d(C)};
    switch (kind) {
    case 'b': return broadcast[round];
    case 't':
    case 'x': return shape_4d(N, C, 2, 2);
    case 'c': return shape_1d(C);
    case 's': return shape_2d(2, C);
    case 'o': return shape_scalar();
    case 'l': return shape_4d(N, C, 1, 1);
    default: FTM_BUG("no operand of kind %c", kind);
    }
}

/* The kind of an operand; predictions lie like the distribution that is their label. */
static char kind_of(enum op op, uint32_t i)
{
    bool has_label = op_least_operands(op) > 1 && op_operand(op, 1) == 'l';
    return has_label && i == 0 ? 'l' : op_operand(op, i);
}

/* Row 1 of [2,C] is a variance; every other round makes [C] one too. */
static struct tensor make_operand(struct arena *arena, char kind, unsigned index, int round)
{
    const bool positive = round % 2 == 1;
    static const double special[] = {0, 6, -6, 6.5, NAN, 3, 1, -1, -3, INFINITY, -INFINITY, 20.5};
    struct tensor t = {.shape = operand_shape(kind, round)};
    int64_t size = shape_elements(&t.shape, 1);
    t.data = arena_array(arena, double, size);
    for (int64_t i = 0; i < size; i++) {
        double u = ftmrt_uniform(3, index, (uint64_t)i, 1);
        bool variance = (kind == 'c' && positive) || (kind == 's' && i >= C);
        t.data[i] = variance ? 0.1 + u : 16 * u - 8;
        if (t.shape.rank == 4 && i % 4 == 1)
            t.data[i] = special[((uint64_t)i / 4 + index + (uint64_t)round * 5) %
                                (sizeof special / sizeof *special)];
    }
    return t;
}

static bool same(double got, double want)
{
    if (!isfinite(want))
        return isnan(want) ? isnan(got) : got == want;
    return fabs(got - want) <= 1e-12 * fmax(1, fabs(want));
}

static void compare(enum op op, const struct attrs *attrs, const struct tensor *in,
                    const struct tensor *want)
{
    struct scalar_emit s = {.emit = {&scalar_builder}, .in = in};
    int64_t size = shape_elements(&want->shape, 1), inner = 1;
    if (want->shape.rank == 4)
        inner = want->shape.dim[2] * want->shape.dim[3];
    s.inner = inner;
    for (s.at = 0; s.at < size; s.at++) {
        s.channel = s.at / inner % C;
        s.used = 0;
        double got = value(op_emit(op)(&s.emit, attrs));
        double expect = want->data[s.at];
        if (!same(got, expect))
            fail_msg("%s at %d: emitted %.17g, evaluated %.17g", op_info(op)->name, (int)s.at, got,
                     expect);
    }
}

static struct attrs make_attrs(int round)
{
    struct attrs attrs = {.eps = 1e-3,
                          .delta = 0.75,
                          .max_norm = 1.5,
                          .min_val = 0.5,
                          .max_val = 3,
                          .beta = 2,
                          .threshold = 20,
                          .alpha = 0.5,
                          .negative_slope = 0.1,
                          .p = 0.25 * round,
                          .exponent = (const double[]){2, -1, 0.5, -0.5, 3}[round],
                          .layer = 7};
#define FTM_ATTR_BOOL(name) attrs.name = round % 2 == 1;
#include "attrs.def"
    return attrs;
}

static void check_op(enum op op, int round)
{
    struct arena arena;
    arena_init(&arena, "test");
    struct tensor in[8];
    struct attrs attrs = make_attrs(round);
    uint32_t count = op_least_operands(op);
    for (uint32_t i = 0; i < count; i++)
        in[i] = make_operand(&arena, kind_of(op, i), i, round);
    struct eval e = {.attrs = &attrs, .in = in, .n = N, .keys = keys};
    e.out.shape = in[0].shape;
    e.out.data = arena_array(&arena, double, shape_elements(&e.out.shape, 1));
    op_info(op)->eval(&e);
    compare(op, &attrs, in, &e.out);
    arena_clear(&arena);
}

static void test_emission_equals_evaluation(void **state)
{
    (void)state;
    for (int op = 0; op < OP_COUNT; op++)
        for (int round = 0; round < ROUNDS; round++)
            if (op_info((enum op)op)->cls == OP_CLASS_ELEMWISE)
                check_op((enum op)op, round);
}

/* What the column ZERO says, at operands that are all 0, as the lanes past the last channel are. */
static void test_zero_of_zeros(void **state)
{
    (void)state;
    static double zeros[N * C * INNER];
    for (int op = 0; op < OP_COUNT; op++) {
        const struct op_info *info = op_info((enum op)op);
        if (info->cls != OP_CLASS_ELEMWISE)
            continue;
        struct tensor in[8];
        const struct attrs attrs = make_attrs(0);
        for (uint32_t i = 0; i < op_least_operands((enum op)op); i++)
            in[i] = (struct tensor){operand_shape(kind_of((enum op)op, i), 0), zeros};
        struct scalar_emit s = {.emit = {&scalar_builder}, .in = in, .inner = INNER};
        double got = value(op_emit((enum op)op)(&s.emit, &attrs));
        bool zero = !(got < 0) && !(got > 0) && !isnan(got);
        if (zero != ((info->flags & OP_ZERO) != 0))
            fail_msg("%s of zeros is %g", info->name, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emission_equals_evaluation),
        cmocka_unit_test(test_zero_of_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

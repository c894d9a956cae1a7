/* link: ftm_graph ftm_base */
/* The reference evaluation of ops against stored results of PyTorch.
 *
 * Reads numerics/data/ops.txt (format and origin: tools/make_ops_reference.py). Each case becomes a
 * function of one node, so that shape rules and interpreter take part. An op without a case must be
 * on the list of those that need none. */
#include "interp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

enum { MAX_OPERANDS = 12 };

static const double tolerance = 1e-12;

struct operand {
    char kind[64]; /* input, value, state */
    enum ftmrt_dtype dtype;
    struct tensor tensor, after; /* after.data is NULL where nothing is expected */
};

/* One case of the file. */
struct reference {
    char name[64];
    enum op op;
    struct attrs attrs;
    int64_t n;
    uint32_t operand_count;
    struct operand operands[MAX_OPERANDS];
    int64_t part;                         /* of several results, the one that is expected */
    struct tensor result;                 /* data is NULL where nothing is expected */
    struct tensor dy;                     /* of the result, or NULL */
    struct tensor gradient[MAX_OPERANDS]; /* of operands, where dy is given */
};

/* ---- reading ---- */

/* The rest of the text; a word or number is taken from its start. */
struct reader {
    const char *at;
};

static bool read_word(struct reader *in, char word[64])
{
    size_t length;
    in->at += strspn(in->at, " \n");
    length = strcspn(in->at, " \n");
    FTM_BUG_ON(length >= 64, "a word of %zu characters", length);
    memcpy(word, in->at, length);
    word[length] = '\0';
    in->at += length;
    return length > 0;
}

static double read_number(struct reader *in)
{
    char *end = NULL;
    double v = strtod(in->at, &end);
    FTM_BUG_ON(end == in->at, "not a number: %.20s", in->at);
    in->at = end;
    return v;
}

static int64_t read_int(struct reader *f) { return (int64_t)read_number(f); }

static struct tensor read_tensor(struct arena *arena, struct reader *f)
{
    struct tensor t = {.shape = {.rank = (uint32_t)read_int(f)}};
    assert_true(t.shape.rank <= SHAPE_MAX_RANK);
    for (uint32_t i = 0; i < t.shape.rank; i++)
        t.shape.dim[i] = read_int(f);
    int64_t size = shape_elements(&t.shape, 1);
    t.data = arena_array(arena, double, size);
    for (int64_t i = 0; i < size; i++)
        t.data[i] = read_number(f);
    return t;
}

static void read_ints(struct reader *f, int64_t *to, int count)
{
    for (int i = 0; i < count; i++)
        to[i] = read_int(f);
}

/* Their number, then they themselves. */
static struct int_list read_list(struct arena *arena, struct reader *f)
{
    const int count = (int)read_int(f);
    int64_t *numbers = arena_array(arena, int64_t, count);
    read_ints(f, numbers, count);
    return (struct int_list){.count = (uint32_t)count, .at = numbers};
}

static void read_attr(struct arena *arena, struct reader *f, struct attrs *a)
{
    char name[64];
    read_word(f, name);
#define FTM_ATTR_INT(id)                                                                           \
    if (strcmp(name, #id) == 0)                                                                    \
        a->id = read_int(f);
#define FTM_ATTR_INT2(id)                                                                          \
    if (strcmp(name, #id) == 0)                                                                    \
        read_ints(f, a->id, 2);
#define FTM_ATTR_INT4(id)                                                                          \
    if (strcmp(name, #id) == 0)                                                                    \
        read_ints(f, a->id, 4);
#define FTM_ATTR_LIST(id)                                                                          \
    if (strcmp(name, #id) == 0)                                                                    \
        a->id = read_list(arena, f);
#define FTM_ATTR_FLOAT(id)                                                                         \
    if (strcmp(name, #id) == 0)                                                                    \
        a->id = read_number(f);
#define FTM_ATTR_FLOAT2(id)                                                                        \
    if (strcmp(name, #id) == 0) {                                                                  \
        a->id[0] = read_number(f);                                                                 \
        a->id[1] = read_number(f);                                                                 \
    }
#define FTM_ATTR_BOOL(id)                                                                          \
    if (strcmp(name, #id) == 0)                                                                    \
        a->id = read_int(f) != 0;
#include "attrs.def"
}

static void read_operand(struct arena *arena, struct reader *f, struct reference *r)
{
    char dtype[64];
    FTM_BUG_ON(r->operand_count >= MAX_OPERANDS, "more than %d operands", MAX_OPERANDS);
    struct operand *o = &r->operands[r->operand_count++];
    read_word(f, o->kind);
    read_word(f, dtype);
    o->dtype = strcmp(dtype, "i32") == 0   ? FTMRT_I32
               : strcmp(dtype, "i64") == 0 ? FTMRT_I64
                                           : FTMRT_F32;
    o->tensor = read_tensor(arena, f);
}

static void read_item(struct arena *arena, struct reader *f, struct reference *r, const char *item)
{
    char name[64];
    if (strcmp(item, "op") == 0) {
        read_word(f, name);
        r->op = op_by_name(name);
    } else if (strcmp(item, "attr") == 0) {
        read_attr(arena, f, &r->attrs);
    } else if (strcmp(item, "batch") == 0) {
        r->n = read_int(f);
    } else if (strcmp(item, "part") == 0) {
        r->part = read_int(f);
    } else if (strcmp(item, "operand") == 0) {
        read_operand(arena, f, r);
    } else if (strcmp(item, "dy") == 0) {
        r->dy = read_tensor(arena, f);
    } else if (strcmp(item, "gradient") == 0) {
        int64_t of = read_int(f);
        FTM_BUG_ON(of < 0 || of >= MAX_OPERANDS, "%s: no operand %d", r->name, (int)of);
        r->gradient[of] = read_tensor(arena, f);
    } else if (strcmp(item, "result") == 0) {
        r->result = read_tensor(arena, f);
    } else {
        FTM_BUG_ON(strcmp(item, "after") != 0, "%s: unknown item '%s'", r->name, item);
        int64_t at = read_int(f);
        FTM_BUG_ON(at < 0 || at >= MAX_OPERANDS, "%s: no operand %d", r->name, (int)at);
        r->operands[at].after = read_tensor(arena, f);
    }
}

/* Reads one case; false at the end of the text. */
static bool read_case(struct arena *arena, struct reader *f, struct reference *r)
{
    char word[64];
    if (!read_word(f, word))
        return false;
    read_word(f, r->name); /* word is "case" */
    for (;;) {
        const char *start = f->at;
        if (!read_word(f, word) || strcmp(word, "case") == 0) {
            f->at = start;
            return true;
        }
        read_item(arena, f, r, word);
    }
}

/* ---- checking ---- */

/* Infinities and NaN must be the same ones. */
static bool same(double got, double want, double bound)
{
    if (!isfinite(want))
        return isnan(want) ? isnan(got) : got == want;
    return fabs(got - want) <= bound;
}

static void compare(const struct reference *r, const struct tensor *got, const struct tensor *want)
{
    if (!shape_equal(&got->shape, &want->shape))
        fail_msg("%s: the result has another shape", r->name);
    int64_t size = shape_elements(&want->shape, 1);
    double most = 1;
    for (int64_t i = 0; i < size; i++)
        most = isfinite(want->data[i]) ? fmax(most, fabs(want->data[i])) : most;
    for (int64_t i = 0; i < size; i++)
        if (!same(got->data[i], want->data[i], tolerance * most))
            fail_msg("%s: element %d is %.17g, PyTorch's is %.17g", r->name, (int)i, got->data[i],
                     want->data[i]);
}

static value_id add_operand(struct graph *g, const struct reference *r, uint32_t i)
{
    struct type type = {r->operands[i].dtype, r->operands[i].tensor.shape};
    const char *name = arena_printf(g->program->arena, "operand%u", i);
    if (strcmp(r->operands[i].kind, "state") == 0) {
        struct state s = {
            .name = name, .type = type, .file_shape = type.shape, .mutable = true, .source = -1};
        return graph_state(g, program_add_state(g->program, s));
    }
    if (strcmp(r->operands[i].kind, "input") == 0)
        type.shape.dim[0] = DIM_BATCH;
    return graph_input(g, name, type);
}

static void compare_states(const struct reference *r, const struct graph *g,
                           const value_id *operands, const struct interp *in)
{
    for (uint32_t i = 0; i < r->operand_count; i++)
        if (r->operands[i].after.data)
            compare(r, &in->states[graph_node(g, operands[i])->attrs->state],
                    &r->operands[i].after);
}

/* ---- gradients ---- */

/* What a gradient's rule reaches: the gradients of the case's operands. */
struct backward {
    struct graph *graph;
    const value_id *operands;
    uint32_t count;
    value_id dx[MAX_OPERANDS];
};

static bool always_wanted(const struct backward *state, value_id operand)
{
    (void)state, (void)operand;
    return true;
}

static void add_gradient(struct backward *b, value_id operand, value_id dx)
{
    for (uint32_t i = 0; i < b->count; i++)
        if (value_same(b->operands[i], operand))
            b->dx[i] = value_valid(b->dx[i]) ? graph_op(b->graph, OP_add, NULL, b->dx[i], dx) : dx;
}

/* Has the gradients that the case expects as outputs, by the rule of its op. */
static void add_gradients(struct graph *g, const struct reference *r, value_id y,
                          const value_id *operands)
{
    struct backward b = {.graph = g, .operands = operands, .count = r->operand_count};
    for (uint32_t i = 0; i < MAX_OPERANDS; i++)
        b.dx[i] = VALUE_NONE;
    struct grad rule = {.graph = g,
                        .node = y,
                        .dy = graph_input(g, "dy", graph_node(g, y)->type),
                        .state = &b,
                        .wanted = always_wanted,
                        .add = add_gradient};
    op_info(r->op)->grad(&rule);
    for (uint32_t i = 0; i < r->operand_count; i++)
        if (r->gradient[i].data)
            graph_output(g, arena_printf(g->program->arena, "gradient%u", i), b.dx[i]);
}

/* The outputs behind the result are the gradients, in the order of the operands. */
static void compare_gradients(const struct reference *r, const struct tensor *outputs)
{
    for (uint32_t i = 0; i < r->operand_count; i++)
        if (r->gradient[i].data)
            compare(r, outputs++, &r->gradient[i]);
}

/* Evaluates the function made of one op, and of its gradients. */
static void evaluate(struct arena *arena, const struct reference *r, const struct graph *g,
                     const value_id *operands)
{
    struct tensor inputs[MAX_OPERANDS + 1], outputs[MAX_OPERANDS + 1];
    struct interp *in = interp_new(arena, g->program);
    uint32_t input_count = 0;
    int64_t n = r->n ? r->n : 1;
    for (uint32_t i = 0; i < r->operand_count; i++) {
        struct tensor t = r->operands[i].tensor;
        if (graph_node(g, operands[i])->op == OP_state)
            in->states[graph_node(g, operands[i])->attrs->state] = t;
        else
            inputs[input_count++] = t;
        if (strcmp(r->operands[i].kind, "input") == 0)
            n = t.shape.dim[0];
    }
    if (r->dy.data)
        inputs[input_count] = r->dy;
    interp_run(in, arena, g, n, inputs, outputs, NULL);
    if (r->result.data)
        compare(r, &outputs[0], &r->result);
    compare_gradients(r, outputs + 1);
    compare_states(r, g, operands, in);
}

static void run_case(struct arena *arena, const struct reference *r)
{
    struct diag diag;
    value_id operands[MAX_OPERANDS] = {0};
    diag_init(&diag, arena);
    struct graph *g =
        program_add_function(program_new(arena, &diag, r->name, 8), "predict", FTMRT_ENTRY_PREDICT);
    for (uint32_t i = 0; i < r->operand_count; i++)
        operands[i] = add_operand(g, r, i);
    value_id y = graph_add(g, r->op, operands, r->operand_count, &r->attrs, SPAN_NONE, NULL);
    if (!value_valid(y))
        fail_msg("%s: %s", r->name, diag.items.len ? diag.items.at[0].text : "no node");
    if (op_parts(r->op) && shape_batched(graph_shape(g, y)))
        y = graph_op(g, OP_part, &(struct attrs){.index = r->part}, y);
    if (r->result.data)
        graph_output(g, "result", y);
    if (r->dy.data)
        add_gradients(g, r, y, operands);
    evaluate(arena, r, g, operands);
}

/* ---- tests ---- */

static bool seen[OP_COUNT + 1]; /* the last one: not an op */

/* Runs the cases of a file; returns how many. */
static unsigned run_file(const char *path)
{
    struct arena arena, text;
    struct file_map map;
    unsigned cases = 0;
    arena_init(&text, "text");
    arena_init(&arena, "case");
    assert_true(file_map_open(&map, path));
    struct reader in = {arena_strndup(&text, (const char *)map.data, map.size)};
    in.at += strcspn(in.at, "\n"); /* the first line says where the file comes from */
    file_map_close(&map);
    struct reference r = {0};
    for (; read_case(&arena, &in, &r); r = (struct reference){0}) {
        seen[r.op] = true;
        run_case(&arena, &r);
        arena_clear(&arena);
        cases++;
    }
    arena_clear(&text);
    return cases;
}

static void test_ops_equal_references(void **state)
{
    (void)state;
    assert_true(run_file("numerics/data/ops.txt") >= 140);
}

/* Moves or element-wise sums and products that emit_rules.c, gradcheck.c and random_graph_passes.c
 * pin down. */
static bool needs_no_case(enum op op)
{
    static const enum op trivial[] = {
        OP_input,
        OP_state,
        OP_constant,
        OP_bias_add,
        OP_bn_scale,
        OP_bn_shift,
        OP_channel_affine,
        OP_channel_scale,
        OP_add,
        OP_flatten,
        OP_reshape,
        OP_scale_weight,
        OP_bias_affine,
        OP_channel_sum,
        OP_channel_dot,
        OP_neg_mul,
        OP_part,
        OP_relayout,
        OP_bn_scale_grad_weight,
    };
    for (size_t i = 0; i < sizeof trivial / sizeof *trivial; i++)
        if (trivial[i] == op)
            return true;
    return false;
}

/* Runs after the cases. */
static void test_every_op_has_a_case(void **state)
{
    (void)state;
    for (int op = 0; op < OP_COUNT; op++)
        if (!seen[op] && !needs_no_case((enum op)op))
            fail_msg("%s has no case in numerics/data", op_info((enum op)op)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ops_equal_references),
        cmocka_unit_test(test_every_op_has_a_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

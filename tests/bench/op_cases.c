#include "op_cases.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "optimizer.h"
#include "query.h"
#include "resample.h"

/* ---- forms of ops ---- */

enum { ROW_CHANNELS = 1000 };

struct variation {
    enum op op;
    const char *label;
    int64_t kernel, stride; /* of windows and convolutions; a window of 0 is a column of the map */
    int64_t group;          /* channels of a group; 0: there is one group */
    bool rows;              /* operands are [N, ROW_CHANNELS] */
    bool reads_result;      /* of its operands it reads no more than its result has */
    char broadcast;         /* an operand of kind b: 'c' [C], 'm' [N,C,1,1]; 0: whole */
    int64_t shrink;         /* matrices have sides this much shorter; 0: as they are */
    int64_t weight;         /* the first operand is a weight with kernels of this side */
    enum ftmrt_layout from; /* of a relayout's operand */
    void (*set)(struct attrs *a, const struct op_size *s); /* further attributes */
};

static void set_narrow_channels(struct attrs *a, const struct op_size *s)
{
    a->dim = 1;
    a->start = s->channels / 4;
    a->length = s->channels / 2;
}

static void set_narrow_rows(struct attrs *a, const struct op_size *s)
{
    a->dim = 2;
    a->start = 1;
    a->length = s->side - 2;
}

static void set_narrow_columns(struct attrs *a, const struct op_size *s)
{
    set_narrow_rows(a, s);
    a->dim = 3;
}

static void set_columns(struct attrs *a, const struct op_size *s)
{
    (void)s;
    a->dim = 3;
}

static void set_split(struct attrs *a, const struct op_size *s)
{
    static int64_t halves[2];
    halves[0] = halves[1] = s->channels / 2;
    a->sizes = (struct int_list){2, halves};
}

static void set_channels_last(struct attrs *a, const struct op_size *s)
{
    static const int64_t dims[] = {0, 2, 3, 1};
    (void)s;
    a->dims = (struct int_list){4, dims};
}

static void set_turned(struct attrs *a, const struct op_size *s)
{
    static const int64_t dims[] = {0, 1, 3, 2};
    (void)s;
    a->dims = (struct int_list){4, dims};
}

static void set_bilinear(struct attrs *a, const struct op_size *s)
{
    (void)s;
    a->mode = INTERPOLATE_BILINEAR;
}

static void set_smaller(struct attrs *a, const struct op_size *s)
{
    a->mode = INTERPOLATE_BILINEAR;
    memset(a->scale_factor, 0, sizeof a->scale_factor);
    a->size[0] = a->size[1] = s->side * 5 / 8;
}

static void set_reflect(struct attrs *a, const struct op_size *s)
{
    (void)s;
    a->mode = PAD_REFLECT;
}

static void set_blocked(struct attrs *a, const struct op_size *s)
{
    (void)s;
    a->to = FTMRT_LAYOUT_BLOCKED;
}

static void set_plain(struct attrs *a, const struct op_size *s)
{
    (void)s;
    a->to = FTMRT_LAYOUT_PLAIN;
}

static void set_conv_t(struct attrs *a, const struct op_size *s)
{
    (void)s;
    a->to = FTMRT_LAYOUT_CONV_T;
}

static void set_tanh(struct attrs *a, const struct op_size *s)
{
    (void)s;
    a->approximate = true;
}

static void set_square(struct attrs *a, const struct op_size *s)
{
    (void)s;
    a->exponent = 2;
}

static void set_first_turned(struct attrs *a, const struct op_size *s)
{
    (void)s;
    a->transpose_a = true;
}

static void set_second_turned(struct attrs *a, const struct op_size *s)
{
    (void)s;
    a->transpose_b = true;
}

/* An op without rows here has one form, with the usual attributes. */
static const struct variation variations[] = {
    {OP_conv2d, "3x3", .kernel = 3, .stride = 1},
    {OP_conv2d, "3x3 stride 2", .kernel = 3, .stride = 2},
    {OP_conv2d, "1x1", .kernel = 1, .stride = 1},
    {OP_conv2d, "depthwise 3x3", .kernel = 3, .stride = 1, .group = 1},
    {OP_conv2d, "depthwise 3x3 stride 2", .kernel = 3, .stride = 2, .group = 1},
    {OP_conv2d, "depthwise 5x5", .kernel = 5, .stride = 1, .group = 1},
    {OP_conv2d, "groups of 8", .kernel = 3, .stride = 1, .group = 8},
    {OP_conv2d_grad_input, "transposed 2x2", .kernel = 2, .stride = 2},
    {OP_max_pool, "3x3 stride 2", .kernel = 3, .stride = 2},
    {OP_max_pool, "2x2", .kernel = 2, .stride = 2},
    {OP_avg_pool, "3x3 stride 2", .kernel = 3, .stride = 2},
    {OP_avg_pool, "2x2", .kernel = 2, .stride = 2},
    {OP_amax, "of columns", .kernel = 0, .stride = 1},
    {OP_group_norm, "groups of 8", .group = 8},
    {OP_interpolate, "nearest", .kernel = 1},
    {OP_interpolate, "bilinear", .set = set_bilinear},
    {OP_interpolate, "bilinear 5/8", .set = set_smaller},
    {OP_pad, "zeros", .kernel = 3},
    {OP_pad, "reflect", .kernel = 3, .set = set_reflect},
    {OP_concat, "channels", .kernel = 0},
    {OP_concat, "columns", .set = set_columns},
    {OP_narrow, "channels", .reads_result = true, .set = set_narrow_channels},
    {OP_narrow, "rows", .reads_result = true, .set = set_narrow_rows},
    {OP_narrow, "columns", .reads_result = true, .set = set_narrow_columns},
    {OP_split, NULL, .set = set_split},
    {OP_permute, "0,2,3,1", .set = set_channels_last},
    {OP_permute, "0,1,3,2", .set = set_turned},
    {OP_softmax, "places", .rows = false},
    {OP_softmax, "rows", .rows = true},
    {OP_log_softmax, "places", .rows = false},
    {OP_log_softmax, "rows", .rows = true},
    {OP_cross_entropy, "places", .rows = false},
    {OP_cross_entropy, "rows", .rows = true},
    {OP_mul, NULL, .broadcast = 0},
    {OP_mul, "by means", .broadcast = 'm'},
    {OP_add, NULL, .broadcast = 0},
    {OP_add, "channels", .broadcast = 'c'},
    {OP_prelu, NULL, .broadcast = 'c'},
    {OP_gelu, NULL, .broadcast = 0},
    {OP_gelu, "tanh", .set = set_tanh},
    {OP_pow, "any", .broadcast = 0},
    {OP_pow, "square", .set = set_square},
    {OP_matmul, NULL, .shrink = 4},
    {OP_bmm, NULL, .rows = false},
    {OP_bmm, "a^T b", .set = set_first_turned},
    {OP_bmm, "a b^T", .set = set_second_turned},
    {OP_relayout, "plain to blocked", .from = FTMRT_LAYOUT_PLAIN, .set = set_blocked},
    {OP_relayout, "blocked to plain", .from = FTMRT_LAYOUT_BLOCKED, .set = set_plain},
    {OP_relayout, "conv to conv_t", .from = FTMRT_LAYOUT_CONV, .weight = 3, .set = set_conv_t},
};

static const struct variation *usual_variations(void)
{
    static struct variation usual[OP_COUNT];
    for (int op = 0; op < OP_COUNT; op++)
        usual[op] = (struct variation){.op = (enum op)op};
    return usual;
}

static struct attrs attrs_of(const struct variation *v, const struct op_size *s)
{
    const int64_t pad = v->kernel % 2 ? v->kernel / 2 : 0, stride = v->stride ? v->stride : 1;
    struct attrs a = {.eps = 1e-5,
                      .p = 0.5,
                      .layer = 1,
                      .alpha = 1,
                      .beta = 1,
                      .threshold = 20,
                      .negative_slope = 0.01,
                      .min_val = -0.5,
                      .max_val = 0.5,
                      .delta = 0.5,
                      .gamma = 2,
                      .momentum = 0.1,
                      .exponent = 1.7,
                      .label_smoothing = 0.1,
                      .ignore_index = NO_IGNORE_INDEX,
                      .dim = 1,
                      .size = {7, 7},
                      .scale_factor = {2, 2},
                      .upscale_factor = 2,
                      .downscale_factor = 2,
                      .kernel = {v->kernel, v->kernel},
                      .stride = {stride, stride},
                      .padding = {pad, pad, pad, pad},
                      .dilation = {1, 1},
                      .groups = v->group ? s->channels / v->group : 1};
    for (int i = 0; i < 2; i++)
        a.in_size[i] = (s->side - 1) * stride + v->kernel - 2 * pad;
    if (v->op == OP_interpolate)
        memset(a.size, 0, sizeof a.size);
    if (v->op == OP_amax) {
        a.kernel[0] = a.stride[0] = s->side;
        a.kernel[1] = 1;
    }
    if (v->set)
        v->set(&a, s);
    return a;
}

/* ---- operands ---- */

static int64_t elements_of(const struct op_size *s)
{
    return s->images * s->channels * s->side * s->side;
}

static int64_t images_of(const struct variation *v, const struct op_size *s)
{
    return v->rows ? elements_of(s) / ROW_CHANNELS : s->images;
}

static struct shape map_of(const struct variation *v, const struct op_size *s)
{
    return v->rows ? shape_2d(DIM_BATCH, ROW_CHANNELS)
                   : shape_4d(DIM_BATCH, s->channels, s->side, s->side);
}

static struct shape weight_of(const struct variation *v, const struct op_size *s)
{
    if (v->weight) {
        const int64_t taps = v->weight * v->weight,
                      side = (int64_t)sqrt((double)(elements_of(s) / taps));
        return shape_4d(side, side, v->weight, v->weight);
    }
    return shape_4d(s->channels, v->group ? v->group : s->channels, v->kernel, v->kernel);
}

static struct shape broadcast_of(const struct variation *v, const struct op_size *s)
{
    switch (v->broadcast) {
    case 'c': return shape_1d(s->channels);
    case 'm': return shape_4d(DIM_BATCH, s->channels, 1, 1);
    default: return map_of(v, s);
    }
}

static struct shape matrix_of(const struct variation *v, const struct op_size *s)
{
    const int64_t side = (int64_t)sqrt((double)elements_of(s)) / (v->shrink ? v->shrink : 1);
    return shape_2d(side, side);
}

/* A matrix for each image. */
static struct shape matrices_of(const struct op_size *s)
{
    const int64_t side = (int64_t)sqrt((double)(elements_of(s) / s->images));
    const struct shape square = {3, {DIM_BATCH, side, side}};
    return square;
}

/* Parameters and what is made of parameters alone have as many elements as a map. */
static bool of_parameters(enum op op)
{
    return op_operand(op, 0) == 'c' || op == OP_square_sum || optimizer_rule(op);
}

static struct type label_of(const struct variation *v, const struct op_size *s)
{
    struct type t = {FTMRT_F32, map_of(v, s)};
    if (op_info(v->op)->cls != OP_CLASS_ANCHOR)
        return t;
    t.dtype = FTMRT_I32;
    t.shape = (struct shape){v->rows ? 1 : 3, {DIM_BATCH}};
    for (uint32_t i = 1; i < t.shape.rank; i++)
        t.shape.dim[i] = s->side;
    return t;
}

static struct type operand_type(const struct variation *v, const struct op_size *s, uint32_t i)
{
    const int64_t channels = of_parameters(v->op) ? elements_of(s)
                             : v->rows            ? ROW_CHANNELS
                                                  : s->channels;
    struct type t = {FTMRT_F32, map_of(v, s)};
    switch (op_operand(v->op, i)) {
    case 'c': t.shape = shape_1d(channels); break;
    case 's': t.shape = shape_2d(2, channels); break;
    case 'o': t.shape = shape_scalar(); break;
    case 'w': t.shape = weight_of(v, s); break;
    case 'm': t.shape = matrix_of(v, s); break;
    case 'b': t.shape = broadcast_of(v, s); break;
    case 'l': return label_of(v, s);
    case 'i': return (struct type){FTMRT_I64, shape_scalar()};
    default: break;
    }
    if ((optimizer_rule(v->op) || v->op == OP_square_sum) && t.shape.rank)
        t.shape = shape_1d(channels);
    if (v->weight && i == 0)
        t.shape = weight_of(v, s);
    if (v->op == OP_bmm)
        t.shape = matrices_of(s);
    return t;
}

static value_id new_state(struct graph *g, uint32_t i, struct type type)
{
    struct program *p = g->program;
    const struct state s = {.name = arena_printf(p->arena, "s%u.%u", i, (unsigned)p->states.len),
                            .type = type,
                            .file_shape = type.shape,
                            .trainable = true,
                            .mutable = true,
                            .source = -1};
    return graph_state(g, program_add_state(p, s));
}

static value_id operand(struct graph *g, const struct variation *v, const struct op_size *s,
                        uint32_t i)
{
    const struct type type = operand_type(v, s, i);
    if (op_writes(v->op, i))
        return new_state(g, i, type);
    return graph_input(g, arena_printf(g->program->arena, "x%u", i), type);
}

/* ---- graphs ---- */

/* What a gradient rule asks for: all operands' gradients. */
static bool wanted(const struct backward *b, value_id v)
{
    (void)b, (void)v;
    return true;
}

static void add(struct backward *b, value_id v, value_id dx) { (void)b, (void)v, (void)dx; }

static void add_part(struct backward *b, value_id v, uint32_t part, value_id dx)
{
    (void)b, (void)v, (void)part, (void)dx;
}

static value_id no_part(const struct backward *b, value_id v, uint32_t part)
{
    (void)b, (void)v, (void)part;
    return VALUE_NONE;
}

static value_id build_forward(struct graph *g, const struct variation *v, const struct op_size *s)
{
    const struct attrs a = attrs_of(v, s);
    const char *operands = op_info(v->op)->operands;
    uint32_t count = op_least_operands(v->op);
    if (operands && strchr(operands, '+'))
        count++;
    value_id in[KERNEL_RUN_OPERANDS];
    for (uint32_t i = 0; i < count; i++)
        in[i] = operand(g, v, s, i);
    return graph_op_(g, v->op, &a, in, count);
}

/* Appends what the gradient of y is made of. */
static void build_gradient(struct graph *g, value_id y)
{
    const struct node *n = graph_node(g, y);
    struct grad grad = {
        .graph = g, .node = y, .wanted = wanted, .add = add, .add_part = add_part, .part = no_part};
    if (!op_info(n->op)->grad)
        return;
    grad.dy = node_parts(g, n) ? VALUE_NONE : graph_input(g, "dy", n->type);
    op_info(n->op)->grad(&grad);
}

/* What is made of one number is of no size. */
static bool computes(enum op op)
{
    if (op == OP_clip_scale)
        return false;
    switch (op_info(op)->cls) {
    case OP_CLASS_ANCHOR:
    case OP_CLASS_ELEMWISE:
    case OP_CLASS_LOSS:
    case OP_CLASS_EFFECT: return strchr("i", op_operand(op, 0)) == NULL;
    case OP_CLASS_LEAF:
    case OP_CLASS_VIEW:
    case OP_CLASS_COMPOUND: break;
    }
    return false;
}

/* ---- the list ---- */

struct list {
    struct op_case *at;
    uint32_t count;
    bool seen[OP_COUNT];
};

static void list_add(struct list *l, const struct variation *v, enum op op, bool gradient)
{
    struct op_case c = {.op = op, .variation = v, .gradient = gradient};
    snprintf(c.name, sizeof c.name, v->label ? "%s %s" : "%s", op_info(op)->name, v->label);
    for (uint32_t i = 0; i < l->count; i++)
        if (strcmp(l->at[i].name, c.name) == 0)
            return;
    FTM_BUG_ON(l->count == OP_CASES_MAX, "too many cases");
    l->seen[op] = true;
    l->at[l->count++] = c;
}

/* Ops that only gradients are made of; others are built by their own rows. */
static bool of_gradients(enum op op, enum op forward)
{
    const char *name = op_info(forward)->name;
    return computes(op) &&
           (!op_info(op)->grad || strncmp(op_info(op)->name, name, strlen(name)) == 0);
}

static void list_gradient(struct list *l, const struct variation *v)
{
    static const struct op_size some = {"", 4, 64, 16};
    struct arena arena;
    struct diag diag;
    arena_init(&arena, "cases");
    diag_init(&diag, &arena);
    struct program *p = program_new(&arena, &diag, "cases", some.images);
    struct graph *g = program_add_function(p, "f", FTMRT_ENTRY_TRAIN);
    value_id y = build_forward(g, v, &some);
    build_gradient(g, y);
    for (uint32_t i = y.i + 1; i < g->nodes.len; i++) {
        enum op op = g->nodes.at[i].op;
        if (of_gradients(op, v->op))
            list_add(l, v, op, true);
    }
    arena_clear(&arena);
}

static void list_variation(struct list *l, const struct variation *v)
{
    list_add(l, v, v->op, false);
    if (op_info(v->op)->grad)
        list_gradient(l, v);
}

static void list_op(struct list *l, enum op op, const struct variation *usual)
{
    bool any = false;
    for (size_t i = 0; i < sizeof variations / sizeof *variations; i++)
        if (variations[i].op == op) {
            list_variation(l, &variations[i]);
            any = true;
        }
    if (!any)
        list_variation(l, usual);
}

uint32_t op_cases(struct op_case cases[OP_CASES_MAX])
{
    struct list l = {.at = cases};
    const struct variation *usual = usual_variations();
    for (int op = 0; op < OP_COUNT; op++)
        if (computes((enum op)op) && op_info((enum op)op)->grad)
            list_op(&l, (enum op)op, &usual[op]);
    for (int op = 0; op < OP_COUNT; op++)
        if (computes((enum op)op) && !l.seen[op])
            list_op(&l, (enum op)op, &usual[op]);
    return l.count;
}

/* ---- kernels ---- */

/* Numbers that keep what is updated again and again in bounds; elements of few values, so that some are equal. */
static void fill(const struct kernel_case *c, uint32_t i, struct tensor *x)
{
    const bool integers =
        graph_node(c->graph, graph_node(c->graph, c->node)->inputs[i])->type.dtype != FTMRT_F32;
    const int64_t count = shape_elements(&x->shape, 1);
    if (x->shape.rank == 0)
        x->data[0] = 0.5;
    for (int64_t k = 0; k < count && x->shape.rank && !integers; k++)
        x->data[k] = (floor(x->data[k] * 16) + 0.5) / 16;
}

int64_t op_case_images(const struct op_case *c, const struct op_size *s)
{
    return images_of(c->variation, s);
}

bool op_case_reads_result(const struct op_case *c)
{
    return c->variation->reads_result && !c->gradient;
}

/* As the layout pass would set them. */
static void set_forms(struct kernel_case *k, value_id v, const struct variation *variation)
{
    struct graph *g = k->graph;
    const struct node *n = graph_node(g, v);
    for (uint32_t i = 0; i < n->input_count; i++) {
        struct node *x = graph_node(g, n->inputs[i]);
        x->form = form_usual(&x->type, FTMRT_LAYOUT_PLAIN);
        x->form = kernel_wants(g, n, i);
    }
    if (n->op == OP_relayout)
        graph_node(g, n->inputs[0])->form.layout = variation->from;
    kernel_case_node(k, v, n->op == OP_relayout ? n->attrs->to : kernel_gives(g, n).layout);
}

struct kernel_case *op_case_new(struct kernel_run *r, const struct op_case *c,
                                const struct op_size *s)
{
    struct kernel_case *k = kernel_case_new(r, c->name);
    struct graph *g = k->graph;
    value_id found = build_forward(g, c->variation, s);
    if (c->gradient) {
        uint32_t i = found.i + 1;
        build_gradient(g, found);
        while (g->nodes.at[i].op != c->op)
            i++;
        found = (value_id){i};
    }
    set_forms(k, found, c->variation);
    k->classes = c->variation->rows ? ROW_CHANNELS : s->channels;
    k->fill = fill;
    return k;
}

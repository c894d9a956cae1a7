/* Shape rules: the checks they share, and the rules of everything but convolution and pooling
 * (op_shape_conv.c). */
#include "op_shape.h"

#include <string.h>

struct type shape_in(const struct graph *g, const struct node *n, uint32_t i)
{
    return value_valid(n->inputs[i]) ? graph_node(g, n->inputs[i])->type : n->type;
}

struct type shape_f32(struct shape shape) { return (struct type){FTMRT_F32, shape}; }

/* ---- shared checks ---- */

static bool want_form(struct graph *g, const struct node *n, uint32_t i, bool holds,
                      const char *form)
{
    char text[128];
    struct type t = shape_in(g, n, i);
    if (!shape_want_f32(g, n, i))
        return false;
    if (!holds)
        diag_report(g->program->diag, n->span, DIAG_SHAPE_RANK, op_info(n->op)->name, form,
                    shape_text(&t.shape, text, sizeof text));
    return holds;
}

bool shape_want_rank4(struct graph *g, const struct node *n, uint32_t i)
{
    return want_form(g, n, i, shape_in(g, n, i).shape.rank == 4, "[N, C, H, W]");
}

bool shape_want_activation(struct graph *g, const struct node *n, uint32_t i)
{
    uint32_t rank = shape_in(g, n, i).shape.rank;
    return want_form(g, n, i, rank == 4 || rank == 2, "[N, C, H, W] or [N, C]");
}

bool shape_want_matrix(struct graph *g, const struct node *n, uint32_t i)
{
    struct shape s = shape_in(g, n, i).shape;
    return want_form(g, n, i, s.rank == 2 && !shape_batched(&s), "a matrix [R, C]");
}

static bool want_dtype(struct graph *g, const struct node *n, uint32_t i, enum ftmrt_dtype dtype)
{
    struct type t = shape_in(g, n, i);
    if (t.dtype != dtype)
        diag_report(g->program->diag, n->span, DIAG_OPERAND_DTYPE, op_info(n->op)->name, i + 1,
                    ftmrt_dtype_name(dtype), ftmrt_dtype_name(t.dtype));
    return t.dtype == dtype;
}

bool shape_want_f32(struct graph *g, const struct node *n, uint32_t i)
{
    return want_dtype(g, n, i, FTMRT_F32);
}

bool shape_want_type(struct graph *g, const struct node *n, uint32_t i, struct type type)
{
    char want[128], have[128];
    struct type t = shape_in(g, n, i);
    if (!want_dtype(g, n, i, type.dtype))
        return false;
    if (shape_equal(&t.shape, &type.shape))
        return true;
    diag_report(g->program->diag, n->span, DIAG_OPERAND_SHAPE, op_info(n->op)->name, i + 1,
                shape_text(&type.shape, want, sizeof want),
                shape_text(&t.shape, have, sizeof have));
    return false;
}

bool shape_want_attr(struct graph *g, const struct node *n, const char *name, int64_t value,
                     int64_t least, int64_t most)
{
    if (value >= least && value <= most)
        return true;
    diag_report(g->program->diag, n->span, DIAG_ATTR_RANGE, op_info(n->op)->name, name,
                (long long)least, (long long)most, (long long)value);
    return false;
}

/* ---- leaves and views ---- */

/* The type is set by who builds the node; a constant's attributes name its shape. */
bool shape_given(struct graph *g, struct node *n)
{
    (void)g;
    if (n->op == OP_constant)
        n->type.shape = n->attrs->shape;
    return true;
}

bool shape_state(struct graph *g, struct node *n)
{
    FTM_BUG_ON(n->attrs->state >= g->program->states.len, "state %u does not exist",
               n->attrs->state);
    n->type = g->program->states.at[n->attrs->state].type;
    return true;
}

bool shape_flatten(struct graph *g, struct node *n)
{
    struct type t = shape_in(g, n, 0);
    if (!want_form(g, n, 0, t.shape.rank >= 2, "[N, C, ...]"))
        return false;
    struct shape per_item = t.shape;
    per_item.dim[0] = 1;
    n->type = shape_f32(shape_2d(t.shape.dim[0], shape_elements(&per_item, 1)));
    return true;
}

bool shape_reshape(struct graph *g, struct node *n)
{
    char from[128], to[128];
    struct type t = shape_in(g, n, 0);
    const struct shape *want = &n->attrs->shape;
    if (shape_batched(want) != shape_batched(&t.shape) ||
        shape_elements(want, 1) != shape_elements(&t.shape, 1)) {
        diag_report(g->program->diag, n->span, DIAG_RESHAPE, shape_text(want, to, sizeof to),
                    shape_text(&t.shape, from, sizeof from));
        return false;
    }
    n->type = (struct type){t.dtype, *want};
    return true;
}

bool shape_scale_weight(struct graph *g, struct node *n)
{
    struct type w = shape_in(g, n, 0);
    if (!want_form(g, n, 0, w.shape.rank >= 1, "[O, ...]") ||
        !shape_want_type(g, n, 1, shape_f32(shape_1d(w.shape.dim[0]))))
        return false;
    n->type = w;
    return true;
}

/* ---- operands by kind ---- */

/* Channels of the first operand: those of an activation, or the length of [C]. */
static int64_t channels_of_first(const struct graph *g, const struct node *n)
{
    struct shape s = shape_in(g, n, 0).shape;
    return s.rank == 1 ? s.dim[0] : s.dim[1];
}

static bool want_first(struct graph *g, const struct node *n)
{
    struct shape s = shape_in(g, n, 0).shape;
    switch (op_operand(n->op, 0)) {
    case 'a': return true;
    case 't': return shape_want_f32(g, n, 0);
    case 'x': return shape_want_activation(g, n, 0);
    case 'c': return want_form(g, n, 0, s.rank == 1 && !shape_batched(&s), "[C]");
    case 'i': return shape_want_type(g, n, 0, (struct type){FTMRT_I64, shape_scalar()});
    default: FTM_BUG("%s: no rule for a first operand of its kind", op_info(n->op)->name);
    }
}

static bool want_same(struct graph *g, const struct node *n, uint32_t i)
{
    char first[128], other[128];
    struct type t = shape_in(g, n, 0), u = shape_in(g, n, i);
    if (!shape_want_f32(g, n, i))
        return false;
    if (!shape_equal(&t.shape, &u.shape))
        diag_report(g->program->diag, n->span, DIAG_SHAPE_DIFFERENT, op_info(n->op)->name,
                    shape_text(&t.shape, first, sizeof first),
                    shape_text(&u.shape, other, sizeof other));
    return shape_equal(&t.shape, &u.shape);
}

/* A scalar, a number for each channel, or of the first operand's shape, but that there may be one channel, or one pixel, for
 * all of it. */
static bool want_broadcast(struct graph *g, const struct node *n, uint32_t i)
{
    struct shape t = shape_in(g, n, 0).shape, u = shape_in(g, n, i).shape, pixel = t, channel = t;
    if (!shape_want_f32(g, n, i))
        return false;
    bool map = t.rank == 4 && shape_batched(&t);
    if (map) {
        pixel.dim[2] = pixel.dim[3] = 1;
        channel.dim[1] = 1;
    }
    const bool channels = shape_batched(&t) && u.rank == 1 && u.dim[0] == t.dim[1];
    if (u.rank == 0 || channels || (map && (shape_equal(&u, &pixel) || shape_equal(&u, &channel))))
        return true;
    return want_same(g, n, i);
}

static bool want_operand(struct graph *g, const struct node *n, uint32_t i)
{
    switch (op_operand(n->op, i)) {
    case 't': return want_same(g, n, i);
    case 'b': return want_broadcast(g, n, i);
    case 'x': return shape_want_type(g, n, i, shape_in(g, n, 0));
    case 'c': return shape_want_type(g, n, i, shape_f32(shape_1d(channels_of_first(g, n))));
    case 's': return shape_want_type(g, n, i, shape_f32(shape_2d(2, channels_of_first(g, n))));
    case 'o': return shape_want_type(g, n, i, shape_f32(shape_scalar()));
    default: FTM_BUG("%s: no rule for operand %u", op_info(n->op)->name, i + 1);
    }
}

bool shape_want_operands(struct graph *g, const struct node *n)
{
    if (!want_first(g, n))
        return false;
    for (uint32_t i = 1; i < n->input_count; i++)
        if (!want_operand(g, n, i))
            return false;
    return true;
}

bool shape_first(struct graph *g, struct node *n)
{
    if (!shape_want_operands(g, n))
        return false;
    n->type = shape_in(g, n, 0);
    return true;
}

bool shape_stats(struct graph *g, struct node *n)
{
    if (!shape_want_operands(g, n))
        return false;
    n->type = shape_f32(shape_2d(2, channels_of_first(g, n)));
    return true;
}

bool shape_channel_reduce(struct graph *g, struct node *n)
{
    if (!shape_want_operands(g, n))
        return false;
    n->type = shape_f32(shape_1d(channels_of_first(g, n)));
    return true;
}

/* ---- loss ---- */

/* The labels that are indices: [N] for [N, K], [N, H, W] for [N, K, H, W]; a map of one place may count as none. */
static struct shape index_shape(const struct shape *x, bool one_is_none)
{
    struct shape s = shape_1d(x->dim[0]);
    if (x->rank == 4 && (x->dim[2] * x->dim[3] > 1 || !one_is_none)) {
        s.rank = 3;
        s.dim[1] = x->dim[2];
        s.dim[2] = x->dim[3];
    }
    return s;
}

/* Whether a label is a distribution over the classes: f32, of the shape of the predictions, [N, K] being [N, K, 1, 1]. */
static bool is_distribution(const struct type *label, const struct shape *x)
{
    struct shape a = index_shape(&label->shape, true), b = index_shape(x, true);
    bool rank = label->shape.rank == 2 || label->shape.rank == 4;
    return label->dtype == FTMRT_F32 && rank && label->shape.dim[1] == x->dim[1] &&
           shape_equal(&a, &b);
}

bool shape_want_labelled(struct graph *g, const struct node *n)
{
    struct type x = shape_in(g, n, 0), label = shape_in(g, n, 1);
    if (!want_form(g, n, 0, x.shape.rank == 2 || x.shape.rank == 4,
                   "logits [N, K] or [N, K, H, W]"))
        return false;
    for (uint32_t i = 2; i < n->input_count; i++)
        if (!want_operand(g, n, i))
            return false;
    struct type index = {FTMRT_I32, index_shape(&x.shape, label.shape.rank == 1)};
    return is_distribution(&label, &x.shape) || shape_want_type(g, n, 1, index);
}

bool shape_loss(struct graph *g, struct node *n)
{
    n->type = shape_f32(shape_scalar());
    return shape_want_labelled(g, n);
}

bool shape_loss_grad(struct graph *g, struct node *n)
{
    n->type = shape_in(g, n, 0);
    return shape_want_labelled(g, n);
}

/* ---- effects ---- */

/* The running mean; in_size is the map that the statistics were taken over. */
bool shape_bn_update(struct graph *g, struct node *n)
{
    for (int k = 0; k < 2; k++)
        if (!shape_want_attr(g, n, "in_size", n->attrs->in_size[k], 1, SHAPE_ATTR_MAX))
            return false;
    return shape_first(g, n);
}

/* A map at another size (torch.nn.functional.interpolate): each place is the nearest one of the operand, or bilinear between
 * four; and its gradient. */
#include "eval_support.h"
#include "op_shape.h"
#include "resample.h"
#include "rules.h"

/* The size of the result: given, or multiples of the operand's, rounded down. */
static bool result_size(struct graph *g, const struct node *n, const struct shape *x,
                        int64_t size[2])
{
    const struct attrs *a = n->attrs;
    bool scaled = a->scale_factor[0] != 0 || a->scale_factor[1] != 0;
    if (scaled == (a->size[0] || a->size[1])) {
        diag_report(g->program->diag, n->span, DIAG_SIZE_OR_SCALE, op_info(n->op)->name,
                    scaled ? "both" : "neither");
        return false;
    }
    for (int k = 0; k < 2; k++) {
        const double product = a->scale_factor[k] * (double)x->dim[2 + k];
        size[k] = !scaled                                             ? a->size[k]
                  : product >= 0 && product <= (double)SHAPE_ATTR_MAX ? (int64_t)product
                                                                      : 0;
        if (!shape_want_attr(g, n, "size", size[k], 1, SHAPE_ATTR_MAX))
            return false;
    }
    return true;
}

static bool want_mode(struct graph *g, const struct node *n)
{
    return shape_want_attr(g, n, "mode", n->attrs->mode, 0, INTERPOLATE_BILINEAR);
}

bool shape_interpolate(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0) || !want_mode(g, n))
        return false;
    struct shape x = shape_in(g, n, 0).shape;
    int64_t size[2];
    if (!result_size(g, n, &x, size))
        return false;
    n->type = shape_f32(shape_4d(x.dim[0], x.dim[1], size[0], size[1]));
    return true;
}

bool shape_interpolate_grad(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0) || !want_mode(g, n))
        return false;
    struct shape x = shape_in(g, n, 0).shape;
    for (int k = 0; k < 2; k++) {
        if (!shape_want_attr(g, n, "in_size", n->attrs->in_size[k], 1, SHAPE_ATTR_MAX))
            return false;
        x.dim[2 + k] = n->attrs->in_size[k];
    }
    n->type = shape_f32(x);
    return true;
}

/* How far places of the result lie apart in the operand along an axis, or 0: as the sizes say. */
static double step_of(const struct attrs *a, int axis)
{
    return a->scale_factor[axis] > 0 && !a->recompute_scale_factor ? 1 / a->scale_factor[axis] : 0;
}

/* The place of the operand for place i, in single precision, as PyTorch has it whatever the type. A map as large as the operand,
 * or twice, is a copy whatever the factor. */
static int64_t nearest(int64_t i, int64_t in, int64_t out, double step, bool exact)
{
    if (!exact && (out == in || out == 2 * in))
        return i * in / out;
    float scale = step > 0 ? (float)step : (float)in / (float)out;
    float at = floorf(((float)i + (exact ? 0.5F : 0.0F)) * scale);
    return at < (float)(in - 1) ? (int64_t)at : in - 1;
}

/* Where place i lies between those of the operand. With align_corners the first and last places of both lie on each other, else
 * their outer edges. */
static double position(int64_t i, int64_t in, int64_t out, double step, bool align_corners)
{
    const double scale = step > 0 ? step : (double)in / (double)out;
    if (align_corners)
        return out > 1 ? (double)i * ((double)(in - 1) / (double)(out - 1)) : 0;
    double at = ((double)i + 0.5) * scale - 0.5;
    return at > 0 ? at : 0;
}

struct resample_axis interpolate_axis(struct arena *arena, const struct attrs *a, int axis,
                                      int64_t in, int64_t out)
{
    const bool linear = a->mode == INTERPOLATE_BILINEAR;
    const double step = step_of(a, axis);
    struct resample_axis r = resample_axis_new(arena, in, out, linear ? 2 : 1);
    for (int64_t i = 0; i < out; i++) {
        if (!linear) {
            resample_tap(&r, i, nearest(i, in, out, step, a->mode == INTERPOLATE_NEAREST_EXACT), 1);
            continue;
        }
        double at = position(i, in, out, step, a->align_corners);
        int64_t from = at < (double)(in - 1) ? (int64_t)at : in - 1;
        if (from == in - 1 || in == out) {
            resample_tap(&r, i, in == out ? i : from, 1);
            continue;
        }
        resample_tap(&r, i, from, 1 - (at - (double)from));
        resample_tap(&r, i, from + 1, at - (double)from);
    }
    return r;
}

static void evaluate(struct eval *e, bool backward)
{
    const struct tensor *in = &e->in[0], *x = backward ? &e->out : in, *y = backward ? in : &e->out;
    struct resample_axis axes[2];
    struct arena arena;
    arena_init(&arena, "interpolate");
    for (int k = 0; k < 2; k++) {
        axes[k] = interpolate_axis(&arena, e->attrs, k, x->shape.dim[2 + k], y->shape.dim[2 + k]);
        if (backward)
            axes[k] = resample_turned(&arena, &axes[k]);
    }
    resample_eval(&axes[0], &axes[1], 0, in, &e->out);
    arena_clear(&arena);
}

void eval_interpolate(struct eval *e) { evaluate(e, false); }

void eval_interpolate_grad(struct eval *e) { evaluate(e, true); }

void grad_interpolate(struct grad *g)
{
    struct attrs a = *graph_node(g->graph, g->node)->attrs;
    memcpy(a.in_size, graph_shape(g->graph, grad_in(g, 0))->dim + 2, sizeof a.in_size);
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_interpolate_grad, &a, g->dy));
}

/* Shape rules of convolution, pooling and the linear layer, forward and backward.
 *
 * Along one axis: out = (in + padding - (dilation * (kernel - 1) + 1)) / stride + 1, rounded down; pooling may round up.
 * A gradient's rule checks that the forward operation of the sizes it is given has the result whose
 * gradient it reads. */
#include "op_shape.h"

struct window {
    int64_t kernel[2], stride[2], padding[4], dilation[2];
    bool ceil_mode;
};

bool shape_mismatched_gradient(struct graph *g, const struct node *n, struct shape dy,
                               struct shape x)
{
    char first[128], second[128];
    diag_report(g->program->diag, n->span, DIAG_GRADIENT_SHAPE, op_info(n->op)->name,
                shape_text(&dy, first, sizeof first), shape_text(&x, second, sizeof second));
    return false;
}

static bool window_valid(struct graph *g, const struct node *n, const struct window *w)
{
    for (int k = 0; k < 2; k++)
        if (!shape_want_attr(g, n, "kernel", w->kernel[k], 1, SHAPE_ATTR_MAX) ||
            !shape_want_attr(g, n, "stride", w->stride[k], 1, SHAPE_ATTR_MAX) ||
            !shape_want_attr(g, n, "dilation", w->dilation[k], 1, SHAPE_ATTR_MAX))
            return false;
    for (int k = 0; k < 4; k++)
        if (!shape_want_attr(g, n, "padding", w->padding[k], 0, SHAPE_ATTR_MAX))
            return false;
    return true;
}

/* How many windows an axis has; 0 or less: it does not fit in. With ceil_mode there may be one that reaches over the end, if it
 * starts inside the map or the padding before it (torch.nn.MaxPool2d). */
static int64_t window_count(const struct window *w, int axis, int64_t in)
{
    int64_t before = w->padding[axis], padded = in + before + w->padding[2 + axis];
    int64_t room = padded - w->dilation[axis] * (w->kernel[axis] - 1) - 1;
    if (w->ceil_mode)
        room += w->stride[axis] - 1;
    int64_t count = room < 0 ? 0 : room / w->stride[axis] + 1;
    return w->ceil_mode && (count - 1) * w->stride[axis] >= in + before ? count - 1 : count;
}

/* Height and width of the result of a window over an input; false after a report if it does not fit
 * in. */
static bool window_out(struct graph *g, const struct node *n, const struct window *w,
                       const struct shape *x, int64_t out[2])
{
    if (!window_valid(g, n, w))
        return false;
    for (int k = 0; k < 2; k++) {
        int64_t padding = w->padding[k] + w->padding[2 + k];
        int64_t reach = w->dilation[k] * (w->kernel[k] - 1) + 1;
        out[k] = window_count(w, k, x->dim[2 + k]);
        if (out[k] < 1) {
            char text[128];
            diag_report(g->program->diag, n->span, DIAG_WINDOW_TOO_LARGE, op_info(n->op)->name,
                        (long long)reach, k == 0 ? "high" : "wide",
                        shape_text(x, text, sizeof text), (long long)padding);
            return false;
        }
    }
    return true;
}

/* ---- convolution ---- */

static struct window conv_window(const struct attrs *a, int64_t kernel_h, int64_t kernel_w)
{
    struct window w = {.kernel = {kernel_h, kernel_w}};
    for (int k = 0; k < 2; k++) {
        w.stride[k] = a->stride[k];
        w.dilation[k] = a->dilation[k];
    }
    for (int k = 0; k < 4; k++)
        w.padding[k] = a->padding[k];
    return w;
}

static bool groups_divide(struct graph *g, const struct node *n, int64_t channels, const char *what)
{
    if (!shape_want_attr(g, n, "groups", n->attrs->groups, 1, SHAPE_ATTR_MAX))
        return false;
    if (channels % n->attrs->groups != 0)
        diag_report(g->program->diag, n->span, DIAG_GROUPS, op_info(n->op)->name,
                    (long long)channels, what, (long long)n->attrs->groups);
    return channels % n->attrs->groups == 0;
}

static bool want_weight(struct graph *g, const struct node *n, uint32_t i)
{
    char text[128];
    struct type w = shape_in(g, n, i);
    if (!shape_want_f32(g, n, i))
        return false;
    if (w.shape.rank != 4 || shape_batched(&w.shape))
        diag_report(g->program->diag, n->span, DIAG_OPERAND_SHAPE, op_info(n->op)->name, i + 1,
                    "[O, I, KH, KW]", shape_text(&w.shape, text, sizeof text));
    return w.shape.rank == 4 && !shape_batched(&w.shape);
}

bool shape_conv2d(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0) || !want_weight(g, n, 1))
        return false;
    struct shape x = shape_in(g, n, 0).shape, w = shape_in(g, n, 1).shape;
    if (!groups_divide(g, n, w.dim[0], "output"))
        return false;
    int64_t channels = w.dim[1] * n->attrs->groups;
    if (x.dim[1] != channels) {
        char text[128];
        diag_report(g->program->diag, n->span, DIAG_CHANNELS, op_info(n->op)->name,
                    (long long)channels, (long long)x.dim[1], shape_text(&x, text, sizeof text));
        return false;
    }
    struct window window = conv_window(n->attrs, w.dim[2], w.dim[3]);
    int64_t out[2];
    if (!window_out(g, n, &window, &x, out))
        return false;
    n->type = shape_f32(shape_4d(x.dim[0], w.dim[0], out[0], out[1]));
    return true;
}

/* Operands dy [N,O,OH,OW] and w [O,I,KH,KW]; the result is [N,I*groups,in_size]. */
bool shape_conv2d_grad_input(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0) || !want_weight(g, n, 1))
        return false;
    struct shape dy = shape_in(g, n, 0).shape, w = shape_in(g, n, 1).shape;
    if (!groups_divide(g, n, w.dim[0], "output"))
        return false;
    for (int k = 0; k < 2; k++)
        if (!shape_want_attr(g, n, "in_size", n->attrs->in_size[k], 1, SHAPE_ATTR_MAX))
            return false;
    struct shape x = shape_4d(dy.dim[0], w.dim[1] * n->attrs->groups, n->attrs->in_size[0],
                              n->attrs->in_size[1]);
    struct window window = conv_window(n->attrs, w.dim[2], w.dim[3]);
    int64_t out[2];
    if (!window_out(g, n, &window, &x, out))
        return false;
    if (dy.dim[1] != w.dim[0] || dy.dim[2] != out[0] || dy.dim[3] != out[1])
        return shape_mismatched_gradient(g, n, dy, x);
    n->type = shape_f32(x);
    return true;
}

/* Operands x [N,C,H,W] and dy [N,O,OH,OW]; the result is [O,C/groups,kernel]. */
bool shape_conv2d_grad_weight(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0) || !shape_want_rank4(g, n, 1))
        return false;
    struct shape x = shape_in(g, n, 0).shape, dy = shape_in(g, n, 1).shape;
    if (!groups_divide(g, n, x.dim[1], "input") || !groups_divide(g, n, dy.dim[1], "output"))
        return false;
    struct window window = conv_window(n->attrs, n->attrs->kernel[0], n->attrs->kernel[1]);
    int64_t out[2];
    if (!window_out(g, n, &window, &x, out))
        return false;
    if (dy.dim[0] != x.dim[0] || dy.dim[2] != out[0] || dy.dim[3] != out[1])
        return shape_mismatched_gradient(g, n, dy, x);
    n->type = shape_f32(
        shape_4d(dy.dim[1], x.dim[1] / n->attrs->groups, window.kernel[0], window.kernel[1]));
    return true;
}

/* Of a map over the channels of each place. */
bool shape_linear(struct graph *g, struct node *n)
{
    char text[128];
    struct shape x = shape_in(g, n, 0).shape, w = shape_in(g, n, 1).shape;
    if (!shape_want_activation(g, n, 0) || !shape_want_f32(g, n, 1))
        return false;
    if (w.rank != 2 || shape_batched(&w)) {
        diag_report(g->program->diag, n->span, DIAG_OPERAND_SHAPE, "linear", 2U, "[O, K]",
                    shape_text(&w, text, sizeof text));
        return false;
    }
    if (x.dim[1] != w.dim[1]) {
        diag_report(g->program->diag, n->span, DIAG_FEATURES, (long long)w.dim[1],
                    (long long)x.dim[1], shape_text(&x, text, sizeof text));
        return false;
    }
    n->type = shape_f32(x);
    n->type.shape.dim[1] = w.dim[0];
    return true;
}

/* ---- pooling ---- */

/* The first window along an axis that meets padding alone, or -1: places of a window lie `dilation` apart, and those before
 * the map and the next one may leave a smaller map out. A window that starts inside the map holds that place. */
static int64_t window_of_padding(const struct window *w, int axis, int64_t in, int64_t out)
{
    const int64_t dilation = w->dilation[axis];
    for (int64_t i = 0; i < out && in < dilation; i++) {
        const int64_t before = w->padding[axis] - i * w->stride[axis];
        if (before <= 0)
            return -1;
        if ((dilation - before % dilation) % dilation >= in)
            return i;
    }
    return -1;
}

static bool windows_meet_map(struct graph *g, const struct node *n, const struct window *w,
                             const struct shape *x, const int64_t out[2])
{
    char text[128];
    for (int k = 0; k < 2; k++) {
        const int64_t i = window_of_padding(w, k, x->dim[2 + k], out[k]);
        if (i < 0)
            continue;
        diag_report(g->program->diag, n->span, DIAG_WINDOW_OF_PADDING, (long long)i + 1,
                    k == 0 ? "rows" : "columns", op_info(n->op)->name, (long long)w->dilation[k],
                    shape_text(x, text, sizeof text));
        diag_note(g->program->diag, "a maximum needs a place: make dilation or padding smaller");
        return false;
    }
    return true;
}

bool shape_pool_out(struct graph *g, const struct node *n, const struct shape *x, int64_t out[2])
{
    struct window w = conv_window(n->attrs, n->attrs->kernel[0], n->attrs->kernel[1]);
    w.ceil_mode = n->attrs->ceil_mode;
    for (int k = 0; k < 2; k++)
        w.dilation[k] = w.dilation[k] ? w.dilation[k] : 1; /* means have none */
    if (!window_valid(g, n, &w) ||
        !shape_want_attr(g, n, "divisor_override", n->attrs->divisor_override, 0, SHAPE_ATTR_MAX))
        return false;
    for (int k = 0; k < 4; k++)
        if (!shape_want_attr(g, n, "padding", w.padding[k], 0,
                             w.dilation[k % 2] * (w.kernel[k % 2] - 1)))
            return false;
    return window_out(g, n, &w, x, out) && windows_meet_map(g, n, &w, x, out);
}

bool shape_pool(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0))
        return false;
    struct shape x = shape_in(g, n, 0).shape;
    int64_t out[2];
    if (!shape_pool_out(g, n, &x, out))
        return false;
    n->type = shape_f32(shape_4d(x.dim[0], x.dim[1], out[0], out[1]));
    return true;
}

bool shape_of_maxima_grad(struct graph *g, struct node *n, const struct shape *y)
{
    struct type dy = shape_in(g, n, 0), x = shape_in(g, n, 1);
    if (!shape_equal(&dy.shape, y))
        return shape_mismatched_gradient(g, n, dy.shape, x.shape);
    if (!shape_want_type(g, n, 2, dy))
        return false;
    n->type = x;
    return true;
}

/* Operands dy, x, y. */
bool shape_max_pool_grad(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0) || !shape_want_rank4(g, n, 1))
        return false;
    const struct shape x = shape_in(g, n, 1).shape;
    int64_t out[2];
    if (!shape_pool_out(g, n, &x, out))
        return false;
    const struct shape y = shape_4d(x.dim[0], x.dim[1], out[0], out[1]);
    return shape_of_maxima_grad(g, n, &y);
}

/* A map cut into `size` parts, perhaps more than it has places. */
bool shape_parts_of_map(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0))
        return false;
    struct shape y = shape_in(g, n, 0).shape;
    for (int k = 0; k < 2; k++) {
        if (!shape_want_attr(g, n, "size", n->attrs->size[k], 1, SHAPE_ATTR_MAX))
            return false;
        y.dim[2 + k] = n->attrs->size[k];
    }
    n->type = shape_f32(y);
    return true;
}

bool shape_global_pool(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0))
        return false;
    struct shape x = shape_in(g, n, 0).shape;
    n->type = shape_f32(shape_4d(x.dim[0], x.dim[1], 1, 1));
    return true;
}

/* Of global_avg_pool_grad: dy [N,C,1,1]. */
bool shape_in_size(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0))
        return false;
    struct shape dy = shape_in(g, n, 0).shape;
    for (int k = 0; k < 2; k++)
        if (!shape_want_attr(g, n, "in_size", n->attrs->in_size[k], 1, SHAPE_ATTR_MAX))
            return false;
    struct shape x = shape_4d(dy.dim[0], dy.dim[1], n->attrs->in_size[0], n->attrs->in_size[1]);
    if (dy.dim[2] != 1 || dy.dim[3] != 1)
        return shape_mismatched_gradient(g, n, dy, x);
    n->type = shape_f32(x);
    return true;
}

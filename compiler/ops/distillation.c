/* A teacher's images and its part of a loss. */
#include "distillation.h"

#include "op.h"
#include "resample.h"

/* Of a picture. */
enum { MOST_CHANNELS = 4 };

/* The cross entropy of softmax(logits / T) with shares. */
static value_id cross(struct graph *g, value_id logits, double temperature, value_id shares)
{
    const struct attrs none = {0};
    return graph_op(g, OP_cross_entropy, &none, scalar_times(g, logits, 1 / temperature), shares);
}

/* The divergence is the cross entropy less the teacher's own entropy, which no gradient passes. */
value_id distillation(struct graph *g, value_id logits, value_id teacher, double temperature)
{
    const struct attrs none = {0};
    const value_id shares =
        graph_op(g, OP_softmax, &none, scalar_times(g, teacher, 1 / temperature));
    const value_id apart = cross(g, logits, temperature, shares),
                   own = scalar_times(g, cross(g, teacher, temperature, shares), -1);
    return scalar_times(g, graph_op(g, OP_add, NULL, apart, own), temperature * temperature);
}

value_id distilled_loss(struct graph *g, value_id loss, double rest, value_id terms)
{
    return graph_op(g, OP_add, NULL, scalar_times(g, loss, rest), terms);
}

/* Channel c of an image, normalised anew. */
static value_id channel(struct graph *g, value_id image, int64_t c, const struct teacher_view *view)
{
    const struct attrs at = {.dim = 1, .start = c, .length = 1};
    const struct type number = {FTMRT_F32, shape_scalar()};
    const value_id x = scalar_times(g, graph_op(g, OP_narrow, &at, image), view->factor[c]);
    return graph_op(g, OP_add, NULL, x, graph_constant(g, view->summand[c], number));
}

static bool is_same(const struct teacher_view *view, int64_t channels)
{
    bool same = true;
    for (int64_t c = 0; c < channels; c++)
        same = same && view->factor[c] == 1 && view->summand[c] == 0;
    return same;
}

value_id teacher_image(struct graph *g, value_id image, const struct teacher_view *view)
{
    const struct shape s = *graph_shape(g, image);
    value_id parts[MOST_CHANNELS];
    const struct attrs channels = {.dim = 1};
    if (!is_same(view, s.dim[1])) {
        for (int64_t c = 0; c < s.dim[1]; c++)
            parts[c] = channel(g, image, c, view);
        image = s.dim[1] == 1 ? parts[0]
                              : graph_op_(g, OP_concat, &channels, parts, (uint32_t)s.dim[1]);
    }
    const struct attrs size = {.size = {view->height, view->width}, .mode = INTERPOLATE_BILINEAR};
    return view->height == s.dim[2] && view->width == s.dim[3]
               ? image
               : graph_op(g, OP_interpolate, &size, image);
}

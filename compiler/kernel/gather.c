/* Geometry of convolutions: see gather.h. */
#include "gather.h"

#include "ftmrt.h"
#include "op.h"

struct gather gather_of(const struct graph *g, const struct node *n)
{
    const struct node *x = graph_node(g, n->inputs[0]);
    const struct shape *w = graph_shape(g, n->inputs[1]);
    const struct shape *in = &x->type.shape, *out = &n->type.shape;
    return (struct gather){
        .attrs = n->attrs,
        .backward = op_info(n->op)->attrs >> ATTR_INDEX_in_size & 1U, /* of what it makes */
        .plain = x->form.layout == FTMRT_LAYOUT_PLAIN,
        .in_channels = in->dim[1],
        .out_channels = out->dim[1],
        .in = {in->dim[2], in->dim[3]},
        .out = {out->dim[2], out->dim[3]},
        .kernel = {w->dim[2], w->dim[3]},
    };
}

int64_t gather_classes(const struct gather *q, int d)
{
    if (!q->backward)
        return 1;
    return q->attrs->stride[d] < q->out[d] ? q->attrs->stride[d] : q->out[d];
}

static struct gather_axis backward_axis(const struct gather *q, int d, int64_t r)
{
    int64_t s = q->attrs->stride[d], pad = q->attrs->padding[d], dilation = q->attrs->dilation[d];
    struct gather_axis a = {.in = q->in[d],
                            .out_start = r,
                            .out_step = s,
                            .outs = ceil_div(q->out[d] - r, s),
                            .stride = 1,
                            .tap0 = 0,
                            .tap_step = 1};
    for (int64_t p = 0; p < q->kernel[d]; p++) {
        if ((r + pad - p * dilation) % s != 0)
            continue;
        if (a.taps == 0)
            a.tap0 = p;
        else if (a.taps == 1)
            a.tap_step = p - a.tap0;
        a.taps++;
    }
    a.off0 = a.taps ? (r + pad - a.tap0 * dilation) / s : 0;
    a.off_step = a.taps > 1 ? -(a.tap_step * dilation) / s : -1;
    return a;
}

struct gather_axis gather_axis(const struct gather *q, int d, int64_t class)
{
    if (q->backward)
        return backward_axis(q, d, class);
    return (struct gather_axis){
        .in = q->in[d],
        .out_step = 1,
        .outs = q->out[d],
        .stride = q->attrs->stride[d],
        .off0 = -q->attrs->padding[d],
        .off_step = q->attrs->dilation[d],
        .tap_step = 1,
        .taps = q->kernel[d],
    };
}

bool gather_exists(const struct gather_axis *a, int64_t j, int64_t t)
{
    int64_t i = a->stride * j + a->off0 + a->off_step * t;
    return i >= 0 && i < a->in;
}

/* ---- tiles along a row ---- */

/* Whether outputs [start, start + width) have the very taps of output `like`. */
static bool same_taps(const struct gather_axis *a, int64_t like, int64_t start, int64_t width)
{
    for (int64_t t = 0; t < a->taps; t++)
        for (int64_t j = start; j < start + width; j++)
            if (gather_exists(a, j, t) != gather_exists(a, like, t))
                return false;
    return true;
}

uint32_t gather_segments(const struct gather_axis *a, int64_t width, struct gather_segment *out)
{
    int64_t tiles = ceil_div(a->outs, width), start = 0;
    uint32_t count = 0;
    for (int64_t i = 0; i < tiles; i++) {
        struct gather_segment s = {
            .start = start, .width = a->outs / tiles + (i < a->outs % tiles), .count = 1};
        s.uniform = same_taps(a, start, start, s.width);
        start += s.width;
        struct gather_segment *last = count ? &out[count - 1] : NULL;
        if (last && last->uniform && last->width == s.width &&
            same_taps(a, last->start, s.start, s.width)) {
            last->count++;
            continue;
        }
        FTM_BUG_ON(count == GATHER_MAX_SEGMENTS, "too many edge tiles");
        out[count++] = s;
    }
    return count;
}

uint32_t gather_tap_runs(const struct gather_axis *a, int64_t start, int64_t width,
                         struct gather_taps *runs)
{
    uint32_t count = 0;
    for (int64_t t = 0; t < a->taps; t++) {
        int64_t lo = 0, hi = width;
        while (lo < hi && !gather_exists(a, start + lo, t))
            lo++;
        while (hi > lo && !gather_exists(a, start + hi - 1, t))
            hi--;
        if (lo == hi)
            continue;
        struct gather_taps *last = count ? &runs[count - 1] : NULL;
        if (last && last->lo == lo && last->hi == hi && last->first + last->count == t)
            last->count++;
        else
            runs[count++] = (struct gather_taps){.first = t, .count = 1, .lo = lo, .hi = hi};
    }
    return count;
}

int64_t gather_bands(int64_t rows, int64_t units_without)
{
    int64_t wanted = ceil_div(8, units_without);
    return wanted < rows ? wanted : rows;
}

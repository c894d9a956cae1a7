/* The maximum of each window; padding never wins (it counts as minus infinity), NaN always does. */
#include "eval_support.h"
#include "rules.h"
#include "window.h"

/* y = max(y, x) for one tap of one map. */
static void max_tap(const struct window *w, int64_t p, int64_t q, const double *x, double *y)
{
    struct window_range rows = window_range(w, 0, p), cols = window_range(w, 1, q);
    for (int64_t i = rows.first; i < rows.end; i++) {
        const double *from = x + (rows.in + (i - rows.first) * w->stride[0]) * w->in[1] + cols.in;
        double *to = y + i * w->out[1] + cols.first;
        for (int64_t j = 0; j < cols.end - cols.first; j++) {
            double v = from[j * w->stride[1]];
            if (v > to[j] || isnan(v))
                to[j] = v;
        }
    }
}

void eval_max_pool(struct eval *e)
{
    struct window w = window_of(e->attrs, &e->in[0].shape, &e->out.shape, e->attrs->kernel);
    struct channels ch = channels_of(&e->out.shape);
    for (int64_t i = 0; i < ch.n * ch.c * ch.inner; i++)
        e->out.data[i] = -INFINITY;
    for (int64_t i = 0; i < ch.n * ch.c; i++)
        for (int64_t p = 0; p < w.kernel[0]; p++)
            for (int64_t q = 0; q < w.kernel[1]; q++)
                max_tap(&w, p, q, e->in[0].data + i * w.in[0] * w.in[1],
                        e->out.data + i * ch.inner);
}

void grad_max_pool(struct grad *g)
{
    struct attrs a = *graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0,
                        graph_op(g->graph, OP_max_pool_grad, &a, g->dy, grad_in(g, 0), g->node));
}

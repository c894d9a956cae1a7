/* The rules of drop.h. A mask is a function of the place, so that gradient and interpreter draw it again. */
#include "drop.h"

#include "draw.h"
#include "eval_support.h"

/* The numbers drawn are f32, and so is what they are compared with. */
static double share(const struct attrs *a) { return (double)(float)a->p; }

static double scale(const struct attrs *a) { return a->p < 1 ? 1 / (1 - a->p) : 0; }

void drop_eval(struct eval *e, enum draw_for draw_for)
{
    const struct channels ch = channels_of(&e->out.shape);
    const int64_t sample = ch.c * ch.inner, size = ch.n * sample;
    for (int64_t i = 0; i < size; i++) {
        int64_t place = draw_for == DRAW_FOR_ELEMENT ? i % sample : 0;
        if (draw_for == DRAW_FOR_CHANNEL)
            place = i % sample / ch.inner;
        double u = draw_uniform(&e->keys, e->attrs->layer, i / sample, place);
        e->out.data[i] = e->in[0].data[i] * (share(e->attrs) > u ? 0 : scale(e->attrs));
    }
}

void drop_grad(struct grad *g)
{
    const struct node n = *graph_node(g->graph, g->node);
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, n.op, n.attrs, g->dy));
}

emit_value drop_emit(struct emit *e, const struct attrs *a, enum draw_for draw_for)
{
    emit_value u = lanes_uniform(e, a->layer, draw_for);
    emit_value factor = lanes_select_gt(e, lanes_const(e, share(a)), u, lanes_const(e, 0),
                                        lanes_const(e, scale(a)));
    return lanes_mul(e, lanes_in(e, 0, 0), factor);
}

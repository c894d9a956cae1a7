/* Layer normalisation over the channels of each place (Ba, Kiros and Hinton, "Layer Normalization", 2016, equation 4): of a
 * row [N,C] torch.nn.LayerNorm(C), of a map the same with the channels last, torchvision's LayerNorm2d.
 *
 * With xhat the normalised x and g = dy * weight, the gradient of a place is inv * (g - mean(g) - xhat * mean(g * xhat)). It
 * takes x and computes the statistics again, which is cheaper than to keep xhat. The gradients of weight and bias are the
 * two rows of one reduction. */
#include "eval_support.h"
#include "rules.h"

/* The channels of one place: `count` elements, `stride` apart. */
struct place {
    const double *x;
    int64_t count, stride;
    double mean, inv;
};

static struct place place_of(const struct tensor *x, int64_t number, double eps)
{
    const struct channels ch = channels_of(&x->shape);
    struct place p = {.count = ch.c, .stride = ch.inner};
    p.x = x->data + number / ch.inner * ch.c * ch.inner + number % ch.inner;
    double squares = 0;
    for (int64_t c = 0; c < p.count; c++)
        p.mean += p.x[c * p.stride] / (double)p.count;
    for (int64_t c = 0; c < p.count; c++)
        squares += (p.x[c * p.stride] - p.mean) * (p.x[c * p.stride] - p.mean);
    p.inv = 1 / sqrt(squares / (double)p.count + eps);
    return p;
}

static double normalised(const struct place *p, int64_t c)
{
    return (p->x[c * p->stride] - p->mean) * p->inv;
}

static int64_t places_of(const struct tensor *x)
{
    const struct channels ch = channels_of(&x->shape);
    return ch.n * ch.inner;
}

void eval_layer_norm(struct eval *e)
{
    const double *weight = e->in[1].data, *bias = e->in[2].data;
    for (int64_t i = 0; i < places_of(&e->in[0]); i++) {
        const struct place p = place_of(&e->in[0], i, e->attrs->eps);
        double *y = e->out.data + (p.x - e->in[0].data);
        for (int64_t c = 0; c < p.count; c++)
            y[c * p.stride] = normalised(&p, c) * weight[c] + bias[c];
    }
}

void eval_layer_norm_grad(struct eval *e)
{
    const double *weight = e->in[2].data;
    for (int64_t i = 0; i < places_of(&e->in[1]); i++) {
        const struct place p = place_of(&e->in[1], i, e->attrs->eps);
        const int64_t at = p.x - e->in[1].data;
        const double *dy = e->in[0].data + at;
        double sum = 0, product = 0;
        for (int64_t c = 0; c < p.count; c++) {
            sum += dy[c * p.stride] * weight[c] / (double)p.count;
            product += dy[c * p.stride] * weight[c] * normalised(&p, c) / (double)p.count;
        }
        for (int64_t c = 0; c < p.count; c++)
            e->out.data[at + c * p.stride] =
                p.inv * (dy[c * p.stride] * weight[c] - sum - normalised(&p, c) * product);
    }
}

void eval_layer_norm_grad_stats(struct eval *e)
{
    for (int64_t i = 0; i < places_of(&e->in[1]); i++) {
        const struct place p = place_of(&e->in[1], i, e->attrs->eps);
        const double *dy = e->in[0].data + (p.x - e->in[1].data);
        for (int64_t c = 0; c < p.count; c++) {
            e->out.data[c] += dy[c * p.stride];
            e->out.data[p.count + c] += dy[c * p.stride] * normalised(&p, c);
        }
    }
}

void grad_layer_norm(struct grad *g)
{
    struct graph *graph = g->graph;
    const struct attrs *eps = graph_node(graph, g->node)->attrs;
    value_id x = grad_in(g, 0);
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(graph, OP_layer_norm_grad, eps, g->dy, x, grad_in(g, 1)));
    if (!grad_wanted(g, 1) && !grad_wanted(g, 2))
        return;
    value_id stats = graph_op(graph, OP_layer_norm_grad_stats, eps, g->dy, x);
    for (uint32_t i = 1; i <= 2; i++)
        if (grad_wanted(g, i))
            grad_accumulate(g, i, graph_op(graph, OP_part, &(struct attrs){.index = 2 - i}, stats));
}

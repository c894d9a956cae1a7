/* Group normalisation without its affine part (Wu and He, "Group Normalization", 2018, equations 1 to 7; torch.nn
 * GroupNorm with affine = false): the channels of an image in `groups` equal runs, each normalised by its own mean
 * and biased variance over channels and pixels.
 *
 * With xhat the result, the gradient of a run is inv * (dy - mean(dy) - xhat * mean(dy * xhat)); it takes x and
 * computes the statistics again, which is cheaper than to keep xhat. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"

bool shape_groups(struct graph *g, struct node *n)
{
    if (!shape_want_operands(g, n))
        return false;
    struct type x = shape_in(g, n, 0);
    int64_t channels = x.shape.dim[1], groups = n->attrs->groups;
    if (!shape_want_attr(g, n, "groups", groups, 1, channels))
        return false;
    if (channels % groups != 0) {
        diag_report(g->program->diag, n->span, DIAG_GROUPS, op_info(n->op)->name,
                    (long long)channels, "input", (long long)groups);
        return false;
    }
    n->type = x;
    return true;
}

/* One run of channels of one image: `size` consecutive elements. */
struct run {
    int64_t size;
    double mean, inv;
};

static struct run run_of(const double *x, int64_t size, double eps)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < size; i++)
        sum += x[i];
    const double mean = sum / (double)size;
    for (int64_t i = 0; i < size; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return (struct run){size, mean, 1 / sqrt(squares / (double)size + eps)};
}

/* Elements of a run, and how many runs the tensor has. */
static int64_t run_size(const struct eval *e, int64_t *runs)
{
    struct channels ch = channels_of(&e->out.shape);
    *runs = ch.n * e->attrs->groups;
    return ch.c / e->attrs->groups * ch.inner;
}

void eval_group_norm(struct eval *e)
{
    int64_t runs, size = run_size(e, &runs);
    for (int64_t r = 0; r < runs; r++) {
        const double *x = e->in[0].data + r * size;
        struct run run = run_of(x, size, e->attrs->eps);
        for (int64_t i = 0; i < size; i++)
            e->out.data[r * size + i] = (x[i] - run.mean) * run.inv;
    }
}

void eval_group_norm_grad(struct eval *e)
{
    int64_t runs, size = run_size(e, &runs);
    for (int64_t r = 0; r < runs; r++) {
        const double *dy = e->in[0].data + r * size, *x = e->in[1].data + r * size;
        struct run run = run_of(x, size, e->attrs->eps);
        double sum = 0, product = 0;
        for (int64_t i = 0; i < size; i++) {
            sum += dy[i];
            product += dy[i] * (x[i] - run.mean) * run.inv;
        }
        for (int64_t i = 0; i < size; i++)
            e->out.data[r * size + i] =
                run.inv *
                (dy[i] - sum / (double)size - (x[i] - run.mean) * run.inv * product / (double)size);
    }
}

void grad_group_norm(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0,
                        graph_op(g->graph, OP_group_norm_grad, graph_node(g->graph, g->node)->attrs,
                                 g->dy, grad_in(g, 0)));
}

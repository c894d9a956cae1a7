/* What a label asks of each class, with class weights and ignored places: the distribution that cross_entropy takes.
 *
 *     y[i,c] = weight[c] ((1 - smoothing) label[i,c] + smoothing / K), 0 where the label is the index ignore_index
 *
 * Divided by the mean weight of the labels (label_weight.c) its cross entropy is that of torch.nn.functional.cross_entropy
 * with `weight`, `ignore_index` and `label_smoothing`; of labels that are distributions it is so undivided, as there. */
#include "weighted_loss.h"

#include "label.h"
#include "rules.h"

void eval_label_shares(struct eval *e)
{
    struct channels ch = channels_of(&e->out.shape);
    const double smoothing = e->attrs->label_smoothing;
    for (int64_t i = 0; i < ch.n * ch.c * ch.inner; i++) {
        bool ignored = label_is_index(e) && label_index(e, i) == (double)e->attrs->ignore_index;
        double share = (1 - smoothing) * label_share(e, i) + smoothing / (double)ch.c;
        e->out.data[i] = ignored ? 0 : e->in[2].data[i / ch.inner % ch.c] * share;
    }
}

/* Only the shape of the logits matters. */
void grad_label_shares(struct grad *g) { (void)g; }

emit_value emit_label_shares(struct emit *e, const struct attrs *attrs)
{
    emit_value share = lanes_in(e, 1, 0);
    if (attrs->label_smoothing != 0) {
        emit_value spread = lanes_mul(e, lanes_const(e, attrs->label_smoothing), lanes_count(e));
        spread = lanes_div(e, spread, lanes_size(e));
        share = lanes_fma(e, share, lanes_const(e, 1 - attrs->label_smoothing), spread);
    }
    share = lanes_mul(e, share, lanes_in(e, 2, 0));
    return lanes_mul(e, share, lanes_kept(e, 1, attrs->ignore_index));
}

struct weighted_loss weighted_loss(struct graph *g, enum op loss, value_id logits, value_id label,
                                   value_id class_weight, const struct attrs *attrs, double least)
{
    const struct type number = {FTMRT_F32, shape_scalar()};
    const struct attrs plain = {0};
    const value_id operands[] = {logits, label, class_weight};
    value_id shares = graph_op_(g, OP_label_shares, attrs, operands, 3);
    bool indices = graph_node(g, label)->type.dtype != FTMRT_F32;
    struct weighted_loss w = {VALUE_NONE, VALUE_NONE};
    if (indices)
        w.weight = graph_op_(g, OP_label_weight, attrs, operands, 3);
    if (!value_valid(shares) || (indices && !value_valid(w.weight)))
        return w;
    w.loss = graph_op(g, loss, &plain, logits, shares);
    if (!indices || !value_valid(w.loss))
        return w;
    const value_id divisor =
        least == 0 ? w.weight
                   : graph_op(g, OP_add, NULL, w.weight, graph_constant(g, least, number));
    w.loss = graph_op(g, OP_div, NULL, w.loss, divisor);
    return w;
}

/* conv_transpose2d: what is the gradient to the input of a convolution whose weight is this one's, and a bias. */
#include "layer.h"

static void params_conv_transpose2d(struct param_list *p)
{
    const int64_t out = layer_int(p->layer, ARG_conv_transpose2d_out),
                  groups = layer_int(p->layer, ARG_conv_transpose2d_groups);
    param_weight(p,
                 shape_4d(p->x->dim[1], out >= groups ? out / groups : 1,
                          layer_pair(p->layer, ARG_conv_transpose2d_kernel, 0),
                          layer_pair(p->layer, ARG_conv_transpose2d_kernel, 1)),
                 ARG_conv_transpose2d_init);
    if (layer_bool(p->layer, ARG_conv_transpose2d_bias))
        param_bias(p, out);
}

static value_id lower_conv_transpose2d(struct layer_site *s)
{
    const struct shape *w = &s->layer->params[0].type.shape,
                       *x = graph_shape(s->graph, s->inputs[0]);
    struct attrs a = site_attrs(s, OP_conv2d_grad_input, &w->dim[2]);
    for (int k = 0; k < 2 && x->rank == 4; k++)
        a.in_size[k] = (x->dim[2 + k] - 1) * a.stride[k] - a.padding[k] - a.padding[2 + k] +
                       a.dilation[k] * (w->dim[2 + k] - 1) + 1 +
                       layer_pair(s->layer, ARG_conv_transpose2d_output_padding, k);
    value_id y = site_add(s, OP_conv2d_grad_input, &a,
                          (const value_id[]){s->inputs[0], site_param(s, 0)}, 2);
    if (s->layer->param_count > 1)
        y = site_add(s, OP_bias_add, NULL, (const value_id[]){y, site_param(s, 1)}, 2);
    return y;
}

static bool check_conv_transpose2d(struct diag *diag, const struct layer *l, const struct shape *x)
{
    const int64_t in = x->dim[1], out = layer_int(l, ARG_conv_transpose2d_out),
                  groups = layer_int(l, ARG_conv_transpose2d_groups);
    if (in % groups != 0 || out % groups != 0) {
        diag_report(diag, l->span, DIAG_GROUP_COUNT, (long long)groups, (long long)in,
                    (long long)out);
        return false;
    }
    for (int k = 0; k < 2; k++) {
        const int64_t padding = layer_pair(l, ARG_conv_transpose2d_output_padding, k),
                      stride = layer_pair(l, ARG_conv_transpose2d_stride, k);
        if (padding < stride)
            continue;
        diag_report(diag, l->span, DIAG_OUTPUT_PADDING, (long long)padding, (long long)stride);
        return false;
    }
    return true;
}

/* Places of the input along an axis, from those of the result. */
static int64_t input_places(const struct layer *l, int axis)
{
    const int64_t reach = layer_pair(l, ARG_conv_transpose2d_dilation, axis) *
                          (layer_pair(l, ARG_conv_transpose2d_kernel, axis) - 1);
    const int64_t last = l->type.shape.dim[2 + axis] +
                         2 * layer_pair(l, ARG_conv_transpose2d_padding, axis) - reach - 1 -
                         layer_pair(l, ARG_conv_transpose2d_output_padding, axis);
    return last / layer_pair(l, ARG_conv_transpose2d_stride, axis) + 1;
}

/* Each element of the input meets the weights of its channel once. */
static int64_t work_of_input(const struct layer *l)
{
    return input_places(l, 0) * input_places(l, 1) * shape_elements(&l->params[0].type.shape, 1);
}

const struct layer_rules rules_conv_transpose2d = {.params = params_conv_transpose2d,
                                                   .lower = lower_conv_transpose2d,
                                                   .work = work_of_input,
                                                   .check = check_conv_transpose2d};

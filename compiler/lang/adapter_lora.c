/* lora: y = base(x) + B(alpha / rank * A(x)), where A has `rank` channels, and B starts as 0 (Hu et al., "LoRA: Low-Rank Adaptation of
 * Large Language Models", 2022). A has the base's window, B one of a pixel, so that both together are one layer like the base: its
 * weight can be added to the base's (passes/absorb.c). The factor stands where the map has the fewest channels. Names and initial values are PEFT's. */
#include "adapt.h"
#include "layer.h"

/* The base's weight as a matrix has a row for each channel of its value, and a column for each element that the window sees. */
static const char *defect_lora(const struct net *net, const struct layer *l)
{
    if (!l->rules || !l->rules->product)
        return "lora stands beside linear and conv2d";
    if (l->params[0].type.shape.dim[1] != net_first_shape(net, l)->dim[1])
        return "its channels are in groups, which a product over all of them would mix";
    return NULL;
}

/* More channels than the base's weight has rows or columns train nothing that fewer would not. */
static void check_rank(const struct adapting *a, int64_t rank)
{
    const struct layer *base = net_layer(a->builder->net, a->base);
    const struct layer_param *w = &base->params[0];
    const int64_t out = w->type.shape.dim[0], most = out < w->fan_in ? out : w->fan_in;
    if (rank > most)
        diag_report(a->builder->diag, a->call->span, DIAG_ADAPT_RANK, base->path, (long long)most,
                    (long long)(rank - most), (long long)rank);
}

/* All elements of a list. `same` stays, which is 0 of a window of one pixel. */
static void set_all(struct arena *arena, struct value *list, int64_t number)
{
    if (!list || list->kind != VALUE_LIST)
        return;
    struct value *items = arena_array(arena, struct value, list->count);
    for (uint32_t i = 0; i < list->count; i++)
        items[i] = value_int(number);
    list->items = items;
}

/* A layer like the base with so many channels, without a bias, and with an initial value. */
static struct bound_call *like_base(const struct adapting *a, layer_id on, int64_t out,
                                    const char *init)
{
    struct builder *b = a->builder;
    struct bound_call *c = adapter_call_like(a, net_layer(b->net, a->base));
    *adapter_argument(c, "x") = value_tensor(on);
    *adapter_argument(c, "out") = value_int(out);
    *adapter_argument(c, "bias") = value_bool(false);
    *adapter_argument(c, "init") = (struct value){
        .kind = VALUE_CALL, .call = call_bind_bare(b, call_find(init), a->call->span)};
    return c;
}

static layer_id build_a(const struct adapting *a, layer_id x, int64_t rank)
{
    return x.i == LAYER_NONE.i ? x : adapter_layer(a, like_base(a, x, rank, "default"), "lora_A");
}

static layer_id build_b(const struct adapting *a, layer_id x, int64_t out)
{
    static const struct {
        const char *argument;
        int64_t number;
    } one_pixel[] = {{"kernel", 1}, {"stride", 1}, {"padding", 0}, {"dilation", 1}};
    if (x.i == LAYER_NONE.i)
        return x;
    struct bound_call *c = like_base(a, x, out, "zeros");
    for (uint32_t i = 0; i < sizeof one_pixel / sizeof *one_pixel; i++)
        set_all(a->builder->arena, adapter_argument(c, one_pixel[i].argument), one_pixel[i].number);
    return adapter_layer(a, c, "lora_B");
}

/* An operation on a layer's value and a second operand. */
static layer_id build_op(const struct adapting *a, const struct ftmrt_call_info *row, layer_id x,
                         struct value y)
{
    if (x.i == LAYER_NONE.i)
        return x;
    struct bound_call *c = adapter_call(a, row);
    c->args[0] = value_tensor(x);
    c->args[1] = y;
    return adapter_layer(a, c, NULL);
}

static layer_id build_lora(const struct adapting *a)
{
    const int64_t rank = call_int(a->call, ARG_lora_rank);
    const double scale = call_float(a->call, ARG_lora_alpha) / (double)rank,
                 dropout = call_float(a->call, ARG_lora_dropout);
    const int64_t out = net_layer(a->builder->net, a->base)->params[0].type.shape.dim[0];
    layer_id x = net_layer(a->builder->net, a->base)->inputs[0];
    check_rank(a, rank);
    if (dropout > 0)
        x = build_op(a, call_find("dropout"), x, value_float(dropout));
    x = build_a(a, x, rank);
    if (scale != 1)
        x = build_op(a, call_of_operator("*"), x, value_float(scale));
    x = build_b(a, x, out);
    return x.i == LAYER_NONE.i ? x : build_op(a, call_of_operator("+"), a->base, value_tensor(x));
}

const struct adapter_rules adapter_lora = {.defect = defect_lora, .build = build_lora};

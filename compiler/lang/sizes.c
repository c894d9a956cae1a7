/* One network for two sizes of image: what the two elaborations must have in common.
 *
 * A recipe may train at one size and evaluate at another (Touvron et al. 2019, "Fixing the train-test resolution
 * discrepancy"). Both networks run over one set of parameters, so that the layers that have some must be the same, of the
 * same shapes; what has none may differ. */
#include "recipe_reader.h"

#include <string.h>

#include "str.h"

const char *image_text(struct arena *arena, const struct image_size *image)
{
    return arena_printf(arena, "%lld x %lld", (long long)image->height, (long long)image->width);
}

/* The layers with parameters, by their paths. */
static struct map layers_of(struct arena *arena, const struct net *net)
{
    struct map m;
    map_init(&m, arena);
    for (uint32_t i = 0; i < net->layers.len; i++)
        if (net->layers.at[i].param_count)
            map_set(&m, net->layers.at[i].path, &net->layers.at[i]);
    return m;
}

static void report_layer(struct recipe_reader *r, const struct layer *l,
                         const struct image_size *there, const struct image_size *missing)
{
    diag_report(r->diag, l->span, DIAG_SIZE_LAYER, l->path, image_text(r->arena, there),
                image_text(r->arena, missing));
}

static void report_parameter(struct recipe_reader *r, const struct layer *l,
                             const struct layer_param *eval, const struct layer_param *train)
{
    char eval_shape[96], train_shape[96];
    diag_report(r->diag, l->span, DIAG_SIZE_PARAMETER, layer_param_key(r->arena, l, eval),
                shape_text(&eval->type.shape, eval_shape, sizeof eval_shape),
                image_text(r->arena, &r->eval_image),
                shape_text(&train->type.shape, train_shape, sizeof train_shape),
                image_text(r->arena, &r->train_image));
    diag_note(r->diag, "let both transforms end in one size, or bring the map to one size in front "
                       "of the layer: global_avg_pool(x), adaptive_avg_pool(x, 7)");
}

/* A layer's parameters follow from its call and its operand's channels: of two calls of one label the numbers are the
 * same, or the layers are of different kinds. */
static bool check_layer(struct recipe_reader *r, const struct layer *eval,
                        const struct layer *train)
{
    if (eval->row != train->row || eval->param_count != train->param_count) {
        report_layer(r, eval, &r->eval_image, &r->train_image);
        return false;
    }
    for (uint32_t i = 0; i < eval->param_count; i++) {
        if (shape_equal(&eval->params[i].type.shape, &train->params[i].type.shape))
            continue;
        report_parameter(r, train, &eval->params[i], &train->params[i]);
        return false;
    }
    return true;
}

bool check_sizes(struct recipe_reader *r, const struct net *eval)
{
    const struct net *train = r->builder->net;
    const struct map of_eval = layers_of(r->arena, eval), of_train = layers_of(r->arena, train);
    bool ok = true;
    for (uint32_t i = 0; i < of_eval.len; i++) {
        const struct layer *l = of_eval.entries[i].value,
                           *other = map_get(&of_train, of_eval.entries[i].key);
        if (!other)
            report_layer(r, l, &r->eval_image, &r->train_image);
        ok = other && check_layer(r, l, other) && ok;
    }
    for (uint32_t i = 0; i < of_train.len; i++)
        if (!map_get(&of_eval, of_train.entries[i].key)) {
            report_layer(r, of_train.entries[i].value, &r->train_image, &r->eval_image);
            ok = false;
        }
    return ok;
}

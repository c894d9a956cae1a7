/* Rows of the layer that tells the classes apart, which a trained file has for its own list of classes: a row goes by the
 * name of its class, so that a list that grew, shrank or was put in another order keeps what it can. */
#include "bind_parts.h"

#include <string.h>

#include "map.h"

/* ---- names ---- */

struct names {
    const char **at;
    uint32_t count;
};

/* Lines of a text. */
static struct names names_of_lines(struct arena *arena, const char *lines)
{
    struct names n = {0};
    for (const char *p = lines; *p; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n'))
        n.count++;
    n.at = arena_array(arena, const char *, n.count + 1);
    for (uint32_t i = 0; i < n.count; i++) {
        const size_t length = strcspn(lines, "\n");
        n.at[i] = arena_strndup(arena, lines, length);
        lines += length + (lines[length] == '\n');
    }
    return n;
}

/* The recipe's labels; numbers, as programs call classes without a name, where it has none. */
static struct names names_of_recipe(struct arena *arena, const struct recipe *r, int64_t outputs)
{
    const struct ftmrt_arg *labels =
        ftmrt_call_arg(&r->bound.finetune, FTMRT_PARAM_finetune_labels);
    if (labels->kind == FTMRT_ARG_TEXTS)
        return (struct names){(const char **)(uintptr_t)labels->texts, labels->count};
    const int64_t count = recipe_classes(r) ? recipe_classes(r) : outputs;
    struct names n = {arena_array(arena, const char *, (size_t)count + 1), (uint32_t)count};
    for (uint32_t i = 0; i < n.count; i++)
        n.at[i] = arena_printf(arena, "%u", (unsigned)i);
    return n;
}

static bool same_names(const struct names *a, const struct names *b)
{
    bool same = a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++)
        same = !strcmp(a->at[i], b->at[i]);
    return same;
}

/* ---- the layer ---- */

/* The layer whose parameters make a value, behind which only layers without any stand. LAYER_NONE: several do. */
static layer_id last_with_parameters(const struct net *net, layer_id id)
{
    const struct layer *l = &net->layers.at[id.i];
    while (l->row && !l->param_count && l->input_count == 1) {
        id = l->inputs[0];
        l = &net->layers.at[id.i];
    }
    return l->param_count ? id : LAYER_NONE;
}

/* Lists what is taken in rows.from, and the names on either side that the other has not. */
static void match_names(struct arena *arena, struct class_rows *rows, const struct names *here,
                        const struct names *there)
{
    struct map by_name, used;
    map_init(&by_name, arena);
    map_init(&used, arena);
    for (uint32_t k = 0; k < there->count; k++)
        map_set(&by_name, there->at[k], (void *)(uintptr_t)&there->at[k]);
    rows->from = arena_array(arena, int64_t, here->count + 1);
    for (uint32_t k = 0; k < here->count; k++) {
        const char *const *found = map_get(&by_name, here->at[k]);
        rows->from[k] = found ? found - there->at : -1;
        rows->taken += found != NULL;
        if (found)
            map_set(&used, here->at[k], rows);
        else
            vec_push(arena, &rows->new_names, here->at[k]);
    }
    for (uint32_t k = 0; k < there->count; k++)
        if (!map_has(&used, there->at[k]))
            vec_push(arena, &rows->lost_names, there->at[k]);
}

struct class_rows *bind_class_rows(struct arena *arena, const struct net *net,
                                   const struct recipe *r, const char *classes)
{
    struct class_rows *rows = arena_new(arena, struct class_rows);
    const layer_id last = last_with_parameters(net, net->outputs.at[0].layer);
    rows->scale = recipe_standardizes(r) ? last : LAYER_NONE;
    rows->layer = rows->scale.i == LAYER_NONE.i
                      ? last
                      : last_with_parameters(net, net->layers.at[last.i].inputs[0]);
    const struct shape *out = &net->layers.at[net->outputs.at[0].layer.i].type.shape;
    const struct names there = names_of_lines(arena, classes),
                       here = names_of_recipe(arena, r, out->rank > 1 ? out->dim[1] : 0);
    rows->here = here.count;
    rows->there = there.count;
    rows->same = same_names(&here, &there);
    match_names(arena, rows, &here, &there);
    rows->by_name = rows->taken > 0 && rows->layer.i != LAYER_NONE.i &&
                    layer_rows_are_outputs(&net->layers.at[rows->layer.i]);
    return rows;
}

/* ---- tensors ---- */

bool bind_is_row_layer(const struct class_rows *rows, layer_id layer)
{
    return layer.i == rows->layer.i || layer.i == rows->scale.i;
}

bool bind_rows_fit(const struct class_rows *rows, const struct net_param *p,
                   const struct weight_tensor *t)
{
    const struct shape *s = &p->param->type.shape;
    bool fit = rows->by_name && bind_is_row_layer(rows, p->layer) &&
               ftmrt_dtype_is_float(t->dtype) && s->rank && t->rank == s->rank &&
               s->dim[0] >= rows->here && t->dim[0] >= rows->there &&
               !(rows->same && t->dim[0] == s->dim[0]);
    for (uint32_t i = 1; fit && i < s->rank; i++)
        fit = t->dim[i] == s->dim[i];
    return fit;
}

struct weight_tensor bind_take_rows(struct arena *arena, const struct class_rows *rows,
                                    const struct net_param *p, const struct weight_tensor *t,
                                    const char *state, uint64_t seed)
{
    const struct shape *s = &p->param->type.shape;
    const int64_t count = shape_elements(s, 0), row = count / s->dim[0];
    const size_t size = ftmrt_dtype_size(t->dtype);
    float *values = arena_array(arena, float, (size_t)count);
    struct ftmrt_state initial = {.name = state,
                                  .rank = s->rank,
                                  .init = p->param->init,
                                  .init_arg = p->param->init_arg,
                                  .fan_in = p->param->fan_in};
    memcpy(initial.dim, s->dim, s->rank * sizeof *s->dim);
    ftmrt_initial_value(&initial, seed, values);
    for (int64_t k = 0; k < rows->here; k++)
        if (rows->from[k] >= 0)
            ftmrt_convert(t->dtype, t->data + (size_t)(rows->from[k] * row) * size, FTMRT_F32,
                          (unsigned char *)(values + k * row), row);
    struct weight_tensor out = *t;
    out.origin = rows->taken == rows->here ? FTMRT_ORIGIN_MADE : FTMRT_ORIGIN_DRAWN;
    out.dtype = FTMRT_F32;
    out.dim[0] = s->dim[0];
    out.data = (const unsigned char *)values;
    out.bytes = (uint64_t)count * sizeof *values;
    return out;
}

bool bind_same_classes(const struct binding *b) { return !b->rows || b->rows->same; }

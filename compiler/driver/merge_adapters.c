/* `ftmc merge FILE.ftm --weights RUN -o WHOLE.safetensors`: the network as it was before `adapt`, with what that trained added to its
 * weights. The rest is bit for bit what the run left; a weight with an addition is computed in double precision and rounded to F32. */
#include <string.h>

#include "adapter_layers.h"
#include "calls.h"
#include "layer.h"
#include "safetensors.h"
#include "str.h"

static const struct net_param *param_named(const struct binding *b, const char *name)
{
    for (uint32_t i = 0; i < b->params.len; i++)
        if (!strcmp(b->params.at[i].name, name))
            return &b->params.at[i];
    FTM_BUG("no parameter '%s'", name);
}

/* One of the two matrices that stand beside a layer. */
static const struct weight_tensor *matrix(struct compilation *c, const struct layer *l,
                                          const char *name)
{
    return trained_tensor(
        c, param_named(c->binding, arena_printf(&c->arena, "%s.%s.weight", l->path, name)));
}

static double element(const struct weight_tensor *t, int64_t i)
{
    return ftmrt_load_double(t->dtype, t->data, i);
}

/* w + s b a, row by row. */
static const float *sum(struct arena *arena, const struct weight_tensor *w,
                        const struct weight_tensor *a, const struct weight_tensor *b, double s)
{
    const int64_t count = ftmrt_elements(w->rank, w->dim), rows = w->dim[0], rank = a->dim[0],
                  columns = rows ? count / rows : 0;
    float *out = arena_array(arena, float, count);
    double *row = arena_array(arena, double, columns);
    for (int64_t i = 0; i < rows; i++) {
        memset(row, 0, sizeof *row * (size_t)columns);
        for (int64_t r = 0; r < rank; r++) {
            const double factor = element(b, i * rank + r);
            for (int64_t k = 0; k < columns; k++)
                row[k] += factor * element(a, r * columns + k);
        }
        for (int64_t k = 0; k < columns; k++)
            out[i * columns + k] = (float)(element(w, i * columns + k) + s * row[k]);
    }
    return out;
}

/* Adds the matrices of a layer to its weight. false after a report. */
static bool add_matrices(struct compilation *c, const struct layer *l,
                         const struct weight_tensor *w, struct st_tensor *to)
{
    const struct weight_tensor *a = matrix(c, l, "lora_A"), *b = a ? matrix(c, l, "lora_B") : NULL;
    if (!b)
        return false;
    const double s = call_float(l->adapt->call, ARG_lora_alpha) /
                     (double)call_int(l->adapt->call, ARG_lora_rank);
    to->data = (const unsigned char *)sum(&c->arena, w, a, b, s);
    to->dtype = FTMRT_F32;
    to->bytes = (uint64_t)ftmrt_elements(w->rank, w->dim) * sizeof(float);
    return true;
}

static bool take(struct compilation *c, const struct net_param *p, struct st_file *out)
{
    const struct layer *l = &c->net->layers.at[p->layer.i];
    if (layer_is_adapter(l))
        return true;
    const struct weight_tensor *t = trained_tensor(c, p);
    if (!t)
        return false;
    struct st_tensor *to = &out->tensors[out->tensor_count++];
    *to = tensor_to_write(t, bind_file_name(&c->arena, c->binding, p->name));
    return !l->adapt || p->param != &l->params[0] || add_matrices(c, l, t, to);
}

bool merge_adapters(struct compilation *c)
{
    char error[512];
    struct st_metadata format = {"format", "pt"};
    struct st_file file = {.metadata = &format, .metadata_count = 1};
    if (!compilation_program(c) || !adapters_there(c))
        return false;
    file.tensors = arena_array(&c->arena, struct st_tensor, c->binding->params.len);
    for (uint32_t i = 0; i < c->binding->params.len; i++)
        if (!take(c, &c->binding->params.at[i], &file))
            return false;
    if (st_write(&file, c->options->output, error, sizeof error) == FTMRT_OK) {
        printf("%s: %zu tensors\n", c->options->output, file.tensor_count);
        return true;
    }
    diag_report(&c->diag, SPAN_NONE, DIAG_NOT_WRITTEN, error);
    return false;
}

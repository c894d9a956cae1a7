/* Weights that a file has in parts.
 *
 * torch.nn.utils.weight_norm keeps a weight as length and direction, `weight_g` and `weight_v`; its newer form,
 * torch.nn.utils.parametrizations.weight_norm, calls them `parametrizations.weight.original0` and `original1`. The
 * weight is g * v / |v|, the norm over the axes on which g has one element (Salimans and Kingma 2016, equation 2). It is
 * computed in double precision and stored as f32, so it may differ from torch's in the last bit. */
#include "weights_reader.h"

#include <math.h>
#include <string.h>

#include "map.h"
#include "str.h"

static const uint64_t slack = UINT64_C(1) << 20; /* bytes that even a small file may take */

/* How a parametrized weight is called. */
struct spelling {
    const char *length, *direction; /* endings behind the path of the layer */
    const char *between;            /* before the weight's own name */
};

static const struct spelling spellings[] = {{"_g", "_v", ""},
                                            {".original0", ".original1", "parametrizations."}};

/* The name of the weight that a key is the direction of, or NULL. */
static const char *weight_name(struct arena *arena, const struct spelling *s, const char *key)
{
    if (!str_ends_with(key, s->direction))
        return NULL;
    const char *whole = arena_strndup(arena, key, strlen(key) - strlen(s->direction));
    const char *at = *s->between ? strstr(whole, s->between) : whole;
    if (!at)
        return NULL;
    return arena_printf(arena, "%.*s%s", (int)(at - whole), whole, at + strlen(s->between));
}

static const char *length_name(struct arena *arena, const struct spelling *s, const char *key)
{
    return arena_printf(arena, "%.*s%s", (int)(strlen(key) - strlen(s->direction)), key, s->length);
}

/* Whether g can be the lengths of v: a scalar, or of v's rank with 1 or v's size on every axis. */
static bool fits(const struct weight_tensor *g, const struct weight_tensor *v)
{
    if (g->unusable || v->unusable || !ftmrt_dtype_is_float(g->dtype) ||
        !ftmrt_dtype_is_float(v->dtype) || (g->rank && g->rank != v->rank))
        return false;
    for (uint32_t i = 0; i < g->rank; i++) {
        if (g->dim[i] != 1 && g->dim[i] != v->dim[i])
            return false;
    }
    return weight_elements(v) > 0 && weight_elements(g) > 0;
}

/* The element of g that belongs to element i of v. */
static int64_t length_of(const struct weight_tensor *g, const struct weight_tensor *v, int64_t i)
{
    int64_t at = 0, scale = 1;
    for (uint32_t d = g->rank; d-- > 0;) {
        const int64_t index = i % v->dim[d];
        i /= v->dim[d];
        at += g->dim[d] == 1 ? 0 : index * scale;
        scale *= g->dim[d];
    }
    return at;
}

static unsigned char *combine(struct arena *arena, const struct weight_tensor *g,
                              const struct weight_tensor *v)
{
    const int64_t count = weight_elements(v);
    double *squares = arena_array(arena, double, weight_elements(g));
    float *out = arena_array(arena, float, count);
    for (int64_t i = 0; i < count; i++) {
        const double x = ftmrt_load_double(v->dtype, v->data, i);
        squares[length_of(g, v, i)] += x * x;
    }
    for (int64_t i = 0; i < count; i++) {
        const int64_t k = length_of(g, v, i);
        out[i] = (float)(ftmrt_load_double(g->dtype, g->data, k) *
                         ftmrt_load_double(v->dtype, v->data, i) / sqrt(squares[k]));
    }
    return (unsigned char *)out;
}

/* Bytes that combining takes: tensors of a hostile file may all be the same part of it. */
static uint64_t work(const struct weight_tensor *g, const struct weight_tensor *v)
{
    return (uint64_t)weight_elements(v) * sizeof(float) +
           (uint64_t)weight_elements(g) * sizeof(double);
}

/* Puts the weight in v's place; g is to go. */
static void derive(struct weights *w, const char *name, const struct weight_tensor *g,
                   struct weight_tensor *v)
{
    const uint64_t bytes = (uint64_t)weight_elements(v) * sizeof(float);
    v->derived = arena_printf(w->arena, "weight_norm of '%s' and '%s'", g->name, v->name);
    v->data = combine(w->arena, g, v);
    v->name = name;
    v->dtype = FTMRT_F32;
    v->bytes = bytes;
}

static void drop(struct weights *w, const bool *gone)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < w->tensors.len; i++) {
        if (!gone[i])
            w->tensors.at[kept++] = w->tensors.at[i];
    }
    w->tensors.len = kept;
}

void weights_derive(struct weights *w)
{
    uint64_t budget = 2 * (uint64_t)w->file.size + slack;
    bool *gone = arena_array(w->arena, bool, w->tensors.len + 1);
    struct map names;
    map_init(&names, w->arena);
    for (uint32_t i = 0; i < w->tensors.len; i++)
        map_set(&names, w->tensors.at[i].name, &w->tensors.at[i]);
    for (uint32_t i = 0; i < w->tensors.len; i++) {
        for (size_t k = 0; k < sizeof spellings / sizeof spellings[0]; k++) {
            struct weight_tensor *v = &w->tensors.at[i];
            const char *name = weight_name(w->arena, &spellings[k], v->name);
            const struct weight_tensor *g =
                name ? map_get(&names, length_name(w->arena, &spellings[k], v->name)) : NULL;
            if (!g || map_has(&names, name) || !fits(g, v) || work(g, v) > budget)
                continue;
            budget -= work(g, v);
            gone[g - w->tensors.at] = true;
            derive(w, name, g, v);
        }
    }
    drop(w, gone);
}

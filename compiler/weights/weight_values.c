/* Tensors of weight files: their types, sizes and texts.
 *
 * Tensors stay in the type that the file has: the blob keeps them verbatim, so that a saved file
 * gives frozen ones back bit by bit. Whoever computes with them reads them with ftmrt_load_double
 * or ftmrt_convert, f16 and bf16 widened exactly, f64 rounded to f32. */
#include "weights.h"

#include <inttypes.h>
#include <math.h>

#include "str.h"

const char *weight_counter_defect(struct arena *arena, const struct weight_tensor *t)
{
    if (t->rank > 1 || weight_elements(t) != 1)
        return arena_printf(arena, "a counter has one value, not the shape %s",
                            weight_shape_text(arena, t));
    const double value = ftmrt_load_double(t->dtype, t->data, 0);
    if (ftmrt_dtype_is_float(t->dtype) && !(value == trunc(value) && fabs(value) < 0x1p63))
        return arena_printf(arena, "%.9g is not an integer of 64 bits", value);
    return NULL;
}

/* From the bytes, which the readers have checked: a product of dimensions could overflow before it
 * meets a 0. */
int64_t weight_elements(const struct weight_tensor *t)
{
    return (int64_t)(t->bytes / ftmrt_dtype_size(t->dtype));
}

const char *weight_shape_text(struct arena *arena, const struct weight_tensor *t)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    strbuf_addc(&b, '[');
    for (uint32_t i = 0; i < t->rank; i++)
        strbuf_addf(&b, "%s%" PRId64, i ? ", " : "", t->dim[i]);
    strbuf_addc(&b, ']');
    return b.text;
}

int64_t weight_count_negative(const struct weight_tensor *t)
{
    int64_t count = 0;
    const int64_t n = weight_elements(t);
    for (int64_t i = 0; i < n; i++)
        count += ftmrt_load_double(t->dtype, t->data, i) < 0;
    return count;
}

int64_t weight_count_not_finite(const struct weight_tensor *t)
{
    int64_t count = 0;
    const int64_t n = weight_elements(t);
    for (int64_t i = 0; i < n; i++)
        count += !isfinite((float)ftmrt_load_double(t->dtype, t->data, i));
    return count;
}

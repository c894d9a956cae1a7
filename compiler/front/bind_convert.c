/* Data types of weight files: every float type becomes f32, every integer type i64.
 *
 * f16 and bf16 widen exactly; f64 rounds to nearest even, as a cast does. The graph and the runtime
 * know only f32 parameters and i64 counters, so the conversion happens once, where a tensor is
 * bound. Bytes of a file have no alignment, hence the copies by memcpy. The f16 layout is IEEE 754
 * binary16; bf16 is the upper half of binary32. */
#include "bind.h"

#include <math.h>
#include <string.h>

bool bind_is_float(enum ftmrt_dtype dtype)
{
    return dtype == FTMRT_F32 || dtype == FTMRT_F64 || dtype == FTMRT_F16 || dtype == FTMRT_BF16;
}

bool bind_is_integer(enum ftmrt_dtype dtype)
{
    return !bind_is_float(dtype) && dtype != FTMRT_BOOL;
}

uint64_t weight_elements(const struct weight_tensor *t)
{
    uint64_t n = 1;
    for (uint32_t i = 0; i < t->rank; i++)
        n *= (uint64_t)t->dim[i];
    return n;
}

static double from_f16(uint16_t bits)
{
    const double sign = bits & 0x8000U ? -1.0 : 1.0;
    const unsigned exponent = (bits >> 10) & 31U, fraction = bits & 1023U;
    if (exponent == 31)
        return fraction ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0)
        return sign * ldexp((double)fraction, -24);
    return sign * ldexp((double)(1024U + fraction), (int)exponent - 25);
}

static double from_bf16(uint16_t bits)
{
    const uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return (double)value;
}

#define LOAD(type)                                                                                 \
    type value;                                                                                    \
    memcpy(&value, t->data + i * sizeof value, sizeof value)

double bind_element(const struct weight_tensor *t, uint64_t i)
{
    switch (t->dtype) {
    case FTMRT_F32: {
        LOAD(float);
        return (double)value;
    }
    case FTMRT_F64: {
        LOAD(double);
        return value;
    }
    case FTMRT_F16: {
        LOAD(uint16_t);
        return from_f16(value);
    }
    case FTMRT_BF16: {
        LOAD(uint16_t);
        return from_bf16(value);
    }
    case FTMRT_I8: {
        LOAD(int8_t);
        return (double)value;
    }
    case FTMRT_I16: {
        LOAD(int16_t);
        return (double)value;
    }
    case FTMRT_I32: {
        LOAD(int32_t);
        return (double)value;
    }
    case FTMRT_I64: {
        LOAD(int64_t);
        return (double)value;
    }
    case FTMRT_U8:
    case FTMRT_BOOL: return (double)t->data[i];
    case FTMRT_DTYPE_COUNT: break;
    }
    FTM_BUG("element of a tensor of unknown type");
}

static int64_t integer_element(const struct weight_tensor *t, uint64_t i)
{
    if (t->dtype != FTMRT_I64)
        return (int64_t)bind_element(t, i);
    LOAD(int64_t);
    return value;
}

static const unsigned char *to_f32(struct arena *arena, const struct weight_tensor *t, uint64_t n)
{
    float *data = arena_array(arena, float, n);
    for (uint64_t i = 0; i < n; i++)
        data[i] = (float)bind_element(t, i);
    return (const unsigned char *)data;
}

static const unsigned char *to_i64(struct arena *arena, const struct weight_tensor *t, uint64_t n)
{
    int64_t *data = arena_array(arena, int64_t, n);
    for (uint64_t i = 0; i < n; i++)
        data[i] = integer_element(t, i);
    return (const unsigned char *)data;
}

void bind_convert(struct arena *arena, struct weight_tensor *t)
{
    if (t->dtype == FTMRT_F32 || t->dtype == FTMRT_I64)
        return;
    const uint64_t n = weight_elements(t);
    const bool is_float = bind_is_float(t->dtype);
    t->data = is_float ? to_f32(arena, t, n) : to_i64(arena, t, n);
    t->dtype = is_float ? FTMRT_F32 : FTMRT_I64;
    t->bytes = n * ftmrt_dtype_size(t->dtype);
}

uint64_t bind_count_not_finite(const struct weight_tensor *t)
{
    uint64_t count = 0;
    const uint64_t n = weight_elements(t);
    for (uint64_t i = 0; i < n; i++) {
        LOAD(uint32_t);
        count += (value & 0x7f800000U) == 0x7f800000U;
    }
    return count;
}

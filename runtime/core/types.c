/* Data types: sizes, names, and conversion of stored elements to what the program computes with.
 *
 * Stored tensors are little-endian. Small floats are expanded by moving their fields: a bfloat16 is
 * the upper half of an f32; an f16 has 5 exponent bits with bias 15 (IEEE 754-2008, binary16). */
#include "core.h"

#include <math.h>
#include <string.h>

size_t ftmrt_dtype_size(enum ftmrt_dtype dtype)
{
    static const unsigned char sizes[] = {
#define FTMRT_DTYPE(name, bytes, safetensors) bytes,
#include "dtype.def"
#undef FTMRT_DTYPE
    };
    const unsigned index = (unsigned)dtype;
    return index < sizeof sizes ? sizes[index] : 0;
}

const char *ftmrt_dtype_name(enum ftmrt_dtype dtype)
{
    static const char *const names[] = {
#define FTMRT_DTYPE(name, bytes, safetensors) safetensors,
#include "dtype.def"
#undef FTMRT_DTYPE
    };
    const unsigned index = (unsigned)dtype;
    return index < sizeof names / sizeof names[0] ? names[index] : "?";
}

/* The unsigned number of `bytes` little-endian bytes. */
static uint64_t load_little(const unsigned char *src, size_t bytes)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < bytes; i++)
        bits |= (uint64_t)src[i] << (8 * i);
    return bits;
}

static void store_little(unsigned char *dst, uint64_t bits, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        dst[i] = (unsigned char)(bits >> (8 * i));
}

static double float_from_bits(uint64_t bits)
{
    const uint32_t narrow = (uint32_t)bits;
    float value;
    memcpy(&value, &narrow, sizeof value);
    return (double)value;
}

static double double_from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double half_from_bits(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    double value;
    if (exponent == 31)
        value = fraction ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        value = ldexp(fraction, -24);
    else
        value = ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 & 1 ? -value : value;
}

/* An integer type's element, sign-extended. */
static int64_t load_integer(enum ftmrt_dtype dtype, const unsigned char *src)
{
    const size_t bytes = ftmrt_dtype_size(dtype);
    uint64_t bits = load_little(src, bytes);
    if (dtype == FTMRT_BOOL)
        return bits != 0;
    if (dtype != FTMRT_U8 && bytes > 0 && bytes < 8 && bits >> (8 * bytes - 1))
        bits |= ~(uint64_t)0 << (8 * bytes);
    return (int64_t)bits;
}

int ftmrt_dtype_is_float(enum ftmrt_dtype dtype)
{
    return dtype == FTMRT_F32 || dtype == FTMRT_F64 || dtype == FTMRT_F16 || dtype == FTMRT_BF16;
}

double ftmrt_load_double(enum ftmrt_dtype dtype, const unsigned char *src, int64_t index)
{
    const size_t bytes = ftmrt_dtype_size(dtype);
    const unsigned char *at = src + (size_t)index * bytes;
    if (dtype == FTMRT_F32)
        return float_from_bits(load_little(at, 4));
    if (dtype == FTMRT_F64)
        return double_from_bits(load_little(at, 8));
    if (dtype == FTMRT_F16)
        return half_from_bits(load_little(at, 2));
    if (dtype == FTMRT_BF16)
        return float_from_bits(load_little(at, 2) << 16);
    return (double)load_integer(dtype, at);
}

/* A number as an integer: not-a-number is 0, the rest is cut to the range of 64 bits. */
static int64_t to_integer(double value)
{
    if (!(value > -0x1p63))
        return value != value ? 0 : INT64_MIN;
    return value >= 0x1p63 ? INT64_MAX : (int64_t)value;
}

/* The bits of a double rounded to a float with `fraction` bits behind the point and exponents down to `lowest`, of the nearest two the
 * even one; all ones of an exponent of `bits` bits are infinity and not-a-number. */
static uint64_t small_float(double value, int fraction, int lowest, int bits)
{
    const uint64_t sign = signbit(value) ? (uint64_t)1 << (fraction + bits) : 0;
    const uint64_t infinite = (((uint64_t)1 << bits) - 1) << fraction;
    const double size = fabs(value);
    if (size != size)
        return sign | infinite | (uint64_t)1 << (fraction - 1);
    int exponent = size > 0 && size < HUGE_VAL ? ilogb(size) : lowest;
    exponent = exponent < lowest ? lowest : exponent;
    const double steps = rint(ldexp(size, fraction - exponent)); /* in units of the last place */
    if (!(steps < 0x1p53) || exponent - lowest + 1 >= (1 << bits) - 1)
        return sign | infinite;
    /* A carry out of the fraction goes on into the exponent, as the format has it. */
    const uint64_t cut = (uint64_t)steps;
    const uint64_t normal = cut >> fraction ? (uint64_t)(exponent - lowest) << fraction : 0;
    return sign | (normal + cut < infinite ? normal + cut : infinite);
}

static void store_element(enum ftmrt_dtype to, unsigned char *dst, enum ftmrt_dtype from,
                          const unsigned char *src)
{
    if (to == FTMRT_F32) {
        const float value = (float)ftmrt_load_double(from, src, 0);
        memcpy(dst, &value, sizeof value);
    } else if (to == FTMRT_F64) {
        const double value = ftmrt_load_double(from, src, 0);
        memcpy(dst, &value, sizeof value);
    } else if (to == FTMRT_F16) {
        store_little(dst, small_float(ftmrt_load_double(from, src, 0), 10, -14, 5), 2);
    } else if (to == FTMRT_BF16) {
        store_little(dst, small_float(ftmrt_load_double(from, src, 0), 7, -126, 8), 2);
    } else {
        const int64_t value = ftmrt_dtype_is_float(from)
                                  ? to_integer(ftmrt_load_double(from, src, 0))
                                  : load_integer(from, src);
        store_little(dst, (uint64_t)(to == FTMRT_BOOL ? value != 0 : value), ftmrt_dtype_size(to));
    }
}

void ftmrt_convert(enum ftmrt_dtype from, const unsigned char *src, enum ftmrt_dtype to,
                   unsigned char *dst, int64_t count)
{
    const size_t from_size = ftmrt_dtype_size(from), to_size = ftmrt_dtype_size(to);
    if (from == to) {
        memcpy(dst, src, (size_t)count * to_size);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        store_element(to, dst + (size_t)i * to_size, from, src + (size_t)i * from_size);
}

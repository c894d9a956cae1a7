/* The blob: bytes of the weight file as they are, and what the compiler computes from them.
 *
 * Derivations run in order; each result stays in memory in double precision until the end, because
 * later ones read it and only the stored ones are rounded. Frozen states are read through the
 * runtime (ftmrt_get_state), so that the compiler and `selftest` see the same numbers. */
#include "blob.h"

#include "fingerprint.h"
#include "rounding.h"

#include <stdlib.h>
#include <string.h>

uint64_t blob_place_tensors(struct ftmrt_tensor *tensors, uint32_t count)
{
    uint64_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!tensors[i].hashed)
            at = align_up(at, BLOB_ALIGNMENT);
        tensors[i].offset = at;
        at += tensors[i].hashed ? sizeof(uint64_t) : tensors[i].bytes;
    }
    return align_up(at, BLOB_ALIGNMENT);
}

/* The tables with all tensors whole, those that the blob has not behind it; *size: of both. */
static struct ftmrt_tensor *whole_tensors(struct arena *arena, const struct ftmrt_program *p,
                                          uint64_t *size)
{
    struct ftmrt_tensor *whole = arena_array(arena, struct ftmrt_tensor, p->tensor_count);
    *size = p->blob_size;
    for (uint32_t i = 0; i < p->tensor_count; i++) {
        whole[i] = p->tensors[i];
        if (!whole[i].hashed)
            continue;
        whole[i].hashed = 0;
        whole[i].offset = align_up(*size, BLOB_ALIGNMENT);
        *size = whole[i].offset + whole[i].bytes;
    }
    return whole;
}

/* A frozen state as doubles, in `arena`. */
static double *state_values(struct arena *arena, const struct ftmrt_program *p, uint32_t state)
{
    const struct ftmrt_state *s = &p->states[state];
    int64_t count = ftmrt_elements(s->rank, s->dim);
    FTM_BUG_ON(s->dtype != FTMRT_F32, "constant of %s, which is not f32", s->name);
    float *values = arena_array(arena, float, count);
    enum ftmrt_status status =
        ftmrt_get_state(p, NULL, state, values, sizeof(float) * (size_t)count);
    FTM_BUG_ON(status != FTMRT_OK, "state %s: %s", s->name, ftmrt_status_text(status));
    double *out = arena_array(arena, double, count);
    for (int64_t i = 0; i < count; i++)
        out[i] = values[i];
    return out;
}

static void store(struct arena *arena, const struct ftmrt_derive *d, const double *value,
                  unsigned char *blob)
{
    int64_t count = ftmrt_elements(d->rank, d->dim);
    float *rounded = arena_array(arena, float, count);
    for (int64_t i = 0; i < count; i++)
        rounded[i] = (float)value[i];
    void *place = blob + d->offset; /* on a cache line */
    ftmrt_pack((enum ftmrt_layout)d->layout, d->rank, d->dim, rounded, place);
}

static void evaluate(const struct ftmrt_program *p, unsigned char *blob)
{
    struct arena scratch;
    arena_init(&scratch, "derived constants");
    const double **results = arena_array(&scratch, const double *, p->derive_count);
    for (uint32_t i = 0; i < p->derive_count; i++) {
        const struct ftmrt_derive *d = &p->derives[i];
        const double *in[3] = {NULL, NULL, NULL};
        for (uint32_t j = 0; j < 3 && d->in[j] != INT32_MIN; j++)
            in[j] = d->in[j] >= 0 ? results[d->in[j]]
                                  : state_values(&scratch, p, (uint32_t)(-1 - d->in[j]));
        double *out = arena_array(&scratch, double, ftmrt_elements(d->rank, d->dim));
        ftmrt_derive_eval(d, in, out);
        results[i] = out;
        if (d->stored)
            store(&scratch, d, out, blob);
    }
    arena_clear(&scratch);
}

unsigned char *blob_make(struct arena *arena, const struct ftmrt_program *p,
                         const struct descriptor_source *const *data)
{
    struct ftmrt_program filled = *p;
    const struct ftmrt_tensor *whole = whole_tensors(arena, p, &filled.blob_size);
    unsigned char *blob = arena_alloc(arena, filled.blob_size + BLOB_ALIGNMENT);
    blob += align_up((uint64_t)(uintptr_t)blob, BLOB_ALIGNMENT) - (uint64_t)(uintptr_t)blob;
    for (uint32_t i = 0; i < p->tensor_count; i++) {
        const uint64_t hash = fingerprint_blocks(data[i]->data, data[i]->bytes);
        memcpy(blob + whole[i].offset, data[i]->data, data[i]->bytes);
        if (p->tensors[i].hashed)
            memcpy(blob + p->tensors[i].offset, &hash, sizeof hash);
    }
    filled.tensors = whole;
    filled.blob = blob;
    evaluate(&filled, blob);
    return blob;
}

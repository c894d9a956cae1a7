/* A program's workspace: initial contents, and access to its states by index.
 *
 * A mutable state lives in the workspace in its layout. A frozen one has no copy there: it is read
 * from the verbatim source tensor in the blob, so what is saved again is what was loaded. A frozen
 * state without a source has an initial value that does not depend on the seed. Nothing is
 * allocated: tensors whose type must be converted, and initial values, are written element by
 * element to where the layout wants them. */
#include "core.h"

#include <string.h>

/* Floats at an address that is known to be aligned. */
static float *floats(void *p) { return p; }

static const float *const_floats(const void *p) { return p; }

static const struct ftmrt_tensor *source_of(const struct ftmrt_program *p,
                                            const struct ftmrt_state *s)
{
    return s->source >= 0 ? &p->tensors[s->source] : NULL;
}

/* What a tensor takes in the blob. */
static uint64_t kept_bytes(const struct ftmrt_tensor *t)
{
    return t->hashed ? sizeof(uint64_t) : t->bytes;
}

static int64_t state_elements(const struct ftmrt_state *s)
{
    return ftmrt_elements(s->rank, s->dim);
}

/* Whether the tables fit together; cheap, and it turns a broken build into an error instead of a
 * crash. */
static enum ftmrt_status check_state(const struct ftmrt_program *p, const struct ftmrt_state *s)
{
    const int64_t count = state_elements(s);
    if (s->dtype >= FTMRT_DTYPE_COUNT || s->layout >= FTMRT_LAYOUT_COUNT ||
        ftmrt_elements(s->layout_rank, s->layout_dim) != count)
        return FTMRT_ERROR_MISMATCH;
    const uint64_t stored = (uint64_t)ftmrt_layout_elements((enum ftmrt_layout)s->layout,
                                                            s->layout_rank, s->layout_dim);
    const uint64_t bytes = stored * ftmrt_dtype_size((enum ftmrt_dtype)s->dtype);
    if (s->flags & FTMRT_MUTABLE &&
        (bytes > p->workspace_size || s->offset > p->workspace_size - bytes))
        return FTMRT_ERROR_MISMATCH;
    if (s->source >= 0 && (uint32_t)s->source >= p->tensor_count)
        return FTMRT_ERROR_MISMATCH;
    const struct ftmrt_tensor *t = source_of(p, s);
    if (t && (t->dtype >= FTMRT_DTYPE_COUNT || ftmrt_elements(t->rank, t->dim) != count ||
              t->bytes != (uint64_t)count * ftmrt_dtype_size((enum ftmrt_dtype)t->dtype) ||
              kept_bytes(t) > p->blob_size || t->offset > p->blob_size - kept_bytes(t)))
        return FTMRT_ERROR_MISMATCH;
    if (t && t->hashed && s->flags & FTMRT_MUTABLE)
        return FTMRT_ERROR_MISMATCH;
    return FTMRT_OK;
}

static int aligned(const void *p, size_t alignment) { return (uintptr_t)p % alignment == 0; }

/* Takes a float state from its source tensor, in whatever type that has. */
static void fill_from_source(const struct ftmrt_program *p, const struct ftmrt_state *s, float *dst)
{
    const struct ftmrt_tensor *t = source_of(p, s);
    const unsigned char *src = p->blob + t->offset;
    const enum ftmrt_layout layout = (enum ftmrt_layout)s->layout;
    const int64_t count = state_elements(s);
    if (t->dtype == FTMRT_F32 && aligned(src, sizeof(float))) {
        ftmrt_pack(layout, s->layout_rank, s->layout_dim, const_floats(src), dst);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        dst[ftmrt_layout_position(layout, s->layout_rank, s->layout_dim, i)] =
            (float)ftmrt_load_double((enum ftmrt_dtype)t->dtype, src, i);
}

static void fill_initial(const struct ftmrt_state *s, uint64_t seed, float *dst)
{
    const uint64_t stream = ftmrt_name_hash(s->name);
    const int64_t count = state_elements(s);
    for (int64_t i = 0; i < count; i++)
        dst[ftmrt_layout_position((enum ftmrt_layout)s->layout, s->layout_rank, s->layout_dim, i)] =
            ftmrt_initial_element(s, seed, stream, i);
}

size_t ftmrt_state_bytes(const struct ftmrt_state *s)
{
    return (size_t)state_elements(s) * ftmrt_dtype_size((enum ftmrt_dtype)s->dtype);
}

size_t ftmrt_state_space(const struct ftmrt_state *s)
{
    return (size_t)ftmrt_layout_elements((enum ftmrt_layout)s->layout, s->layout_rank,
                                         s->layout_dim) *
           ftmrt_dtype_size((enum ftmrt_dtype)s->dtype);
}

/* Padding lanes, counters and slots are zero. */
void ftmrt_init_state(const struct ftmrt_program *p, void *workspace, uint32_t state, uint64_t seed)
{
    const struct ftmrt_state *s = &p->states[state];
    unsigned char *dst = (unsigned char *)workspace + s->offset;
    const struct ftmrt_tensor *t = source_of(p, s);
    memset(dst, 0, ftmrt_state_space(s));
    if (s->kind == FTMRT_STATE_SLOT)
        return;
    if (s->dtype != FTMRT_F32) {
        if (t)
            ftmrt_convert((enum ftmrt_dtype)t->dtype, p->blob + t->offset,
                          (enum ftmrt_dtype)s->dtype, dst, state_elements(s));
        return;
    }
    if (t)
        fill_from_source(p, s, floats(dst));
    else
        fill_initial(s, seed, floats(dst));
}

int ftmrt_is_in_state_dict(const struct ftmrt_state *s)
{
    return s->kind == FTMRT_STATE_PARAMETER || s->kind == FTMRT_STATE_BUFFER;
}

int ftmrt_is_in_source(const struct ftmrt_program *p, const struct ftmrt_state *s)
{
    const struct ftmrt_tensor *t = source_of(p, s);
    return p->source && t && t->origin == FTMRT_ORIGIN_FILE;
}

uint64_t ftmrt_workspace_bytes(const struct ftmrt_program *p, int threads)
{
    return p->workspace_size + p->worker_size * (uint64_t)threads;
}

enum ftmrt_status ftmrt_init_workspace(const struct ftmrt_program *p, void *workspace,
                                       uint64_t seed)
{
    if (!workspace || !aligned(workspace, 64))
        return FTMRT_ERROR_ARGUMENT;
    if (p->abi_version != FTMRT_ABI_VERSION)
        return FTMRT_ERROR_MISMATCH;
    for (uint32_t i = 0; i < p->state_count; i++) {
        const enum ftmrt_status status = check_state(p, &p->states[i]);
        if (status != FTMRT_OK)
            return status;
    }
    for (uint32_t i = 0; i < p->state_count; i++) {
        if (p->states[i].flags & FTMRT_MUTABLE)
            ftmrt_init_state(p, workspace, i, seed);
    }
    return FTMRT_OK;
}

static enum ftmrt_status check_access(const struct ftmrt_program *p, uint32_t state,
                                      const void *data, size_t bytes)
{
    if (state >= p->state_count || !data)
        return FTMRT_ERROR_ARGUMENT;
    const struct ftmrt_state *s = &p->states[state];
    const enum ftmrt_status status = check_state(p, s);
    if (status != FTMRT_OK)
        return status;
    if (bytes != ftmrt_state_bytes(s) ||
        !aligned(data, ftmrt_dtype_size((enum ftmrt_dtype)s->dtype)))
        return FTMRT_ERROR_ARGUMENT;
    return FTMRT_OK;
}

static void get_frozen(const struct ftmrt_program *p, const struct ftmrt_state *s, void *dst,
                       size_t bytes)
{
    const struct ftmrt_tensor *t = source_of(p, s);
    if (t)
        ftmrt_convert((enum ftmrt_dtype)t->dtype, p->blob + t->offset, (enum ftmrt_dtype)s->dtype,
                      dst, state_elements(s));
    else if (s->dtype == FTMRT_F32)
        ftmrt_initial_value(s, 0, dst);
    else
        memset(dst, 0, bytes);
}

enum ftmrt_status ftmrt_get_state(const struct ftmrt_program *p, const void *workspace,
                                  uint32_t state, void *dst, size_t bytes)
{
    const enum ftmrt_status status = check_access(p, state, dst, bytes);
    if (status != FTMRT_OK)
        return status;
    const struct ftmrt_state *s = &p->states[state];
    const struct ftmrt_tensor *source = source_of(p, s);
    const unsigned char *src = (const unsigned char *)workspace + s->offset;
    if (source && source->hashed)
        return FTMRT_ERROR_NOT_KEPT;
    if (!(s->flags & FTMRT_MUTABLE))
        get_frozen(p, s, dst, bytes);
    else if (s->dtype == FTMRT_F32)
        ftmrt_unpack((enum ftmrt_layout)s->layout, s->layout_rank, s->layout_dim, const_floats(src),
                     dst);
    else
        memcpy(dst, src, bytes);
    return FTMRT_OK;
}

enum ftmrt_status ftmrt_set_state(const struct ftmrt_program *p, void *workspace, uint32_t state,
                                  const void *src, size_t bytes)
{
    const enum ftmrt_status status = check_access(p, state, src, bytes);
    if (status != FTMRT_OK)
        return status;
    const struct ftmrt_state *s = &p->states[state];
    if (!(s->flags & FTMRT_MUTABLE))
        return FTMRT_ERROR_FROZEN;
    unsigned char *dst = (unsigned char *)workspace + s->offset;
    if (s->dtype == FTMRT_F32)
        ftmrt_pack((enum ftmrt_layout)s->layout, s->layout_rank, s->layout_dim, src, floats(dst));
    else
        memcpy(dst, src, bytes);
    return FTMRT_OK;
}

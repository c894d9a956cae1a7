#include "weight_snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "thresholds.h"

static bool is_kept(const struct ftmrt_state *s)
{
    return s->flags & FTMRT_MUTABLE && s->kind != FTMRT_STATE_SLOT;
}

/* Bytes in the workspace, padding too. */
static size_t bytes_of(const struct ftmrt_state *s)
{
    return (size_t)ftmrt_layout_elements((enum ftmrt_layout)s->layout, s->layout_rank,
                                         s->layout_dim) *
           ftmrt_dtype_size((enum ftmrt_dtype)s->dtype);
}

static void make_room(struct weight_snapshot *w, size_t size)
{
    if (w->size == size)
        return;
    weight_snapshot_close(w);
    *w = (struct weight_snapshot){.bytes = app_alloc(size, 1), .size = size};
}

void weight_snapshot_copy(struct weight_snapshot *to, const struct weight_snapshot *from)
{
    make_room(to, from->size);
    memcpy(to->bytes, from->bytes, from->size);
    free(to->thresholds);
    to->thresholds = from->thresholds ? app_strdup(from->thresholds) : NULL;
}

void weight_snapshot_take(struct weight_snapshot *w, const struct session *s)
{
    const struct ftmrt_program *p = s->program;
    size_t size = 0, at = 0;
    for (uint32_t i = 0; i < p->state_count; i++)
        size += is_kept(&p->states[i]) ? bytes_of(&p->states[i]) : 0;
    make_room(w, size);
    free(w->thresholds);
    w->thresholds = thresholds_text(&s->config);
    for (uint32_t i = 0; i < p->state_count; i++)
        if (is_kept(&p->states[i])) {
            const size_t bytes = bytes_of(&p->states[i]);
            memcpy(w->bytes + at, (unsigned char *)s->workspace + p->states[i].offset, bytes);
            at += bytes;
        }
}

void weight_snapshot_give(const struct weight_snapshot *w, struct session *s)
{
    const struct ftmrt_program *p = s->program;
    size_t at = 0;
    thresholds_take(&s->config, w->thresholds);
    for (uint32_t i = 0; i < p->state_count; i++)
        if (is_kept(&p->states[i])) {
            const size_t bytes = bytes_of(&p->states[i]);
            memcpy((unsigned char *)s->workspace + p->states[i].offset, w->bytes + at, bytes);
            at += bytes;
        }
}

void weight_snapshot_close(struct weight_snapshot *w)
{
    free(w->bytes);
    free(w->thresholds);
    *w = (struct weight_snapshot){0};
}

#include "weight_snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replace.h"
#include "report.h"
#include "thresholds.h"

enum { MOST_TEXT = 1 << 24 /* bytes of thresholds */ };

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
    to->temperature = from->temperature;
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

/* What a file begins with; behind it stand the weights, and the thresholds. */
struct snapshot_head {
    char cpu[32];      /* layouts are those of a level of instructions */
    uint64_t compiler; /* and of what made the program */
    uint64_t size, text;
    double temperature;
};

static struct snapshot_head head_of(const struct weight_snapshot *w, const struct session *s)
{
    struct snapshot_head h = {.compiler = s->program->compiler_hash,
                              .size = w->size,
                              .text = w->thresholds ? strlen(w->thresholds) : 0,
                              .temperature = w->temperature};
    snprintf(h.cpu, sizeof h.cpu, "%s", s->program->cpu);
    return h;
}

bool weight_snapshot_write(const struct weight_snapshot *w, const struct session *s,
                           const char *path)
{
    const struct snapshot_head h = head_of(w, s);
    struct replace_file f;
    char error[512];
    const bool ok =
        replace_open(&f, path, error, sizeof error) == FTMRT_OK &&
        replace_write(&f, &h, sizeof h, error, sizeof error) == FTMRT_OK &&
        replace_write(&f, w->bytes, w->size, error, sizeof error) == FTMRT_OK &&
        (!h.text || replace_write(&f, w->thresholds, h.text, error, sizeof error) == FTMRT_OK) &&
        replace_commit(&f, error, sizeof error) == FTMRT_OK;
    return ok || report_error("%s", error);
}

bool weight_snapshot_read(struct weight_snapshot *w, const struct session *s, const char *path)
{
    struct snapshot_head h, own;
    FILE *in = fopen(path, "rbe");
    weight_snapshot_take(w, s);
    own = head_of(w, s);
    bool ok = in && fread(&h, sizeof h, 1, in) == 1 && !memcmp(h.cpu, own.cpu, sizeof h.cpu) &&
              h.compiler == own.compiler && h.size == own.size && h.text < MOST_TEXT &&
              fread(w->bytes, 1, w->size, in) == w->size;
    free(w->thresholds);
    w->thresholds = ok && h.text ? app_alloc(h.text + 1, 1) : NULL;
    ok = ok && (!h.text || fread(w->thresholds, 1, h.text, in) == h.text);
    w->temperature = ok ? h.temperature : 1;
    if (in)
        fclose(in);
    return ok;
}

void weight_snapshot_close(struct weight_snapshot *w)
{
    free(w->bytes);
    free(w->thresholds);
    *w = (struct weight_snapshot){0};
}

/* Weight files: opening one of unknown format by its content, and what the formats' readers share.
 */
#include "weights.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "str.h"
#include "weights_reader.h"

bool weights_damaged(struct weights_reader *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(r->w->arena, format, args);
    va_end(args);
    diag_report(r->diag, r->span, DIAG_WEIGHTS_DAMAGED, r->w->path, r->w->format, text);
    return false;
}

bool weights_damaged_pickle(struct weights_reader *r, const struct pickle *pickle, const char *what)
{
    return weights_damaged(r, "%s, byte %zu: %s", what, pickle->error_at, pickle->error);
}

void weights_refuse(struct weights *w, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *reason = arena_vprintf(w->arena, format, args);
    va_end(args);
    vec_push(w->arena, &w->tensors,
             (struct weight_tensor){.name = arena_strdup(w->arena, name), .unusable = reason});
}

/* A file without any tensor that can be used is an error; the entries that look most like one say why first. */
static bool report_empty(struct weights_reader *r)
{
    enum { SHOWN = 3 };
    const struct weights *w = r->w;
    diag_report(r->diag, r->span, DIAG_WEIGHTS_EMPTY, w->path);
    uint32_t shown = 0;
    for (uint32_t i = 0; i < w->tensors.len && shown < SHOWN; i++, shown++)
        diag_note(r->diag, "%s: %s", str_printable(w->arena, w->tensors.at[i].name),
                  w->tensors.at[i].unusable);
    for (uint32_t i = 0; i < w->skipped.len && shown < SHOWN; i++, shown++)
        diag_note(r->diag, "%s", str_printable(w->arena, w->skipped.at[i]));
    return false;
}

/* What all formats have in common, behind the reading of one. */
static bool weights_finish(struct weights_reader *r)
{
    if (!r->parts)
        weights_derive(r->w);
    for (uint32_t i = 0; i < r->w->tensors.len; i++) {
        if (!r->w->tensors.at[i].unusable)
            return true;
    }
    return report_empty(r);
}

static bool read_by_content(struct weights_reader *r)
{
    static const struct {
        const char *format;
        bool (*read)(struct weights_reader *r);
    } readers[] = {
        [WEIGHTS_SAFETENSORS] = {"safetensors", weights_read_safetensors},
        [WEIGHTS_ZIP] = {"pytorch zip", weights_read_zip},
        [WEIGHTS_LEGACY] = {"pytorch legacy", weights_read_legacy},
    };
    const enum weights_kind kind = weights_recognise(r->w->arena, &r->w->file);
    if (kind == WEIGHTS_FOREIGN)
        return weights_report_foreign(r);
    r->w->format = readers[kind].format;
    return readers[kind].read(r) && weights_finish(r);
}

/* Reads an open file; closes it on failure. */
static struct weights *read_open_file(struct weights_reader r)
{
    if (read_by_content(&r))
        return r.w;
    weights_close(r.w);
    return NULL;
}

static struct weights *new_weights(struct arena *arena, const char *path)
{
    struct weights *w = arena_new(arena, struct weights);
    w->arena = arena;
    w->path = arena_strdup(arena, path);
    return w;
}

const char *weights_path(struct arena *arena, const char *path)
{
    const char *best = file_join(arena, path, "best.safetensors");
    return file_exists(best) ? best : path;
}

struct weights *weights_open(struct arena *arena, struct diag *diag, const char *path,
                             const char *from, struct span span)
{
    struct weights *w = new_weights(arena, weights_path(arena, path));
    if (file_map_open(&w->file, w->path))
        return read_open_file(
            (struct weights_reader){.w = w, .diag = diag, .from = from, .span = span});
    diag_report(diag, span, DIAG_SYSTEM, path, strerror(errno));
    return NULL;
}

struct weights *weights_open_parts(struct arena *arena, struct diag *diag, const char *path,
                                   const char *from)
{
    struct weights *w = new_weights(arena, weights_path(arena, path));
    if (file_map_open(&w->file, w->path))
        return read_open_file(
            (struct weights_reader){.w = w, .diag = diag, .from = from, .parts = true});
    diag_system(diag, path, errno);
    return NULL;
}

struct weights *weights_open_memory(struct arena *arena, struct diag *diag, const char *path,
                                    const void *data, size_t size, const char *from,
                                    struct span span)
{
    struct weights *w = new_weights(arena, path);
    w->file = (struct file_map){.data = data, .size = size};
    return read_open_file(
        (struct weights_reader){.w = w, .diag = diag, .from = from, .span = span});
}

void weights_close(struct weights *w)
{
    if (w->source)
        weights_close(w->source);
    w->source = NULL;
    if (w->file.data)
        file_map_close(&w->file);
    w->file = (struct file_map){0};
}

const struct weight_tensor *weights_find(const struct weights *w, const char *name)
{
    for (uint32_t i = 0; i < w->tensors.len; i++) {
        if (strcmp(w->tensors.at[i].name, name) == 0)
            return &w->tensors.at[i];
    }
    return NULL;
}

const char *weights_find_metadata(const struct weights *w, const char *key)
{
    for (uint32_t i = 0; i < w->metadata.len; i++)
        if (!strcmp(w->metadata.at[i].key, key))
            return w->metadata.at[i].value;
    return NULL;
}

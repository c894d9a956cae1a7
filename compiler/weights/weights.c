/* Weight files: opening one of unknown format by its content, and what the formats' readers share.
 */
#include "weights.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

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

void weights_skip(struct weights *w, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *reason = arena_vprintf(w->arena, format, args);
    va_end(args);
    vec_push(w->arena, &w->skipped, arena_printf(w->arena, "%s: %s", name, reason));
}

static bool has_prefix(const struct file_map *file, const char *prefix, size_t length)
{
    return file->size >= length && memcmp(file->data, prefix, length) == 0;
}

static bool read_by_content(struct weights_reader *r)
{
    struct weights *w = r->w;
    if (has_prefix(&w->file, "PK\003\004", 4)) {
        w->format = "pytorch zip";
        return weights_read_zip(r);
    }
    if (has_prefix(&w->file, "\x80", 1)) {
        w->format = "pytorch legacy";
        return weights_read_legacy(r);
    }
    if (w->file.size > 8 && w->file.data[8] == '{') {
        w->format = "safetensors";
        return weights_read_safetensors(r);
    }
    diag_report(r->diag, r->span, DIAG_WEIGHTS_UNKNOWN, w->path);
    if (has_prefix(&w->file, "version https://git-lfs", 23))
        diag_note(r->diag, "it is a pointer of Git LFS: fetch the file itself with `git lfs pull`");
    return false;
}

/* Reads an open file; closes it on failure. */
static struct weights *read_open_file(struct weights *w, struct diag *diag, struct span span)
{
    struct weights_reader r = {w, diag, span};
    if (read_by_content(&r))
        return w;
    weights_close(w);
    return NULL;
}

static struct weights *new_weights(struct arena *arena, const char *path)
{
    struct weights *w = arena_new(arena, struct weights);
    w->arena = arena;
    w->path = arena_strdup(arena, path);
    return w;
}

struct weights *weights_open(struct arena *arena, struct diag *diag, const char *path,
                             struct span span)
{
    struct weights *w = new_weights(arena, path);
    if (file_map_open(&w->file, path))
        return read_open_file(w, diag, span);
    diag_report(diag, span, DIAG_SYSTEM, path, strerror(errno));
    return NULL;
}

struct weights *weights_open_memory(struct arena *arena, struct diag *diag, const char *path,
                                    const void *data, size_t size, struct span span)
{
    struct weights *w = new_weights(arena, path);
    w->file = (struct file_map){.data = data, .size = size};
    return read_open_file(w, diag, span);
}

void weights_close(struct weights *w)
{
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

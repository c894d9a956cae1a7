/* Trained files that hold only what training changed: with their source they are whole. */
#include "weights.h"

#include <string.h>

#include "map.h"
#include "sha256.h"
#include "str.h"

bool weights_is_part(const struct weights *w)
{
    return weights_find_metadata(w, "source_sha256") != NULL;
}

/* ---- names ---- */

/* By the source's keys: names of states, or "" of what is none. */
static void read_names(struct arena *arena, const char *lines, struct map *names)
{
    map_init(names, arena);
    while (*lines) {
        const size_t length = strcspn(lines, "\n");
        const char *line = arena_strndup(arena, lines, length), *tab = strchr(line, '\t');
        if (tab)
            map_set(names, tab + 1, arena_strndup(arena, line, (size_t)(tab - line)));
        lines += length + (lines[length] == '\n');
    }
}

/* ---- one file of two ---- */

bool weights_is_source(const struct weights *part, const char *path)
{
    char found[SHA256_TEXT];
    struct file_map file;
    if (!file_map_open(&file, weights_path(part->arena, path)))
        return false;
    sha256_text(file.data, file.size, found);
    file_map_close(&file);
    return strcmp(found, weights_find_metadata(part, "source_sha256")) == 0;
}

static bool check_source(struct diag *diag, const struct weights *part,
                         const struct weights *source, struct span span)
{
    char found[SHA256_TEXT];
    const char *wanted = weights_find_metadata(part, "source_sha256");
    sha256_text(source->file.data, source->file.size, found);
    if (!strcmp(found, wanted))
        return true;
    diag_report(diag, span, DIAG_WEIGHTS_SOURCE, part->path,
                arena_printf(part->arena, "%s is another file than its source", source->path));
    const char *name = weights_find_metadata(part, "source");
    diag_note(diag, "its source, '%s', has the SHA-256 %s, that file %s",
              str_printable(part->arena, name ? name : "?"), str_printable(part->arena, wanted),
              found);
    return false;
}

/* Adds the source's tensors that the part has not, by the names of its network. */
static void take_tensors(struct weights *part, const struct weights *source)
{
    struct map names, own;
    const char *lines = weights_find_metadata(part, "source_names");
    read_names(part->arena, lines ? lines : "", &names);
    map_init(&own, part->arena);
    for (uint32_t i = 0; i < part->tensors.len; i++) {
        map_set(&own, part->tensors.at[i].name, part);
        part->tensors.at[i].origin = FTMRT_ORIGIN_MADE;
    }
    for (uint32_t i = 0; i < source->tensors.len; i++) {
        struct weight_tensor t = source->tensors.at[i];
        const char *name = map_get(&names, t.name);
        t.name = name ? name : t.name;
        if (*t.name && !t.unusable && !map_has(&own, t.name))
            vec_push(part->arena, &part->tensors, t);
    }
}

bool weights_complete(struct diag *diag, struct weights *part, const char *path, struct span span)
{
    const char *from = weights_find_metadata(part, "source_from");
    struct weights *source =
        weights_open(part->arena, diag, path, from && *from ? from : NULL, span);
    if (!source)
        return false;
    if (!check_source(diag, part, source, span)) {
        weights_close(source);
        return false;
    }
    take_tensors(part, source);
    part->source = source;
    return true;
}

/* `ftmc merge CHANGED --weights SOURCE -o WHOLE`: what training changed, and the rest from the file that it began with; of a recipe
 * see merge_adapters.c.
 * `ftmc convert FILE OUT.safetensors`: the tensors of a weight file, bit for bit, in a file that everybody reads without
 * running anything. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bind.h"
#include "compilation.h"
#include "safetensors.h"
#include "str.h"

/* The tensors of the file itself, as the writer takes them; false after reports of what it cannot hold. */
static bool take_tensors(struct compilation *c, const struct weights *w, struct st_file *out)
{
    out->tensors = arena_array(&c->arena, struct st_tensor, w->tensors.len);
    for (uint32_t i = 0; i < w->tensors.len; i++) {
        const struct weight_tensor *t = &w->tensors.at[i];
        if (t->unusable) {
            diag_report(&c->diag, SPAN_NONE, DIAG_WEIGHT_UNUSABLE,
                        str_printable(&c->arena, t->name), w->path, t->unusable);
            continue;
        }
        struct st_tensor *to = &out->tensors[out->tensor_count++];
        *to = (struct st_tensor){.name = t->name,
                                 .dtype = t->dtype,
                                 .rank = t->rank,
                                 .data = t->data,
                                 .bytes = t->bytes};
        memcpy(to->dim, t->dim, sizeof to->dim);
    }
    return c->diag.errors == 0;
}

/* The file's own metadata, and the mark of PyTorch's tensors, which its loaders look for. */
static void take_metadata(struct compilation *c, const struct weights *w, struct st_file *out)
{
    out->metadata = arena_array(&c->arena, struct st_metadata, w->metadata.len + 1);
    bool marked = false;
    for (uint32_t i = 0; i < w->metadata.len; i++) {
        const struct map_entry_text *m = &w->metadata.at[i];
        marked = marked || !strcmp(m->key, "format");
        out->metadata[out->metadata_count++] = (struct st_metadata){m->key, m->value};
    }
    if (!marked && strncmp(w->format, "pytorch", 7) == 0)
        out->metadata[out->metadata_count++] = (struct st_metadata){"format", "pt"};
}

static void print_summary(struct compilation *c, const struct weights *w, const char *path,
                          const struct st_file *file)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < file->tensor_count; i++)
        bytes += file->tensors[i].bytes;
    printf("%s: %zu tensors, %" PRIu64 " bytes\n", path, file->tensor_count, bytes);
    if (w->dictionary)
        printf("dictionary: '%s'\n", str_printable(&c->arena, w->dictionary));
    for (uint32_t i = 0; i < w->skipped.len; i++)
        printf("%s  %s\n", i ? "" : "left out, as it is no tensor of it:\n",
               str_printable(&c->arena, w->skipped.at[i]));
}

/* Writes the file and says what is in it; false after a report. */
static bool write_file(struct compilation *c, const struct weights *w, const struct st_file *file,
                       const char *path)
{
    char error[512];
    if (st_write(file, path, error, sizeof error) != FTMRT_OK) {
        diag_report(&c->diag, SPAN_NONE, DIAG_NOT_WRITTEN, error);
        return false;
    }
    print_summary(c, w, path, file);
    return true;
}

bool convert(struct compilation *c)
{
    const struct options *o = c->options;
    const char *path = o->rest.at[0];
    if (!str_ends_with(path, ".safetensors")) {
        diag_report(&c->diag, SPAN_NONE, DIAG_BAD_VALUE, "the second file", "named *.safetensors",
                    arena_printf(&c->arena, "'%s'", path));
        return false;
    }
    c->weights = weights_open_parts(&c->arena, &c->diag, o->file, o->from);
    struct st_file file = {0};
    if (!c->weights || !take_tensors(c, c->weights, &file))
        return false;
    take_metadata(c, c->weights, &file);
    return write_file(c, c->weights, &file, path);
}

/* ---- merge ---- */

/* Leaves out what a part says of its source: the whole needs none. */
static void drop_source(struct st_file *file)
{
    size_t kept = 0;
    for (size_t i = 0; i < file->metadata_count; i++)
        if (strncmp(file->metadata[i].key, "source", 6) != 0)
            file->metadata[kept++] = file->metadata[i];
    file->metadata_count = kept;
}

static bool missing(struct compilation *c, const char *what, const char *wanted, bool recipe)
{
    diag_report(&c->diag, SPAN_NONE, DIAG_BAD_VALUE, what, wanted, "nothing");
    diag_note(&c->diag, recipe ? "as in `ftmc merge FILE.ftm --weights RUN -o WHOLE.safetensors`"
                               : "as in `ftmc merge CHANGED.safetensors --weights SOURCE -o "
                                 "WHOLE.safetensors`");
    return false;
}

bool merge(struct compilation *c)
{
    const struct options *o = c->options;
    struct st_file file = {0};
    const bool recipe = str_ends_with(o->file, ".ftm");
    if (!o->weights)
        return missing(c, "--weights",
                       recipe ? "the run that was trained" : "the file that training began with",
                       recipe);
    if (!o->output)
        return missing(c, "-o", "the name of the whole file", recipe);
    if (recipe)
        return merge_adapters(c);
    c->weights = weights_open(&c->arena, &c->diag, o->file, NULL, SPAN_NONE);
    if (!c->weights)
        return false;
    if (!weights_is_part(c->weights)) {
        diag_report(&c->diag, SPAN_NONE, DIAG_BAD_VALUE, o->file,
                    "a trained file that holds only what training changed (`save = changed`)",
                    "a whole file");
        return false;
    }
    if (!weights_complete(&c->diag, c->weights, o->weights, SPAN_NONE) ||
        !take_tensors(c, c->weights, &file))
        return false;
    take_metadata(c, c->weights, &file);
    drop_source(&file);
    return write_file(c, c->weights, &file, o->output);
}

/* safetensors as a weight file: the reader is the runtime's, here its tables are copied into the
 * arena. */
#include "weights_reader.h"

#include <string.h>

#include "safetensors.h"

static void copy_tensor(struct weights *w, const struct st_tensor *t)
{
    if (t->unsupported) {
        weights_refuse(w, t->name, "%s is not supported", t->unsupported);
        return;
    }
    struct weight_tensor *out = vec_add(w->arena, &w->tensors);
    *out = (struct weight_tensor){.name = arena_strdup(w->arena, t->name),
                                  .dtype = t->dtype,
                                  .rank = t->rank,
                                  .data = t->data,
                                  .bytes = t->bytes,
                                  .contiguous = true};
    memcpy(out->dim, t->dim, sizeof t->dim);
}

static bool report_from(struct weights_reader *r)
{
    diag_report(r->diag, r->span, DIAG_WEIGHTS_FROM, r->w->path, r->from);
    diag_note(r->diag, "safetensors has no dictionaries: `strip \"%s.\"` takes a prefix away",
              r->from);
    return false;
}

bool weights_read_safetensors(struct weights_reader *r)
{
    struct weights *w = r->w;
    struct st_file file;
    char error[512] = "";
    if (st_read(&file, w->file.data, w->file.size, error, sizeof error) != FTMRT_OK)
        return weights_damaged(r, "%s", error);
    for (size_t i = 0; i < file.tensor_count; i++)
        copy_tensor(w, &file.tensors[i]);
    for (size_t i = 0; i < file.metadata_count; i++) {
        struct map_entry_text entry = {arena_strdup(w->arena, file.metadata[i].key),
                                       arena_strdup(w->arena, file.metadata[i].value)};
        vec_push(w->arena, &w->metadata, entry);
    }
    st_free(&file);
    return !r->from || report_from(r);
}

/* What the readers of weight files share: reports, and the way from a pickled state dict to
 * tensors. */
#ifndef FTM_WEIGHTS_WEIGHTS_READER_H
#define FTM_WEIGHTS_WEIGHTS_READER_H

#include "diag.h"
#include "pickle.h"
#include "weights.h"

struct weights_reader {
    struct weights *w;
    struct diag *diag;
    struct span span;
};

/* weights_open of a file that is in memory; path is for messages. The buffer must outlive the
 * result. */
struct weights *weights_open_memory(struct arena *arena, struct diag *diag, const char *path,
                                    const void *data, size_t size, struct span span);

/* One reader per format; false after a report. */
bool weights_read_safetensors(struct weights_reader *r);
bool weights_read_zip(struct weights_reader *r);
bool weights_read_legacy(struct weights_reader *r);

/* Reports a damaged file; false. */
bool weights_damaged(struct weights_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Reports a pickle that could not be read; false. */
bool weights_damaged_pickle(struct weights_reader *r, const struct pickle *pickle,
                            const char *what);

/* Records an entry that is passed over, and why. */
void weights_skip(struct weights *w, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- PyTorch ---- */

/* A storage as a pickle names it: ("storage", torch.FloatStorage, key, device, elements[, view]).
 */
struct torch_storage {
    const char *key;
    enum ftmrt_dtype dtype;
    uint64_t first, elements; /* the part that is meant; first is 0 except in old files' views */
};

/* Understands a persistent value. NULL, or why it cannot be used. */
const char *torch_storage_parse(struct arena *arena, const struct pickle_value *v,
                                struct torch_storage *out);

/* Finds the bytes of the storage's part, or says why it is not there. */
typedef bool torch_storage_fn(void *user, const struct torch_storage *storage,
                              const unsigned char **data, const char **why);

/* The part of a storage whose bytes are known; false if it is not inside. */
bool torch_storage_part(const struct torch_storage *s, const unsigned char *all, uint64_t bytes,
                        const unsigned char **data);

/* Adds the tensors of a pickled checkpoint to the file; false after a report. */
bool torch_read_tensors(struct weights_reader *r, const struct pickle_value *root,
                        torch_storage_fn *find, void *user);

#endif

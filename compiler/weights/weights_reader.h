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
    const char *from; /* the dictionary that is wanted, or NULL */
    struct span span;
    bool parts; /* weights that the file has in parts stay so */
};

/* weights_open of a file that is in memory; path is for messages. The buffer must outlive the
 * result. */
struct weights *weights_open_memory(struct arena *arena, struct diag *diag, const char *path,
                                    const void *data, size_t size, const char *from,
                                    struct span span);

/* ---- formats ---- */

enum weights_kind { WEIGHTS_SAFETENSORS, WEIGHTS_ZIP, WEIGHTS_LEGACY, WEIGHTS_FOREIGN };

/* The format of a file by all that its bytes say: a prefix alone can also be the length of a safetensors header. */
enum weights_kind weights_recognise(struct arena *arena, const struct file_map *file);

/* Reports a file of no format that is read, and what it is; false. */
bool weights_report_foreign(struct weights_reader *r);

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

/* Adds an entry that is there but cannot be used, and why. */
void weights_refuse(struct weights *w, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts weights that the file has in parts in the parts' place: torch's weight_norm, g * v / |v|. */
void weights_derive(struct weights *w);

/* ---- PyTorch ---- */

/* A storage as a pickle names it: ("storage", torch.FloatStorage, key, device, elements[, view]).
 */
struct torch_storage {
    const char *key;
    enum ftmrt_dtype dtype; /* of an untyped storage: U8 */
    bool untyped;
    size_t element_size;      /* in bytes, also of a class that is not read; 0: not known */
    uint64_t first, elements; /* the part that is meant; first is 0 except in old files' views */
};

/* Understands a persistent value. NULL, or why it cannot be used; its key and element_size may be known even so. */
const char *torch_storage_parse(struct arena *arena, const struct pickle_value *v,
                                struct torch_storage *out);

/* Finds the bytes of the storage's part, or says why it is not there. */
typedef bool torch_storage_fn(void *user, const struct torch_storage *storage,
                              const unsigned char **data, const char **why);

/* The part of a storage whose bytes are known; false if it is not inside. */
bool torch_storage_part(const struct torch_storage *s, const unsigned char *all, uint64_t bytes,
                        const unsigned char **data);

/* Where the values of a checkpoint's tensors come from. */
struct torch_reader {
    struct weights_reader *r;
    torch_storage_fn *find;
    void *user;
    uint64_t copy_budget; /* bytes that rearranged copies may still take */
};

/* Whether a value is the record of a tensor, or of what people take for one. */
bool torch_is_tensor(const struct pickle_value *v);

/* Adds the tensor that a value stands for, or why it cannot be used; false after a report. */
bool torch_read_tensor(struct torch_reader *x, const char *name, const struct pickle_value *v);

/* "an object of x.Net" or "list": what a value is, for messages. */
const char *torch_describe(struct arena *arena, const struct pickle_value *v);

/* The dictionary of a checkpoint whose tensors are meant. */
struct torch_choice {
    const char *name;                      /* keys from the top, joined by dots */
    VEC(const struct pickle_value *) path; /* the dictionaries from the top down to it */
};

/* Chooses among the dictionaries below root, which is one; false after a report. */
bool torch_choose_dictionary(struct weights_reader *r, const struct pickle_value *root,
                             struct torch_choice *out);

/* Whether a value is a whole module, an object whose state has parameters. */
bool torch_is_module(const struct pickle_value *v);

/* Adds the tensors of a pickled checkpoint to the file; false after a report. */
bool torch_read_tensors(struct weights_reader *r, const struct pickle_value *root,
                        torch_storage_fn *find, void *user);

#endif

/* Pretrained weight files: one interface over safetensors, zip .pth and legacy .pth.
 *
 * Files are untrusted: every length and offset is checked against the file's size before use, pickles are read by a
 * restricted machine that builds tensors and calls nothing, and limits bound memory and nesting. */
#ifndef FTM_WEIGHTS_WEIGHTS_H
#define FTM_WEIGHTS_WEIGHTS_H

#include "diag.h"
#include "file.h"
#include "ftmrt.h"
#include "vec.h"

struct weight_tensor {
    const char *name; /* the file's own key, within its dictionary */
    /* Why it is there but cannot be used, "it is sparse: ..."; then it has neither shape nor data. NULL: it can. */
    const char *unusable;
    const char *derived; /* what it was computed from when the file was read, or NULL */
    enum ftmrt_dtype dtype;
    uint32_t rank; /* may exceed FTMRT_MAX_RANK: then it cannot be used, only listed */
    int64_t dim[8];
    /* Contiguous row-major little-endian of any alignment, valid while the file is open. */
    const unsigned char *data;
    uint64_t bytes;
    enum ftmrt_origin origin; /* what it has to do with the weight file that is meant */
    bool contiguous; /* false: strided in the file; data is a rearranged copy in the arena */
};

struct map_entry_text {
    const char *key, *value;
};

/* A dictionary of a pickled checkpoint. */
struct weight_dictionary {
    const char *name; /* its keys from the top, joined by dots; "" is the top */
    uint32_t tensors;
};

struct weights {
    struct arena *arena;
    const char *path;
    const char *format; /* "safetensors", "pytorch zip", "pytorch legacy" */
    struct file_map file;
    struct weights *source; /* that a file is relative to, once it is completed; closed with it */
    const char *dictionary; /* that was taken; NULL: the whole file */
    VEC(struct weight_tensor) tensors;   /* in file order, what cannot be used among them */
    VEC(struct map_entry_text) metadata; /* safetensors' __metadata__ */
    VEC(const char *) skipped;           /* what is outside the dictionary: "epoch: int" */
};

/* The file that a path means: the best weights of a run's folder, else the path itself. */
const char *weights_path(struct arena *arena, const char *path);

/* Opens a file by its content, not its name, or that of a run's folder; NULL after a report at span. `from` chooses a dictionary of a checkpoint by
 * its keys, joined by dots or slashes; NULL takes the usual one (state_dict.def), or the only one, and warns if others
 * hold about as many tensors. */
struct weights *weights_open(struct arena *arena, struct diag *diag, const char *path,
                             const char *from, struct span span);
/* The same, with the tensors as the file has them: a weight that is there in parts (weight_norm) stays so. */
struct weights *weights_open_parts(struct arena *arena, struct diag *diag, const char *path,
                                   const char *from);
void weights_close(struct weights *w);

const struct weight_tensor *weights_find(const struct weights *w, const char *name);

/* The value of a key of the metadata; NULL if there is none. */
const char *weights_find_metadata(const struct weights *w, const char *key);

/* ---- files that hold only what training changed (weights_part.c) ---- */

/* Whether a file leaves out what is in its source, a file that it names by its SHA-256. */
bool weights_is_part(const struct weights *w);

/* Whether the file that a path means is the source of a part, by its bytes. */
bool weights_is_source(const struct weights *part, const char *path);

/* Adds what a part leaves out, from its source, the file at `path`: tensors that the part's network has, by its names. The part owns the
 * source then. false after a report at span: the source cannot be opened, or is another file. */
bool weights_complete(struct diag *diag, struct weights *part, const char *path, struct span span);

/* ---- types, sizes and texts of tensors (weight_values.c) ---- */

/* Why a tensor cannot become an i64 counter, or NULL. As torch's load_state_dict does it: any type, one value, no axis or
 * one; but where torch would cut a value off (a fraction, beyond 64 bits), that is the reason. */
const char *weight_counter_defect(struct arena *arena, const struct weight_tensor *t);

/* Values of a float tensor that are below 0; and that are not finite as f32. */
int64_t weight_count_negative(const struct weight_tensor *t);
int64_t weight_count_not_finite(const struct weight_tensor *t);

int64_t weight_elements(const struct weight_tensor *t);

/* "[64, 3, 7, 7]" of a tensor of the file, whose rank may exceed a shape's. */
const char *weight_shape_text(struct arena *arena, const struct weight_tensor *t);

#endif

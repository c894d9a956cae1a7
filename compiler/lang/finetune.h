/* The recipe after checking: what `finetune { ... }` says, with every default filled in.
 *
 * settings.c and transforms.c make it, beside the net; lower.c turns both into the program; recipe_text.c and
 * recipe_json.c print it. */
#ifndef FTM_LANG_FINETUNE_H
#define FTM_LANG_FINETUNE_H

#include "diag.h"
#include "graph.h"
#include "net.h"
#include "vec.h"

enum transform_kind {
    TRANSFORM_RESIZE,      /* size[0] x size[1]; size[1] = 0: the shorter side is size[0] */
    TRANSFORM_CENTER_CROP, /* size[0] x size[1] */
    TRANSFORM_TO_GREY,     /* 1 channel (ITU-R 601-2 luma, as Pillow's "L") */
    TRANSFORM_TO_RGB,      /* 3 channels */
    TRANSFORM_NORMALIZE    /* (x / scale - mean) / std, per channel; scale 255 unless told */
};

struct transform {
    enum transform_kind kind;
    int64_t size[2];
    uint32_t channels; /* of mean and std: 1 (for all) or the image's */
    double mean[4], std[4];
    double scale;
    struct span span;
};

enum data_kind {
    DATA_NONE,
    DATA_IDX, /* idx(images, labels): IDX files, plain or gzipped */
    DATA_NPY  /* npy(images, labels): a pair of .npy arrays */
};

struct data_source {
    enum data_kind kind;
    const char *images, *labels; /* as written; relative to the .ftm's folder */
    struct span span;
};

struct weight_rename {
    const char *from, *to;
    struct span span;
};

struct weight_skip {
    const char *pattern;
    struct span span;
};

struct class_name {
    const char *name;
};

struct recipe {
    const char *name;          /* of the finetune */
    VEC(const char *) imports; /* paths of the file's import statements as written, in order */
    const char *model;         /* text of the model's call, for the resolved form */
    const char *weights;       /* path, or NULL: random */
    const char *strip;         /* weights { strip "prefix" }, or NULL */
    VEC(struct weight_rename) renames;
    VEC(struct weight_skip) skips;
    VEC(const char *) edits; /* the statements, as text in order, for the resolved form */
    struct data_source train, test, validation;
    double validation_percent; /* of train, if there is no validation source; 0: none */
    VEC(struct transform) transform_train, transform_eval;
    VEC(struct class_name) labels; /* class names; empty: "0", "1", ... */
    int64_t classes;
    double label_smoothing;
    struct optimizer optimizer;
    bool schedule_cosine; /* else constant */
    double warmup_epochs;
    int64_t epochs, batch, shards;
    uint64_t seed;
    bool shuffle;
    struct span weights_span, span;
};

#endif

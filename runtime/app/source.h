/* Data sources: samples that are read when they are asked for.
 *
 * A source is a row of runtime/recipe/calls.def and a file that opens it. A sample has named fields, each read on its own,
 * so that labels can be known without decoding a picture. Reading changes nothing in a source: any number of threads may do
 * it at once, each with a buffer of its own. */
#ifndef FTMRT_APP_SOURCE_H
#define FTMRT_APP_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "picture.h"
#include "recipe.h"
#include "transform.h"

/* What the values of a field are. */
enum field_kind {
    FIELD_NONE,
    FIELD_PICTURE, /* 8-bit pixels of any size, for a transform */
    FIELD_TENSOR,  /* f32 of the network's own input shape, taken as it is */
    FIELD_INDEX,   /* the number of a class */
    FIELD_VECTOR,  /* f32, a number for each of the network's outputs */
    FIELD_MASK /* 8-bit numbers of classes, of the picture's size: it goes through the same transform */
};

/* What a field is for: the roles of an entry's inputs. */
enum field_role { FIELD_INPUT, FIELD_LABEL, FIELD_ROLES };

struct field {
    const char *name; /* in messages */
    enum field_kind kind;
};

/* A value, by its field's kind. Pixels and numbers are in the source or in the reader's buffer. */
union field_value {
    struct ftmrt_picture picture; /* PICTURE, MASK */
    const float *tensor;          /* TENSOR [C, H, W], VECTOR [outputs] */
    int64_t index;
};

/* Pictures whose sides have a ratio far from that of most: how many, and one of them with its size; upright. */
struct odd_pictures {
    int64_t count, sample, height, width;
};

struct source {
    char *name; /* for messages: a path */
    int64_t count;
    struct field fields[FIELD_ROLES]; /* kind NONE: there is none, samples are unlabelled */
    /* Reads a field of sample i. false after a message. */
    bool (*read)(const struct source *s, int64_t i, enum field_role field, struct buffer *buffer,
                 union field_value *out);
    size_t
        base_length; /* so many bytes of samples' names say where the source is: split files leave them out */
    /* What messages call sample i; NULL: the source's name. */
    const char *(*sample_name)(const struct source *s, int64_t i);
    /* The contents of all samples' inputs (content.h), [count]: whatever they are called, wherever they stand, and whatever
     * their labels. By so many threads, and the same for any number of them. false after a message. */
    bool (*contents)(const struct source *s, int threads, uint64_t *contents);
    /* Replaces the contents of samples that have a group by the group's number; how many have one. NULL: none can. */
    int64_t (*groups)(const struct source *s, uint64_t *contents);
    /* A hash of everything that it holds, in *hash: another one means other data. Threads and failure as above. */
    bool (*fingerprint)(const struct source *s, int threads, uint64_t *hash);
    int64_t turned; /* how many pictures have an EXIF orientation */
    struct odd_pictures odd;
    void (*close)(struct source *s); /* frees `state` */
    void *state;
};

/* Where a source is, and what the network wants of it. */
struct source_want {
    const char *base;     /* folder of relative paths, or NULL */
    const char *data_dir; /* --data: files are looked up here by their names; or NULL */
    struct ftmrt_transform_task
        task;                 /* what pictures go through, and the network's input at its end */
    int64_t classes;          /* or other outputs; labels that are classes are 0 .. classes - 1 */
    char **labels;            /* their names */
    enum ftmrt_vector vector; /* what the numbers of vectors must be */
    struct ftmrt_picture_options pictures;
    const struct ftmrt_call
        *data;              /* the recipe's block: how pictures are listed; NULL: as they are */
    bool skips;             /* pictures that cannot be read are left out */
    bool unlabelled;        /* classes may have any names: no label will be read */
    int threads;            /* that look at many files */
    const int64_t *ignored; /* in masks, the number beside the classes that means none; or NULL */
};

/* Opens what a recipe's call names; false after a message, with s closed. */
bool source_open(struct source *s, const struct ftmrt_call *call, const struct source_want *want);
/* Unlabelled samples of an IDX or .npy file, whatever its name is. */
bool source_open_array(struct source *s, const char *path, const struct source_want *want);
void source_close(struct source *s);

/* open_NAME of each row, in source_NAME.c: fills s, whose name is set also after a failure; false after a message. */
typedef bool source_open_fn(struct source *s, const struct ftmrt_call *call,
                            const struct source_want *want);
#define SOURCE_ROW_LOSS(name)
#define SOURCE_ROW_OPTIMIZER(name)
#define SOURCE_ROW_SCHEDULE(name)
#define SOURCE_ROW_TRANSFORM(name)
#define SOURCE_ROW_MIX(name)
#define SOURCE_ROW_CACHE(name)
#define SOURCE_ROW_BLOCK(name)
#define SOURCE_ROW_DATA(name) source_open_fn open_##name;
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) SOURCE_ROW_##category(name)
#include "calls.def"
#undef SOURCE_ROW_DATA

/* The class of sample i of a source whose labels are classes. */
int64_t source_class(const struct source *s, int64_t i);

/* The path of a source's file: in want->data_dir under its own name (also gzipped, or unpacked), else relative to the
 * recipe. Allocated. */
char *source_locate(const char *path, const struct source_want *want);

#endif

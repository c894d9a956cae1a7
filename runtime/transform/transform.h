/* Transforms: from the pixels of a file to a network's input.
 *
 * A pipeline is the calls that a recipe binds (runtime/recipe/calls.def). Each is a row there and a file here with two
 * functions: size_NAME says what a step makes of a picture's form, for the compiler, which follows a pipeline before there
 * are pictures, and for programs, which then know the memory that a run takes; run_NAME does it. Nothing here allocates,
 * prints or keeps state: memory comes from the caller, and any number of threads may run at once. A result is a function
 * of pixels, steps and draw keys alone. */
#ifndef FTMRT_TRANSFORM_H
#define FTMRT_TRANSFORM_H

#include "ftmrt.h"
#include "recipe.h"

enum { FTMRT_PICTURE_CHANNELS = 4 }; /* at most */

/* 8-bit pixels [height, width, channels], row by row; not owned. */
struct ftmrt_picture {
    int64_t height, width;
    int channels; /* 1 grey, 3 RGB */
    bool mask;    /* pixels are class numbers: steps move them, but never mix or colour them */
    unsigned char *pixels;
};

/* The same whose rows are made as they are wanted, so that a large picture is nowhere as a whole: read writes row y, [width,
 * channels]. */
struct ftmrt_row_source {
    int64_t height, width;
    int channels;
    void (*read)(const void *from, int64_t y, unsigned char *row);
    const void *from;
};

/* The steps of a pipeline, in order. */
struct ftmrt_pipeline {
    const struct ftmrt_call *steps;
    uint32_t count;
};

/* The pipeline of a parameter of type TRANSFORMS; empty where there is none. */
struct ftmrt_pipeline ftmrt_pipeline_of(const struct ftmrt_call *c, enum ftmrt_param param);

/* ---- forms ---- */

enum ftmrt_form_problem {
    FTMRT_FORM_FINE,
    FTMRT_FORM_CROP_LARGER, /* than the side that there is: a black border would fill it */
    FTMRT_FORM_CHANNELS,    /* one value per channel, of another number of channels */
    FTMRT_FORM_NESTED, /* a step that runs or not gives the picture another size or other channels */
    FTMRT_FORM_WEIGHTS /* of each of some steps, and there are more or fewer */
};

/* What is known of a picture between two steps. */
struct ftmrt_form {
    int64_t height, width; /* 0: not known */
    int64_t shorter;       /* the shorter side, if only that is known; else 0 */
    bool square;           /* height and width are equal, known or not */
    int channels;          /* 0: as in the file */
    bool normalized;       /* no longer pixels: nothing may follow */
    double mean[FTMRT_PICTURE_CHANNELS],
        std[FTMRT_PICTURE_CHANNELS]; /* then pixels from 0 to 255 are (x - mean) / std */
    bool random;                     /* some step draws random numbers */
    bool resized;   /* a step has brought the whole picture to this size, whatever it was before */
    bool stretched; /* a step makes all pictures of one side ratio, whatever theirs were */
    uint64_t space; /* bytes that the steps so far took, if all sizes are known */
    bool rows;      /* pixels are still where they came from, */
    bool cut;       /* and only a part of them is wanted */
    enum ftmrt_form_problem problem; /* of the last step */
    int64_t want, have;              /* in the problem */
};

/* Takes a form one step on; f->problem says whether it fits. */
void ftmrt_form_step(const struct ftmrt_call *step, struct ftmrt_form *f);

/* How many of a pipeline's first steps make the same of a picture each time, and leave it one of pixels: those before the first
 * that is random or normalises. */
uint32_t ftmrt_pipeline_fixed(const struct ftmrt_pipeline *p);

/* Whether a pipeline makes another input of a picture each time: a step is random. */
bool ftmrt_pipeline_random(const struct ftmrt_pipeline *p);

/* Whether a picture is the same input in each epoch of a recipe's training: its transform is not random, and nothing mixes pictures. */
bool ftmrt_recipe_repeats(const struct ftmrt_recipe *r);

/* Whether a pipeline stretches pictures whose sides have another ratio than the network's images. */
bool ftmrt_pipeline_stretches(const struct ftmrt_pipeline *p);

/* The size that pictures must have at least so that a pipeline only makes them smaller: that of its first step that looks at sizes, if
 * it brings all of the picture to one. Into *height and *width, or, of a step that knows the shorter side alone, *shorter; the others
 * are 0. false: pictures are wanted as they are. */
bool ftmrt_pipeline_least(const struct ftmrt_pipeline *p, int64_t *height, int64_t *width,
                          int64_t *shorter);

/* ---- running ---- */

/* The keys of a sample's random numbers, beside the step in its pipeline and the draws within a step. */
struct ftmrt_draw {
    uint64_t seed, epoch, sample;
    uint32_t repeat; /* of the sample in the epoch, where it is used several times */
};

struct ftmrt_transform_task {
    struct ftmrt_pipeline pipeline;
    struct ftmrt_draw draw;
    int channels; /* what the network takes */
    int64_t height, width;
    uint32_t begin; /* steps that pictures have behind them already */
};

/* Bytes of memory for a run of the task on a picture of this form. */
uint64_t ftmrt_transform_space(const struct ftmrt_transform_task *t,
                               const struct ftmrt_picture *in);

/* Runs the pipeline on a picture, which stays as it was, and writes out [channels, height, width]: pixels from 0 to 255,
 * or normalised ones. The picture is brought to the task's channels where no step does. space: ftmrt_transform_space(t,
 * in) bytes, 16-byte aligned. FTMRT_ERROR_MISMATCH: the result has another size, which `found` says. */
enum ftmrt_status ftmrt_transform_input(const struct ftmrt_transform_task *t,
                                        const struct ftmrt_picture *in, void *space,
                                        struct ftmrt_picture *found, float *out);

/* The same of rows, with the same result. */
uint64_t ftmrt_transform_rows_space(const struct ftmrt_transform_task *t,
                                    const struct ftmrt_row_source *in);
enum ftmrt_status ftmrt_transform_rows(const struct ftmrt_transform_task *t,
                                       const struct ftmrt_row_source *in, void *space,
                                       struct ftmrt_picture *found, float *out);

/* Runs the steps from task.begin to `end` alone. The result is in `space`, which is as large as for all of them. */
struct ftmrt_picture ftmrt_transform_part(const struct ftmrt_transform_task *t, uint32_t end,
                                          const struct ftmrt_picture *in, void *space);

/* The same for a mask: out [height, width] class numbers. It moves as the picture of its sample does, since the draws
 * are the same; sizes are changed by the nearest pixel. */
enum ftmrt_status ftmrt_transform_mask(const struct ftmrt_transform_task *t,
                                       const struct ftmrt_picture *in, void *space,
                                       struct ftmrt_picture *found, int32_t *out);

/* ---- batches ---- */

/* A batch before it is mixed: inputs, and labels as shares of classes. Nothing is owned. */
struct ftmrt_batch {
    int64_t n, channels, height, width, classes;
    const float *inputs; /* [n, channels, height, width] */
    const float *labels; /* [n, classes] */
};

/* Writes sample k of the mixed batch: input [channels, height, width], label [classes]. Each is made alone, in any order and
 * by any thread: it is a function of the batch, of k and of the draw's keys, which are those of sample k. mix: a call of the
 * category MIX. input and label must not be the batch's. */
void ftmrt_mix(const struct ftmrt_call *mix, const struct ftmrt_batch *b, int64_t k,
               const struct ftmrt_draw *draw, float *input, float *label);

#endif

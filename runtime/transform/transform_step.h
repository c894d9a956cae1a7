/* What the files of the transforms are written with. */
#ifndef FTMRT_TRANSFORM_STEP_H
#define FTMRT_TRANSFORM_STEP_H

#include "transform.h"

/* A picture on its way through a pipeline. */
struct transform {
    struct ftmrt_picture
        picture; /* in `memory`: a step may write to its pixels, or put another in its place */
    unsigned char *memory; /* free from here on */
    /* The picture may still be rows of another: the part of it at (top, left), `fill` around it, made grey on the way. */
    const struct ftmrt_row_source *rows; /* NULL: pixels are in picture.pixels */
    unsigned char *line;                 /* a row of them */
    bool cut, grey;
    int64_t top, left;
    int fill;
    struct ftmrt_draw draw;
    const struct ftmrt_pipeline *pipeline;
    uint32_t step;   /* in the pipeline */
    uint32_t within; /* which step of its arguments, less than 255; 0: itself */
    struct {
        void (*apply)(
            struct transform *
                t); /* the picture is still to be seen through a matrix (warp.h); NULL: it is not */
        double m[9];
        bool bilinear;
        int fill;
    } warp;
    double scale; /* of what becomes of the pixels at the end, (x / scale - mean) / std: 1, 0, 1 */
    double mean[FTMRT_PICTURE_CHANNELS], std[FTMRT_PICTURE_CHANNELS];
};

typedef void size_fn(const struct ftmrt_call *c, struct ftmrt_form *f);
typedef void run_fn(const struct ftmrt_call *c, struct transform *t);
typedef void run_batch_fn(const struct ftmrt_call *c, const struct ftmrt_batch *b, int64_t k,
                          const struct ftmrt_draw *draw, float *input, float *label);

#define TRANSFORM_ROW_LOSS(name)
#define TRANSFORM_ROW_OPTIMIZER(name)
#define TRANSFORM_ROW_SCHEDULE(name)
#define TRANSFORM_ROW_DATA(name)
#define TRANSFORM_ROW_BLOCK(name)
#define TRANSFORM_ROW_CACHE(name)
/* Where a step is only looked up, it need not be there: its file is linked if somebody names its function (the tables of a program
 * those of its recipe, all_steps.c all). */
#ifndef TRANSFORM_STEP
#define TRANSFORM_STEP
#endif
#define TRANSFORM_ROW_TRANSFORM(name)                                                              \
    TRANSFORM_STEP size_fn size_##name;                                                            \
    TRANSFORM_STEP run_fn run_##name;
#define TRANSFORM_ROW_MIX(name) TRANSFORM_STEP run_batch_fn run_batch_##name;
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) TRANSFORM_ROW_##category(name)
#include "calls.def"
#undef TRANSFORM_ROW_TRANSFORM
#undef TRANSFORM_ROW_MIX

/* Bytes that `bytes` take of the memory, alignment included; and taking them (16-byte aligned, not cleared). */
uint64_t transform_round(uint64_t bytes);
void *transform_take(struct transform *t, uint64_t bytes);

/* Bytes of a form's picture. */
uint64_t transform_form_bytes(const struct ftmrt_form *f);

/* A picture of this size with the channels of the running one, not cleared. */
struct ftmrt_picture transform_picture(struct transform *t, int64_t height, int64_t width);

/* Row y of a picture that is rows, [width, channels]. */
void transform_read(const struct transform *t, int64_t y, unsigned char *out);
/* Sees to it that picture.pixels are there, for a step that writes to them; and its part of size_NAME. */
void transform_pixels(struct transform *t);
void transform_form_pixels(struct ftmrt_form *f);

/* Makes a picture grey (ITU-R 601-2 luma in 16-bit fixed point, as Pillow's "L") or RGB; masks stay. */
void transform_channels(struct transform *t, int channels);
/* Its part of size_NAME. */
void transform_form_channels(struct ftmrt_form *f, int channels);

/* Runs a step, behind what is pending of those before it. */
void transform_run_step(const struct ftmrt_call *step, struct transform *t);

/* Sees the picture through what is pending. */
void transform_flush(struct transform *t);

/* The pixels' values of which the pipeline's last step makes 0, and how far from there 1 is; of no normalisation, 0 and 255. */
void transform_units(const struct transform *t, double zero[FTMRT_PICTURE_CHANNELS],
                     double one[FTMRT_PICTURE_CHANNELS]);

/* Number `number` of the step's draws, less than 255, uniform in [0, 1). */
double transform_uniform(const struct transform *t, uint32_t number);
/* Noise: element `element` of the step's, less than 2^31, of mean 0 and variance 1. */
double transform_normal(const struct transform *t, uint64_t element);
/* The same for what mixes a batch. */
double transform_batch_uniform(const struct ftmrt_draw *d, uint32_t number);

#endif

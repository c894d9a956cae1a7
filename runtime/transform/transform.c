/* Pipelines: the table of transforms, and what is common to all steps. */
#include "transform.h"

#include <math.h>
#include <string.h>

#define TRANSFORM_STEP __attribute__((weak))
#include "transform_step.h"

static const struct {
    size_fn *size;
    run_fn *run;
    run_batch_fn *run_batch;
} rows[FTMRT_CALL_COUNT] = {
#define TRANSFORM_ROW_TRANSFORM(name) [FTMRT_CALL_##name] = {size_##name, run_##name, NULL},
#define TRANSFORM_ROW_MIX(name)       [FTMRT_CALL_##name] = {NULL, NULL, run_batch_##name},
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) TRANSFORM_ROW_##category(name)
#include "calls.def"
};

struct ftmrt_pipeline ftmrt_pipeline_of(const struct ftmrt_call *c, enum ftmrt_param param)
{
    const struct ftmrt_arg *v = ftmrt_call_arg(c, param);
    return v->kind == FTMRT_ARG_CALLS ? (struct ftmrt_pipeline){v->calls, v->count}
                                      : (struct ftmrt_pipeline){NULL, 0};
}

void ftmrt_form_step(const struct ftmrt_call *step, struct ftmrt_form *f)
{
    f->problem = FTMRT_FORM_FINE;
    if (rows[step->id].size) /* else it is one of training's, in a program that does not train */
        rows[step->id].size(step, f);
}

uint32_t ftmrt_pipeline_fixed(const struct ftmrt_pipeline *p)
{
    struct ftmrt_form f = {0};
    for (uint32_t i = 0; i < p->count; i++) {
        ftmrt_form_step(&p->steps[i], &f);
        if (f.random || f.normalized)
            return i;
    }
    return p->count;
}

bool ftmrt_pipeline_random(const struct ftmrt_pipeline *p)
{
    struct ftmrt_form f = {0};
    for (uint32_t i = 0; i < p->count; i++)
        ftmrt_form_step(&p->steps[i], &f);
    return f.random;
}

bool ftmrt_recipe_repeats(const struct ftmrt_recipe *r)
{
    const struct ftmrt_call *transform =
        ftmrt_call_inner(&r->finetune, FTMRT_PARAM_finetune_transform);
    const struct ftmrt_pipeline train = ftmrt_pipeline_of(transform, FTMRT_PARAM_transform_train);
    return !ftmrt_call_inner(&r->finetune, FTMRT_PARAM_finetune_mix) &&
           !ftmrt_pipeline_random(&train);
}

bool ftmrt_pipeline_least(const struct ftmrt_pipeline *p, int64_t *height, int64_t *width,
                          int64_t *shorter)
{
    struct ftmrt_form f = {0};
    for (uint32_t i = 0; i < p->count && !f.height && !f.shorter && !f.square; i++)
        ftmrt_form_step(&p->steps[i], &f);
    *height = f.height;
    *width = f.width;
    *shorter = f.shorter;
    return f.resized;
}

bool ftmrt_pipeline_stretches(const struct ftmrt_pipeline *p)
{
    struct ftmrt_form f = {0};
    for (uint32_t i = 0; i < p->count; i++)
        ftmrt_form_step(&p->steps[i], &f);
    return f.stretched;
}

/* ---- memory ---- */

uint64_t transform_round(uint64_t bytes) { return (bytes + 15) / 16 * 16; }

void *transform_take(struct transform *t, uint64_t bytes)
{
    void *at = t->memory;
    t->memory += transform_round(bytes);
    return at;
}

uint64_t transform_form_bytes(const struct ftmrt_form *f)
{
    return transform_round((uint64_t)(f->height * f->width) * (uint64_t)f->channels);
}

struct ftmrt_picture transform_picture(struct transform *t, int64_t height, int64_t width)
{
    struct ftmrt_picture p = {height, width, t->picture.channels, t->picture.mask, NULL};
    p.pixels = transform_take(t, (uint64_t)(height * width) * (uint64_t)p.channels);
    return p;
}

/* ---- channels ---- */

/* RGB pixels to grey ones, in their place. */
static void make_grey(unsigned char *pixels, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const unsigned char *rgb = pixels + 3 * i;
        pixels[i] =
            (unsigned char)((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
    }
}

static void spread_grey(const unsigned char *grey, int64_t count, unsigned char *rgb)
{
    for (int64_t i = 0; i < count; i++)
        memset(rgb + 3 * i, grey[i], 3);
}

static void make_rgb(struct transform *t)
{
    const struct ftmrt_picture grey = t->picture;
    const int64_t count = grey.height * grey.width;
    t->picture.channels = 3;
    t->picture = transform_picture(t, grey.height, grey.width);
    spread_grey(grey.pixels, count, t->picture.pixels);
}

void transform_channels(struct transform *t, int channels)
{
    if (t->picture.mask || t->picture.channels == channels)
        return;
    if (t->rows)
        t->grey = t->grey || channels == 1;
    else if (channels == 1)
        make_grey(t->picture.pixels, t->picture.height * t->picture.width);
    if (t->rows || channels == 1)
        t->picture.channels = channels;
    else if (t->picture.channels == 1)
        make_rgb(t);
}

void transform_form_channels(struct ftmrt_form *f, int channels)
{
    const bool grows = f->channels < channels;
    f->channels = channels;
    f->space += grows && !f->rows ? transform_form_bytes(f) : 0;
}

/* ---- rows ---- */

/* Pixels that are made of a row: [first, end) of the picture's columns. */
static void copy_columns(const struct transform *t, int64_t first, int64_t end, unsigned char *out)
{
    const int c = t->picture.channels;
    const int have = t->grey ? 1 : t->rows->channels;
    const unsigned char *from = t->line + (t->left + first) * have;
    if (have == c)
        memcpy(out + first * c, from, (size_t)((end - first) * c));
    else
        spread_grey(from, end - first, out + first * c);
}

void transform_read(const struct transform *t, int64_t y, unsigned char *out)
{
    const struct ftmrt_row_source *source = t->rows;
    const int64_t width = t->picture.width, rest = source->width - t->left, at = y + t->top;
    const int64_t first = t->left < 0 ? -t->left : 0, end = rest < width ? rest : width;
    if (first > 0 || end < width)
        memset(out, t->fill, (size_t)(width * t->picture.channels));
    if (at < 0 || at >= source->height || end <= first) {
        memset(out, t->fill, (size_t)(width * t->picture.channels));
        return;
    }
    source->read(source->from, at, t->line);
    if (t->grey && source->channels == 3)
        make_grey(t->line, source->width);
    copy_columns(t, first, end, out);
}

void transform_pixels(struct transform *t)
{
    if (!t->rows)
        return;
    const struct ftmrt_picture p = transform_picture(t, t->picture.height, t->picture.width);
    for (int64_t y = 0; y < p.height; y++)
        transform_read(t, y, p.pixels + y * p.width * p.channels);
    t->picture = p;
    t->rows = NULL;
}

void transform_form_pixels(struct ftmrt_form *f)
{
    f->space += f->rows ? transform_form_bytes(f) : 0;
    f->rows = false;
}

/* ---- draws ---- */

static double draw_uniform(const struct ftmrt_draw *d, uint32_t use)
{
    return ftmrt_uniform(d->seed, d->epoch | (uint64_t)d->repeat << 32, d->sample, use);
}

double transform_uniform(const struct transform *t, uint32_t number)
{
    return draw_uniform(&t->draw,
                        FTMRT_USE_TRANSFORM + (t->step << 8) + (number << 16) + (t->within << 24));
}

/* Box and Muller 1958, of the two halves of one random number. */
double transform_normal(const struct transform *t, uint64_t element)
{
    const struct ftmrt_draw *d = &t->draw;
    const uint64_t bits =
        ftmrt_random(d->seed, d->epoch | (uint64_t)d->repeat << 32, d->sample | element << 32,
                     FTMRT_USE_NOISE + (t->step << 8) + (t->within << 24));
    const double radius = (double)((bits >> 32) + 1) * 0x1p-32,
                 angle = (double)(bits & UINT32_MAX) * 0x1p-32;
    return sqrt(-2 * log(radius)) * cos(2 * M_PI * angle);
}

double transform_batch_uniform(const struct ftmrt_draw *d, uint32_t number)
{
    return draw_uniform(d, FTMRT_USE_MIX + (number << 16));
}

/* ---- running ---- */

static uint64_t space_of(const struct ftmrt_transform_task *t, struct ftmrt_form f)
{
    for (uint32_t i = t->begin; i < t->pipeline.count; i++)
        ftmrt_form_step(&t->pipeline.steps[i], &f);
    transform_form_channels(&f, t->channels);
    if (f.height == t->height && f.width == t->width) /* others are refused as they are */
        transform_form_pixels(&f);
    return f.space;
}

uint64_t ftmrt_transform_space(const struct ftmrt_transform_task *t, const struct ftmrt_picture *in)
{
    struct ftmrt_form f = {.height = in->height, .width = in->width, .channels = in->channels};
    f.space = transform_form_bytes(&f);
    return space_of(t, f);
}

/* Bytes of a row before it is cut and made grey. */
static uint64_t line_bytes(const struct ftmrt_row_source *in)
{
    return transform_round((uint64_t)in->width * (uint64_t)in->channels);
}

uint64_t ftmrt_transform_rows_space(const struct ftmrt_transform_task *t,
                                    const struct ftmrt_row_source *in)
{
    return space_of(t, (struct ftmrt_form){.height = in->height,
                                           .width = in->width,
                                           .channels = in->channels,
                                           .rows = true,
                                           .space = line_bytes(in)});
}

static struct transform begin(const struct ftmrt_transform_task *t, struct ftmrt_picture picture,
                              void *space)
{
    return (struct transform){
        .picture = picture, .memory = space, .draw = t->draw, .scale = 1, .std = {1, 1, 1, 1}};
}

/* What a step sees of what is pending is the picture, or the matrix that it goes on with. */
static bool goes_on(enum ftmrt_call_id id)
{
#define FTM_WARPS(name)                                                                            \
    if (id == FTMRT_CALL_##name)                                                                   \
        return true;
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...)
#include "calls.def"
    return false;
}

void transform_flush(struct transform *t)
{
    if (t->warp.apply)
        t->warp.apply(t);
}

void transform_run_step(const struct ftmrt_call *step, struct transform *t)
{
    if (!goes_on(step->id))
        transform_flush(t);
    rows[step->id].run(step, t);
}

static void run(const struct ftmrt_transform_task *t, uint32_t end, struct transform *x)
{
    x->pipeline = &t->pipeline;
    for (x->step = t->begin; x->step < end; x->step++)
        transform_run_step(&t->pipeline.steps[x->step], x);
    transform_flush(x);
}

void transform_units(const struct transform *t, double zero[FTMRT_PICTURE_CHANNELS],
                     double one[FTMRT_PICTURE_CHANNELS])
{
    struct ftmrt_form f = {.channels = t->picture.channels};
    const struct ftmrt_pipeline *p = t->pipeline;
    if (p->count)
        ftmrt_form_step(&p->steps[p->count - 1], &f);
    for (int c = 0; c < FTMRT_PICTURE_CHANNELS; c++) {
        zero[c] = f.normalized ? f.mean[c] : 0;
        one[c] = f.normalized ? f.std[c] : 255;
    }
}

static struct transform run_steps(const struct ftmrt_transform_task *t, uint32_t end,
                                  const struct ftmrt_picture *in, void *space)
{
    struct transform x = begin(t, *in, space);
    x.picture = transform_picture(&x, in->height, in->width);
    memcpy(x.picture.pixels, in->pixels, (size_t)(in->height * in->width) * (size_t)in->channels);
    run(t, end, &x);
    return x;
}

static bool right_size(const struct ftmrt_transform_task *t, const struct ftmrt_picture *p)
{
    return p->height == t->height && p->width == t->width;
}

/* [height, width, channels] bytes to [channels, height, width] floats. */
static void to_floats(const struct transform *t, float *out)
{
    const struct ftmrt_picture *p = &t->picture;
    const int64_t count = p->height * p->width;
    for (int c = 0; c < p->channels; c++) {
        float table[256];
        for (int v = 0; v < 256; v++)
            table[v] = (float)((v / t->scale - t->mean[c]) / t->std[c]);
        for (int64_t i = 0; i < count; i++)
            out[c * count + i] = table[p->pixels[i * p->channels + c]];
    }
}

/* From the last step to the network's input. */
static enum ftmrt_status finish(const struct ftmrt_transform_task *t, struct transform *x,
                                struct ftmrt_picture *found, float *out)
{
    transform_channels(x, t->channels);
    *found = x->picture;
    if (!right_size(t, found) || found->channels != t->channels)
        return FTMRT_ERROR_MISMATCH;
    transform_pixels(x);
    to_floats(x, out);
    return FTMRT_OK;
}

enum ftmrt_status ftmrt_transform_input(const struct ftmrt_transform_task *t,
                                        const struct ftmrt_picture *in, void *space,
                                        struct ftmrt_picture *found, float *out)
{
    struct transform x = run_steps(t, t->pipeline.count, in, space);
    return finish(t, &x, found, out);
}

enum ftmrt_status ftmrt_transform_rows(const struct ftmrt_transform_task *t,
                                       const struct ftmrt_row_source *in, void *space,
                                       struct ftmrt_picture *found, float *out)
{
    const struct ftmrt_picture picture = {in->height, in->width, in->channels, false, NULL};
    struct transform x = begin(t, picture, space);
    x.line = transform_take(&x, line_bytes(in));
    x.rows = in;
    run(t, t->pipeline.count, &x);
    return finish(t, &x, found, out);
}

struct ftmrt_picture ftmrt_transform_part(const struct ftmrt_transform_task *t, uint32_t end,
                                          const struct ftmrt_picture *in, void *space)
{
    return run_steps(t, end, in, space).picture;
}

enum ftmrt_status ftmrt_transform_mask(const struct ftmrt_transform_task *t,
                                       const struct ftmrt_picture *in, void *space,
                                       struct ftmrt_picture *found, int32_t *out)
{
    const struct transform x = run_steps(t, t->pipeline.count, in, space);
    *found = x.picture;
    if (!right_size(t, found))
        return FTMRT_ERROR_MISMATCH;
    for (int64_t i = 0; i < t->height * t->width; i++)
        out[i] = found->pixels[i];
    return FTMRT_OK;
}

/* ---- batches ---- */

void ftmrt_mix(const struct ftmrt_call *mix, const struct ftmrt_batch *b, int64_t k,
               const struct ftmrt_draw *draw, float *input, float *label)
{
    rows[mix->id].run_batch(mix, b, k, draw, input, label);
}

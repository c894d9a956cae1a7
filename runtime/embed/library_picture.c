/* Pictures as cameras and decoders leave them in memory, to the network's input. They are read row by row as the transform wants
 * them, so that no picture is copied as a whole. */
#include <string.h>

#include "alpha.h"
#include "embed.h"

/* ---- formats ---- */

/* A picture of the caller's, as it lies. */
struct pixels {
    const uint8_t *at;
    int64_t width, height, stride;
    int format, turn; /* turn: in quarters, clockwise */
    enum ftmrt_alpha alpha;
};

typedef void fetch_fn(const struct pixels *p, int64_t x, int64_t y, unsigned char *out);

static const uint8_t *pixel(const struct pixels *p, int64_t x, int64_t y, int bytes)
{
    return p->at + y * p->stride + x * bytes;
}

static void fetch_grey(const struct pixels *p, int64_t x, int64_t y, unsigned char *out)
{
    *out = *pixel(p, x, y, 1);
}

static void fetch_rgb(const struct pixels *p, int64_t x, int64_t y, unsigned char *out)
{
    memcpy(out, pixel(p, x, y, 3), 3);
}

static void swap_colors(unsigned char *out)
{
    const unsigned char first = out[0];
    out[0] = out[2];
    out[2] = first;
}

static void fetch_bgr(const struct pixels *p, int64_t x, int64_t y, unsigned char *out)
{
    fetch_rgb(p, x, y, out);
    swap_colors(out);
}

static void fetch_rgba(const struct pixels *p, int64_t x, int64_t y, unsigned char *out)
{
    const uint8_t *from = pixel(p, x, y, 4);
    for (int c = 0; c < 3; c++)
        out[c] = alpha_over(p->alpha, from[c], from[3]);
}

static void fetch_bgra(const struct pixels *p, int64_t x, int64_t y, unsigned char *out)
{
    fetch_rgba(p, x, y, out);
    swap_colors(out);
}

static unsigned char to_byte(int v) { return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v); }

/* ITU-R BT.601 with brightness from 16 to 235 and colour from 16 to 240, in 8-bit fixed point. Two by two pixels share a colour. */
static void fetch_nv12(const struct pixels *p, int64_t x, int64_t y, unsigned char *out)
{
    const uint8_t *color = p->at + (p->height + y / 2) * p->stride + x / 2 * 2;
    const int light = 298 * (*pixel(p, x, y, 1) - 16) + 128, u = color[0] - 128, v = color[1] - 128;
    out[0] = to_byte((light + 409 * v) >> 8);
    out[1] = to_byte((light - 100 * u - 208 * v) >> 8);
    out[2] = to_byte((light + 516 * u) >> 8);
}

static const struct {
    int bytes; /* of a pixel in a row of the caller's */
    fetch_fn *fetch;
} formats[] = {
    [FTMX_GREY] = {1, fetch_grey}, [FTMX_RGB] = {3, fetch_rgb},   [FTMX_BGR] = {3, fetch_bgr},
    [FTMX_RGBA] = {4, fetch_rgba}, [FTMX_BGRA] = {4, fetch_bgra}, [FTMX_NV12] = {1, fetch_nv12},
};

enum { FORMATS = sizeof formats / sizeof formats[0], TURN_SHIFT = 4, TURNS = 4 };

/* Of what is fetched. */
static int channels_of(const struct pixels *p) { return p->format == FTMX_GREY ? 1 : 3; }

/* ---- rows ---- */

/* The place in the caller's memory of what is at (x, y) after the turn. */
static void place_of(const struct pixels *p, int64_t x, int64_t y, int64_t *from_x, int64_t *from_y)
{
    const int64_t right = p->width - 1, bottom = p->height - 1;
    const int64_t places[TURNS][2] = {
        {x, y}, {y, bottom - x}, {right - x, bottom - y}, {right - y, x}};
    *from_x = places[p->turn][0];
    *from_y = places[p->turn][1];
}

static void read_row(const void *from, int64_t y, unsigned char *row)
{
    const struct pixels *p = from;
    const int64_t width = p->turn % 2 ? p->height : p->width;
    const int channels = channels_of(p);
    if (!p->turn && (p->format == FTMX_GREY || p->format == FTMX_RGB)) {
        memcpy(row, p->at + y * p->stride, (size_t)(width * channels));
        return;
    }
    for (int64_t x = 0; x < width; x++) {
        int64_t from_x, from_y;
        place_of(p, x, y, &from_x, &from_y);
        formats[p->format].fetch(p, from_x, from_y, row + x * channels);
    }
}

static struct ftmrt_row_source rows_of(const struct pixels *p)
{
    const bool lies = p->turn % 2 != 0;
    return (struct ftmrt_row_source){.height = lies ? p->width : p->height,
                                     .width = lies ? p->height : p->width,
                                     .channels = channels_of(p),
                                     .read = read_row,
                                     .from = p};
}

/* ---- the transform ---- */

/* The pipeline of evaluation, to the input of prediction. */
static struct ftmrt_transform_task task_of(const struct model *m)
{
    const struct ftmrt_call *transform = model_setting(m, FTMRT_PARAM_finetune_transform);
    const struct ftmrt_value *input = network_input(&m->program, FTMRT_ENTRY_PREDICT);
    struct ftmrt_transform_task t = {
        .channels = (int)input->dim[1], .height = input->dim[2], .width = input->dim[3]};
    if (transform)
        t.pipeline = ftmrt_pipeline_of(transform, FTMRT_PARAM_transform_eval);
    return t;
}

bool model_takes_pictures(const struct model *m)
{
    const struct ftmrt_value *input = network_input(&m->program, FTMRT_ENTRY_PREDICT);
    return input && input->rank == 4 && (input->dim[1] == 1 || input->dim[1] == 3);
}

static uint64_t space_of(const struct ftmrt_transform_task *t, int64_t height, int64_t width)
{
    const struct ftmrt_row_source rows = {.height = height, .width = width, .channels = 3};
    return ftmrt_transform_rows_space(t, &rows);
}

/* Of the largest picture, and of one that is as the network wants it. */
uint64_t model_picture_space(const struct model *m)
{
    const struct ftmrt_transform_task t = task_of(m);
    const uint64_t largest = space_of(&t, FTMX_MAX_PIXELS, FTMX_MAX_PIXELS),
                   equal = space_of(&t, t.height, t.width),
                   space = largest > equal ? largest : equal;
    return space < PICTURE_SPACE ? space : PICTURE_SPACE;
}

/* ---- arguments ---- */

static ftmx_status check_size(ftmx_context *c, const struct pixels *p)
{
    const int64_t row =
        (p->format == FTMX_NV12 ? (p->width + 1) / 2 * 2 : p->width) * formats[p->format].bytes;
    if (p->width < 1 || p->height < 1)
        return context_fail(c, FTMX_ERROR_ARGUMENT, "a picture of %d x %d pixels is empty",
                            p->width, p->height);
    if (p->width > FTMX_MAX_PIXELS || p->height > FTMX_MAX_PIXELS)
        return context_fail(c, FTMX_ERROR_LIMIT,
                            "a picture of %d x %d pixels: at most %d are taken to each side",
                            p->width, p->height, (int64_t)FTMX_MAX_PIXELS);
    if (p->stride < row)
        return context_fail(c, FTMX_ERROR_ARGUMENT,
                            "a stride of %d bytes is shorter than a row, which has %d", p->stride,
                            row);
    return FTMX_OK;
}

static ftmx_status take_pixels(ftmx_context *c, struct pixels *p, int format)
{
    const struct ftmrt_call *data = model_setting(c->model, FTMRT_PARAM_finetune_data);
    p->format = format & ((1 << TURN_SHIFT) - 1);
    p->turn = format >> TURN_SHIFT;
    if (format < 0 || p->format >= FORMATS || p->turn >= TURNS)
        return context_fail(c, FTMX_ERROR_ARGUMENT, "there is no format %d", (int64_t)format);
    if (data)
        p->alpha = (enum ftmrt_alpha)ftmrt_call_word(data, FTMRT_PARAM_data_alpha);
    const ftmx_status status = check_size(c, p);
    if (status != FTMX_OK)
        return status;
    return context_takes(c, p->at, p->width * p->height, 1, "pixels") ? FTMX_OK
                                                                      : FTMX_ERROR_ARGUMENT;
}

/* ---- functions ---- */

ftmx_status ftmx_preprocess_u8(ftmx_context *context, const uint8_t *pixels, int64_t width,
                               int64_t height, int64_t stride, int format, float *input)
{
    struct pixels p = {.at = pixels, .width = width, .height = height, .stride = stride};
    struct ftmrt_picture found;
    ftmx_status status = context_begin(context);
    if (status == FTMX_OK)
        status = take_pixels(context, &p, format);
    if (status != FTMX_OK)
        return status;
    const struct ftmrt_transform_task t = task_of(context->model);
    const struct ftmrt_row_source rows = rows_of(&p);
    if (!context_takes(context, input, t.channels * t.height * t.width, sizeof *input, "input"))
        return FTMX_ERROR_ARGUMENT;
    if (ftmrt_transform_rows_space(&t, &rows) > context->picture_space)
        return context_fail(context, FTMX_ERROR_LIMIT,
                            "a picture of %d x %d pixels takes more memory than the context has "
                            "for the recipe's transform",
                            width, height);
    if (ftmrt_transform_rows(&t, &rows, context->picture, &found, input) == FTMRT_OK)
        return FTMX_OK;
    return context_fail(context, FTMX_ERROR_MISMATCH,
                        "the recipe's transform makes %d x %d pixels of a picture of %d x %d; the "
                        "network takes %d x %d",
                        found.width, found.height, width, height, t.width, t.height);
}

ftmx_status ftmx_predict_u8(ftmx_context *context, const uint8_t *pixels, int64_t width,
                            int64_t height, int64_t stride, int format, float *probabilities)
{
    ftmx_status status = context_begin_sound(context);
    if (status == FTMX_OK)
        status = ftmx_preprocess_u8(context, pixels, width, height, stride, format, context->input);
    if (status == FTMX_OK)
        status = ftmx_predict(context, context->input, 1, probabilities);
    return status == FTMX_OK ? ftmx_probabilities(context, probabilities, 1, probabilities)
                             : status;
}

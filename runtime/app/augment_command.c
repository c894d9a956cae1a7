/* The command `augment`: a sheet of what training will see. A row is a sample, a column an epoch, with the draws that `train` has there:
 * seed, epoch and sample. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "input_pixels.h"
#include "loader.h"
#include "png_file.h"
#include "report.h"
#include "training_data.h"

enum { COLUMNS = 8, ROWS = 8, GAP = 2, BACKGROUND = 255 };

/* The sheet, and what a cell is made of. */
struct sheet {
    const struct config *config;
    const struct config_input *input;
    int64_t rows, height, width; /* in cells; in pixels, gaps included */
    int64_t *samples;            /* [rows]: of the source */
    unsigned char *pixels;       /* [height, width, 3] */
};

/* An input in its cell. */
static void draw_cell(struct sheet *s, const float *input, int64_t row, int64_t column)
{
    const int64_t y = GAP + row * (s->input->height + GAP),
                  x = GAP + column * (s->input->width + GAP);
    input_pixels(s->input, input, s->pixels + (y * s->width + x) * 3, s->width * 3);
}

/* The samples of an epoch as training has them; mixed with each other where the recipe mixes. */
static bool draw_epoch(struct sheet *s, const struct source *source, int64_t column)
{
    const struct loader l = loader_of(source, s->input, s->config->seed, (uint64_t)(column + 1));
    const size_t elements = (size_t)loader_input_elements(&l), bytes = loader_label_bytes(&l);
    struct batch plain = {s->rows, app_alloc((size_t)s->rows * elements, sizeof(float)),
                          app_alloc((size_t)s->rows, bytes)},
                 mixed = {s->rows, app_alloc(elements, sizeof(float)), app_alloc(1, bytes)};
    struct loader_space space = {0};
    bool ok = true;
    for (int64_t i = 0; ok && i < s->rows; i++)
        ok = loader_sample(&l, &space, s->samples[i], plain.inputs + (size_t)i * elements,
                           (unsigned char *)plain.labels + (size_t)i * bytes);
    for (int64_t i = 0; ok && i < s->rows; i++) {
        float *input = plain.inputs + (size_t)i * elements;
        if (s->input->mix) {
            ftmrt_mix(s->input->mix,
                      &(struct ftmrt_batch){s->rows, s->input->channels, s->input->height,
                                            s->input->width, s->input->classes, plain.inputs,
                                            plain.labels},
                      i,
                      &(struct ftmrt_draw){.seed = s->config->seed,
                                           .epoch = (uint64_t)(column + 1),
                                           .sample = (uint64_t)s->samples[i]},
                      mixed.inputs, mixed.labels);
            input = mixed.inputs;
        }
        draw_cell(s, input, i, column);
    }
    loader_space_free(&space);
    free(plain.inputs);
    free(plain.labels);
    free(mixed.inputs);
    free(mixed.labels);
    return ok;
}

/* The first samples of the first epoch. */
static void choose(struct sheet *s, const struct subset *train, int64_t wanted)
{
    int64_t *order = app_alloc((size_t)train->count, sizeof *order);
    for (int64_t i = 0; i < train->count; i++)
        order[i] = i;
    if (s->config->shuffle)
        shuffle_order(order, train->count, s->config->seed, 1);
    s->rows = wanted < train->count ? wanted : train->count;
    s->samples = app_alloc((size_t)s->rows, sizeof *s->samples);
    for (int64_t i = 0; i < s->rows; i++)
        s->samples[i] = train->indices ? train->indices[order[i]] : order[i];
    free(order);
}

static bool draw(struct sheet *s, const struct training_data *data, const struct options *o)
{
    const struct subset train = training_data_train(data);
    if (train.source->fields[FIELD_INPUT].kind != FIELD_PICTURE)
        return report_error("%s holds inputs of the network, which no transform touches",
                            train.source->name);
    choose(s, &train, o->count_given ? o->count : ROWS);
    s->height = GAP + s->rows * (s->input->height + GAP);
    s->width = GAP + COLUMNS * (s->input->width + GAP);
    s->pixels = app_alloc((size_t)(s->height * s->width), 3);
    memset(s->pixels, BACKGROUND, (size_t)(s->height * s->width) * 3);
    bool ok = true;
    for (int64_t column = 0; ok && column < COLUMNS; column++)
        ok = draw_epoch(s, train.source, column);
    ok = ok && png_file_write(o->out, s->pixels, s->height, s->width);
    if (ok)
        printf("%s: %lld samples (rows) in %d epochs (columns)\n", o->out, (long long)s->rows,
               COLUMNS);
    return ok;
}

int command_augment(const struct ftmrt_program *p, const struct options *o)
{
    struct config c;
    if (!o->out) {
        report_error("--out FILE.png says where the sheet goes");
        return EXIT_WRONG_USAGE;
    }
    if (!config_read(&c, p))
        return EXIT_ERROR;
    c.seed = o->seed_given ? (uint64_t)o->seed : c.seed;
    struct training_data data = {0};
    struct sheet s = {.config = &c, .input = &c.input_train};
    bool ok = c.train || report_error("the recipe has no training data");
    if (ok) {
        ok = training_data_open(&data, &c, o->data) && draw(&s, &data, o);
        training_data_close(&data);
    }
    free(s.samples);
    free(s.pixels);
    config_free(&c);
    return ok ? EXIT_OK : EXIT_ERROR;
}

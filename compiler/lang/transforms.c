/* transform train, transform eval and preprocess: pipelines from the pixels of a file to the
 * network's input.
 *
 * Pixels are 0..255 until `normalize`, which is the last step. A pipeline is followed symbolically:
 * the sizes that the two make are those the network is compiled for. */
#include "recipe_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"
#include "str.h"
#include "transform.h"

/* A pipeline, followed symbolically. */
struct pipeline {
    VEC(struct ftmrt_call) steps;
    struct ftmrt_form form;    /* behind the steps so far */
    struct span normalized_at; /* the step that made numbers of the pixels */
    struct span random_at;     /* the first step that draws random numbers */
    const struct bound_call
        *counted; /* the step whose numbers alone say how many channels there are, or NULL */
};

static void order_error(struct recipe_reader *r, struct span span, const char *text,
                        const char *advice)
{
    diag_report(r->diag, span, DIAG_TRANSFORM_ORDER, text);
    if (advice)
        diag_note(r->diag, "%s", advice);
}

/* ---- one step ---- */

static double mean_of(const struct value *v)
{
    double sum = 0;
    for (uint32_t i = 0; i < v->count; i++)
        sum += value_number(&v->items[i]);
    return v->count ? sum / v->count : 0;
}

/* "normalize(mean = 0.449, std = 0.226)": a call with one number for all channels where it has one each. */
static const char *one_each(struct arena *arena, const struct bound_call *c)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    strbuf_addf(&out, "%s(", c->info->name);
    const size_t begin = out.len;
    for (uint32_t i = 0; i < c->info->param_count; i++) {
        const struct ftmrt_param_info *p = &c->info->params[i];
        const struct value *v = &c->args[i];
        const double number = v->kind == VALUE_LIST ? mean_of(v) : v->real;
        if (v->kind == VALUE_LIST || (v->kind == VALUE_FLOAT && number != strtod(p->value, NULL)))
            strbuf_addf(&out, "%s%s = %.3g", out.len > begin ? ", " : "", p->name, number);
    }
    strbuf_addc(&out, ')');
    return out.text;
}

/* " or `model.preprocess`", where the model has one. */
static const char *or_preprocess(const struct recipe_reader *r)
{
    return r->model && files_preprocess(r->files, r->model) ? ", or `model.preprocess`" : "";
}

/* Whether the model takes grey images and no others. */
static bool is_grey(const struct recipe_reader *r)
{
    const struct param *image = r->model ? model_image(r->model) : NULL;
    const struct expr *channels = image ? image->dims->list.at[0] : NULL;
    return channels && channels->kind == EXPR_INT && channels->integer == 1;
}

static void advise_channels(struct recipe_reader *r, const struct bound_call *c,
                            const struct ftmrt_form *form)
{
    if (form->have != 1)
        diag_note(r->diag, "give as many numbers as there are channels, or one for all");
    else
        diag_note(r->diag, "%swrite one number each for grey: %s%s",
                  is_grey(r) ? "" : "write to_rgb() before it, or ", one_each(r->arena, c),
                  or_preprocess(r));
}

static void report_problem(struct recipe_reader *r, const struct bound_call *c,
                           const struct ftmrt_form *form)
{
    const char *name = c->info->name;
    switch (form->problem) {
    case FTMRT_FORM_FINE: break;
    case FTMRT_FORM_CROP_LARGER:
        order_error(r, c->span,
                    arena_printf(r->arena,
                                 "%s of %lld is larger than the image, whose side is %lld", name,
                                 (long long)form->want, (long long)form->have),
                    "resize to at least the size of the crop");
        break;
    case FTMRT_FORM_CHANNELS:
        diag_report(r->diag, c->span, DIAG_TRANSFORM_CHANNELS, name, (long long)form->have,
                    (long long)form->want);
        advise_channels(r, c, form);
        break;
    case FTMRT_FORM_NESTED:
        order_error(r, c->span,
                    arena_printf(
                        r->arena,
                        "a transform in %s gives the picture another size or other channels", name),
                    "it runs for some pictures only, which would then be unlike the others: put it "
                    "before or behind");
        break;
    case FTMRT_FORM_WEIGHTS:
        order_error(r, c->span,
                    arena_printf(r->arena, "%s has %lld weights for %lld transforms", name,
                                 (long long)form->have, (long long)form->want),
                    "give each its weight, or leave `p` out");
        break;
    }
}

/* Warns of numbers that no network expects: a mean above all pixels, or a deviation of less than one of them, come of a scale
 * that is forgotten or too much. */
static void check_scale(struct recipe_reader *r, const struct bound_call *c,
                        const struct ftmrt_form *form)
{
    const double mean = form->mean[0], std = form->std[0];
    if (mean <= 255 && std >= 1)
        return;
    diag_report(r->diag, c->span, DIAG_NORMALISE_SCALE,
                arena_printf(r->arena, "%.4g", (0 - mean) / std),
                arena_printf(r->arena, "%.4g", (255 - mean) / std));
    diag_note(r->diag, mean > 255
                           ? "pixels are divided by `scale`, 255, before: where mean and std are "
                             "of pixels, write `scale = 1`"
                           : "mean and std are of pixels divided by `scale`: where they are of "
                             "numbers from 0 to 1, leave `scale` out");
}

/* Appends a step and takes the image's form one step on. false after a report of what does not
 * fit. */
static bool add_step(struct recipe_reader *r, struct pipeline *p, const struct bound_call *c)
{
    const uint32_t errors = r->diag->errors;
    const struct ftmrt_call step = plain_call(r->arena, c);
    if (p->form.normalized) {
        order_error(r, c->span,
                    arena_printf(r->arena, "%s comes behind normalisation", c->info->name),
                    "it is the last step: sizes and colours are changed on pixels from 0 to 255");
        p->form.normalized = false;
    }
    const bool random = p->form.random, counted = p->form.channels != 0;
    ftmrt_form_step(&step, &p->form);
    if (!counted && p->form.channels && p->form.normalized)
        p->counted = c;
    if (p->form.random && !random)
        p->random_at = c->span;
    report_problem(r, c, &p->form);
    if (p->form.normalized) {
        p->normalized_at = c->span;
        if (r->diag->errors == errors)
            check_scale(r, c, &p->form);
    }
    vec_push(r->arena, &p->steps, step);
    return r->diag->errors == errors;
}

/* ---- pipelines ---- */

static bool add_steps(struct recipe_reader *r, struct frame *frame, const struct exprs *steps,
                      struct pipeline *out);

/* model.preprocess inside a pipeline. */
static bool add_preprocess(struct recipe_reader *r, const struct expr *e, struct pipeline *out)
{
    const struct decl *d = r->model ? files_preprocess(r->files, r->model) : NULL;
    if (!d && r->model)
        diag_report(r->diag, e->span, DIAG_NO_PREPROCESS, r->model->name);
    if (!d)
        return false;
    struct frame frame = {.decl = d, .scope = ""};
    return add_steps(r, &frame, d->steps, out);
}

static bool is_model_preprocess(const struct expr *e)
{
    return e->kind == EXPR_ATTR && !strcmp(e->text, "preprocess") && e->a->kind == EXPR_NAME &&
           !strcmp(e->a->text, "model");
}

static bool add_steps(struct recipe_reader *r, struct frame *frame, const struct exprs *steps,
                      struct pipeline *out)
{
    bool ok = true;
    for (uint32_t i = 0; i < steps->list.len; i++) {
        const struct expr *e = steps->list.at[i];
        if (frame->decl->kind == DECL_FINETUNE && is_model_preprocess(e)) {
            ok = add_preprocess(r, e, out) && ok;
            continue;
        }
        struct bound_call *c = setting_call(r->builder, frame, e, FTMRT_CATEGORY_TRANSFORM, "step");
        if (!c) {
            ok = false;
            continue;
        }
        ok = add_step(r, out, c) && ok;
    }
    return ok;
}

/* ---- comparison with the model's own preprocess ---- */

/* What becomes of a pixel x of channel c: (x - out[0]) / out[1]. */
static void in_pixels(const struct ftmrt_form *form, int c, double out[2])
{
    out[0] = form->normalized ? form->mean[c] : 0;
    out[1] = form->normalized ? form->std[c] : 1;
}

static void check_normalisation(struct recipe_reader *r, const char *which,
                                const struct pipeline *mine, const struct ftmrt_form *models)
{
    const struct recipe_stmt *stmt = find_setting(r, RECIPE_TRANSFORM, which);
    for (int c = 0; stmt && c < 3; c++) {
        double have[2], want[2];
        in_pixels(&mine->form, c, have);
        in_pixels(models, c, want);
        if (fabs(have[0] - want[0]) <= 0.5 && fabs(have[1] - want[1]) <= 0.5)
            continue;
        const char *text =
            arena_printf(r->arena, "mean %.4g and std %.4g of 255, not %.4g and %.4g", have[0],
                         have[1], want[0], want[1]);
        diag_report(r->diag, mine->form.normalized ? mine->normalized_at : stmt->span,
                    DIAG_PREPROCESS_DIFFERS, which, text);
        diag_note(r->diag, "`transform eval = model.preprocess` takes the model's own");
        return;
    }
}

/* Warns of pixels that are not normalised at all, where samples are pictures for sure. */
static void check_pixels(struct recipe_reader *r, const struct pipeline *eval_steps)
{
    const struct recipe_stmt *stmt = find_setting(r, RECIPE_TRANSFORM, "eval");
    const struct ftmrt_call *data = recipe_call(r->recipe, FTMRT_PARAM_finetune_data),
                            *train = ftmrt_call_inner(data, FTMRT_PARAM_data_train);
    if (!stmt || eval_steps->form.normalized || !train || !listing_can(train))
        return;
    diag_report(r->diag, stmt->span, DIAG_NORMALISE_SCALE, "0", "255");
    diag_note(r->diag,
              "end with normalize(mean = 0.5, std = 0.5), which makes -1 to 1 of them%s; where the "
              "network takes pixels, write normalize(mean = 0, std = 1, scale = 1)",
              or_preprocess(r));
}

/* Warns of a normalisation that pretrained weights do not expect. */
static void compare(struct recipe_reader *r, const struct pipeline *eval_steps,
                    const struct pipeline *train_steps)
{
    const struct decl *d = r->model ? files_preprocess(r->files, r->model) : NULL;
    const struct recipe_stmt *weights = find_setting(r, RECIPE_SETTING, "weights");
    struct pipeline own = {0};
    if (d && weights && weights->values->list.at[0]->kind == EXPR_STRING) {
        struct frame frame = {.decl = d, .scope = ""};
        if (!add_steps(r, &frame, d->steps, &own))
            return;
    }
    if (own.form.normalized) {
        check_normalisation(r, "eval", eval_steps, &own.form);
        check_normalisation(r, "train", train_steps, &own.form);
    } else {
        check_pixels(r, eval_steps);
    }
}

/* ---- comparison of the two ---- */

/* Warns where evaluation sees other numbers than training. */
static void compare_two(struct recipe_reader *r, const struct recipe_stmt *train,
                        const struct pipeline *train_steps, const struct pipeline *eval_steps)
{
    for (int c = 0; c < 3; c++) {
        double a[2], b[2];
        in_pixels(&train_steps->form, c, a);
        in_pixels(&eval_steps->form, c, b);
        if (fabs(a[0] - b[0]) <= 0.5 && fabs(a[1] - b[1]) <= 0.01 * fabs(b[1]))
            continue;
        const char *text[4];
        for (int i = 0; i < 4; i++)
            text[i] = arena_printf(r->arena, "%.4g", i % 2 ? b[i / 2] : a[i / 2]);
        diag_report(r->diag,
                    train_steps->form.normalized ? train_steps->normalized_at : train->span,
                    DIAG_NORMALISE_TWO_WAYS, text[0], text[1], text[2], text[3]);
        diag_note(r->diag,
                  "end both with the same normalize(...): what is learnt is about its numbers");
        return;
    }
}

/* ---- the recipe's two pipelines ---- */

static bool eval_pipeline(struct recipe_reader *r, struct frame *scope, struct pipeline *out)
{
    const struct recipe_stmt *stmt = find_setting(r, RECIPE_TRANSFORM, "eval");
    const struct decl *d = !stmt && r->model ? files_preprocess(r->files, r->model) : NULL;
    if (stmt)
        return add_steps(r, scope, stmt->values, out);
    if (d) {
        struct frame frame = {.decl = d, .scope = ""};
        return add_steps(r, &frame, d->steps, out);
    }
    if (r->model && model_image(r->model) && !r->files->finetune->damaged) {
        diag_report(r->diag, r->files->finetune->span, DIAG_NO_TRANSFORM, r->model->name);
        diag_note(r->diag,
                  "for example `transform eval = resize(64, 64), to_rgb(), normalize(imagenet)`");
    }
    return false;
}

/* The images of training may have another size, but the same channels. */
static void check_channels(struct recipe_reader *r, const struct recipe_stmt *stmt)
{
    const int64_t train = r->train_image.channels, eval = r->eval_image.channels;
    if (train && eval && train != eval)
        diag_report(r->diag, stmt->span, DIAG_TRANSFORM_CHANNELS, "`transform train`",
                    (long long)train, (long long)eval);
}

/* Takes the size that the model declares for pictures that no step brings to one: those of another are refused when they are read. */
static void take_declared(const struct recipe_reader *r, struct image_size *size)
{
    const struct param *image = r->model ? model_image(r->model) : NULL;
    const struct expr *const *dims =
        image ? (const struct expr *const *)image->dims->list.at : NULL;
    if (!dims || dims[1]->kind != EXPR_INT || dims[2]->kind != EXPR_INT)
        return;
    size->height = dims[1]->integer;
    size->width = dims[2]->integer;
}

/* The size of the images behind a pipeline; unknown after a report. */
static struct image_size image_behind(struct recipe_reader *r, const char *transform,
                                      struct span span, const struct pipeline *p)
{
    const struct ftmrt_form *form = &p->form;
    struct image_size size = {form->channels, form->height, form->width,
                              transform,      SPAN_NONE,    NULL};
    if (p->counted) {
        size.counted = p->counted->span;
        size.counted_advice = arena_printf(
            r->arena, "it has numbers for %lld channels; write one each for all: %s%s",
            (long long)form->channels, one_each(r->arena, p->counted), or_preprocess(r));
    }
    if (!form->height && !form->shorter && !form->square)
        take_declared(r, &size);
    if (size.height)
        return size;
    diag_report(r->diag, span, DIAG_UNKNOWN_SIZE, "size", transform);
    diag_note(r->diag, form->shorter
                           ? "resize(n) sets the shorter side only: add center_crop(n), or "
                             "write resize(height, width)"
                           : "add resize(height, width), or resize(n), center_crop(n)");
    return (struct image_size){.transform = transform};
}

/* Figures of an evaluation are the same each time. */
static void check_not_random(struct recipe_reader *r, const struct pipeline *p)
{
    if (p->form.random)
        order_error(r, p->random_at, "a random step in `transform eval`",
                    "evaluation gives the same figures each time: write it in `transform train`");
}

static void keep(struct recipe_reader *r, enum ftmrt_param param, const struct pipeline *p)
{
    *block_arg(r->recipe, FTMRT_PARAM_finetune_transform, param) =
        (struct ftmrt_arg){FTMRT_ARG_CALLS, p->steps.len, {.calls = p->steps.at}};
}

void read_transforms(struct recipe_reader *r, struct frame *scope)
{
    struct pipeline eval_steps = {0}, train_steps = {0};
    const struct recipe_stmt *eval_stmt = find_setting(r, RECIPE_TRANSFORM, "eval");
    const struct recipe_stmt *train_stmt = find_setting(r, RECIPE_TRANSFORM, "train");
    if (eval_pipeline(r, scope, &eval_steps))
        r->eval_image = image_behind(
            r, "eval", eval_stmt ? eval_stmt->span : r->files->finetune->span, &eval_steps);
    check_not_random(r, &eval_steps);
    if (!train_stmt) {
        train_steps = eval_steps;
        r->train_image = r->eval_image;
    } else if (add_steps(r, scope, train_stmt->values, &train_steps)) {
        r->train_image = image_behind(r, "train", train_stmt->span, &train_steps);
        check_channels(r, train_stmt);
        if (r->eval_image.height)
            compare_two(r, train_stmt, &train_steps, &eval_steps);
    }
    r->eval_form = eval_steps.form;
    r->train_form = train_steps.form;
    keep(r, FTMRT_PARAM_transform_eval, &eval_steps);
    keep(r, FTMRT_PARAM_transform_train, &train_steps);
    if (r->eval_image.height)
        compare(r, &eval_steps, &train_steps);
}

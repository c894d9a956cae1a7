/* transform train, transform eval and preprocess: pipelines from the pixels of a file to the
 * network's input.
 *
 * Pixels are 0..255 until `normalize`, which is the last step. A pipeline is followed symbolically:
 * the size that it makes is the size the network is compiled for. */
#include "front.h"

#include <math.h>
#include <string.h>

#include "str.h"

/* What is known about the image behind a step. */
struct image_state {
    int64_t size[2];  /* 0: not known */
    int64_t shorter;  /* side, if only that is known */
    int64_t channels; /* 0: as in the file */
    bool normalized;
};

typedef VEC(struct transform) transforms;

static void order_error(struct front *f, struct span span, const char *text, const char *advice)
{
    diag_report(f->diag, span, DIAG_TRANSFORM_ORDER, text);
    if (advice)
        diag_note(f->diag, "%s", advice);
}

/* ---- one step ---- */

static void follow_resize(struct image_state *s, const struct bound_call *c, struct transform *t)
{
    bool exact = c->args[1].kind != VALUE_ABSENT;
    t->kind = TRANSFORM_RESIZE;
    t->size[0] = call_int(c, 0);
    t->size[1] = exact ? call_int(c, 1) : 0;
    s->shorter = exact ? 0 : t->size[0];
    s->size[0] = exact ? t->size[0] : 0;
    s->size[1] = t->size[1];
}

static void follow_crop(struct front *f, struct image_state *s, const struct bound_call *c,
                        struct transform *t)
{
    t->kind = TRANSFORM_CENTER_CROP;
    t->size[0] = call_int(c, 0);
    t->size[1] = c->args[1].kind == VALUE_ABSENT ? t->size[0] : call_int(c, 1);
    for (int axis = 0; axis < 2; axis++) {
        int64_t have = s->shorter ? s->shorter : s->size[axis];
        if (!have || t->size[axis] <= have)
            continue;
        order_error(f, c->span,
                    arena_printf(f->arena,
                                 "center_crop of %lld is larger than the image, whose side is %lld",
                                 (long long)t->size[axis], (long long)have),
                    "resize to at least the size of the crop");
        break;
    }
    memcpy(s->size, t->size, sizeof s->size);
    s->shorter = 0;
}

/* The numbers of mean or std; how many. */
static uint32_t numbers(const struct value *v, double out[4])
{
    uint32_t n = v->count <= 4 ? v->count : 4;
    for (uint32_t i = 0; i < n; i++)
        out[i] = value_number(&v->items[i]);
    return n;
}

static void follow_normalize(struct front *f, struct image_state *s, const struct bound_call *c,
                             struct transform *t)
{
    static const double imagenet_mean[3] = {0.485, 0.456, 0.406},
                        imagenet_std[3] = {0.229, 0.224, 0.225};
    t->kind = TRANSFORM_NORMALIZE;
    t->scale = call_float(c, 2);
    s->normalized = true;
    bool imagenet = c->args[0].kind == VALUE_SYMBOL, has_std = c->args[1].kind != VALUE_ABSENT;
    if (imagenet) {
        memcpy(t->mean, imagenet_mean, sizeof imagenet_mean);
        memcpy(t->std, imagenet_std, sizeof imagenet_std);
        t->channels = 3;
    }
    if (imagenet == has_std || (has_std && c->args[1].kind != VALUE_LIST)) {
        if (has_std)
            diag_report(f->diag, c->span, DIAG_TOO_MANY_ARGUMENTS, "normalize(imagenet)", 1U);
        else
            diag_report(f->diag, c->span, DIAG_MISSING_ARGUMENT, "normalize", "std");
        return;
    }
    if (!imagenet) {
        uint32_t means = numbers(&c->args[0], t->mean), stds = numbers(&c->args[1], t->std);
        t->channels = means > stds ? means : stds;
        for (uint32_t i = 1; i < t->channels; i++) {
            t->mean[i] = t->mean[means == 1 ? 0 : i];
            t->std[i] = t->std[stds == 1 ? 0 : i];
        }
        if (means != stds && means != 1 && stds != 1)
            diag_report(f->diag, c->span, DIAG_BAD_VALUE, "'std'",
                        arena_printf(f->arena, "a list of %u", means),
                        value_text(f->arena, &c->args[1]));
    }
    if (t->channels > 1 && s->channels && t->channels != s->channels)
        diag_report(f->diag, c->span, DIAG_TRANSFORM_CHANNELS, "normalize", (long long)s->channels,
                    (long long)t->channels);
    else if (t->channels > 1)
        s->channels = t->channels;
}

static void follow(struct front *f, struct image_state *s, const struct bound_call *c,
                   struct transform *t)
{
    *t = (struct transform){.span = c->span};
    if (s->normalized) {
        order_error(
            f, c->span, arena_printf(f->arena, "%s comes behind normalize", c->info->name),
            "normalize is the last step: sizes and colours are changed on pixels from 0 to 255");
        s->normalized = false;
    }
    if (call_is(c, FTMRT_CALL_resize)) {
        follow_resize(s, c, t);
    } else if (call_is(c, FTMRT_CALL_center_crop)) {
        follow_crop(f, s, c, t);
    } else if (call_is(c, FTMRT_CALL_normalize)) {
        follow_normalize(f, s, c, t);
    } else {
        t->kind = call_is(c, FTMRT_CALL_to_rgb) ? TRANSFORM_TO_RGB : TRANSFORM_TO_GREY;
        s->channels = t->kind == TRANSFORM_TO_RGB ? 3 : 1;
    }
}

/* ---- pipelines ---- */

/* The preprocess declaration of a model, or of the model that a preset calls; NULL: none. */
static const struct decl *model_preprocess(const struct front *f, const struct decl *model)
{
    for (int depth = 0; model && depth < 16; depth++) {
        const struct decl *d = map_get(&f->preprocess, model->name);
        if (d)
            return d;
        model = model->preset ? map_get(&f->decls, model->preset->text) : NULL;
    }
    return NULL;
}

static bool add_steps(struct front *f, struct frame *frame, const struct exprs *steps,
                      struct image_state *s, transforms *out);

/* model.preprocess inside a pipeline. */
static bool add_preprocess(struct front *f, const struct expr *e, struct image_state *s,
                           transforms *out)
{
    const struct decl *d = f->model ? model_preprocess(f, f->model) : NULL;
    if (!d && f->model)
        diag_report(f->diag, e->span, DIAG_NO_PREPROCESS, f->model->name);
    if (!d)
        return false;
    struct frame frame = {.decl = d, .scope = ""};
    return add_steps(f, &frame, d->steps, s, out);
}

static bool is_model_preprocess(const struct expr *e)
{
    return e->kind == EXPR_ATTR && !strcmp(e->text, "preprocess") && e->a->kind == EXPR_NAME &&
           !strcmp(e->a->text, "model");
}

static bool add_steps(struct front *f, struct frame *frame, const struct exprs *steps,
                      struct image_state *s, transforms *out)
{
    bool ok = true;
    for (uint32_t i = 0; i < steps->list.len; i++) {
        const struct expr *e = steps->list.at[i];
        if (frame->decl->kind == DECL_FINETUNE && is_model_preprocess(e)) {
            ok = add_preprocess(f, e, s, out) && ok;
            continue;
        }
        struct bound_call *c = setting_call(f, frame, e, FTMRT_CATEGORY_TRANSFORM, "step");
        if (!c) {
            ok = false;
            continue;
        }
        struct transform t;
        uint32_t errors = f->diag->errors;
        follow(f, s, c, &t);
        ok = ok && f->diag->errors == errors;
        vec_push(f->arena, out, t);
    }
    return ok;
}

/* ---- comparison with the model's own preprocess ---- */

static const struct transform *find_normalize(const struct transform *t, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (t[i].kind == TRANSFORM_NORMALIZE)
            return &t[i];
    return NULL;
}

/* Mean and standard deviation of channel c in pixels from 0 to 255. */
static void in_pixels(const struct transform *t, uint32_t c, double out[2])
{
    uint32_t i = t->channels > c ? c : 0;
    out[0] = t->mean[i] * t->scale;
    out[1] = t->std[i] * t->scale;
}

static void check_normalize(struct front *f, const char *which, struct span span,
                            const struct transform *mine, const struct transform *models)
{
    for (uint32_t c = 0; c < 3; c++) {
        double have[2] = {0, 1}, want[2];
        in_pixels(models, c, want);
        if (mine)
            in_pixels(mine, c, have);
        if (fabs(have[0] - want[0]) <= 0.5 && fabs(have[1] - want[1]) <= 0.5)
            continue;
        const char *text =
            arena_printf(f->arena, "mean %.4g and std %.4g of 255, not %.4g and %.4g", have[0],
                         have[1], want[0], want[1]);
        diag_report(f->diag, mine ? mine->span : span, DIAG_PREPROCESS_DIFFERS, which, text);
        diag_note(f->diag, "`transform eval = model.preprocess` takes the model's own");
        return;
    }
}

/* Warns of a normalisation that pretrained weights do not expect. */
static void compare(struct front *f)
{
    const struct decl *d = f->model ? model_preprocess(f, f->model) : NULL;
    const struct recipe_stmt *weights = find_setting(f, RECIPE_SETTING, "weights");
    if (!d || !weights || weights->values->list.at[0]->kind != EXPR_STRING)
        return;
    struct image_state s = {0};
    transforms own = {0};
    struct frame frame = {.decl = d, .scope = ""};
    const struct transform *models =
        add_steps(f, &frame, d->steps, &s, &own) ? find_normalize(own.at, own.len) : NULL;
    if (!models)
        return;
    struct recipe *r = f->recipe;
    const struct recipe_stmt *eval_stmt = find_setting(f, RECIPE_TRANSFORM, "eval");
    const struct recipe_stmt *train_stmt = find_setting(f, RECIPE_TRANSFORM, "train");
    if (eval_stmt)
        check_normalize(f, "eval", eval_stmt->span,
                        find_normalize(r->transform_eval.at, r->transform_eval.len), models);
    if (train_stmt)
        check_normalize(f, "train", train_stmt->span,
                        find_normalize(r->transform_train.at, r->transform_train.len), models);
}

/* ---- the recipe's two pipelines ---- */

static bool eval_pipeline(struct front *f, struct frame *recipe, struct image_state *s,
                          transforms *out)
{
    const struct recipe_stmt *stmt = find_setting(f, RECIPE_TRANSFORM, "eval");
    const struct decl *d = !stmt && f->model ? model_preprocess(f, f->model) : NULL;
    if (stmt)
        return add_steps(f, recipe, stmt->values, s, out);
    if (d) {
        struct frame frame = {.decl = d, .scope = ""};
        return add_steps(f, &frame, d->steps, s, out);
    }
    if (f->model && !f->finetune->damaged) {
        diag_report(f->diag, f->finetune->span, DIAG_NO_TRANSFORM, f->model->name);
        diag_note(f->diag,
                  "for example `transform eval = resize(64, 64), to_rgb(), normalize(imagenet)`");
    }
    return false;
}

static void check_train_size(struct front *f, const struct recipe_stmt *stmt,
                             const struct image_state *s)
{
    if (s->size[0] && f->size[0] && (s->size[0] != f->size[0] || s->size[1] != f->size[1]))
        order_error(
            f, stmt->span,
            arena_printf(
                f->arena,
                "`transform train` makes images of %lld x %lld, `transform eval` of %lld x %lld",
                (long long)s->size[0], (long long)s->size[1], (long long)f->size[0],
                (long long)f->size[1]),
            "the network is compiled for one size");
    if (s->channels && f->channels && s->channels != f->channels)
        diag_report(f->diag, stmt->span, DIAG_TRANSFORM_CHANNELS, "`transform train`",
                    (long long)s->channels, (long long)f->channels);
}

static bool size_known(struct front *f, struct span span, const struct image_state *s)
{
    if (s->size[0])
        return true;
    diag_report(f->diag, span, DIAG_UNKNOWN_SIZE, "size");
    diag_note(f->diag, s->shorter ? "resize(n) sets the shorter side only: add center_crop(n), or "
                                    "write resize(height, width)"
                                  : "add resize(height, width), or resize(n), center_crop(n)");
    return false;
}

void front_transforms(struct front *f, struct frame *recipe)
{
    struct image_state s = {0}, t = {0};
    transforms eval_steps = {0}, train_steps = {0};
    const struct recipe_stmt *eval_stmt = find_setting(f, RECIPE_TRANSFORM, "eval");
    const struct recipe_stmt *train_stmt = find_setting(f, RECIPE_TRANSFORM, "train");
    if (eval_pipeline(f, recipe, &s, &eval_steps) &&
        size_known(f, eval_stmt ? eval_stmt->span : f->finetune->span, &s)) {
        memcpy(f->size, s.size, sizeof f->size);
        f->channels = s.channels;
    }
    train_steps = eval_steps;
    if (train_stmt) {
        train_steps = (transforms){0};
        if (add_steps(f, recipe, train_stmt->values, &t, &train_steps) &&
            size_known(f, train_stmt->span, &t))
            check_train_size(f, train_stmt, &t);
    }
    for (uint32_t i = 0; i < eval_steps.len; i++)
        vec_push(f->arena, &f->recipe->transform_eval, eval_steps.at[i]);
    for (uint32_t i = 0; i < train_steps.len; i++)
        vec_push(f->arena, &f->recipe->transform_train, train_steps.at[i]);
    if (f->size[0])
        compare(f);
}

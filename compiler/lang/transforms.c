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

typedef VEC(struct bound_call *) transforms;

static void order_error(struct front *f, struct span span, const char *text, const char *advice)
{
    diag_report(f->diag, span, DIAG_TRANSFORM_ORDER, text);
    if (advice)
        diag_note(f->diag, "%s", advice);
}

/* ---- one step ---- */

static void follow_resize(struct image_state *s, const struct bound_call *c)
{
    bool exact = c->args[1].kind != VALUE_ABSENT;
    s->shorter = exact ? 0 : call_int(c, 0);
    s->size[0] = exact ? call_int(c, 0) : 0;
    s->size[1] = exact ? call_int(c, 1) : 0;
}

static void follow_crop(struct front *f, struct image_state *s, const struct bound_call *c)
{
    int64_t size[2] = {call_int(c, 0), call_int(c, c->args[1].kind != VALUE_ABSENT)};
    for (int axis = 0; axis < 2; axis++) {
        int64_t have = s->shorter ? s->shorter : s->size[axis];
        if (!have || size[axis] <= have)
            continue;
        order_error(f, c->span,
                    arena_printf(f->arena,
                                 "center_crop of %lld is larger than the image, whose side is %lld",
                                 (long long)size[axis], (long long)have),
                    "resize to at least the size of the crop");
        break;
    }
    memcpy(s->size, size, sizeof s->size);
    s->shorter = 0;
}

static void follow_normalize(struct front *f, struct image_state *s, const struct bound_call *c)
{
    uint32_t means = c->args[0].count, stds = c->args[1].count;
    uint32_t channels = means > stds ? means : stds;
    s->normalized = true;
    if ((means != stds && means != 1 && stds != 1) || channels > 4)
        diag_report(f->diag, c->span, DIAG_BAD_VALUE, "'std'",
                    arena_printf(f->arena, "a list of %u", means),
                    value_text(f->arena, &c->args[1]));
    if (channels > 1 && s->channels && channels != s->channels)
        diag_report(f->diag, c->span, DIAG_TRANSFORM_CHANNELS, "normalize", (long long)s->channels,
                    (long long)channels);
    else if (channels > 1)
        s->channels = channels;
}

static void follow(struct front *f, struct image_state *s, const struct bound_call *c)
{
    if (s->normalized) {
        order_error(
            f, c->span, arena_printf(f->arena, "%s comes behind normalize", c->info->name),
            "normalize is the last step: sizes and colours are changed on pixels from 0 to 255");
        s->normalized = false;
    }
    if (call_is(c, FTMRT_CALL_resize))
        follow_resize(s, c);
    else if (call_is(c, FTMRT_CALL_center_crop))
        follow_crop(f, s, c);
    else if (call_is(c, FTMRT_CALL_normalize))
        follow_normalize(f, s, c);
    else
        s->channels = call_is(c, FTMRT_CALL_to_rgb) ? 3 : 1;
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
        uint32_t errors = f->diag->errors;
        follow(f, s, c);
        ok = ok && f->diag->errors == errors;
        vec_push(f->arena, out, c);
    }
    return ok;
}

/* ---- comparison with the model's own preprocess ---- */

static const struct bound_call *find_normalize(const transforms *steps)
{
    for (uint32_t i = 0; i < steps->len; i++)
        if (call_is(steps->at[i], FTMRT_CALL_normalize))
            return steps->at[i];
    return NULL;
}

/* Element `channel` of a list, or the only one. */
static double of_channel(const struct value *v, uint32_t channel)
{
    return value_number(&v->items[v->count > channel ? channel : 0]);
}

/* Mean and standard deviation of a channel in pixels from 0 to 255. */
static void in_pixels(const struct bound_call *c, uint32_t channel, double out[2])
{
    out[0] = of_channel(&c->args[0], channel) * call_float(c, 2);
    out[1] = of_channel(&c->args[1], channel) * call_float(c, 2);
}

static void check_normalize(struct front *f, const char *which, struct span span,
                            const struct bound_call *mine, const struct bound_call *models)
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
static void compare(struct front *f, const transforms *eval_steps, const transforms *train_steps)
{
    const struct decl *d = f->model ? model_preprocess(f, f->model) : NULL;
    const struct recipe_stmt *weights = find_setting(f, RECIPE_SETTING, "weights");
    if (!d || !weights || weights->values->list.at[0]->kind != EXPR_STRING)
        return;
    struct image_state s = {0};
    transforms own = {0};
    struct frame frame = {.decl = d, .scope = ""};
    const struct bound_call *models =
        add_steps(f, &frame, d->steps, &s, &own) ? find_normalize(&own) : NULL;
    if (!models)
        return;
    const struct recipe_stmt *eval_stmt = find_setting(f, RECIPE_TRANSFORM, "eval");
    const struct recipe_stmt *train_stmt = find_setting(f, RECIPE_TRANSFORM, "train");
    if (eval_stmt)
        check_normalize(f, "eval", eval_stmt->span, find_normalize(eval_steps), models);
    if (train_stmt)
        check_normalize(f, "train", train_stmt->span, find_normalize(train_steps), models);
}

/* ---- the recipe's two pipelines ---- */

static bool eval_pipeline(struct front *f, struct frame *scope, struct image_state *s,
                          transforms *out)
{
    const struct recipe_stmt *stmt = find_setting(f, RECIPE_TRANSFORM, "eval");
    const struct decl *d = !stmt && f->model ? model_preprocess(f, f->model) : NULL;
    if (stmt)
        return add_steps(f, scope, stmt->values, s, out);
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

static void keep(struct front *f, enum ftmrt_param param, const transforms *steps)
{
    struct ftmrt_call *calls = arena_array(f->arena, struct ftmrt_call, steps->len);
    for (uint32_t i = 0; i < steps->len; i++)
        calls[i] = plain_call(f->arena, steps->at[i]);
    *block_arg(f->recipe, FTMRT_PARAM_finetune_transform, param) =
        (struct ftmrt_arg){FTMRT_ARG_CALLS, steps->len, {.calls = calls}};
}

void front_transforms(struct front *f, struct frame *scope)
{
    struct image_state s = {0}, t = {0};
    transforms eval_steps = {0}, train_steps = {0};
    const struct recipe_stmt *eval_stmt = find_setting(f, RECIPE_TRANSFORM, "eval");
    const struct recipe_stmt *train_stmt = find_setting(f, RECIPE_TRANSFORM, "train");
    if (eval_pipeline(f, scope, &s, &eval_steps) &&
        size_known(f, eval_stmt ? eval_stmt->span : f->finetune->span, &s)) {
        memcpy(f->size, s.size, sizeof f->size);
        f->channels = s.channels;
    }
    train_steps = eval_steps;
    if (train_stmt) {
        train_steps = (transforms){0};
        if (add_steps(f, scope, train_stmt->values, &t, &train_steps) &&
            size_known(f, train_stmt->span, &t))
            check_train_size(f, train_stmt, &t);
    }
    keep(f, FTMRT_PARAM_transform_eval, &eval_steps);
    keep(f, FTMRT_PARAM_transform_train, &train_steps);
    if (f->size[0])
        compare(f, &eval_steps, &train_steps);
}

/* The settings of a finetune: model, classes and labels, weights, data, loss, optimizer, schedule
 * and the numbers. Every key is in one table; an unknown one is an error, never ignored. */
#include "front.h"

#include <string.h>

#include "str.h"

/* ---- lookup ---- */

static const char *const setting_names[] = {"model", "weights",   "labels",   "classes",
                                            "loss",  "optimizer", "schedule", "epochs",
                                            "batch", "seed",      "shards",   "shuffle"};
enum { SETTING_COUNT = sizeof setting_names / sizeof *setting_names };

const struct recipe_stmt *find_setting(const struct front *f, enum recipe_kind kind,
                                       const char *name)
{
    const struct recipe_stmts *stmts = f->finetune->recipe;
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind == kind && !strcmp(s->name, name))
            return s;
    }
    return NULL;
}

static void report_unknown_setting(struct front *f, const char *name, struct span span,
                                   const char *const *names, size_t count)
{
    diag_report(f->diag, span, DIAG_UNKNOWN_SETTING, name);
    const char *near = str_nearest(name, names, count);
    struct strbuf all;
    strbuf_init(&all, f->arena);
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&all, "%s%s", i ? ", " : "", names[i]);
    if (near)
        diag_note(f->diag, "did you mean '%s'?", near);
    else
        diag_note(f->diag, "there are: %s", all.text);
}

static bool known(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

/* Unknown and repeated keys among statements of one kind. */
static void check_keys(struct front *f, const struct recipe_stmts *stmts, enum recipe_kind kind,
                       const char *const *names, size_t count)
{
    struct map seen;
    map_init(&seen, f->arena);
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind != kind)
            continue;
        if (!known(s->name, names, count)) {
            report_unknown_setting(f, s->name, s->name_span, names, count);
        } else if (map_get(&seen, s->name)) {
            diag_report(f->diag, s->name_span, DIAG_DUPLICATE_SETTING, s->name);
        }
        map_set(&seen, s->name, f);
    }
}

/* The only value of a setting; only pipelines take several. */
static const struct expr *single_value(struct front *f, const struct recipe_stmt *s)
{
    if (s->values->list.len == 1)
        return s->values->list.at[0];
    diag_report(f->diag, s->values->list.at[1]->span, DIAG_WRONG_TYPE,
                arena_printf(f->arena, "'%s'", s->name), "one value",
                arena_printf(f->arena, "%u", s->values->list.len));
    return NULL;
}

/* The expression of a setting that is given, or NULL. */
static const struct expr *setting_value(struct front *f, const char *name)
{
    const struct recipe_stmt *s = find_setting(f, RECIPE_SETTING, name);
    return s ? single_value(f, s) : NULL;
}

struct bound_call *setting_call(struct front *f, struct frame *frame, const struct expr *e,
                                enum ftmrt_category category, const char *what)
{
    bool named = e->kind == EXPR_CALL || e->kind == EXPR_NAME;
    if (named && !call_find(e->text) && !frame_get(frame, e->text) &&
        !map_get(&f->decls, e->text)) {
        diag_report(f->diag, e->span, DIAG_UNKNOWN_CALL, ftmrt_category_text(category, false),
                    e->text);
        const char *near = call_nearest(e->text, category);
        if (near)
            diag_note(f->diag, "did you mean '%s'?", near);
        diag_note(f->diag, "there %s: %s",
                  strchr(call_list(f->arena, category), ',') ? "are" : "is",
                  call_list(f->arena, category));
        return NULL;
    }
    const struct ftmrt_call_info *info = named ? call_find(e->text) : NULL;
    if (info && info->category != category) {
        diag_report(
            f->diag, e->span, DIAG_WRONG_TYPE, what, ftmrt_category_text(category, true),
            arena_printf(f->arena, "%s '%s'", ftmrt_category_text(info->category, false), e->text));
        return NULL;
    }
    struct value v = eval(f, frame, e);
    if (v.kind == VALUE_CALL && v.call->info->category == category)
        return v.call;
    if (v.kind != VALUE_ERROR)
        diag_report(f->diag, e->span, DIAG_WRONG_TYPE, what, ftmrt_category_text(category, true),
                    value_text(f->arena, &v));
    return NULL;
}

static struct bound_call *call_setting(struct front *f, struct frame *recipe, const char *name,
                                       enum ftmrt_category category)
{
    const struct expr *e = setting_value(f, name);
    return e ? setting_call(f, recipe, e, category, name) : NULL;
}

/* A number or truth value within a range; otherwise what it was before. */
static void int_setting(struct front *f, struct frame *recipe, const char *name, int64_t min,
                        int64_t max, int64_t *out)
{
    const struct expr *e = setting_value(f, name);
    if (!e)
        return;
    struct value v = eval(f, recipe, e);
    if (v.kind == VALUE_ERROR)
        return;
    const char *title = arena_printf(f->arena, "'%s'", name);
    if (v.kind != VALUE_INT)
        diag_report(f->diag, e->span, DIAG_WRONG_TYPE, title, "an integer",
                    value_text(f->arena, &v));
    else if (v.integer < min || v.integer > max)
        diag_report(f->diag, e->span, DIAG_BAD_VALUE, title,
                    arena_printf(f->arena, "from %lld to %lld", (long long)min, (long long)max),
                    value_text(f->arena, &v));
    else
        *out = v.integer;
}

/* ---- model, classes, labels ---- */

/* Names of classes stand in tables, CSV files and lines of output, and are looked up by readers:
 * one line each, none twice. */
static bool check_label(struct front *f, const struct value *v, struct span span, struct map *seen)
{
    const char *found = value_text(f->arena, v);
    if (v->kind != VALUE_STRING) {
        diag_report(f->diag, span, DIAG_WRONG_TYPE, "'labels'", "a list of strings",
                    arena_printf(f->arena, "%s in it", found));
        return false;
    }
    bool printable = v->text[0] != '\0';
    for (const char *c = v->text; *c; c++)
        printable = printable && (unsigned char)*c >= ' ' && *c != 0x7f;
    if (!printable)
        diag_report(f->diag, span, DIAG_BAD_VALUE, "a label", "a text on one line",
                    *v->text ? "a control character" : "an empty string");
    else if (map_get(seen, v->text))
        diag_report(f->diag, span, DIAG_BAD_VALUE, "a label", "different from the others",
                    arena_printf(f->arena, "%s twice", found));
    map_set(seen, v->text, f);
    return true; /* it counts as a class in any case */
}

static void read_labels(struct front *f, struct frame *recipe)
{
    const struct expr *e = setting_value(f, "labels");
    if (!e)
        return;
    struct value v = eval(f, recipe, e);
    if (v.kind == VALUE_ERROR)
        return;
    if (v.kind != VALUE_LIST || v.count == 0) {
        diag_report(f->diag, e->span, DIAG_WRONG_TYPE, "'labels'", "a list of strings",
                    v.kind == VALUE_LIST ? "an empty list" : value_text(f->arena, &v));
        return;
    }
    struct map seen;
    map_init(&seen, f->arena);
    for (uint32_t i = 0; i < v.count; i++) {
        struct span span = e->kind == EXPR_LIST ? e->items->list.at[i]->span : e->span;
        if (check_label(f, &v.items[i], span, &seen))
            vec_push(f->arena, &f->recipe->labels, (struct class_name){v.items[i].text});
        else if (v.items[i].kind != VALUE_STRING)
            return; /* the others are likely of that kind, too */
    }
}

static void read_model(struct front *f)
{
    const struct recipe_stmt *s = find_setting(f, RECIPE_SETTING, "model");
    const struct expr *e = setting_value(f, "model");
    if (!s && !f->finetune->damaged) {
        diag_report(f->diag, f->finetune->span, DIAG_NO_MODEL);
        diag_note(f->diag, "write `model = name()`, with the name of a model of an imported file");
    }
    if (!s || !e)
        return;
    const struct decl *d = e->kind == EXPR_CALL ? map_get(&f->decls, e->text) : NULL;
    if (d && d->kind == DECL_MODEL) {
        f->model = d;
        const char *text = strchr(s->text, '=');
        f->recipe->model = text ? text + 1 + strspn(text + 1, " ") : s->text;
        return;
    }
    if (e->kind == EXPR_CALL && f->import_missing)
        return;
    const char **names = arena_array(f->arena, const char *, f->decls.len);
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->decls.len; i++)
        if (((const struct decl *)f->decls.entries[i].value)->kind == DECL_MODEL)
            names[n++] = f->decls.entries[i].key;
    const char *near = e->text ? str_nearest(e->text, names, n) : NULL;
    if (e->kind == EXPR_CALL || (e->kind == EXPR_NAME && !map_get(&f->decls, e->text)))
        diag_report(f->diag, e->span, DIAG_UNKNOWN_CALL, "model", e->text);
    else
        diag_report(
            f->diag, e->span, DIAG_WRONG_TYPE, "'model'", "the call of a model, as in `resnet18()`",
            e->kind == EXPR_NAME ? arena_printf(f->arena, "'%s'", e->text) : "something else");
    if (near)
        diag_note(f->diag, strcmp(near, e->text) == 0 ? "write `%s()`" : "did you mean '%s'?",
                  near);
    else if (n == 0)
        diag_note(f->diag,
                  "no imported file declares a model: write `import \"resnet.ftm\"` on top");
}

void front_classes(struct front *f, struct frame *recipe)
{
    struct recipe *r = f->recipe;
    check_keys(f, f->finetune->recipe, RECIPE_SETTING, setting_names, SETTING_COUNT);
    check_keys(f, f->finetune->recipe, RECIPE_TRANSFORM, (const char *const[]){"train", "eval"}, 2);
    check_keys(f, f->finetune->recipe, RECIPE_DATA, (const char *const[]){"data"}, 1);
    read_model(f);
    read_labels(f, recipe);
    int_setting(f, recipe, "classes", 2, 1 << 20, &r->classes);
    if (r->labels.len && r->classes && r->classes != r->labels.len)
        diag_report(f->diag, find_setting(f, RECIPE_SETTING, "classes")->span, DIAG_CLASS_COUNT,
                    (long long)r->classes, r->labels.len);
    else if (r->labels.len)
        r->classes = r->labels.len;
    if (r->classes)
        frame_set(f, recipe, "classes", value_int(r->classes));
    else if (find_setting(f, RECIPE_SETTING, "classes") ||
             find_setting(f, RECIPE_SETTING, "labels"))
        frame_set(f, recipe, "classes", value_error());
}

/* ---- weights ---- */

static void weights_item(struct front *f, const struct recipe_stmt *s)
{
    struct recipe *r = f->recipe;
    if (s->kind == RECIPE_SETTING) {
        diag_report(f->diag, s->name_span, DIAG_UNKNOWN_SETTING, s->name);
        diag_note(f->diag, "in weights { } there are: strip \"prefix\", rename \"key\" to "
                           "\"name\", skip \"pattern\"");
    } else if (s->kind == RECIPE_RENAME) {
        vec_add(f->arena, &r->renames);
        r->renames.at[r->renames.len - 1].from = s->name;
        r->renames.at[r->renames.len - 1].to = s->other;
        r->renames.at[r->renames.len - 1].span = s->name_span;
    } else if (s->kind == RECIPE_SKIP) {
        vec_add(f->arena, &r->skips);
        r->skips.at[r->skips.len - 1].pattern = s->name;
        r->skips.at[r->skips.len - 1].span = s->name_span;
    } else if (r->strip) {
        diag_report(f->diag, s->name_span, DIAG_DUPLICATE_SETTING, "strip");
    } else {
        r->strip = s->name;
    }
}

static void read_weights(struct front *f, struct frame *recipe)
{
    const struct recipe_stmt *s = find_setting(f, RECIPE_SETTING, "weights");
    if (!s && !f->finetune->damaged) {
        diag_report(f->diag, f->finetune->span, DIAG_MISSING_ARGUMENT, f->finetune->name,
                    "weights");
        diag_note(f->diag,
                  "write `weights = \"file.pth\"`, or `weights = random` to train from scratch");
    }
    if (!s)
        return;
    const struct expr *e = single_value(f, s);
    if (!e)
        return;
    struct value v = eval(f, recipe, e);
    if (v.kind == VALUE_STRING)
        f->recipe->weights = v.text;
    else if (v.kind != VALUE_ERROR && (v.kind != VALUE_SYMBOL || strcmp(v.text, "random") != 0))
        diag_report(f->diag, e->span, DIAG_WRONG_TYPE, "'weights'", "a file's name or `random`",
                    value_text(f->arena, &v));
    f->recipe->weights_span = e->span;
    for (uint32_t i = 0; s->items && i < s->items->list.len; i++)
        weights_item(f, s->items->list.at[i]);
}

/* A block behind any other setting. */
static void check_blocks(struct front *f)
{
    const struct recipe_stmts *stmts = f->finetune->recipe;
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind == RECIPE_SETTING && s->items && strcmp(s->name, "weights") != 0)
            diag_report(f->diag, s->span, DIAG_MISPLACED, "{ }", "`weights` or `data`");
    }
}

/* ---- data ---- */

static void read_source(struct front *f, struct frame *recipe, const struct recipe_stmt *s,
                        struct data_source *out)
{
    const struct expr *e = single_value(f, s);
    if (e && e->kind == EXPR_PERCENT && !strcmp(s->name, "validation")) {
        f->recipe->validation_percent = e->real;
        if (!(e->real > 0 && e->real < 100))
            diag_report(f->diag, e->span, DIAG_BAD_VALUE, "'validation'", "above 0% and below 100%",
                        arena_printf(f->arena, "%g%%", e->real));
        return;
    }
    if (e && !strcmp(s->name, "validation") && (e->kind == EXPR_INT || e->kind == EXPR_FLOAT)) {
        diag_report(f->diag, e->span, DIAG_WRONG_TYPE, s->name,
                    "a share of `train`, as in 10%, or a data source", "a number");
        return;
    }
    struct bound_call *c = e ? setting_call(f, recipe, e, FTMRT_CATEGORY_DATA, s->name) : NULL;
    if (!c)
        return;
    out->kind = call_is(c, FTMRT_CALL_idx) ? DATA_IDX : DATA_NPY;
    out->images = c->args[0].text;
    out->labels = c->args[1].text;
    out->span = c->span;
}

static bool has_item(const struct recipe_stmt *data, const char *name)
{
    for (uint32_t i = 0; i < data->items->list.len; i++)
        if (data->items->list.at[i]->kind == RECIPE_SETTING &&
            !strcmp(data->items->list.at[i]->name, name))
            return true;
    return false;
}

static void read_data(struct front *f, struct frame *recipe)
{
    static const char *const names[] = {"train", "test", "validation"};
    struct data_source *const sources[] = {&f->recipe->train, &f->recipe->test,
                                           &f->recipe->validation};
    const struct recipe_stmt *data = find_setting(f, RECIPE_DATA, "data");
    if (!data)
        return;
    check_keys(f, data->items, RECIPE_SETTING, names, 3);
    const struct recipe_stmt *percent = NULL;
    for (uint32_t i = 0; i < data->items->list.len; i++) {
        const struct recipe_stmt *s = data->items->list.at[i];
        if (s->kind != RECIPE_SETTING) {
            diag_report(f->diag, s->name_span, DIAG_MISPLACED, "strip, rename or skip",
                        "`weights`");
            continue;
        }
        for (uint32_t k = 0; k < 3; k++)
            if (!strcmp(s->name, names[k]))
                read_source(f, recipe, s, sources[k]);
        if (s->values->list.at[0]->kind == EXPR_PERCENT)
            percent = s;
    }
    if (percent && f->recipe->validation_percent > 0 && !has_item(data, "train"))
        diag_report(f->diag, percent->span, DIAG_NO_TRAINING_DATA);
}

/* ---- the rest ---- */

static void read_optimizer(struct front *f, struct frame *recipe)
{
    struct optimizer *o = &f->recipe->optimizer;
    bool written = find_setting(f, RECIPE_SETTING, "optimizer") != NULL;
    struct bound_call *c = written ? call_setting(f, recipe, "optimizer", FTMRT_CATEGORY_OPTIMIZER)
                                   : call_bind_bare(f, call_find("sgd"), f->finetune->span);
    if (!c)
        return;
    o->kind = OPTIMIZER_SGD;
    o->lr = call_float(c, 0);
    o->momentum = call_float(c, 1);
    o->weight_decay = call_float(c, 2);
    o->nesterov = call_bool(c, 3);
    o->momentum_used = o->momentum != 0;
    if (o->nesterov && !o->momentum_used)
        diag_report(f->diag, c->span, DIAG_NESTEROV_MOMENTUM);
}

static void read_loss_and_schedule(struct front *f, struct frame *recipe)
{
    struct bound_call *loss = call_setting(f, recipe, "loss", FTMRT_CATEGORY_LOSS);
    struct bound_call *schedule = call_setting(f, recipe, "schedule", FTMRT_CATEGORY_SCHEDULE);
    if (loss)
        f->recipe->label_smoothing = call_float(loss, 0);
    if (schedule && call_is(schedule, FTMRT_CALL_cosine)) {
        f->recipe->schedule_cosine = true;
        f->recipe->warmup_epochs = schedule->args[0].real;
    }
}

static void read_shuffle(struct front *f, struct frame *recipe)
{
    const struct expr *e = setting_value(f, "shuffle");
    if (!e)
        return;
    struct value v = eval(f, recipe, e);
    if (v.kind == VALUE_BOOL)
        f->recipe->shuffle = v.integer != 0;
    else if (v.kind != VALUE_ERROR)
        diag_report(f->diag, e->span, DIAG_WRONG_TYPE, "'shuffle'", "true or false",
                    value_text(f->arena, &v));
}

static void keep_statements(struct front *f)
{
    const struct recipe_stmts *stmts = f->finetune->recipe;
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        enum recipe_kind kind = stmts->list.at[i]->kind;
        if (kind >= RECIPE_REPLACE && kind <= RECIPE_TRAIN)
            vec_push(f->arena, &f->recipe->edits, stmts->list.at[i]->text);
    }
}

void front_settings(struct front *f, struct frame *recipe)
{
    struct recipe *r = f->recipe;
    int64_t seed = 0;
    r->name = f->finetune->name;
    r->span = f->finetune->span;
    r->epochs = 10;
    r->batch = 32;
    r->shards = 4;
    r->shuffle = true;
    read_weights(f, recipe);
    check_blocks(f);
    read_data(f, recipe);
    read_optimizer(f, recipe);
    read_loss_and_schedule(f, recipe);
    read_shuffle(f, recipe);
    int_setting(f, recipe, "epochs", 1, 1000000, &r->epochs);
    int_setting(f, recipe, "batch", 1, 65536, &r->batch);
    int_setting(f, recipe, "shards", 1, 64, &r->shards);
    int_setting(f, recipe, "seed", 0, INT64_MAX, &seed);
    r->seed = (uint64_t)seed;
    keep_statements(f);
}

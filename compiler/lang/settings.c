/* The settings of a finetune, from the rows of its blocks (runtime/recipe/calls.def): values, calls and data sources by the
 * type of their row; model and weights, which have a syntax of their own, one by one. An unknown key is an error,
 * never ignored. */
#include "recipe_reader.h"

#include <string.h>

#include "file.h"
#include "model_facts.h"
#include "str.h"

/* ---- lookup ---- */

const struct recipe_stmt *find_setting(const struct recipe_reader *r, enum recipe_kind kind,
                                       const char *name)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind == kind && !strcmp(s->name, name))
            return s;
    }
    return NULL;
}

static void report_unknown_setting(struct recipe_reader *r, const char *name, struct span span,
                                   const char *const *names, size_t count)
{
    diag_report(r->diag, span, DIAG_UNKNOWN_SETTING, name);
    const char *near = str_nearest(name, names, count);
    struct strbuf all;
    strbuf_init(&all, r->arena);
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&all, "%s%s", i ? ", " : "", names[i]);
    if (near)
        diag_note(r->diag, "did you mean '%s'?", near);
    else
        diag_note(r->diag, "there are: %s", all.text);
}

static bool known(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

/* Unknown and repeated keys among statements of one kind. */
static void check_keys(struct recipe_reader *r, const struct recipe_stmts *stmts,
                       enum recipe_kind kind, const char *const *names, size_t count)
{
    struct map seen;
    map_init(&seen, r->arena);
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind != kind)
            continue;
        if (!known(s->name, names, count)) {
            report_unknown_setting(r, s->name, s->name_span, names, count);
        } else if (map_get(&seen, s->name)) {
            diag_report(r->diag, s->name_span, DIAG_DUPLICATE_SETTING, s->name);
        }
        map_set(&seen, s->name, r);
    }
}

/* The only value of a setting; only pipelines take several. */
static const struct expr *single_value(struct recipe_reader *r, const struct recipe_stmt *s)
{
    if (s->values->list.len == 1)
        return s->values->list.at[0];
    diag_report(r->diag, s->values->list.at[1]->span, DIAG_WRONG_TYPE,
                arena_printf(r->arena, "'%s'", s->name), "one value",
                arena_printf(r->arena, "%u", s->values->list.len));
    return NULL;
}

const struct expr *setting_value(struct recipe_reader *r, const char *name)
{
    const struct recipe_stmt *s = find_setting(r, RECIPE_SETTING, name);
    return s ? single_value(r, s) : NULL;
}

/* What is written as a statement of its own. */
static bool is_statement(enum ftmrt_type type)
{
    return type == FTMRT_TYPE_BLOCK || type == FTMRT_TYPE_RENAMES || type == FTMRT_TYPE_SKIPS ||
           type == FTMRT_TYPE_NAME || type == FTMRT_TYPE_EDITS || type == FTMRT_TYPE_PHASES ||
           type == FTMRT_TYPE_TEACHERS || type == FTMRT_TYPE_OVERS ||
           type == FTMRT_TYPE_LOSS_FACTORS;
}

/* The keys of a block that are written as `key = value`. */
static uint32_t block_keys(struct arena *arena, enum ftmrt_call_id block, const char ***out)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(block);
    uint32_t n = 0;
    *out = arena_array(arena, const char *, info->param_count);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (!is_statement(info->params[i].type))
            (*out)[n++] = info->params[i].name;
    return n;
}

void check_block(struct recipe_reader *r, const struct recipe_stmts *stmts, enum recipe_kind kind,
                 enum ftmrt_call_id block)
{
    const char **names;
    uint32_t n = block_keys(r->arena, block, &names);
    check_keys(r, stmts, kind, names, n);
}

/* ---- values by the type of their row ---- */

/* Below 100 percent and above 0, or a data source. */
static bool read_share(struct recipe_reader *r, struct frame *scope, const char *name,
                       const struct expr *e, struct value *out)
{
    if (e->kind == EXPR_INT || e->kind == EXPR_FLOAT) {
        diag_report(r->diag, e->span, DIAG_WRONG_TYPE, name,
                    "a share of `train`, as in 10%, or a data source", "a number");
        return false;
    }
    if (e->kind != EXPR_PERCENT) {
        struct bound_call *c = setting_call(r->builder, scope, e, FTMRT_CATEGORY_DATA, name);
        *out = (struct value){.kind = VALUE_CALL, .call = c};
        return c != NULL;
    }
    *out = (struct value){.kind = VALUE_PERCENT, .real = e->real};
    if (e->real > 0 && e->real < 100)
        return true;
    diag_report(r->diag, e->span, DIAG_BAD_VALUE, arena_printf(r->arena, "'%s'", name),
                "above 0% and below 100%", arena_printf(r->arena, "%g%%", e->real));
    return false;
}

bool read_key(struct recipe_reader *r, struct frame *scope, const struct ftmrt_param_info *p,
              const struct recipe_stmt *stmt, struct ftmrt_arg *out)
{
    const struct expr *e = single_value(r, stmt);
    struct value v;
    if (!e || !(p->type == FTMRT_TYPE_SHARE ? read_share(r, scope, p->name, e, &v)
                                            : param_value(r->builder, scope, p, e, &v)))
        return false;
    *out = plain_arg(r->arena, &v);
    return true;
}

/* A block's arguments before anything is read: defaults, and blocks without keys. */
static struct ftmrt_arg *default_args(struct recipe_reader *r, enum ftmrt_call_id block)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(block);
    struct ftmrt_arg *args = arena_array(r->arena, struct ftmrt_arg, info->param_count);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_param_info *p = &info->params[i];
        struct value v;
        if (p->type == FTMRT_TYPE_BLOCK) {
            struct ftmrt_call *inner = arena_new(r->arena, struct ftmrt_call);
            inner->id = ftmrt_call_id(ftmrt_call_find(p->name));
            inner->args = default_args(r, inner->id);
            args[i] = (struct ftmrt_arg){FTMRT_ARG_CALLS, 1, {.calls = inner}};
        } else if (param_default(r->builder, p, r->files->finetune->span, &v)) {
            args[i] = plain_arg(r->arena, &v);
        }
    }
    return args;
}

void read_defaults(struct recipe_reader *r)
{
    struct recipe *recipe = r->recipe;
    recipe->settings = default_args(r, FTMRT_CALL_finetune);
    recipe->bound.name = r->files->finetune->name;
    recipe->bound.finetune = (struct ftmrt_call){FTMRT_CALL_finetune, recipe->settings};
    count_phases(r);
    recipe->span = r->files->finetune->span;
}

struct ftmrt_arg *block_arg(struct recipe *r, enum ftmrt_param block, enum ftmrt_param key)
{
    /* The compiler built it, and nobody else has it yet. */
    struct ftmrt_arg *args = (struct ftmrt_arg *)(uintptr_t)recipe_setting(r, block)->calls->args;
    return &args[(unsigned)key % FTMRT_PARAM_LIMIT];
}

/* ---- model ---- */

static struct ftmrt_arg text_arg(const char *text)
{
    return (struct ftmrt_arg){FTMRT_ARG_TEXT, 0, {.text = text}};
}

static void read_model(struct recipe_reader *r)
{
    const struct recipe_stmt *s = find_setting(r, RECIPE_SETTING, "model");
    const struct expr *e = setting_value(r, "model");
    if (!s && !r->files->finetune->damaged) {
        diag_report(r->diag, r->files->finetune->span, DIAG_NO_MODEL);
        diag_note(r->diag, "write `model = name()`, with the name of a model of an imported file");
    }
    if (!s || !e)
        return;
    const struct decl *d = e->kind == EXPR_CALL ? files_find(r->files, e->text, e->span) : NULL;
    if (d && files_ambiguous(r->files, e->text, e->span))
        return;
    if (d && d->kind == DECL_MODEL) {
        r->model = d;
        r->recipe->published = files_published(r->files, d);
        const char *text = strchr(s->text, '=');
        *recipe_setting(r->recipe, FTMRT_PARAM_finetune_model) =
            text_arg(text ? text + 1 + strspn(text + 1, " ") : s->text);
        return;
    }
    if (e->kind == EXPR_CALL && r->files->import_missing)
        return;
    const char **names;
    const uint32_t n = files_names(r->files, e->span, true, &names);
    const char *near = e->text ? str_nearest(e->text, names, n) : NULL;
    if (e->kind == EXPR_CALL || (e->kind == EXPR_NAME && !files_find(r->files, e->text, e->span)))
        diag_report(r->diag, e->span, DIAG_UNKNOWN_CALL, "model", e->text);
    else
        diag_report(
            r->diag, e->span, DIAG_WRONG_TYPE, "'model'", "the call of a model, as in `resnet18()`",
            e->kind == EXPR_NAME ? arena_printf(r->arena, "'%s'", e->text) : "something else");
    if (near)
        diag_note(r->diag, strcmp(near, e->text) == 0 ? "write `%s()`" : "did you mean '%s'?",
                  near);
    const char *file =
        e->text && !near ? lang_model_file(r->arena, r->files->options, e->text) : NULL;
    if (file)
        diag_note(r->diag, "%s declares it: write `import \"%s\"` on top", file, file);
    else if (!near && n == 0)
        diag_note(r->diag,
                  "no imported file declares a model: write `import \"resnet.ftm\"` on top");
}

/* ---- classes ---- */

/* Who says how many classes there are. */
static const char *classes_from(const struct recipe_reader *r, int64_t count)
{
    static const char *const settings[] = {"classes", "labels"}, *const has[] = {"is", "has"};
    for (uint32_t i = 0; i < 2; i++) {
        const struct recipe_stmt *s = find_setting(r, RECIPE_SETTING, settings[i]);
        if (s)
            return arena_printf(r->arena, "`%s` in line %u %s %lld", settings[i],
                                (unsigned)s->span.line, has[i], (long long)count);
    }
    return arena_printf(r->arena, "the data has %lld class%s", (long long)count,
                        count == 1 ? "" : "es");
}

/* classes = 10, or as many as labels. */
static void read_class_count(struct recipe_reader *r, struct frame *scope)
{
    const struct recipe_stmt *stmt = find_setting(r, RECIPE_SETTING, "classes");
    struct ftmrt_arg *classes = recipe_setting(r->recipe, FTMRT_PARAM_finetune_classes);
    const uint32_t labels = recipe_setting(r->recipe, FTMRT_PARAM_finetune_labels)->count;
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_finetune);
    bool read =
        stmt && read_key(r, scope, &info->params[FTMRT_PARAM_finetune_classes % FTMRT_PARAM_LIMIT],
                         stmt, classes);
    if (read && labels && classes->integer != labels)
        diag_report(r->diag, stmt->span, DIAG_CLASS_COUNT, (long long)classes->integer, labels);
    else if (labels)
        *classes = (struct ftmrt_arg){FTMRT_ARG_INTEGER, 0, {.integer = labels}};
    if (classes->kind == FTMRT_ARG_INTEGER) {
        frame_set(r->builder, scope, "classes", value_int(classes->integer));
        r->recipe->classes_from = classes_from(r, classes->integer);
    }
    if (classes->kind != FTMRT_ARG_INTEGER && (stmt || find_setting(r, RECIPE_SETTING, "labels")))
        frame_set(r->builder, scope, "classes", value_error());
}

void read_classes(struct recipe_reader *r, struct frame *scope)
{
    check_block(r, r->files->finetune->recipe, RECIPE_SETTING, FTMRT_CALL_finetune);
    check_block(r, r->files->finetune->recipe, RECIPE_TRANSFORM, FTMRT_CALL_transform);
    check_keys(r, r->files->finetune->recipe, RECIPE_DATA, (const char *const[]){"data"}, 1);
    check_keys(r, r->files->finetune->recipe, RECIPE_SEARCH, (const char *const[]){"search"}, 1);
    read_model(r);
    read_labels(r, scope);
    read_data(r, scope);
    read_class_count(r, scope);
}

/* ---- weights ---- */

static void weights_item(struct recipe_reader *r, const struct recipe_stmt *s)
{
    struct recipe *recipe = r->recipe;
    if (s->kind == RECIPE_SETTING) {
        diag_report(r->diag, s->name_span, DIAG_UNKNOWN_SETTING, s->name);
        diag_note(r->diag, "in weights { } there are: from \"dictionary\", strip \"prefix\", "
                           "rename \"key\" to \"name\", skip \"pattern\"");
    } else if (s->kind == RECIPE_RENAME) {
        vec_add(r->arena, &recipe->renames);
        recipe->renames.at[recipe->renames.len - 1].from = s->name;
        recipe->renames.at[recipe->renames.len - 1].to = s->other;
        recipe->renames.at[recipe->renames.len - 1].span = s->name_span;
    } else if (s->kind == RECIPE_SKIP) {
        if (!check_pattern(r, s->name, s->name_span))
            return;
        vec_add(r->arena, &recipe->skips);
        recipe->skips.at[recipe->skips.len - 1].pattern = s->name;
        recipe->skips.at[recipe->skips.len - 1].span = s->name_span;
    } else {
        const char **once = s->kind == RECIPE_FROM ? &recipe->from : &recipe->strip;
        if (*once)
            diag_report(r->diag, s->name_span, DIAG_DUPLICATE_SETTING,
                        s->kind == RECIPE_FROM ? "from" : "strip");
        else
            *once = s->name;
    }
}

static void read_weights(struct recipe_reader *r, struct frame *scope)
{
    const struct recipe_stmt *s = find_setting(r, RECIPE_SETTING, "weights");
    if (!s && !r->files->finetune->damaged) {
        diag_report(r->diag, r->files->finetune->span, DIAG_MISSING_ARGUMENT,
                    r->files->finetune->name, "weights");
        diag_note(r->diag,
                  "write `weights = \"file.pth\"`, or `weights = random` to train from scratch");
    }
    if (!s)
        return;
    const struct expr *e = single_value(r, s);
    if (!e)
        return;
    struct value v = eval(r->builder, scope, e);
    if (v.kind == VALUE_STRING)
        *recipe_setting(r->recipe, FTMRT_PARAM_finetune_weights) = text_arg(v.text);
    else if (v.kind != VALUE_ERROR && (v.kind != VALUE_SYMBOL || strcmp(v.text, "random") != 0))
        diag_report(r->diag, e->span, DIAG_WRONG_TYPE, "'weights'", "a file's name or `random`",
                    value_text(r->arena, &v));
    r->recipe->weights_span = e->span;
    for (uint32_t i = 0; s->items && i < s->items->list.len; i++)
        weights_item(r, s->items->list.at[i]);
}

/* A block behind any other setting. */
static void check_blocks(struct recipe_reader *r)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind == RECIPE_SETTING && s->items && strcmp(s->name, "weights") != 0)
            diag_report(r->diag, s->span, DIAG_MISPLACED, "{ }", "`weights` or `data`");
    }
}

/* ---- the rest ---- */

/* What has been read otherwise. */
static bool has_syntax(enum ftmrt_type type)
{
    return type == FTMRT_TYPE_MODEL || type == FTMRT_TYPE_WEIGHTS || type == FTMRT_TYPE_STRINGS ||
           type == FTMRT_TYPE_BLOCK || type == FTMRT_TYPE_PHASES || type == FTMRT_TYPE_TEACHERS ||
           type == FTMRT_TYPE_LOSS_FACTORS;
}

static void read_rows(struct recipe_reader *r, struct frame *scope)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_finetune);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_param_info *p = &info->params[i];
        const struct recipe_stmt *stmt = find_setting(r, RECIPE_SETTING, p->name);
        if (stmt && p->type == FTMRT_TYPE_LOSS)
            read_loss(r, scope, p, stmt);
        else if (stmt && !has_syntax(p->type) &&
                 i != FTMRT_PARAM_finetune_classes % FTMRT_PARAM_LIMIT)
            read_key(r, scope, p, stmt, &r->recipe->settings[i]);
    }
}

/* A rate of 0, which is in the range of the row as PyTorch has it. */
void check_rate(struct recipe_reader *r, const struct recipe_stmt *s, const struct ftmrt_call *c)
{
    const struct ftmrt_call_info *info = s && c ? ftmrt_call_info(c->id) : NULL;
    for (uint32_t i = 0; info && i < info->param_count; i++)
        if (!strcmp(info->params[i].name, "lr") && c->args[i].kind == FTMRT_ARG_NUMBER &&
            c->args[i].number == 0) {
            diag_report(r->diag, s->span, DIAG_RATE_ZERO);
            diag_note(r->diag,
                      "leave lr out for PyTorch's rate, or the setting for one that suits");
        }
}

/* What is said about nothing. */
static void check_gain(struct recipe_reader *r)
{
    const struct recipe_stmt *s = find_setting(r, RECIPE_SETTING, "min_delta");
    if (s && !find_setting(r, RECIPE_SETTING, "patience"))
        diag_report(r->diag, s->span, DIAG_GAIN_UNUSED);
}

/* Two ways of the same. */
static void check_clip(struct recipe_reader *r)
{
    const struct recipe_stmt *s = find_setting(r, RECIPE_SETTING, "clip_value");
    if (s && find_setting(r, RECIPE_SETTING, "clip_norm"))
        diag_report(r->diag, s->span, DIAG_CLIP_TWICE);
}

static void keep_statements(struct recipe_reader *r)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        enum recipe_kind kind = stmts->list.at[i]->kind;
        if (kind >= RECIPE_REPLACE && kind <= RECIPE_TRAIN)
            vec_push(r->arena, &r->recipe->edits,
                     kind == RECIPE_GROUP ? group_text(r, stmts->list.at[i])
                                          : stmts->list.at[i]->text);
    }
}

void read_settings(struct recipe_reader *r, struct frame *scope)
{
    read_weights(r, scope);
    check_blocks(r);
    read_rows(r, scope);
    check_rate(r, find_setting(r, RECIPE_SETTING, "optimizer"),
               recipe_call(r->recipe, FTMRT_PARAM_finetune_optimizer));
    check_schedule(r);
    check_gain(r);
    read_groups(r);
    read_phases(r, scope);
    check_clip(r);
    keep_statements(r);
}

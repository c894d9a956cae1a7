/* teacher NAME { ... }: networks that the recipe's own learns from. Each is read as a recipe of its own that only predicts, for the classes of
 * the outer one and the images of its training. */
#include <stdlib.h>
#include <string.h>

#include "lang.h"
#include "recipe_reader.h"

/* ---- statements ---- */

static bool is_edit(enum recipe_kind kind) { return kind >= RECIPE_REPLACE && kind <= RECIPE_SET; }

/* Settings that are the teacher's part of the loss, and not its network's. */
static const struct {
    const char *name;
    enum ftmrt_param param;
} terms[] = {{"temperature", FTMRT_PARAM_teacher_temperature},
             {"share", FTMRT_PARAM_teacher_share}};

enum { TERMS = sizeof terms / sizeof *terms };

static bool is_term(const struct recipe_stmt *s)
{
    bool is = false;
    for (int i = 0; i < TERMS; i++)
        is = is || (s->kind == RECIPE_SETTING && !strcmp(s->name, terms[i].name));
    return is;
}

static void check_statements(struct recipe_reader *r, const struct recipe_stmt *teacher)
{
    for (uint32_t i = 0; i < teacher->items->list.len; i++) {
        const struct recipe_stmt *s = teacher->items->list.at[i];
        const bool transform = s->kind == RECIPE_TRANSFORM && !strcmp(s->name, "eval");
        if (s->kind != RECIPE_SETTING && !is_edit(s->kind) && !transform)
            diag_report(r->diag, s->span, DIAG_MISPLACED,
                        arena_printf(r->arena, "`%s`", s->text ? s->text : s->name),
                        "`finetune`, outside of its teachers");
        else if (s->kind == RECIPE_SETTING && s->items)
            diag_report(r->diag, s->span, DIAG_MISPLACED, "{ }", "`weights` or `data`");
    }
}

static void check_name(struct recipe_reader *r, const struct recipe_stmt *teacher)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_finetune);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (!strcmp(info->params[i].name, teacher->name))
            diag_report(r->diag, teacher->name_span, DIAG_TEACHER_NAME, teacher->name);
    for (uint32_t i = 0; i < r->recipe->teachers.len; i++)
        if (!strcmp(r->recipe->teachers.at[i].name, teacher->name))
            diag_report(r->diag, teacher->name_span, DIAG_DUPLICATE_DECL, teacher->name);
}

/* ---- the network ---- */

/* The statements of its network alone. */
static struct recipe_stmts *network_of(struct arena *arena, const struct recipe_stmts *all)
{
    struct recipe_stmts *out = arena_new(arena, struct recipe_stmts);
    for (uint32_t i = 0; i < all->list.len; i++)
        if (!is_term(all->list.at[i]))
            vec_push(arena, &out->list, all->list.at[i]);
    return out;
}

/* What the outer recipe says of classes is so of the teacher, too. */
static void take_classes(const struct recipe_reader *r, struct recipe_reader *inner)
{
    static const enum ftmrt_param shared[] = {
        FTMRT_PARAM_finetune_classes, FTMRT_PARAM_finetune_labels, FTMRT_PARAM_finetune_seed};
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        *recipe_setting(inner->recipe, shared[i]) = *recipe_setting(r->recipe, shared[i]);
}

/* false after reports. */
static bool read_network(struct recipe_reader *inner)
{
    const uint32_t errors = inner->diag->errors;
    struct frame scope = {.decl = inner->files->finetune, .scope = ""};
    read_classes(inner, &scope);
    if (find_setting(inner, RECIPE_TRANSFORM, "eval"))
        read_transforms(inner, &scope);
    read_settings(inner, &scope);
    return inner->diag->errors == errors && inner->eval_image.height &&
           build_network(inner, &scope, &inner->eval_image);
}

/* The outputs of the teacher are the recipe's classes, one number each. */
static bool check_outputs(struct recipe_reader *r, const struct recipe_stmt *s,
                          const struct net *net)
{
    const struct shape *out = &net->layers.at[net->outputs.at[0].layer.i].type.shape;
    const long long classes = recipe_classes(r->recipe);
    char text[96];
    if (out->rank == 2 && out->dim[1] == classes)
        return true;
    diag_report(r->diag, s->span, DIAG_TEACHER_OUTPUTS, s->name, shape_text(out, text, sizeof text),
                classes);
    diag_note(r->diag,
              "a teacher gives one number for each of the recipe's classes: call its model "
              "with as many, or write its `replace NAME with linear(classes)`");
    return false;
}

/* Pixels are (x - mean) / std in both, or as they are. */
static void take_normalisation(const struct ftmrt_form *given, const struct ftmrt_form *own,
                               struct recipe_teacher *t)
{
    for (int c = 0; c < TEACHER_CHANNELS; c++) { /* as many as a picture's at most */
        const double std = given->normalized ? given->std[c] : 1,
                     mean = given->normalized ? given->mean[c] : 0,
                     own_std = own->normalized ? own->std[c] : 1,
                     own_mean = own->normalized ? own->mean[c] : 0;
        t->factor[c] = std / own_std;
        t->summand[c] = (mean - own_mean) / own_std;
    }
}

static bool build_teacher(struct recipe_reader *r, const struct recipe_stmt *s,
                          struct recipe_teacher *t)
{
    struct decl *decl = arena_new(r->arena, struct decl);
    *decl = *r->files->finetune;
    decl->name = s->name;
    decl->span = s->name_span;
    decl->recipe = network_of(r->arena, s->items);
    struct lang_options *options = arena_new(r->arena, struct lang_options);
    *options = *r->files->options;
    options->infer = true;
    options->keep = options->defines = NULL;
    struct files *files = arena_new(r->arena, struct files);
    *files = *r->files;
    files->finetune = decl;
    files->options = options;
    struct builder *builder = arena_new(r->arena, struct builder);
    builder_init(builder, files);
    struct recipe_reader inner = {.arena = r->arena,
                                  .diag = r->diag,
                                  .files = files,
                                  .builder = builder,
                                  .recipe = t->recipe,
                                  .eval_image = r->train_image,
                                  .train_image = r->train_image,
                                  .eval_form = r->train_form,
                                  .train_form = r->train_form};
    read_defaults(&inner);
    take_classes(r, &inner);
    if (!read_network(&inner))
        return false;
    t->net = builder->net;
    t->height = inner.eval_image.height;
    t->width = inner.eval_image.width;
    take_normalisation(&r->train_form, &inner.eval_form, t);
    return check_outputs(r, s, t->net);
}

/* ---- in the recipe ---- */

static struct ftmrt_arg text_arg(const char *text)
{
    return (struct ftmrt_arg){FTMRT_ARG_TEXT, 0, {.text = text}};
}

static struct ftmrt_arg texts_of(struct recipe_reader *r, const struct recipe_stmt *teacher)
{
    VEC(const char *) texts = {0};
    for (uint32_t i = 0; i < teacher->items->list.len; i++)
        if (teacher->items->list.at[i]->kind != RECIPE_SETTING)
            vec_push(r->arena, &texts, teacher->items->list.at[i]->text);
    if (!texts.len)
        return (struct ftmrt_arg){FTMRT_ARG_NONE, 0, {0}};
    return (struct ftmrt_arg){FTMRT_ARG_TEXTS, texts.len, {.texts = texts.at}};
}

static const struct ftmrt_param_info *info_of(enum ftmrt_param param)
{
    return &ftmrt_call_info(FTMRT_CALL_teacher)->params[(unsigned)param % FTMRT_PARAM_LIMIT];
}

static void read_terms(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *s,
                       struct ftmrt_arg *args)
{
    for (int i = 0; i < TERMS; i++) {
        struct ftmrt_arg *out = &args[(unsigned)terms[i].param % FTMRT_PARAM_LIMIT];
        *out = (struct ftmrt_arg){
            FTMRT_ARG_NUMBER, 0, {.number = strtod(info_of(terms[i].param)->value, NULL)}};
        for (uint32_t k = 0; k < s->items->list.len; k++)
            if (s->items->list.at[k]->kind == RECIPE_SETTING &&
                !strcmp(s->items->list.at[k]->name, terms[i].name))
                read_key(r, scope, info_of(terms[i].param), s->items->list.at[k], out);
    }
}

static void read_teacher(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *s,
                         struct ftmrt_call *call)
{
    struct ftmrt_arg *args =
        arena_array(r->arena, struct ftmrt_arg, ftmrt_call_info(FTMRT_CALL_teacher)->param_count);
    *call = (struct ftmrt_call){FTMRT_CALL_teacher, args};
    check_name(r, s);
    check_block(r, s->items, RECIPE_SETTING, FTMRT_CALL_teacher);
    check_statements(r, s);
    read_terms(r, scope, s, args);
    struct recipe_teacher t = {.name = s->name, .span = s->name_span};
    t.recipe = arena_new(r->arena, struct recipe);
    t.temperature = ftmrt_call_number(call, FTMRT_PARAM_teacher_temperature);
    t.share = ftmrt_call_number(call, FTMRT_PARAM_teacher_share);
    args[FTMRT_PARAM_teacher_name % FTMRT_PARAM_LIMIT] = text_arg(s->name);
    args[FTMRT_PARAM_teacher_edits % FTMRT_PARAM_LIMIT] = texts_of(r, s);
    if (!build_teacher(r, s, &t))
        return;
    args[FTMRT_PARAM_teacher_model % FTMRT_PARAM_LIMIT] =
        *recipe_setting(t.recipe, FTMRT_PARAM_finetune_model);
    args[FTMRT_PARAM_teacher_weights % FTMRT_PARAM_LIMIT] =
        *recipe_setting(t.recipe, FTMRT_PARAM_finetune_weights);
    vec_push(r->arena, &r->recipe->teachers, t);
}

/* Labels and a loss of classes: what a teacher's answers are shares of. */
static bool check_task(struct recipe_reader *r, const struct recipe_stmt *s)
{
    const struct ftmrt_call *loss = recipe_call(r->recipe, FTMRT_PARAM_finetune_loss);
    const enum ftmrt_label_kind kind =
        ftmrt_data_labels(recipe_call(r->recipe, FTMRT_PARAM_finetune_data));
    if (!loss || (kind != FTMRT_LABEL_MASK &&
                  ftmrt_loss_info(loss->id)->vector == FTMRT_VECTOR_DISTRIBUTION))
        return true;
    diag_report(r->diag, s->span, DIAG_TEACHER_TASK, ftmrt_call_info(loss->id)->name,
                ftmrt_label_word(kind));
    return false;
}

/* The shares leave something, or nothing, to the recipe's own loss. */
static void check_shares(struct recipe_reader *r, const struct recipe_stmt *last)
{
    double sum = 0;
    for (uint32_t i = 0; i < r->recipe->teachers.len; i++)
        sum += r->recipe->teachers.at[i].share;
    if (sum > 1 + 1e-9)
        diag_report(r->diag, last->span, DIAG_TEACHER_SHARES, sum);
}

/* ---- pictures without labels ---- */

/* The number that stands for no label, where the recipe has none. */
enum { NO_LABEL = -1 };

static const char *unlabelled_obstacle(struct recipe_reader *r, const struct ftmrt_call *data)
{
    const struct ftmrt_call *loss = recipe_call(r->recipe, FTMRT_PARAM_finetune_loss);
    if (!r->recipe->teachers.len)
        return "the recipe has no `teacher`";
    if (recipe_losses(r->recipe)->count > 1)
        return "the other loss is a sum, which ignores no label";
    if (recipe_call(r->recipe, FTMRT_PARAM_finetune_mix))
        return "`mix` makes shares of labels, which they have not";
    if (ftmrt_call_word(data, FTMRT_PARAM_data_sampling) > 0)
        return "`sampling` draws classes, which they have not";
    for (uint32_t i = 0; i < ftmrt_call_info(loss->id)->param_count; i++)
        if (!strcmp(ftmrt_call_info(loss->id)->params[i].name, "ignore_index"))
            return ftmrt_data_labels(data) == FTMRT_LABEL_INDEX
                       ? NULL
                       : "the other samples' labels are no numbers of classes";
    return arena_printf(r->arena,
                        "`%s` has no `ignore_index`, by which the labels' part leaves them out",
                        ftmrt_call_info(loss->id)->name);
}

/* Their label is the one that the loss ignores. */
static void settle_unlabelled(struct recipe_reader *r)
{
    const struct ftmrt_call *data = recipe_call(r->recipe, FTMRT_PARAM_finetune_data),
                            *loss = recipe_call(r->recipe, FTMRT_PARAM_finetune_loss);
    if (!data || !ftmrt_call_inner(data, FTMRT_PARAM_data_unlabelled))
        return;
    const char *why = unlabelled_obstacle(r, data);
    const struct recipe_stmt *stmt = find_setting(r, RECIPE_DATA, "data");
    if (why)
        diag_report(r->diag, stmt ? stmt->span : r->recipe->span, DIAG_UNLABELLED, why);
    for (uint32_t i = 0; !why && i < ftmrt_call_info(loss->id)->param_count; i++) {
        /* The compiler built the arguments, and nobody else has them yet. */
        struct ftmrt_arg *a = (struct ftmrt_arg *)(uintptr_t)&loss->args[i];
        if (!strcmp(ftmrt_call_info(loss->id)->params[i].name, "ignore_index") &&
            a->kind == FTMRT_ARG_NONE)
            *a = (struct ftmrt_arg){FTMRT_ARG_INTEGER, 0, {.integer = NO_LABEL}};
    }
}

void read_teachers(struct recipe_reader *r, struct frame *scope)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    const struct recipe_stmt *last = NULL;
    struct ftmrt_call *calls = arena_array(r->arena, struct ftmrt_call, stmts->list.len);
    uint32_t count = 0;
    for (uint32_t i = 0; i < stmts->list.len && !r->files->options->infer; i++) {
        const struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind != RECIPE_TEACHER || !check_task(r, s))
            continue;
        last = s;
        read_teacher(r, scope, s, &calls[count++]);
    }
    if (last) {
        check_shares(r, last);
        *recipe_setting(r->recipe, FTMRT_PARAM_finetune_teachers) =
            (struct ftmrt_arg){FTMRT_ARG_CALLS, count, {.calls = calls}};
    }
    if (!r->files->options->infer)
        settle_unlabelled(r);
}

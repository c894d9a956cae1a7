/* Labels: what the data sources give, what the loss takes, and what mixing makes of them. */
#include "recipe_reader.h"

#include <string.h>

/* The value of a key of `data`, or NULL. */
static const struct expr *data_key(const struct recipe_reader *r, const char *name)
{
    const struct recipe_stmt *data = find_setting(r, RECIPE_DATA, "data");
    for (uint32_t i = 0; data && i < data->items->list.len; i++) {
        const struct recipe_stmt *s = data->items->list.at[i];
        if (s->kind == RECIPE_SETTING && !strcmp(s->name, name))
            return s->values->list.at[0];
    }
    return NULL;
}

/* Where a setting of the finetune is written; the finetune where it is not. */
static struct span setting_span(const struct recipe_reader *r, const char *name)
{
    const struct recipe_stmt *s = find_setting(r, RECIPE_SETTING, name);
    return s ? s->values->list.at[0]->span : r->files->finetune->span;
}

enum ftmrt_call_id written_loss(struct recipe_reader *r)
{
    const struct recipe_stmt *s = find_setting(r, RECIPE_SETTING, "loss");
    const struct expr *e = s && s->values->list.len ? first_loss(s->values->list.at[0]) : NULL;
    const struct ftmrt_call_info *named =
        e && (e->kind == EXPR_CALL || e->kind == EXPR_NAME) ? ftmrt_call_find(e->text) : NULL;
    return named && named->category == FTMRT_CATEGORY_LOSS
               ? ftmrt_call_id(named)
               : recipe_call(r->recipe, FTMRT_PARAM_finetune_loss)->id;
}

/* The number of a source's parameter of a type; its count where it has none. */
static uint32_t param_of(const struct ftmrt_call *source, enum ftmrt_type type)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(source->id);
    uint32_t i = 0;
    while (i < info->param_count && info->params[i].type != type)
        i++;
    return i;
}

/* An argument of a source that is to be settled: the compiler built it, and nobody else has it yet. */
static struct ftmrt_arg *open_arg(const struct ftmrt_call *source, uint32_t i)
{
    return (struct ftmrt_arg *)(uintptr_t)&source->args[i];
}

/* One column as a list of one. */
static void make_list(struct recipe_reader *r, struct ftmrt_arg *column)
{
    const char **texts = arena_array(r->arena, const char *, 1);
    texts[0] = column->text;
    *column = (struct ftmrt_arg){FTMRT_ARG_TEXTS, 1, {.texts = texts}};
}

static void check_table(struct recipe_reader *r, const struct ftmrt_arg *columns,
                        enum ftmrt_label_kind kind, struct span span)
{
    if (kind == FTMRT_LABEL_MASK)
        diag_report(r->diag, span, DIAG_BAD_VALUE, "'kind' of a table", "`index` or `vector`",
                    "`mask`");
    else if (kind == FTMRT_LABEL_INDEX && columns->kind == FTMRT_ARG_TEXTS)
        diag_report(r->diag, span, DIAG_BAD_VALUE, "'label' of the kind `index`", "one column",
                    "a list");
}

/* A list of columns is a vector; one column is what the loss takes: a class, if that is a distribution over the classes, any number of
 * classes, if it is a yes or no for each, or else a number, which is what a list of one column is. */
static void settle_kind(struct recipe_reader *r, const struct ftmrt_call *source, struct span span)
{
    const uint32_t at = param_of(source, FTMRT_TYPE_COLUMNS);
    if (at == ftmrt_call_info(source->id)->param_count)
        return;
    struct ftmrt_arg *columns = open_arg(source, at),
                     *kind = open_arg(source, param_of(source, FTMRT_TYPE_LABEL));
    const enum ftmrt_vector vector = ftmrt_loss_info(written_loss(r))->vector;
    const bool one = columns->kind == FTMRT_ARG_TEXT,
               class = one && vector == FTMRT_VECTOR_DISTRIBUTION;
    if (kind->kind == FTMRT_ARG_NONE)
        *kind = (struct ftmrt_arg){
            FTMRT_ARG_INTEGER, 0, {.integer = class ? FTMRT_LABEL_INDEX : FTMRT_LABEL_VECTOR}};
    else
        check_table(r, columns, (enum ftmrt_label_kind)kind->integer, span);
    if (one && kind->integer == FTMRT_LABEL_VECTOR && vector != FTMRT_VECTOR_SHARES)
        make_list(r, columns);
}

static void settle_source(struct recipe_reader *r, const struct ftmrt_call *source,
                          struct span span)
{
    const uint32_t sources = param_of(source, FTMRT_TYPE_SOURCES);
    settle_kind(r, source, span);
    if (sources < ftmrt_call_info(source->id)->param_count)
        for (uint32_t i = 0; i < source->args[sources].count; i++)
            settle_source(r, &source->args[sources].calls[i], span);
}

void settle_label_kinds(struct recipe_reader *r, const struct recipe_stmt *data)
{
    const struct ftmrt_call *block = recipe_call(r->recipe, FTMRT_PARAM_finetune_data);
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_data);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (ftmrt_is_source(&block->args[i])) {
            const struct expr *e = data_key(r, info->params[i].name);
            settle_source(r, block->args[i].calls, e ? e->span : data->span);
        }
}

/* All sources give labels of one kind: there is one input for them. */
static void check_sources(struct recipe_reader *r, const struct ftmrt_call *data)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_data);
    const enum ftmrt_label_kind want = ftmrt_data_labels(data);
    const char *first = NULL;
    for (uint32_t i = 0; i < info->param_count; i++) {
        const char *name = info->params[i].name;
        if (!ftmrt_is_source(&data->args[i]))
            continue;
        const enum ftmrt_label_kind kind = ftmrt_source_labels(data->args[i].calls);
        if (kind != want)
            diag_report(r->diag, data_key(r, name)->span, DIAG_LABEL_KINDS, name,
                        ftmrt_label_word(kind), first, ftmrt_label_word(want));
        first = first ? first : name;
    }
}

/* "`index` or `vector`": the kinds of a set. */
static const char *kinds_text(struct arena *arena, uint32_t kinds)
{
    const char *text = "";
    for (unsigned i = 0; i < FTMRT_LABEL_COUNT; i++)
        if (kinds >> i & 1)
            text = arena_printf(arena, "%s%s`%s`", text, *text ? " or " : "",
                                ftmrt_label_word((enum ftmrt_label_kind)i));
    return text;
}

static void check_loss(struct recipe_reader *r, const struct ftmrt_call *loss,
                       enum ftmrt_label_kind kind)
{
    const uint32_t takes = ftmrt_loss_info(loss->id)->labels;
    if (!(takes >> kind & 1))
        diag_report(r->diag, setting_span(r, "loss"), DIAG_LABEL_LOSS,
                    ftmrt_call_info(loss->id)->name, kinds_text(r->arena, takes),
                    ftmrt_label_word(kind));
}

/* Mixed labels are shares of the classes, which the loss must take as such. */
static void check_mix(struct recipe_reader *r, const struct ftmrt_call *mix,
                      const struct ftmrt_call *loss, enum ftmrt_label_kind kind)
{
    const struct ftmrt_loss_info *info = ftmrt_loss_info(loss->id);
    const char *name = ftmrt_call_info(mix->id)->name;
    const bool shares =
        info->labels >> FTMRT_LABEL_VECTOR & 1 && info->vector != FTMRT_VECTOR_NUMBERS;
    if (kind == FTMRT_LABEL_MASK)
        diag_report(r->diag, setting_span(r, "mix"), DIAG_LABEL_MIX, name,
                    "a mask has a class for each pixel");
    else if (!shares)
        diag_report(r->diag, setting_span(r, "mix"), DIAG_LABEL_MIX, name,
                    arena_printf(r->arena, "%s takes numbers", ftmrt_call_info(loss->id)->name));
}

/* The loss that takes a yes or no for each class, for advice. */
static const char *loss_of_shares(void)
{
    unsigned i = 0;
    while (ftmrt_loss_info((enum ftmrt_call_id)i)->vector != FTMRT_VECTOR_SHARES)
        i++;
    return ftmrt_call_info((enum ftmrt_call_id)i)->name;
}

/* The figure that chooses the best epoch is one of these labels. */
static void check_best(struct recipe_reader *r, const struct ftmrt_call *loss,
                       enum ftmrt_label_kind kind)
{
    const char *best = recipe_text(r->recipe, FTMRT_PARAM_finetune_best);
    const bool several = loss && kind == FTMRT_LABEL_VECTOR &&
                         ftmrt_loss_info(loss->id)->vector == FTMRT_VECTOR_SHARES;
    if (several && !strcmp(best, "macro_f1"))
        return;
    const bool of_classes =
        strcmp(best, "auto") != 0 && strcmp(best, "loss") != 0 && strcmp(best, "accuracy") != 0;
    if ((strcmp(best, "accuracy") == 0 && kind == FTMRT_LABEL_VECTOR) ||
        (of_classes && kind != FTMRT_LABEL_INDEX))
        diag_report(r->diag, setting_span(r, "best"), DIAG_LABEL_BEST, best,
                    of_classes ? "labels of the kind `index`" : "classes", ftmrt_label_word(kind));
}

/* Shares that add up to 1 are 1 where there is but one. Without data and labels the loss is only a default. */
void check_class_count(struct recipe_reader *r)
{
    const struct ftmrt_call *loss = recipe_call(r->recipe, FTMRT_PARAM_finetune_loss);
    const char *setting = find_setting(r, RECIPE_SETTING, "labels")    ? "labels"
                          : find_setting(r, RECIPE_SETTING, "classes") ? "classes"
                                                                       : "model";
    const bool trains = find_setting(r, RECIPE_DATA, "data") || !strcmp(setting, "labels");
    if (!loss || !trains || recipe_classes(r->recipe) != 1 ||
        ftmrt_loss_info(loss->id)->vector != FTMRT_VECTOR_DISTRIBUTION)
        return;
    diag_report(r->diag, setting_span(r, setting), DIAG_ONE_CLASS, ftmrt_call_info(loss->id)->name);
    diag_note(r->diag,
              "two classes are two outputs, as in `labels = [\"good\", \"bad\"]`; a yes or no of "
              "one output has `loss = %s`",
              loss_of_shares());
}

/* Weights that follow from how many samples the classes have. */
static void check_balanced(struct recipe_reader *r, const struct ftmrt_call *loss,
                           enum ftmrt_label_kind kind)
{
    const struct ftmrt_arg *weight = ftmrt_call_named(loss, "weight");
    if (!weight || weight->kind != FTMRT_ARG_TEXT || kind == FTMRT_LABEL_INDEX)
        return;
    const struct recipe_stmt *stmt = find_setting(r, RECIPE_SETTING, "loss");
    diag_report(r->diag, stmt ? stmt->span : r->recipe->span, DIAG_BALANCED_LABELS,
                ftmrt_label_word(kind));
    diag_note(r->diag, "give a number for each class, as in `weight = [1, 2.5]`");
}

/* Drawing classes needs samples that have one. */
static void check_sampling(struct recipe_reader *r, const struct ftmrt_call *data,
                           enum ftmrt_label_kind kind)
{
    if (!data || kind == FTMRT_LABEL_INDEX || ftmrt_call_word(data, FTMRT_PARAM_data_sampling) == 0)
        return;
    const struct recipe_stmt *stmt = find_setting(r, RECIPE_DATA, "data");
    diag_report(r->diag, stmt ? stmt->span : r->recipe->span, DIAG_SAMPLING_LABELS,
                ftmrt_call_text(data, FTMRT_PARAM_data_sampling), ftmrt_label_word(kind));
    diag_note(r->diag, "leave `sampling` out: samples come as they are");
}

/* Thresholds are chosen on samples that may have any number of labels. */
static void check_thresholds(struct recipe_reader *r, const struct ftmrt_call *data,
                             const struct ftmrt_call *loss, enum ftmrt_label_kind kind)
{
    if (ftmrt_call_word(&r->recipe->bound.finetune, FTMRT_PARAM_finetune_thresholds) <= 0)
        return;
    if (kind != FTMRT_LABEL_VECTOR || ftmrt_loss_info(loss->id)->vector != FTMRT_VECTOR_SHARES) {
        diag_report(r->diag, setting_span(r, "thresholds"), DIAG_THRESHOLDS_LABELS,
                    ftmrt_call_info(loss->id)->name, ftmrt_label_word(kind));
    } else if (ftmrt_call_arg(data, FTMRT_PARAM_data_validation)->kind == FTMRT_ARG_NONE) {
        diag_report(r->diag, setting_span(r, "thresholds"), DIAG_THRESHOLDS_VALIDATION);
        diag_note(r->diag, "write `validation = 20%%` in `data`, or give it a source of its own");
    }
}

void check_labels(struct recipe_reader *r)
{
    const struct ftmrt_call *data = recipe_call(r->recipe, FTMRT_PARAM_finetune_data),
                            *loss = recipe_call(r->recipe, FTMRT_PARAM_finetune_loss),
                            *mix = recipe_call(r->recipe, FTMRT_PARAM_finetune_mix);
    const enum ftmrt_label_kind kind = ftmrt_data_labels(data);
    check_sources(r, data);
    check_sampling(r, data, kind);
    if (loss) {
        for (uint32_t i = 0; i < recipe_losses(r->recipe)->count; i++)
            check_loss(r, &loss[i], kind);
        check_loss_sum(r, kind, setting_span(r, "loss"));
        check_balanced(r, loss, kind);
        check_thresholds(r, data, loss, kind);
    }
    check_best(r, loss, kind);
    if (loss && mix)
        check_mix(r, mix, loss, kind);
}

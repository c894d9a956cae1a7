/* phase NAME { ... }: parts of the training, one behind the other, each with a freezing of its own (freezing.c) and settings of its
 * own; what one leaves out is the recipe's.
 *
 * Read twice: what is written with the settings, what is left out when the recipe's own values are known (advice.c). */
#include <string.h>

#include "lang.h"
#include "op.h"
#include "optimizer.h"
#include "recipe_reader.h"

static struct ftmrt_arg *phase_args(const struct recipe *r, uint32_t i)
{
    /* The compiler built them, and nobody else has them yet. */
    return (struct ftmrt_arg *)(uintptr_t)r
        ->settings[FTMRT_PARAM_finetune_phases % FTMRT_PARAM_LIMIT]
        .calls[i]
        .args;
}

static struct ftmrt_arg *phase_arg(const struct recipe *r, uint32_t i, enum ftmrt_param key)
{
    return &phase_args(r, i)[(unsigned)key % FTMRT_PARAM_LIMIT];
}

/* What a phase can leave to the recipe. */
static const struct shared {
    enum ftmrt_param phase, recipe;
} shared[] = {
    {FTMRT_PARAM_phase_epochs, FTMRT_PARAM_finetune_epochs},
    {FTMRT_PARAM_phase_optimizer, FTMRT_PARAM_finetune_optimizer},
    {FTMRT_PARAM_phase_schedule, FTMRT_PARAM_finetune_schedule},
};

enum { SHARED = sizeof shared / sizeof *shared };

bool recipe_is_of_phases(enum ftmrt_param param)
{
    for (uint32_t i = 0; i < SHARED; i++)
        if (shared[i].recipe == param)
            return true;
    return false;
}

const struct recipe_stmt *find_phase(const struct recipe_reader *r, uint32_t number)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    for (uint32_t i = 0; i < stmts->list.len; i++)
        if (stmts->list.at[i]->kind == RECIPE_PHASE && number-- == 0)
            return stmts->list.at[i];
    return NULL;
}

/* ---- what is written ---- */

static bool is_setting_name(const char *name)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_finetune);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (!strcmp(info->params[i].name, name))
            return true;
    return !strcmp(name, "freeze") || !strcmp(name, "train");
}

static void check_name(struct recipe_reader *r, uint32_t number, const struct recipe_stmt *s)
{
    if (is_setting_name(s->name)) {
        diag_report(r->diag, s->name_span, DIAG_PHASE_NAME, s->name);
        diag_note(r->diag, "its own settings go by its name, as in `-D thaw.epochs=5`");
    }
    for (uint32_t i = 0; i < number; i++)
        if (!strcmp(find_phase(r, i)->name, s->name)) {
            diag_report(r->diag, s->name_span, DIAG_DUPLICATE_DECL, s->name);
            return;
        }
}

static bool is_freezing(enum recipe_kind kind)
{
    return kind == RECIPE_FREEZE || kind == RECIPE_FREEZE_STATISTICS || kind == RECIPE_TRAIN;
}

/* Statements that only the whole recipe can have. */
static void check_statements(struct recipe_reader *r, const struct recipe_stmt *phase)
{
    for (uint32_t i = 0; i < phase->items->list.len; i++) {
        const struct recipe_stmt *s = phase->items->list.at[i];
        if (s->kind != RECIPE_SETTING && !is_freezing(s->kind))
            diag_report(r->diag, s->span, DIAG_MISPLACED,
                        s->kind == RECIPE_PHASE ? "`phase`"
                        : s->kind == RECIPE_SEARCH
                            ? "`search`"
                            : arena_printf(r->arena, "`%s`", s->text ? s->text : s->name),
                        "`finetune`, outside of its phases");
        else if (s->kind == RECIPE_SETTING && s->items)
            diag_report(r->diag, s->span, DIAG_MISPLACED, "{ }", "`weights` or `data`");
    }
    if (phase->items->list.len)
        return;
    diag_report(r->diag, phase->span, DIAG_PHASE_EMPTY, phase->name);
    diag_note(r->diag, "write what is its own: `train NAME`, `freeze NAME`, `epochs = 5`, ...");
}

/* freeze and train as written, for the resolved form. */
static struct ftmrt_arg edits_of(struct recipe_reader *r, const struct recipe_stmt *phase)
{
    VEC(const char *) texts = {0};
    for (uint32_t i = 0; i < phase->items->list.len; i++)
        if (is_freezing(phase->items->list.at[i]->kind))
            vec_push(r->arena, &texts, phase->items->list.at[i]->text);
    if (!texts.len)
        return (struct ftmrt_arg){FTMRT_ARG_NONE, 0, {0}};
    return (struct ftmrt_arg){FTMRT_ARG_TEXTS, texts.len, {.texts = texts.at}};
}

static void read_setting(struct recipe_reader *r, struct frame *scope, uint32_t number,
                         const struct recipe_stmt *s)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_phase);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_param_info *p = &info->params[i];
        struct ftmrt_arg *out = &phase_args(r->recipe, number)[i];
        if (strcmp(p->name, s->name) != 0 || p->type == FTMRT_TYPE_NAME ||
            p->type == FTMRT_TYPE_EDITS || !read_key(r, scope, p, s, out))
            continue;
        if (p->type == FTMRT_TYPE_SCHEDULE)
            check_schedule_call(r, out->calls, s->values->list.at[0]->span);
        if (p->type == FTMRT_TYPE_OPTIMIZER)
            check_rate(r, s, out->calls);
    }
}

static void read_phase(struct recipe_reader *r, struct frame *scope, uint32_t number)
{
    const struct recipe_stmt *phase = find_phase(r, number);
    check_name(r, number, phase);
    check_block(r, phase->items, RECIPE_SETTING, FTMRT_CALL_phase);
    check_statements(r, phase);
    *phase_arg(r->recipe, number, FTMRT_PARAM_phase_name) =
        (struct ftmrt_arg){FTMRT_ARG_TEXT, 0, {.text = phase->name}};
    *phase_arg(r->recipe, number, FTMRT_PARAM_phase_edits) = edits_of(r, phase);
    for (uint32_t i = 0; i < phase->items->list.len; i++)
        if (phase->items->list.at[i]->kind == RECIPE_SETTING)
            read_setting(r, scope, number, phase->items->list.at[i]);
}

void count_phases(struct recipe_reader *r)
{
    uint32_t count = 0;
    while (find_phase(r, count))
        count++;
    r->recipe->phases = count ? count : 1;
    if (count <= GRAPH_MAX_PHASES)
        return;
    diag_report(r->diag, find_phase(r, GRAPH_MAX_PHASES)->span, DIAG_BAD_VALUE,
                "the number of phases", arena_printf(r->arena, "%d at most", GRAPH_MAX_PHASES),
                arena_printf(r->arena, "%u", count));
    r->recipe->phases = GRAPH_MAX_PHASES;
}

void read_phases(struct recipe_reader *r, struct frame *scope)
{
    if (!find_phase(r, 0))
        return;
    const uint32_t count = r->recipe->phases;
    struct ftmrt_call *calls = arena_array(r->arena, struct ftmrt_call, count);
    for (uint32_t i = 0; i < count; i++)
        calls[i] = (struct ftmrt_call){FTMRT_CALL_phase,
                                       arena_array(r->arena, struct ftmrt_arg,
                                                   ftmrt_call_info(FTMRT_CALL_phase)->param_count)};
    *recipe_setting(r->recipe, FTMRT_PARAM_finetune_phases) =
        (struct ftmrt_arg){FTMRT_ARG_CALLS, count, {.calls = calls}};
    for (uint32_t i = 0; i < count; i++)
        read_phase(r, scope, i);
}

/* ---- what is left out ---- */

/* How many phases have a setting of their own; in *first the first of them. */
static uint32_t count_own(const struct recipe_reader *r, enum ftmrt_param key, uint32_t *first)
{
    uint32_t own = 0;
    for (uint32_t i = r->recipe->phases; i-- > 0;)
        if (phase_arg(r->recipe, i, key)->kind != FTMRT_ARG_NONE) {
            own++;
            *first = i;
        }
    return own;
}

/* Fills in a setting: the recipe's, or where that is not written the first phase's that has a call for it. */
static void share_setting(struct recipe_reader *r, const struct shared *s)
{
    const char *name =
        ftmrt_call_info(FTMRT_CALL_finetune)->params[s->recipe % FTMRT_PARAM_LIMIT].name;
    const struct recipe_stmt *written = find_setting(r, RECIPE_SETTING, name);
    uint32_t first = 0;
    const uint32_t own = count_own(r, s->phase, &first);
    struct ftmrt_arg *whole = recipe_setting(r->recipe, s->recipe);
    const char *const *defines = r->files->options->defines;
    if (written && own == r->recipe->phases && !(defines && *defines))
        diag_report(r->diag, written->span, DIAG_PHASE_UNUSED, name);
    if (!written && (own == r->recipe->phases || (own && s->phase == FTMRT_PARAM_phase_optimizer)))
        *whole = *phase_arg(r->recipe, first, s->phase);
    for (uint32_t i = 0; i < r->recipe->phases; i++)
        if (phase_arg(r->recipe, i, s->phase)->kind == FTMRT_ARG_NONE)
            *phase_arg(r->recipe, i, s->phase) = *whole;
}

/* Whether an update has the same code: values of steps may differ. */
static bool same_update(const struct ftmrt_call *a, const struct ftmrt_call *b)
{
    if (a->id != b->id)
        return false;
    const struct ftmrt_call_info *info = ftmrt_call_info(a->id);
    const struct optimizer_rule *rule = optimizer_rule(op_by_name(info->name));
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_arg *x = &a->args[i], *y = &b->args[i];
        if (info->params[i].type != FTMRT_TYPE_FLOAT && x->integer != y->integer)
            return false;
        if (info->params[i].type == FTMRT_TYPE_FLOAT &&
            optimizer_varies(rule, info->params[i].name) && (x->number == 0) != (y->number == 0))
            return false;
    }
    return true;
}

static void check_optimizer(struct recipe_reader *r, uint32_t i)
{
    const struct ftmrt_call *whole = recipe_call(r->recipe, FTMRT_PARAM_finetune_optimizer);
    const struct ftmrt_arg *own = phase_arg(r->recipe, i, FTMRT_PARAM_phase_optimizer);
    if (!whole || own->kind != FTMRT_ARG_CALLS || same_update(own->calls, whole))
        return;
    const struct recipe_stmt *phase = find_phase(r, i);
    diag_report(r->diag, phase->span, DIAG_PHASE_OPTIMIZER, phase->name,
                lang_call_text(r->arena, own->calls), lang_call_text(r->arena, whole));
    diag_note(r->diag, "all phases have one optimizer, whose numbers may differ");
}

void settle_phases(struct recipe_reader *r)
{
    if (!find_phase(r, 0))
        return;
    for (uint32_t i = 0; i < SHARED; i++)
        share_setting(r, &shared[i]);
    for (uint32_t i = 0; i < r->recipe->phases; i++)
        check_optimizer(r, i);
}

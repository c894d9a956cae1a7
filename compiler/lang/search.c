/* search { over PATH = VALUES ... }: what `program search` tries. Read last, as a path leads to settings that may have come from the table
 * of advice.
 *
 * Gone over is what a program reads when it runs: numbers of the optimizer and of the schedule, and a few settings; or some of what is compiled
 * into it (search_compiled.c). */
#include <string.h>

#include "argument.h"
#include "op.h"
#include "optimizer.h"
#include "recipe_reader.h"
#include "str.h"

enum { MAX_OVERS = 16, MAX_LIST = 256, MAX_COMBINATIONS = 100000 };

/* ---- paths ---- */

/* Settings that a program reads when it runs. */
static bool is_read(const char *setting)
{
    static const char *const all[] = {"batch", "epochs", "ema", "min_delta", "patience", "seed"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i], setting))
            return true;
    return false;
}

/* Whether arguments of a setting's call are read when the program runs: those that are numbers. */
static bool has_numbers(const struct ftmrt_place *p)
{
    const enum ftmrt_type type = p->info->type;
    return (p->setting_info->type == FTMRT_TYPE_OPTIMIZER ||
            p->setting_info->type == FTMRT_TYPE_SCHEDULE) &&
           (type == FTMRT_TYPE_FLOAT || type == FTMRT_TYPE_INT || type == FTMRT_TYPE_EPOCHS);
}

/* Whether a tensor of the optimizer's is kept for this scalar only where it is not 0, and the recipe has 0. */
static bool is_left_out(const struct recipe *r, const struct ftmrt_place *p)
{
    if (!p->inner || p->setting_info->type != FTMRT_TYPE_OPTIMIZER || p->arg->number != 0)
        return false;
    const struct ftmrt_call *c = recipe_call(r, FTMRT_PARAM_finetune_optimizer);
    const struct optimizer_rule *rule = optimizer_rule(op_by_name(ftmrt_call_info(c->id)->name));
    return optimizer_varies(rule, p->info->name);
}

/* Why a search cannot go over what a path names; NULL: it can. */
static const char *why_not(const struct recipe_reader *r, const char *path,
                           const struct ftmrt_place *p)
{
    const bool whole = recipe_phases(r->recipe)->count && !p->of_phase;
    const enum ftmrt_param setting =
        (enum ftmrt_param)((unsigned)FTMRT_CALL_finetune * FTMRT_PARAM_LIMIT + p->setting);
    if (whole && recipe_is_of_phases(setting))
        return arena_printf(r->arena, "each phase has its own, `%s.%s`",
                            recipe_phase_name(r->recipe, 0), path);
    if (p->inner ? !has_numbers(p) : !is_read(p->info->name))
        return "it is compiled into the program";
    if (is_left_out(r->recipe, p))
        return "the recipe has 0, and the program is compiled without it";
    return NULL;
}

static void report_path(struct recipe_reader *r, const struct recipe_stmt *s, const char *why)
{
    const bool argument =
        !strchr(s->name, '.') &&
        ftmrt_recipe_find(&r->recipe->bound, arena_printf(r->arena, "optimizer.%s", s->name),
                          &(struct ftmrt_place){0});
    diag_report(r->diag, s->name_span, DIAG_SEARCH_PATH, s->name, why);
    if (argument)
        diag_note(r->diag, "write `optimizer.%s`", s->name);
    else
        diag_note(
            r->diag,
            "there are: numbers of the optimizer and the schedule (`optimizer.lr`), batch, "
            "epochs, ema, min_delta, patience, seed, in phases with their name in front; and, "
            "compiled for each value, train, model, weights, optimizer, schedule, "
            "transform.eval, transform.train, adapt.rank");
}

/* ---- values ---- */

/* One number for the setting. */
static bool read_number(struct recipe_reader *r, struct frame *scope, const struct ftmrt_place *p,
                        const char *path, const struct expr *e, double *out)
{
    struct value v = eval(r->builder, scope, e);
    const char *title = arena_printf(r->arena, "'%s'", path);
    if (!argument_check(r->builder, p->info, title, &v, e->span))
        return false;
    const struct ftmrt_arg a = plain_arg(r->arena, &v);
    *out = a.kind == FTMRT_ARG_INTEGER ? (double)a.integer : a.number;
    const int64_t batch = recipe_integer(r->recipe, FTMRT_PARAM_finetune_batch);
    if (!strcmp(path, "batch") && *out > (double)batch) {
        diag_report(r->diag, e->span, DIAG_BAD_VALUE, title,
                    arena_printf(r->arena, "at most %lld", (long long)batch),
                    arena_printf(r->arena, "%g", *out));
        diag_note(r->diag,
                  "the program is compiled for the recipe's batch: write the largest there");
        return false;
    }
    const bool whole = a.kind == FTMRT_ARG_INTEGER && a.integer > (int64_t)1 << 53;
    if (whole || (p->inner && !strcmp(p->info->name, "lr") && *out <= 0)) {
        diag_report(r->diag, e->span, DIAG_BAD_VALUE, title, whole ? "at most 2^53" : "above 0",
                    arena_printf(r->arena, "%g", *out));
        return false;
    }
    return true;
}

/* The row that says how values are drawn; its first word is that of a list. */
static const struct ftmrt_param_info *draw_row(void)
{
    return &ftmrt_call_info(FTMRT_CALL_over)->params[FTMRT_PARAM_over_draw % FTMRT_PARAM_LIMIT];
}

static const char *list_word(struct recipe_reader *r)
{
    const char *words = draw_row()->value;
    return arena_strndup(r->arena, words, strcspn(words, "|"));
}

static bool is_range(const struct expr *e)
{
    return e->kind == EXPR_CALL && ftmrt_word_index(draw_row(), e->text) > 0;
}

/* The two ends of uniform(a, b) and log(a, b). */
static bool read_range(struct recipe_reader *r, struct frame *scope, const struct ftmrt_place *p,
                       const struct recipe_stmt *s, double *ends)
{
    const struct expr *e = s->values->list.at[0];
    const char *title = arena_printf(r->arena, "'%s'", s->name);
    if (e->args->list.len != 2 || e->args->list.at[0].name || e->args->list.at[1].name) {
        diag_report(
            r->diag, e->span, DIAG_WRONG_TYPE, title,
            arena_printf(r->arena, "two numbers, from and to, as in `%s(0.001, 0.1)`", e->text),
            arena_printf(r->arena, "%u", e->args->list.len));
        return false;
    }
    for (int i = 0; i < 2; i++)
        if (!read_number(r, scope, p, s->name, e->args->list.at[i].value, &ends[i]))
            return false;
    const bool above = ends[0] > 0 || ftmrt_word_index(draw_row(), e->text) == 1;
    if (above && ends[0] < ends[1])
        return true;
    diag_report(r->diag, e->span, DIAG_BAD_VALUE, title,
                above ? "from a number to a larger one" : "from a number above 0",
                arena_printf(r->arena, "%g to %g", ends[0], ends[1]));
    return false;
}

/* A list of numbers, or one. */
static bool read_list(struct recipe_reader *r, struct frame *scope, const struct ftmrt_place *p,
                      const struct recipe_stmt *s, double *numbers, uint32_t *count)
{
    const struct expr *e = s->values->list.at[0];
    const char *title = arena_printf(r->arena, "'%s'", s->name);
    *count = e->kind == EXPR_LIST ? e->items->list.len : 1;
    if (*count == 0 || *count > MAX_LIST) {
        diag_report(r->diag, e->span, DIAG_WRONG_TYPE, title,
                    arena_printf(r->arena, "1 to %d numbers, uniform(a, b) or log(a, b)", MAX_LIST),
                    arena_printf(r->arena, "%u", *count));
        return false;
    }
    for (uint32_t i = 0; i < *count; i++) {
        const struct expr *item = e->kind == EXPR_LIST ? e->items->list.at[i] : e;
        if (!read_number(r, scope, p, s->name, item, &numbers[i]))
            return false;
        for (uint32_t k = 0; k < i; k++)
            if (numbers[k] == numbers[i]) {
                diag_report(r->diag, item->span, DIAG_BAD_VALUE, title, "a number once",
                            arena_printf(r->arena, "%g twice", numbers[i]));
                return false;
            }
    }
    return true;
}

static bool read_values(struct recipe_reader *r, struct frame *scope, const struct ftmrt_place *p,
                        const struct recipe_stmt *s, struct ftmrt_arg *args)
{
    double *numbers = arena_array(r->arena, double, MAX_LIST);
    uint32_t count = 2;
    if (s->values->list.len != 1) {
        diag_report(r->diag, s->values->list.at[1]->span, DIAG_WRONG_TYPE,
                    arena_printf(r->arena, "'%s'", s->name), "one value; a list stands in [ ]",
                    arena_printf(r->arena, "%u", s->values->list.len));
        return false;
    }
    const bool range = is_range(s->values->list.at[0]);
    if (range ? !read_range(r, scope, p, s, numbers) : !read_list(r, scope, p, s, numbers, &count))
        return false;
    if (range)
        args[FTMRT_PARAM_over_draw % FTMRT_PARAM_LIMIT] =
            (struct ftmrt_arg){FTMRT_ARG_TEXT, 0, {.text = s->values->list.at[0]->text}};
    args[FTMRT_PARAM_over_values % FTMRT_PARAM_LIMIT] =
        (struct ftmrt_arg){FTMRT_ARG_NUMBERS, count, {.numbers = numbers}};
    return true;
}

/* ---- statements ---- */

static bool is_twice(const struct ftmrt_call *overs, uint32_t count, const char *path)
{
    for (uint32_t i = 0; i < count; i++)
        if (!strcmp(ftmrt_call_text(&overs[i], FTMRT_PARAM_over_path), path))
            return true;
    return false;
}

/* Reads a statement `over` into *out. */
static bool read_over(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *s,
                      struct ftmrt_call *out)
{
    struct ftmrt_arg *args =
        arena_array(r->arena, struct ftmrt_arg, ftmrt_call_info(FTMRT_CALL_over)->param_count);
    args[FTMRT_PARAM_over_path % FTMRT_PARAM_LIMIT] =
        (struct ftmrt_arg){FTMRT_ARG_TEXT, 0, {.text = s->name}};
    args[FTMRT_PARAM_over_draw % FTMRT_PARAM_LIMIT] =
        (struct ftmrt_arg){FTMRT_ARG_TEXT, 0, {.text = list_word(r)}};
    *out = (struct ftmrt_call){FTMRT_CALL_over, args};
    if (search_is_compiled(s->name))
        return read_compiled_over(r, scope, s, args);
    struct ftmrt_place place;
    const bool found = ftmrt_recipe_find(&r->recipe->bound, s->name, &place);
    const char *why = found ? why_not(r, s->name, &place) : "the recipe has no such setting";
    if (why) {
        report_path(r, s, why);
        return false;
    }
    return read_values(r, scope, &place, s, args);
}

static void read_overs(struct recipe_reader *r, struct frame *scope,
                       const struct recipe_stmts *items)
{
    struct ftmrt_call *overs = arena_array(r->arena, struct ftmrt_call, MAX_OVERS);
    uint32_t count = 0;
    for (uint32_t i = 0; i < items->list.len; i++) {
        const struct recipe_stmt *s = items->list.at[i];
        if (s->kind != RECIPE_OVER)
            continue;
        if (is_twice(overs, count, s->name))
            diag_report(r->diag, s->name_span, DIAG_DUPLICATE_SETTING, s->name);
        else if (count == MAX_OVERS)
            diag_report(r->diag, s->span, DIAG_BAD_VALUE, "the number of `over`",
                        arena_printf(r->arena, "%d at most", MAX_OVERS), "more");
        else if (read_over(r, scope, s, &overs[count]))
            count++;
    }
    *block_arg(r->recipe, FTMRT_PARAM_finetune_search, FTMRT_PARAM_search_over) =
        (struct ftmrt_arg){FTMRT_ARG_CALLS, count, {.calls = overs}};
}

static void read_keys(struct recipe_reader *r, struct frame *scope,
                      const struct recipe_stmts *items)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_search);
    check_block(r, items, RECIPE_SETTING, FTMRT_CALL_search);
    for (uint32_t k = 0; k < items->list.len; k++)
        for (uint32_t i = 0; i < info->param_count; i++) {
            const struct recipe_stmt *s = items->list.at[k];
            if (s->kind == RECIPE_SETTING && info->params[i].type != FTMRT_TYPE_OVERS &&
                !strcmp(info->params[i].name, s->name))
                read_key(r, scope, &info->params[i], s,
                         block_arg(r->recipe, FTMRT_PARAM_finetune_search,
                                   (enum ftmrt_param)(FTMRT_CALL_search * FTMRT_PARAM_LIMIT + i)));
        }
}

/* ---- the whole ---- */

/* The first that is drawn from a range; NULL: all are lists, with so many combinations. */
static const char *first_range(const struct ftmrt_arg *overs, double *combinations)
{
    *combinations = 1;
    for (uint32_t i = 0; i < overs->count; i++) {
        const struct ftmrt_call *over = &overs->calls[i];
        if (ftmrt_call_word(over, FTMRT_PARAM_over_draw))
            return ftmrt_call_text(over, FTMRT_PARAM_over_path);
        *combinations *= ftmrt_call_arg(over, FTMRT_PARAM_over_values)->count;
    }
    return NULL;
}

static void check_trials(struct recipe_reader *r, const struct recipe_stmt *s)
{
    const struct ftmrt_call *search = recipe_call(r->recipe, FTMRT_PARAM_finetune_search);
    const bool given = ftmrt_call_arg(search, FTMRT_PARAM_search_trials)->kind != FTMRT_ARG_NONE;
    double combinations;
    const char *range = first_range(ftmrt_call_arg(search, FTMRT_PARAM_search_over), &combinations);
    if (range && !given) {
        diag_report(r->diag, s->span, DIAG_SEARCH_TRIALS, range);
        diag_note(r->diag, "write how many are tried, as in `trials = 12`");
    }
    if (!range && combinations > (double)MAX_COMBINATIONS)
        diag_report(r->diag, s->span, DIAG_BAD_VALUE, "the number of combinations",
                    arena_printf(r->arena, "%d at most", MAX_COMBINATIONS),
                    arena_printf(r->arena, "%.0f", combinations));
}

/* Both would take seeds, each its own. */
static void check_seeds(struct recipe_reader *r, const struct recipe_stmts *items)
{
    const struct ftmrt_call *search = recipe_call(r->recipe, FTMRT_PARAM_finetune_search);
    if (ftmrt_call_arg(search, FTMRT_PARAM_search_repeat)->kind == FTMRT_ARG_NONE)
        return;
    for (uint32_t i = 0; i < items->list.len; i++)
        if (items->list.at[i]->kind == RECIPE_OVER && !strcmp(items->list.at[i]->name, "seed"))
            diag_report(r->diag, items->list.at[i]->span, DIAG_SEARCH_SEEDS);
}

/* Programs are trained one behind the other by ftmc, which reads nothing else of the block. */
static void check_alone(struct recipe_reader *r, const struct recipe_stmts *items)
{
    const struct recipe_stmt *compiled = NULL;
    for (uint32_t i = 0; i < items->list.len; i++)
        if (items->list.at[i]->kind == RECIPE_OVER && search_is_compiled(items->list.at[i]->name))
            compiled = items->list.at[i];
    for (uint32_t i = 0; compiled && i < items->list.len; i++) {
        const struct recipe_stmt *s = items->list.at[i];
        if (s == compiled)
            continue;
        diag_report(r->diag, s->name_span, DIAG_SEARCH_ALONE, compiled->name, s->name);
        diag_note(r->diag, "search over '%s' first; `-D %s=VALUE` then fixes it in a second search",
                  compiled->name, compiled->name);
    }
}

static bool validates(const struct recipe *r)
{
    const struct ftmrt_call *data = recipe_call(r, FTMRT_PARAM_finetune_data);
    return ftmrt_call_arg(data, FTMRT_PARAM_data_validation)->kind != FTMRT_ARG_NONE;
}

void read_search(struct recipe_reader *r, struct frame *scope)
{
    const struct recipe_stmt *s = find_setting(r, RECIPE_SEARCH, "search");
    const uint32_t errors = r->diag->errors;
    if (!s)
        return;
    read_keys(r, scope, s->items);
    read_overs(r, scope, s->items);
    if (r->diag->errors > errors)
        return;
    if (!ftmrt_call_arg(recipe_call(r->recipe, FTMRT_PARAM_finetune_search),
                        FTMRT_PARAM_search_over)
             ->count) {
        diag_report(r->diag, s->span, DIAG_SEARCH_EMPTY);
        diag_note(r->diag, "write `over optimizer.lr = log(0.0001, 0.1)`, or a list of values");
    }
    if (!validates(r->recipe)) {
        diag_report(r->diag, s->span, DIAG_SEARCH_VALIDATION);
        diag_note(r->diag, "add `validation = 10%%` to the data block");
    }
    check_alone(r, s->items);
    check_trials(r, s);
    check_seeds(r, s->items);
}

/* What a schedule asks for beyond the types and ranges of its arguments. */
#include "recipe_reader.h"

#include "str.h"

/* The schedules that one is made of; NULL: it is one by itself. */
static const struct ftmrt_arg *inner_schedules(const struct ftmrt_call *c)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (info->params[i].type == FTMRT_TYPE_SCHEDULES)
            return &c->args[i];
    return NULL;
}

/* Milestones are above 0, and rise. */
static void check_order(struct recipe_reader *r, const struct ftmrt_arg *milestones,
                        struct span span)
{
    for (uint32_t i = 0; i < milestones->count; i++) {
        const double before = i ? milestones->numbers[i - 1] : 0;
        if (milestones->numbers[i] > before)
            continue;
        struct strbuf found;
        strbuf_init(&found, r->arena);
        strbuf_add_double(&found, milestones->numbers[i]);
        strbuf_add(&found, i ? " behind " : "");
        if (i)
            strbuf_add_double(&found, before);
        diag_report(r->diag, span, DIAG_BAD_VALUE, "'milestones'",
                    "above 0, each above the one before it", found.text);
    }
}

void check_schedule_call(struct recipe_reader *r, const struct ftmrt_call *c, struct span span)
{
    const struct ftmrt_arg *inner = inner_schedules(c);
    const struct ftmrt_arg *milestones = inner ? ftmrt_call_named(c, "milestones") : NULL;
    if (!inner)
        return;
    if (milestones->count + 1 != inner->count) {
        diag_report(r->diag, span, DIAG_SCHEDULE_COUNT, ftmrt_call_info(c->id)->name, inner->count,
                    milestones->count);
        diag_note(r->diag, "a milestone is the epoch where the next schedule begins: there is one "
                           "fewer than schedules");
    }
    check_order(r, milestones, span);
    for (uint32_t i = 0; i < inner->count; i++) {
        const enum ftmrt_call_id id = inner->calls[i].id;
        if (ftmrt_schedule_follows(id))
            diag_report(r->diag, span, DIAG_SCHEDULE_INNER, ftmrt_call_info(id)->name);
        check_schedule_call(r, &inner->calls[i], span);
    }
}

void check_schedule(struct recipe_reader *r)
{
    const struct recipe_stmt *s = find_setting(r, RECIPE_SETTING, "schedule");
    const struct ftmrt_call *c = recipe_call(r->recipe, FTMRT_PARAM_finetune_schedule);
    if (s && c)
        check_schedule_call(r, c, s->values->list.at[0]->span);
}

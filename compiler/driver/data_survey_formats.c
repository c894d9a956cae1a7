/* Files of one format in a folder of data, by the sources of the language that take such a folder. */
#include <string.h>

#include "data_survey_parts.h"
#include "listing.h"
#include "str.h"

static void stay_silent(void *context, const char *text)
{
    (void)context;
    (void)text; /* the folder may be of another format */
}

/* The first word of a parameter that has words, or the one behind it; NULL: there is none. */
static const char *word_of(struct arena *arena, const struct ftmrt_param_info *p, bool second)
{
    const char *bar = strchr(p->value, '|');
    if (!second)
        return arena_strndup(arena, p->value, strcspn(p->value, "|"));
    return bar ? arena_strndup(arena, bar + 1, strcspn(bar + 1, "|")) : NULL;
}

/* A call of the row for a folder, of its test part or as its words begin. */
static struct ftmrt_call call_of(struct arena *arena, enum ftmrt_call_id id, const char *dir,
                                 bool test)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(id);
    struct ftmrt_arg *args = arena_array(arena, struct ftmrt_arg, info->param_count);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_param_info *p = &info->params[i];
        const bool second = test && !strcmp(p->name, "part");
        const char *text = i == 0                          ? dir
                           : ftmrt_type_has_words(p->type) ? word_of(arena, p, second)
                                                           : NULL;
        args[i].kind = text ? FTMRT_ARG_TEXT : FTMRT_ARG_NONE;
        args[i].text = text;
    }
    return (struct ftmrt_call){id, args};
}

static bool list(struct looking *l, enum ftmrt_call_id id, bool test, struct listing *out,
                 struct listing_want *want)
{
    const struct ftmrt_call call = call_of(l->arena, id, l->dir, test);
    *want = (struct listing_want){.place = l->dir, .error = stay_silent};
    return listing_open(out, &call, want);
}

static void take(struct looking *l, const struct listing *found)
{
    int64_t *counts = arena_array(l->arena, int64_t, (uint32_t)found->class_count);
    for (int64_t i = 0; i < found->count; i++)
        counts[found->at[i].class]++;
    for (int32_t i = 0; i < found->class_count; i++)
        vec_push(l->arena, &l->out->classes,
                 (struct survey_class){arena_strdup(l->arena, found->classes[i]), counts[i]});
    l->out->total = found->count;
    l->out->side = found->height < found->width ? found->height : found->width;
    l->out->named = true;
}

static bool survey_format(struct looking *l, const struct ftmrt_call_info *info)
{
    const enum ftmrt_call_id id = ftmrt_call_id(info);
    const char *name = str_quoted(l->arena, l->as);
    struct listing_want want;
    struct listing found;
    if (!list(l, id, false, &found, &want))
        return false;
    take(l, &found);
    listing_close(&found);
    l->out->train = arena_printf(l->arena, "%s(%s)", info->name, name);
    l->out->about = info->help;
    if (list(l, id, true, &found, &want)) {
        listing_close(&found);
        l->out->test = arena_printf(l->arena, "%s(%s, part = test)", info->name, name);
    }
    return true;
}

bool survey_formats(struct looking *l)
{
    for (unsigned i = 0; i < FTMRT_CALL_COUNT; i++) {
        const struct ftmrt_call_info *info = ftmrt_call_info((enum ftmrt_call_id)i);
        if (info->category == FTMRT_CATEGORY_DATA && info->params[0].type == FTMRT_TYPE_FOLDER &&
            survey_format(l, info))
            return true;
    }
    return false;
}

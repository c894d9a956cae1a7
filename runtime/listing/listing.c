/* The table of sources that list, and what they have in common. */
#include "listing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ftmrt.h"
#include "name_pattern.h"

static list_fn *const rows[FTMRT_CALL_COUNT] = {
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...)
#define FTM_LISTS(name) [FTMRT_CALL_##name] = list_##name,
#include "calls.def"
};

bool listing_can(const struct ftmrt_call *call) { return rows[call->id] != NULL; }

struct listing_want listing_want_of(const struct ftmrt_call *data)
{
    const struct ftmrt_arg *renames = ftmrt_call_arg(data, FTMRT_PARAM_data_rename),
                           *skips = ftmrt_call_arg(data, FTMRT_PARAM_data_skip);
    struct listing_want want = {.group = ftmrt_call_text(data, FTMRT_PARAM_data_group)};
    if (renames->kind == FTMRT_ARG_TEXTS) {
        want.renames = renames->texts;
        want.rename_count = renames->count;
    }
    if (skips->kind == FTMRT_ARG_TEXTS) {
        want.skips = skips->texts;
        want.skip_count = skips->count;
    }
    return want;
}

const char *listing_place(const struct ftmrt_call *call) { return call->args[0].text; }

enum { MOST_ERRORS = 10 };

bool listing_fail(struct listing *l, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (l->errors++ < MOST_ERRORS)
        l->want->error(l->want->context, text);
    return false;
}

static bool no_memory(struct listing *l)
{
    return listing_fail(l, "%s: out of memory", l->want->place);
}

/* ---- classes ---- */

static const char *renamed(const struct listing_want *w, const char *name)
{
    for (uint32_t i = 0; i + 1 < w->rename_count; i += 2)
        if (!strcmp(w->renames[i], name))
            return w->renames[i + 1];
    return name;
}

static bool is_skipped(const struct listing_want *w, const char *name)
{
    for (uint32_t i = 0; i < w->skip_count; i++)
        if (name_fits(w->skips[i], name))
            return true;
    return false;
}

/* Where a name is, or would be, among those that are sorted. */
static size_t place_of(const struct listing *l, const char *name, bool *there)
{
    size_t from = 0, to = (size_t)l->class_count;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        const int order = strcmp(l->found[l->sorted[middle]], name);
        *there = order == 0;
        if (order == 0)
            return middle;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    *there = false;
    return from;
}

static bool add_class(struct listing *l, const char *name, size_t place)
{
    const int32_t n = l->class_count;
    const char *copy = text_store_add(&l->texts, name, strlen(name));
    if (!copy || !listing_grow((void **)&l->found, n, sizeof *l->found) ||
        !listing_grow((void **)&l->sorted, n, sizeof *l->sorted))
        return no_memory(l);
    size_t i = (size_t)n;
    for (; i > place; i--)
        l->sorted[i] = l->sorted[i - 1];
    l->sorted[i] = n;
    l->found[l->class_count++] = copy;
    return true;
}

bool listing_class(struct listing *l, const char *name, int32_t *class)
{
    bool there;
    *class = -1;
    if (is_skipped(l->want, name))
        return true;
    name = renamed(l->want, name);
    const size_t place = place_of(l, name, &there);
    if (!there && !add_class(l, name, place))
        return false;
    *class = l->sorted[place];
    return true;
}

/* ---- pictures ---- */

static uint64_t group_of(const struct listing *l, const char *name, const char *group)
{
    size_t length = group ? strlen(group) : 0;
    if (!group && (!l->want->group || !name_group(l->want->group, name, &group, &length)))
        return 0;
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)group[i]) * UINT64_C(0x100000001b3);
    return hash | (hash == 0);
}

bool listing_add(struct listing *l, const char *path, const char *name,
                 const struct listed *picture, const char *group)
{
    const char *copy = text_store_add(&l->texts, path, strlen(path));
    if (!copy || !listing_grow((void **)&l->at, l->count, sizeof *l->at))
        return no_memory(l);
    l->at[l->count] = *picture;
    l->at[l->count].path = copy;
    l->at[l->count++].group = group_of(l, name, group);
    return true;
}

/* ---- the order of the classes ---- */

/* Whether a name is a number, as it is written without more. */
static bool is_number(const char *name, long *value)
{
    char *end, again[24];
    *value = strtol(name, &end, 10);
    snprintf(again, sizeof again, "%ld", *value);
    return !*end && !strcmp(again, name);
}

static int by_number(const void *a, const void *b)
{
    const long x = strtol(*(const char *const *)a, NULL, 10),
               y = strtol(*(const char *const *)b, NULL, 10);
    return (x > y) - (x < y);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void listing_sort_names(const char **names, int32_t count)
{
    bool numbers = true;
    long value;
    for (int32_t i = 0; i < count; i++)
        numbers = is_number(names[i], &value) && numbers;
    if (count)
        qsort(names, (size_t)count, sizeof *names, numbers ? by_number : by_text);
}

/* Gives the pictures the numbers of their classes in order. */
static bool settle_classes(struct listing *l)
{
    const size_t count = (size_t)l->class_count;
    int32_t *number = malloc((count + 1) * sizeof *number);
    l->classes = malloc((count + 1) * sizeof *l->classes);
    if (!number || !l->classes) {
        free(number);
        return no_memory(l);
    }
    if (count)
        memcpy(l->classes, l->found, count * sizeof *l->classes);
    if (l->form != LISTING_NUMBERS)
        listing_sort_names(l->classes, l->class_count);
    for (int32_t i = 0; i < l->class_count; i++) {
        bool there;
        number[l->sorted[place_of(l, l->classes[i], &there)]] = i;
    }
    for (int64_t i = 0; l->form == LISTING_CLASSES && i < l->count; i++)
        l->at[i].class = number[l->at[i].class];
    for (int64_t i = 0; i < l->rows.tag_count; i++)
        l->rows.tags[i] = number[l->rows.tags[i]];
    free(number);
    return true;
}

bool listing_open(struct listing *l, const struct ftmrt_call *call, const struct listing_want *want)
{
    *l = (struct listing){.want = want};
    bool ok = rows[call->id](l, call) && settle_classes(l) && l->errors == 0;
    if (l->errors > MOST_ERRORS) {
        char text[128];
        snprintf(text, sizeof text, "... and %lld more like these",
                 (long long)(l->errors - MOST_ERRORS));
        want->error(want->context, text);
    }
    if (!ok)
        listing_close(l);
    return ok;
}

void listing_close(struct listing *l)
{
    text_store_free(&l->texts);
    listing_rows_free(&l->rows);
    free(l->at);
    free(l->classes);
    free(l->found);
    free(l->sorted);
    *l = (struct listing){0};
}

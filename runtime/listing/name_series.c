#include "name_series.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name_pattern.h"

/* ---- the time in a name ---- */

/* A path with a time. */
struct timed {
    const char *path;
    int64_t name;    /* its number among all */
    int64_t seconds; /* since some day, months being of 31 days */
    size_t prefix;   /* bytes in front of the time */
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A number of so many digits, which are passed over; -1: there are fewer. */
static int take_number(const char **at, int digits)
{
    int n = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (!is_digit(**at))
            return -1;
        n = 10 * n + (**at - '0');
    }
    return n;
}

/* Three numbers of so many digits, with or without one of some characters between them. */
static bool take_three(const char **at, const int digits[3], const char *between, int out[3])
{
    for (int i = 0; i < 3; i++) {
        *at += i && **at && strchr(between, **at);
        out[i] = take_number(at, digits[i]);
        if (out[i] < 0)
            return false;
    }
    return true;
}

static bool is_within(int n, int least, int most) { return n >= least && n <= most; }

enum { BETWEEN_DATE_AND_TIME = 4 }; /* "_", " at " */

/* Reads "20240101_120005", "2024-01-01 at 12.00.05", with thousandths behind or not. */
static bool take_time(const char *at, int64_t *seconds)
{
    int date[3], time[3];
    if (!take_three(&at, (const int[]){4, 2, 2}, "-._", date) || !is_within(date[0], 1990, 2099) ||
        !is_within(date[1], 1, 12) || !is_within(date[2], 1, 31))
        return false;
    for (int i = 0; i < BETWEEN_DATE_AND_TIME && *at && !is_digit(*at); i++)
        at++;
    if (!take_three(&at, (const int[]){2, 2, 2}, "-._:h", time) || time[0] > 23 || time[1] > 59 ||
        time[2] > 60)
        return false;
    const int64_t day = ((int64_t)date[0] * 12 + date[1]) * 31 + date[2];
    *seconds = ((day * 24 + time[0]) * 60 + time[1]) * 60 + time[2];
    const size_t more = strspn(at, "0123456789");
    return more == 0 || more == 3;
}

static bool find_time(const char *path, struct timed *t)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (const char *at = name; *at; at++)
        if (is_digit(*at) && (at == name || !is_digit(at[-1])) && take_time(at, &t->seconds)) {
            t->path = path;
            t->prefix = (size_t)(at - path);
            return true;
        }
    return false;
}

static int by_path(const void *a, const void *b)
{
    const struct timed *x = a, *y = b;
    const int order = strcmp(x->path, y->path);
    return order ? order : (x->name > y->name) - (x->name < y->name);
}

/* ---- series ---- */

struct search {
    struct name_series *out;
    struct timed *at; /* by path */
    int64_t count;
    const bool *chosen;
    int64_t longest;
    size_t end; /* so many bytes at the end of names differ within a series, their suffix aside */
    const char *suffix; /* of all names, or ".*" */
};

static bool follows(const struct timed *before, const struct timed *t)
{
    const int64_t gap = t->seconds - before->seconds;
    return gap >= 0 && gap <= NAME_SERIES_GAP && t->prefix == before->prefix &&
           !memcmp(t->path, before->path, t->prefix);
}

/* Where the series that begins at `from` ends. */
static int64_t series_end(const struct search *s, int64_t from)
{
    int64_t to = from + 1;
    while (to < s->count && follows(&s->at[to - 1], &s->at[to]))
        to++;
    return to;
}

/* Whether a series is one that counts; how many of its names are chosen. */
static bool is_counted(const struct search *s, int64_t from, int64_t to, int64_t *chosen)
{
    *chosen = 0;
    for (int64_t i = from; s->chosen && i < to; i++)
        *chosen += s->chosen[s->at[i].name];
    return to - from >= NAME_SERIES_LEAST && (!s->chosen || (*chosen && *chosen < to - from));
}

/* ".jpg" of a path, or its end. */
static const char *suffix_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && !strchr(dot, '/') ? dot : path + strlen(path);
}

/* Makes room in the pattern for what differs between the first name of a series and another one. */
static void widen(struct search *s, const char *first, const char *path)
{
    const char *suffix = suffix_of(path);
    size_t same = 0;
    while (first[same] && first[same] == path[same])
        same++;
    const size_t length = (size_t)(suffix - path);
    if (same < length && length - same > s->end)
        s->end = length - same;
    if (!s->suffix)
        s->suffix = suffix;
    else if (strcmp(s->suffix, suffix) != 0)
        s->suffix = ".*";
}

static void add_series(struct search *s, int64_t from, int64_t to, int64_t chosen)
{
    struct name_series *out = s->out;
    out->series++;
    out->names += to - from;
    out->chosen += chosen;
    for (int64_t i = from; i < to; i++)
        widen(s, s->at[from].path, s->at[i].path);
    if (to - from > s->longest) {
        s->longest = to - from;
        out->example = s->at[from].path;
    }
}

static void find_series(struct search *s)
{
    int64_t chosen;
    for (int64_t from = 0, to; from < s->count; from = to) {
        to = series_end(s, from);
        if (is_counted(s, from, to, &chosen))
            add_series(s, from, to, chosen);
    }
}

/* ---- the pattern ---- */

/* "{}??.jpg": all of a name but the characters that differ. */
static void write_pattern(const struct search *s, char group[64])
{
    static const char any[] = "????????????????????????";
    const size_t end = s->end ? s->end : 1;
    group[0] = '\0';
    if (end < sizeof any && strlen(s->suffix) < 16 && !strpbrk(s->suffix, "\"\\{}?"))
        snprintf(group, 64, "{}%.*s%s", (int)end, any, s->suffix);
}

static bool keeps_together(const struct search *s, int64_t from, int64_t to, const char *pattern)
{
    const char *first, *group;
    size_t first_length, length;
    if (!name_group(pattern, s->at[from].path, &first, &first_length))
        return false;
    for (int64_t i = from + 1; i < to; i++)
        if (!name_group(pattern, s->at[i].path, &group, &length) || length != first_length ||
            memcmp(group, first, length) != 0)
            return false;
    return true;
}

/* Keeps the pattern only if it does what it is for: names of several lengths may defy it. */
static void check_pattern(const struct search *s)
{
    int64_t chosen;
    for (int64_t from = 0, to; from < s->count && *s->out->group; from = to) {
        to = series_end(s, from);
        if (is_counted(s, from, to, &chosen) && !keeps_together(s, from, to, s->out->group))
            s->out->group[0] = '\0';
    }
}

bool name_series_find(struct name_series *s, const char *const *paths, int64_t count,
                      const bool *chosen)
{
    struct search search = {.out = s, .chosen = chosen};
    *s = (struct name_series){0};
    search.at = malloc(((size_t)count + 1) * sizeof *search.at);
    if (!search.at)
        return false;
    for (int64_t i = 0; i < count; i++) {
        search.at[search.count].name = i;
        search.count += find_time(paths[i], &search.at[search.count]);
    }
    qsort(search.at, (size_t)search.count, sizeof *search.at, by_path);
    find_series(&search);
    if (s->series) {
        write_pattern(&search, s->group);
        check_pattern(&search);
    }
    free(search.at);
    return true;
}

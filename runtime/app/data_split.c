/* Splitting a source by content, exactly, or as a file says.
 *
 * What is drawn is a unit: all samples of one content, or of one group. Each has a first sample, by whose index it is known. */
#include "data_split.h"

#include <stdlib.h>

#include "content.h"
#include "report.h"
#include "split_file.h"

/* A split while it is made; all arrays are [count]. */
struct choice {
    const struct source *source;
    const struct split_rule *rule;
    uint64_t *contents;
    int64_t *unit;  /* of each sample: the first sample of its content */
    int64_t *sizes; /* of a unit, at its first sample: how many samples */
    bool *chosen;   /* whether it validates, at the first sample of a unit */
    int64_t drawn;  /* samples that validate before classes are mended */
    int64_t mended; /* classes of which nothing would have validated, and something does */
};

/* ---- units ---- */

/* Gives samples of one group one content. */
static bool group(const struct choice *c)
{
    const struct source *s = c->source;
    const char *pattern = c->rule->group;
    const int64_t grouped = s->groups ? s->groups(s, c->contents) : 0;
    if (pattern && !grouped)
        return report_error("%s: no sample has a name that fits `group = \"%s\"`", s->name,
                            pattern);
    if (pattern && grouped < s->count)
        report_note("%s: %lld of %lld samples do not fit `group = \"%s\"`: each is by itself",
                    s->name, (long long)(s->count - grouped), (long long)s->count, pattern);
    return true;
}

static void find_units(struct choice *c)
{
    const int64_t count = c->source->count;
    struct content_key *order = content_order(c->contents, count);
    for (int64_t i = 0, first = 0; i < count; i++) {
        first = order[i].content == order[first].content ? first : i;
        c->unit[order[i].sample] = order[first].sample;
        c->sizes[order[first].sample]++;
    }
    free(order);
}

static bool is_first(const struct choice *c, int64_t i) { return c->unit[i] == i; }

/* ---- classes ---- */

/* The class of a sample; all are of one where labels are no classes. */
static int64_t class_of(const struct choice *c, int64_t i)
{
    return c->source->fields[FIELD_LABEL].kind == FIELD_INDEX ? source_class(c->source, i) : 0;
}

static int64_t class_count(const struct choice *c)
{
    return c->source->fields[FIELD_LABEL].kind == FIELD_INDEX ? c->rule->classes : 1;
}

/* ---- by content ---- */

/* Where a unit lies between 0 and 1: below the share it validates. */
static double height(const struct choice *c, int64_t unit)
{
    return ftmrt_uniform(c->rule->seed, c->contents[unit], 0, FTMRT_USE_SPLIT);
}

static void choose_by_content(struct choice *c)
{
    for (int64_t i = 0; i < c->source->count; i++)
        c->chosen[i] = is_first(c, i) && height(c, i) * 100 < c->rule->percent;
}

/* What is known of a class's units. */
struct sides {
    int64_t units, chosen; /* how many */
    int64_t lowest,
        highest; /* by height: of those that train, and of those that validate; -1: there is none */
};

static void count_sides(const struct choice *c, struct sides *sides)
{
    for (int64_t k = 0; k < class_count(c); k++)
        sides[k].lowest = sides[k].highest = -1;
    for (int64_t i = 0; i < c->source->count; i++) {
        if (!is_first(c, i))
            continue;
        struct sides *s = &sides[class_of(c, i)];
        s->units++;
        s->chosen += c->chosen[i];
        if (c->chosen[i] && (s->highest < 0 || height(c, i) > height(c, s->highest)))
            s->highest = i;
        if (!c->chosen[i] && (s->lowest < 0 || height(c, i) < height(c, s->lowest)))
            s->lowest = i;
    }
}

static int64_t count_chosen(const struct choice *c)
{
    int64_t samples = 0;
    for (int64_t i = 0; i < c->source->count; i++)
        samples += c->chosen[c->unit[i]];
    return samples;
}

/* A class that has several units gets one on each side. */
static void mend_sides(struct choice *c)
{
    struct sides *sides = app_alloc((size_t)class_count(c), sizeof *sides);
    count_sides(c, sides);
    for (int64_t k = 0; k < class_count(c); k++) {
        const struct sides *s = &sides[k];
        if (s->units > 1 && s->chosen == 0) {
            c->chosen[s->lowest] = true;
            c->mended++;
        } else if (s->units > 0 && s->chosen == s->units) {
            c->chosen[s->highest] = false;
        }
    }
    free(sides);
}

/* ---- exactly ---- */

/* Brings the next unit of a class's seeded permutation to place i. */
static void draw_member(const struct choice *c, int64_t *members, int64_t units, int64_t k,
                        int64_t i)
{
    const double u = ftmrt_uniform(c->rule->seed, (uint64_t)k, (uint64_t)i, FTMRT_USE_SPLIT);
    const int64_t j = i + (int64_t)(u * (double)(units - i)), t = members[i];
    members[i] = members[j];
    members[j] = t;
}

static int64_t samples_of(const struct choice *c, const int64_t *members, int64_t units)
{
    int64_t samples = 0;
    for (int64_t i = 0; i < units; i++)
        samples += c->sizes[members[i]];
    return samples;
}

/* Chooses units of a class, by a seeded permutation, until they are round(percent of the class). */
static void choose_share(struct choice *c, int64_t *members, int64_t units, int64_t k)
{
    const int64_t samples = samples_of(c, members, units),
                  want = (int64_t)((double)samples * c->rule->percent / 100 + 0.5);
    for (int64_t i = 0, taken = 0; i < units && taken < want; i++) {
        draw_member(c, members, units, k, i);
        c->chosen[members[i]] = true;
        taken += c->sizes[members[i]];
    }
}

/* Chooses the units of a class that are dealt to the fold: runs of the permutation, which begin at another fold in each class, so that small
 * classes are not all in the first. */
static void choose_fold(struct choice *c, int64_t *members, int64_t units, int64_t k)
{
    const struct split_rule *r = c->rule;
    const int64_t samples = samples_of(c, members, units);
    for (int64_t i = 0, before = 0; i < units; before += c->sizes[members[i++]]) {
        draw_member(c, members, units, k, i);
        c->chosen[members[i]] = (before * r->folds / samples + k) % r->folds == r->fold - 1;
    }
}

static void choose_members(struct choice *c, int64_t *members, int64_t units, int64_t k)
{
    if (c->rule->kind == SPLIT_FOLD)
        choose_fold(c, members, units, k);
    else
        choose_share(c, members, units, k);
}

static void choose_exactly(struct choice *c)
{
    const int64_t count = c->source->count, classes = class_count(c);
    int64_t *members = app_alloc((size_t)count, sizeof *members),
            *begin = app_alloc((size_t)classes + 1, sizeof *begin),
            *at = app_alloc((size_t)classes, sizeof *at);
    for (int64_t i = 0; i < count; i++)
        begin[class_of(c, i) + 1] += is_first(c, i);
    for (int64_t k = 0; k < classes; k++)
        at[k] = begin[k + 1] += begin[k];
    for (int64_t i = count - 1; i >= 0; i--)
        if (is_first(c, i))
            members[--at[class_of(c, i)]] = i;
    for (int64_t k = 0; k < classes; k++)
        choose_members(c, members + begin[k], begin[k + 1] - begin[k], k);
    free(members);
    free(begin);
    free(at);
}

/* ---- what is said ---- */

/* So many times as much as was asked for is said, and so is its inverse. */
#define FAR 1.5

/* Samples of each class on both sides. */
struct parts {
    int64_t train, validation;
};

static void say_parts(const struct choice *c, const struct parts *parts)
{
    int64_t missing = 0, first = -1;
    for (int64_t k = class_count(c) - 1; k >= 0; k--)
        if (parts[k].train && !parts[k].validation) {
            missing++;
            first = k;
        }
    if (missing && class_count(c) > 1)
        report_note("%s: nothing validates %lld of %lld classes: '%s' has %lld sample%s",
                    c->source->name, (long long)missing, (long long)class_count(c),
                    c->rule->labels[first], (long long)parts[first].train,
                    parts[first].train == 1 ? "" : "s");
}

/* One reason behind others; frees both. */
static char *add_reason(char *reasons, char *one)
{
    char *text = app_format("%s%s%s", reasons, *reasons ? "; " : "", one);
    free(reasons);
    free(one);
    return text;
}

/* What makes a share another than the one asked for: a share that would leave classes out is exceeded, and few samples that are drawn
 * one by one are seldom as many as asked for. */
static void say_share(const struct choice *c, const struct split *s)
{
    const char *unit = c->rule->group ? "group" : "sample";
    const double asked = c->rule->percent, all = (double)c->source->count,
                 drawn = 100 * (double)c->drawn / all;
    const bool far = c->rule->kind == SPLIT_CONTENT && asked > 0 &&
                     (drawn > FAR * asked || (c->drawn && asked > FAR * drawn));
    if (!s->validation_count || (!c->mended && !far))
        return;
    char *why = c->drawn && c->drawn != s->validation_count
                    ? app_format("%lld, %.0f %%, were drawn", (long long)c->drawn, drawn)
                    : app_strdup("");
    if (far && c->drawn)
        why = add_reason(why, app_format("each %s is drawn by itself, and few are seldom the share "
                                         "(`split = exact` draws it of each class)",
                                         unit));
    if (c->mended)
        why = add_reason(why, app_format("nothing would validate %lld of %lld classes, and each "
                                         "got a %s",
                                         (long long)c->mended, (long long)class_count(c), unit));
    report_note("%s: validation = %g%% is %lld of %lld samples, %.0f %%: %s", c->source->name,
                asked, (long long)s->validation_count, (long long)c->source->count,
                100 * (double)s->validation_count / all, why);
    free(why);
}

/* Says what a split lacks; false after a message if it is of no use. */
static bool check_parts(const struct choice *c, const struct split *s)
{
    struct parts *parts = app_alloc((size_t)class_count(c), sizeof *parts);
    for (int64_t i = 0; i < s->train_count; i++)
        parts[class_of(c, s->train[i])].train++;
    for (int64_t i = 0; i < s->validation_count; i++)
        parts[class_of(c, s->validation[i])].validation++;
    if (s->validation_count)
        say_parts(c, parts);
    say_share(c, s);
    free(parts);
    if (!s->train_count)
        return report_error("%s: no samples are left for training", c->source->name);
    if (!s->validation_count && c->rule->percent > 0)
        report_note("%s: validation = %g%% of %lld sample%s is none: the last epoch will count as "
                    "the best; give `validation` a source of its own, or add samples",
                    c->source->name, c->rule->percent, (long long)c->source->count,
                    c->source->count == 1 ? "" : "s");
    return true;
}

/* ---- the split ---- */

static void take_parts(const struct choice *c, struct split *s)
{
    const size_t count = (size_t)c->source->count;
    s->train = app_alloc(count, sizeof(int64_t));
    s->validation = app_alloc(count, sizeof(int64_t));
    for (int64_t i = 0; i < c->source->count; i++) {
        if (c->chosen[c->unit[i]])
            s->validation[s->validation_count++] = i;
        else
            s->train[s->train_count++] = i;
    }
}

static bool choose(struct choice *c)
{
    const struct split_rule *r = c->rule;
    if (r->percent <= 0)
        return true;
    if (!c->source->contents(c->source, r->threads, c->contents))
        return false;
    if (!group(c))
        return false;
    find_units(c);
    if (r->kind == SPLIT_CONTENT)
        choose_by_content(c);
    else
        choose_exactly(c);
    c->drawn = count_chosen(c);
    if (r->kind != SPLIT_FOLD) /* each sample is in one */
        mend_sides(c);
    return true;
}

bool split_open(struct split *s, const struct source *source, const struct split_rule *rule)
{
    const size_t count = (size_t)source->count;
    struct choice c = {source,
                       rule,
                       app_alloc(count, sizeof(uint64_t)),
                       app_alloc(count, sizeof(int64_t)),
                       app_alloc(count, sizeof(int64_t)),
                       app_alloc(count, sizeof(bool)),
                       0,
                       0};
    *s = (struct split){0};
    for (int64_t i = 0; i < source->count; i++)
        c.unit[i] = i;
    bool ok = rule->kind == SPLIT_FILE ? split_file_read(source, rule->file, c.chosen) : choose(&c);
    if (ok) {
        take_parts(&c, s);
        ok = check_parts(&c, s);
    }
    free(c.contents);
    free(c.unit);
    free(c.sizes);
    free(c.chosen);
    return ok;
}

void split_free(struct split *s)
{
    free(s->train);
    free(s->validation);
    *s = (struct split){0};
}

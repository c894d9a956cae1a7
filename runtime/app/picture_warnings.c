#include "picture_warnings.h"

#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "listing.h"
#include "name_series.h"
#include "near_duplicates.h"
#include "report.h"

/* ---- how pictures lie, and their shape ---- */

static void say_turned(const struct source *s, const struct config *c)
{
    if (s->turned)
        report_note("%s: %lld of %lld pictures have an EXIF orientation, %s", s->name,
                    (long long)s->turned, (long long)s->count,
                    c->pictures.exif == FTMRT_EXIF_APPLY
                        ? "and are turned as it says"
                        : "which is ignored: they lie as the camera held them");
}

static void warn_stretched(const struct source *s, const struct config *c)
{
    const struct config_input *eval = &c->input_eval;
    const struct odd_pictures *odd = &s->odd;
    if (!odd->count || !s->sample_name ||
        !(ftmrt_pipeline_stretches(&eval->transform) ||
          ftmrt_pipeline_stretches(&c->input_train.transform)))
        return;
    report_note("warning: %s: %lld of %lld pictures are far longer or higher than most, and the "
                "transform stretches them to %lld x %lld: %s is %lld x %lld; leave them out, or "
                "write pad_square() in front",
                s->name, (long long)odd->count, (long long)s->count, (long long)eval->width,
                (long long)eval->height, s->sample_name(s, odd->sample), (long long)odd->width,
                (long long)odd->height);
}

/* ---- nearly the same: series ---- */

/* A series is said where it makes up this share of what validates: less of it hardly changes a figure. */
enum { SERIES_SHARE = 20 };

static void say_series(const struct source *s, const struct name_series *n)
{
    char *advice = *n->group
                       ? app_format("`group = \"%s\"` in `data` keeps", n->group)
                       : app_strdup("a pattern of their names as `group` in `data` would keep");
    report_note("warning: %s: %lld pictures are of %lld series that were taken within seconds (%s "
                "is of one), and %lld of them validate: they look like those that train, and the "
                "figures are too good; %s a series on one side",
                s->name, (long long)n->names, (long long)n->series, n->example,
                (long long)n->chosen, advice);
    free(advice);
}

static void warn_series(const struct training_data *d)
{
    const struct source *s = &d->train;
    const struct split *split = &d->split;
    if (!s->sample_name || !split->validation_count)
        return;
    const char **names = app_alloc((size_t)s->count, sizeof *names);
    bool *validates = app_alloc((size_t)s->count, sizeof *validates);
    struct name_series found;
    for (int64_t i = 0; i < s->count; i++)
        names[i] = s->sample_name(s, i);
    for (int64_t i = 0; i < split->validation_count; i++)
        validates[split->validation[i]] = true;
    if (name_series_find(&found, names, s->count, validates) &&
        found.chosen * SERIES_SHARE >= split->validation_count && found.series)
        say_series(s, &found);
    free(names);
    free(validates);
}

/* ---- the same: in training and elsewhere ---- */

/* Contents of the samples of both, those of `train` in front; NULL: they are not known. */
static uint64_t *contents_of(const struct source *train, const struct source *other, int threads)
{
    const int64_t count = train->count + other->count;
    uint64_t *contents = app_alloc((size_t)count, sizeof *contents);
    if (train->contents && other->contents && train->contents(train, threads, contents) &&
        other->contents(other, threads, contents + train->count))
        return contents;
    free(contents);
    return NULL;
}

/* Samples that both have: how many of `other`, and a pair. */
struct shared {
    int64_t count, train, other;
};

static struct shared find_shared(const struct source *train, const struct source *other,
                                 const uint64_t *contents)
{
    const int64_t all = train->count + other->count;
    struct content_key *order = content_order(contents, all);
    struct shared found = {0};
    for (int64_t i = 1, first = 0; i < all;
         i++) { /* equal ones are in order: those that train come first */
        first = order[i].content == order[first].content ? first : i;
        const int64_t sample = order[i].sample - train->count;
        if (order[first].sample >= train->count || sample < 0)
            continue;
        if (!found.count++ || sample < found.other) {
            found.train = order[first].sample;
            found.other = sample;
        }
    }
    free(order);
    return found;
}

/* What a message calls a sample; to be freed. */
static char *title(const struct source *s, int64_t i)
{
    return s->sample_name ? app_strdup(s->sample_name(s, i))
                          : app_format("sample %lld of %s", (long long)i, s->name);
}

static void warn_shared(const struct source *train, const struct source *other, const char *part,
                        int threads)
{
    uint64_t *contents = contents_of(train, other, threads);
    const struct shared found = contents ? find_shared(train, other, contents) : (struct shared){0};
    if (found.count) {
        char *one = title(other, found.other), *same = title(train, found.train);
        const bool file = !strcmp(one, same);
        report_note("warning: %lld of %lld samples of `%s` are in `train`, too, as %s%s%s: what is "
                    "measured with them was learnt by heart",
                    (long long)found.count, (long long)other->count, part, one,
                    file ? "" : ", which is ", file ? "" : same);
        free(one);
        free(same);
    }
    free(contents);
}

/* ---- nearly the same: by how they look ---- */

/* Of more pictures reading them all once more would hold training up; `duplicates` takes any number. */
enum { MOST_LOOKED_AT = 5000 };

static void say_near(const struct near_duplicates *n, const struct subset *train,
                     const struct subset *part, const char *name)
{
    char *one = near_duplicates_title(part, n->first),
         *other = near_duplicates_title(train, n->at[n->first].other);
    report_note(
        "warning: %lld of %lld samples of `%s` look like one that trains, as %s, which is "
        "like %s%s: figures of them are too good; `duplicates` lists them, and a `group` or a "
        "split of your own keeps them together",
        (long long)n->found, (long long)part->count, name, one, other,
        n->at[n->first].mirrored ? " mirrored" : "");
    free(one);
    free(other);
}

static void warn_near(const struct training_data *d, const struct subset *part, const char *name,
                      int threads)
{
    const struct subset train = training_data_train(d);
    struct near_duplicates n;
    if (train.count + part->count > MOST_LOOKED_AT || !near_duplicates_can(&train, part) ||
        !near_duplicates_find(&n, &train, part, false, threads))
        return;
    if (n.found)
        say_near(&n, &train, part, name);
    near_duplicates_free(&n);
}

/* ---- test ---- */

/* Whether the contents of a source are known by a look at its files; arrays would be read whole. */
static bool lists_pictures(const struct ftmrt_call *call)
{
    if (call->args[0].kind != FTMRT_ARG_CALLS)
        return listing_can(call);
    for (uint32_t i = 0; i < call->args[0].count; i++)
        if (!lists_pictures(&call->args[0].calls[i]))
            return false;
    return true;
}

/* What `eval` would refuse afterwards is said now. */
static void warn_test(const struct training_data *d, const struct config *c, const char *data_dir)
{
    const struct source_want want = config_want(c, &c->input_eval, data_dir);
    struct report_held said = {0};
    struct source test;
    report_hold(&said);
    const bool ok = source_open(&test, c->test, &want);
    report_hold(NULL);
    if (ok) {
        warn_shared(&d->train, &test, "test", c->threads);
        warn_near(d, &(struct subset){.source = &test, .count = test.count}, "test", c->threads);
        source_close(&test);
        free(said.lines);
        return;
    }
    report_note("warning: `eval` could not measure `test`:");
    report_release(&said);
}

void picture_warnings(const struct training_data *d, const struct config *c, const char *data_dir)
{
    say_turned(&d->train, c);
    warn_stretched(&d->train, c);
    warn_series(d);
    if (d->validation.count)
        warn_shared(&d->train, &d->validation, "validation", c->threads);
    const struct subset validation = training_data_validation(d);
    warn_near(d, &validation, "validation", c->threads);
    if (c->test && lists_pictures(c->test))
        warn_test(d, c, data_dir);
}

/* Classes of the data, counted. */
#include "data_warnings.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "content.h"
#include "picture_warnings.h"
#include "report.h"

/* Samples of each class, [classes]. */
struct counts {
    const struct config *config;
    int64_t *train, *validation;
    bool validates, splits; /* whether something validates; whether it is a share of what trains */
};

static void count(const struct subset *s, int64_t *counts)
{
    for (int64_t i = 0; i < s->count; i++)
        counts[source_class(s->source, s->indices ? s->indices[i] : i)]++;
}

/* The samples of each class where one may have any number of them; returns how many have none. */
static int64_t count_labels(const struct subset *s, int64_t classes, int64_t *counts)
{
    struct buffer buffer = {0};
    int64_t none = 0;
    for (int64_t i = 0; i < s->count; i++) {
        union field_value v;
        bool any = false;
        if (!s->source->read(s->source, s->indices ? s->indices[i] : i, FIELD_LABEL, &buffer, &v))
            continue;
        for (int64_t k = 0; k < classes; k++) {
            counts[k] += v.tensor[k] > 0.5F;
            any = any || v.tensor[k] > 0.5F;
        }
        none += !any;
    }
    buffer_free(&buffer);
    return none;
}

/* ---- one line ---- */

enum { MOST_LISTED = 12 };

/* The classes with the fewest and the most samples, of those that have any. */
static void find_ends(const struct counts *n, int64_t *least, int64_t *most)
{
    *least = *most = -1;
    for (int64_t k = 0; k < n->config->classes; k++) {
        if (!n->train[k])
            continue;
        *least = *least < 0 || n->train[k] < n->train[*least] ? k : *least;
        *most = *most < 0 || n->train[k] > n->train[*most] ? k : *most;
    }
}

static void print_classes(const struct counts *n, int64_t least, int64_t most)
{
    const struct config *c = n->config;
    if (c->classes > MOST_LISTED) {
        printf("classes %lld, from %lld training samples ('%s') to %lld ('%s')\n",
               (long long)c->classes, (long long)n->train[least], c->labels[least],
               (long long)n->train[most], c->labels[most]);
        return;
    }
    printf("classes ");
    for (int64_t k = 0; k < c->classes; k++)
        printf("%s%s %lld", k ? ", " : "", c->labels[k], (long long)n->train[k]);
    putchar('\n');
}

/* ---- warnings ---- */

/* Names in a message, of which only the first are kept. */
struct names {
    char *text; /* owned; NULL: there are none */
    int64_t count;
};

/* Adds a name, which it frees. */
static void add_name(struct names *names, char *name)
{
    if (names->count++ < MOST_LISTED) {
        char *more = names->text ? app_format("%s, %s", names->text, name) : app_strdup(name);
        free(names->text);
        names->text = more;
    }
    free(name);
}

/* The text of all, to be freed; NULL: there are none. */
static char *names_text(const struct names *names)
{
    if (names->count <= MOST_LISTED)
        return names->text;
    char *text = app_format("%s, ... (%lld classes)", names->text, (long long)names->count);
    free(names->text);
    return text;
}

/* "'a', 'b', ...": the classes whose counts are 0 in one part and not in the other; NULL: there are none. */
static char *classes_without(const struct counts *n, const int64_t *none, const int64_t *some)
{
    struct names names = {0};
    for (int64_t k = 0; k < n->config->classes; k++)
        if (!none[k] && (!some || some[k]))
            add_name(&names, app_format("'%s'", n->config->labels[k]));
    return names_text(&names);
}

static void warn_missing(const struct counts *n, const char *name)
{
    char *missing = classes_without(n, n->train, NULL),
         *unseen = classes_without(n, n->train, n->validation);
    if (missing)
        report_note("warning: %s: no sample trains %s: the network will hardly ever answer that, "
                    "whatever it sees; add samples, or leave the class out (an empty folder, a "
                    "name in `labels`)",
                    name, missing);
    if (unseen)
        report_note("warning: %s: %s validate and do not train: their samples count as mistakes",
                    name, unseen);
    free(missing);
    free(unseen);
}

/* Of fewer samples than this little is learnt, and of one that validates no figure says much. */
enum { FEW_SAMPLES = 5 };

/* A class of a split of which nothing validates has been named when it was split. */
static bool is_few(const struct counts *n, int64_t k)
{
    const int64_t train = n->train[k], validation = n->validation[k];
    if (!train || (n->splits && n->validates && !validation))
        return false;
    return train < FEW_SAMPLES || (n->validates && validation <= 1);
}

static void warn_few(const struct counts *n, const char *name)
{
    struct names names = {0};
    for (int64_t k = 0; k < n->config->classes; k++)
        if (is_few(n, k))
            add_name(&names,
                     app_format("'%s' (%lld train%s, %lld validate%s)", n->config->labels[k],
                                (long long)n->train[k], n->train[k] == 1 ? "s" : "",
                                (long long)n->validation[k], n->validation[k] == 1 ? "s" : ""));
    char *few = names_text(&names);
    if (few)
        report_note("warning: %s: few samples of %s: what is learnt of them, and what is measured, "
                    "is mostly chance; add samples",
                    name, few);
    free(few);
}

/* So many times as many samples are said. */
enum { FAR_APART = 10 };

/* Of more classes no pairs are compared. */
enum { MOST_COMPARED = 2000 };

static void warn_ends(const struct counts *n, const char *name, int64_t least, int64_t most)
{
    const struct config *c = n->config;
    int64_t all = 0;
    for (int64_t k = 0; k < c->classes; k++)
        all += n->train[k];
    if (n->train[most] == all)
        report_note("warning: %s: all samples are of one class, '%s': the network will learn to "
                    "answer that, whatever it sees",
                    name, c->labels[most]);
    else if (n->train[most] >= FAR_APART * n->train[least])
        report_note("warning: %s: '%s' has %lld training samples and '%s' %lld: rare classes are "
                    "learnt badly, and the accuracy hides it; add samples, or give classes a "
                    "`weight` in the loss",
                    name, c->labels[most], (long long)n->train[most], c->labels[least],
                    (long long)n->train[least]);
}

/* Class names that people may take for one. */
static void warn_alike(const struct config *c, const char *name)
{
    for (int64_t k = 0; c->classes <= MOST_COMPARED && k < c->classes; k++)
        for (int64_t i = 0; i < k; i++)
            if (!strcasecmp(c->labels[i], c->labels[k]))
                report_note("warning: %s: '%s' and '%s' are two classes; if they are one, write "
                            "rename \"%s\" to \"%s\" in `data`",
                            name, c->labels[i], c->labels[k], c->labels[i], c->labels[k]);
}

/* ---- one content in two classes ---- */

/* What a message calls a sample; to be freed. */
static char *title(const struct source *s, int64_t i)
{
    return s->sample_name ? app_strdup(s->sample_name(s, i))
                          : app_format("sample %lld", (long long)i);
}

static void say_twice(const struct source *s, int64_t pairs, const struct content_key *first)
{
    char *one = title(s, first[0].sample), *other = title(s, first[1].sample);
    report_note("warning: %s: %lld equal samples are in different classes: %s and %s are %s",
                s->name, (long long)pairs, one, other, pairs == 1 ? "they" : "two");
    free(one);
    free(other);
}

static void warn_twice(const struct source *s, int threads)
{
    uint64_t *contents = app_alloc((size_t)s->count, sizeof *contents);
    int64_t pairs = 0, first = 0;
    const bool known = s->contents && s->contents(s, threads, contents);
    struct content_key *order = known ? content_order(contents, s->count) : NULL;
    for (int64_t i = s->count - 1; known && i > 0; i--)
        if (order[i].content == order[i - 1].content &&
            source_class(s, order[i].sample) != source_class(s, order[i - 1].sample)) {
            pairs++;
            first = i - 1;
        }
    if (pairs)
        say_twice(s, pairs, &order[first]);
    free(contents);
    free(order);
}

/* ---- all ---- */

/* Where a sample may have any number of classes, none of them is all of its label. */
static void warn_labels(const struct training_data *d, const struct config *c)
{
    const struct subset train = training_data_train(d), validation = training_data_validation(d);
    struct counts n = {.config = c,
                       .train = app_alloc((size_t)c->classes, sizeof(int64_t)),
                       .validation = app_alloc((size_t)c->classes, sizeof(int64_t)),
                       .validates = validation.count > 0};
    int64_t least, most;
    const int64_t none = count_labels(&train, c->classes, n.train);
    count_labels(&validation, c->classes, n.validation);
    find_ends(&n, &least, &most);
    if (most >= 0)
        print_classes(&n, least, most);
    if (none)
        report_note("%s: %lld of %lld training samples have no label", d->train.name,
                    (long long)none, (long long)train.count);
    warn_missing(&n, d->train.name);
    warn_few(&n, d->train.name);
    warn_alike(c, d->train.name);
    free(n.train);
    free(n.validation);
}

static void warn_classes(const struct training_data *d, const struct config *c)
{
    const struct subset train = training_data_train(d), validation = training_data_validation(d);
    struct counts n = {.config = c,
                       .train = app_alloc((size_t)c->classes, sizeof(int64_t)),
                       .validation = app_alloc((size_t)c->classes, sizeof(int64_t)),
                       .validates = validation.count > 0,
                       .splits = d->split.train != NULL};
    int64_t least, most;
    count(&train, n.train);
    count(&validation, n.validation);
    find_ends(&n, &least, &most);
    print_classes(&n, least, most);
    warn_missing(&n, d->train.name);
    warn_ends(&n, d->train.name, least, most);
    warn_few(&n, d->train.name);
    warn_alike(c, d->train.name);
    warn_twice(&d->train, c->threads);
    free(n.train);
    free(n.validation);
}

void data_warnings(const struct training_data *d, const struct config *c, const char *data_dir)
{
    picture_warnings(d, c, data_dir);
    if (c->task == TASK_CLASS && d->train.fields[FIELD_LABEL].kind == FIELD_INDEX)
        warn_classes(d, c);
    else if (c->task == TASK_LABELS && d->train.fields[FIELD_LABEL].kind == FIELD_VECTOR)
        warn_labels(d, c);
}

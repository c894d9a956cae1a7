#include "class_answers.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

/* ---- names ---- */

struct name {
    const char *text;
    int64_t order; /* of the figures' classes their number; all others come behind */
};

static int by_text(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    const int order = strcmp(x->text, y->text);
    return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

static int by_order(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    return x->order != y->order ? (x->order < y->order ? -1 : 1) : strcmp(x->text, y->text);
}

/* Leaves the first of equal names, in order of the texts; returns how many there are. */
static int64_t unique(struct name *names, int64_t count)
{
    int64_t kept = 0;
    qsort(names, (size_t)count, sizeof *names, by_text);
    for (int64_t i = 0; i < count; i++)
        if (!i || strcmp(names[i].text, names[kept - 1].text) != 0)
            names[kept++] = names[i];
    return kept;
}

/* All names that occur, each once; *count of them. */
static struct name *collect(const struct class_answers *a, const json_t *classes, int64_t *count)
{
    const size_t known = json_array_size(classes);
    struct name *names = app_alloc(known + 2 * (size_t)a->all.count + 1, sizeof *names);
    *count = 0;
    for (size_t i = 0; i < known; i++) {
        const char *text = json_string_value(json_object_get(json_array_get(classes, i), "class"));
        if (text)
            names[(*count)++] = (struct name){text, (int64_t)i};
    }
    for (int64_t i = 0; i < a->all.count; i++) {
        names[(*count)++] = (struct name){a->all.at[i].label, (int64_t)known};
        if (*a->all.at[i].predicted)
            names[(*count)++] = (struct name){a->all.at[i].predicted, (int64_t)known};
    }
    *count = unique(names, *count);
    return names;
}

/* The number of a name among those that are in order of their texts, and have their numbers in `order`. */
static int32_t number_of(const struct name *names, int64_t count, const char *text)
{
    int64_t low = 0, high = count;
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (strcmp(names[middle].text, text) <= 0)
            low = middle;
        else
            high = middle;
    }
    return (int32_t)names[low].order;
}

/* Numbers the names as the figures have them, others behind by their texts, and takes them. */
static void number_names(struct class_answers *a, struct name *names)
{
    a->names = app_alloc((size_t)a->classes + 1, sizeof *a->names);
    qsort(names, (size_t)a->classes, sizeof *names, by_order);
    for (int64_t k = 0; k < a->classes; k++) {
        names[k].order = k;
        a->names[k] = names[k].text;
    }
    qsort(names, (size_t)a->classes, sizeof *names, by_text);
}

/* ---- counting ---- */

static void count_answer(struct class_answers *a, int64_t i, const struct name *names)
{
    const struct prediction *p = &a->all.at[i];
    const int32_t label = number_of(names, a->classes, p->label),
                  answer = *p->predicted ? number_of(names, a->classes, p->predicted) : NO_ANSWER;
    a->label[i] = label;
    a->predicted[i] = answer;
    a->samples_of[label]++;
    if (answer == NO_ANSWER)
        return;
    a->answered++;
    a->predicted_as[answer]++;
    a->right_of[label] += answer == label;
    a->right += answer == label;
}

static int by_place(const void *a, const void *b)
{
    const struct prediction *x = a, *y = b;
    return x->place < y->place ? -1 : x->place > y->place;
}

bool class_answers_read(struct class_answers *a, const char *path, const json_t *figures)
{
    *a = (struct class_answers){0};
    if (!predictions_read(&a->all, path) || !a->all.count) {
        class_answers_free(a);
        return false;
    }
    qsort(a->all.at, (size_t)a->all.count, sizeof *a->all.at, by_place);
    struct name *names = collect(a, json_object_get(figures, "classes"), &a->classes);
    number_names(a, names);
    a->label = app_alloc((size_t)a->all.count, sizeof *a->label);
    a->predicted = app_alloc((size_t)a->all.count, sizeof *a->predicted);
    a->samples_of = app_alloc((size_t)a->classes, sizeof *a->samples_of);
    a->predicted_as = app_alloc((size_t)a->classes, sizeof *a->predicted_as);
    a->right_of = app_alloc((size_t)a->classes, sizeof *a->right_of);
    for (int64_t i = 0; i < a->all.count; i++)
        count_answer(a, i, names);
    free(names);
    return true;
}

void class_answers_free(struct class_answers *a)
{
    predictions_free(&a->all);
    free(a->names);
    free(a->label);
    free(a->predicted);
    free(a->samples_of);
    free(a->predicted_as);
    free(a->right_of);
    *a = (struct class_answers){0};
}

double class_answers_largest(const struct class_answers *a)
{
    int64_t most = 0;
    for (int64_t k = 0; k < a->classes; k++)
        most = a->samples_of[k] > most ? a->samples_of[k] : most;
    return a->all.count ? (double)most / (double)a->all.count : 0;
}

/* ---- confusions ---- */

static int by_classes(const void *a, const void *b)
{
    const struct confusion_count *x = a, *y = b;
    return x->label != y->label ? (x->label < y->label ? -1 : 1)
                                : (x->predicted > y->predicted) - (x->predicted < y->predicted);
}

static int most_first(const void *a, const void *b)
{
    const struct confusion_count *x = a, *y = b;
    return x->count != y->count ? (x->count > y->count ? -1 : 1) : by_classes(a, b);
}

struct confusion_count *class_answers_confusions(const struct class_answers *a, int64_t *count)
{
    struct confusion_count *at = app_alloc((size_t)a->all.count + 1, sizeof *at);
    int64_t wrong = 0, kinds = 0;
    for (int64_t i = 0; i < a->all.count; i++)
        if (a->predicted[i] != NO_ANSWER && a->predicted[i] != a->label[i])
            at[wrong++] = (struct confusion_count){a->label[i], a->predicted[i], 1};
    qsort(at, (size_t)wrong, sizeof *at, by_classes);
    for (int64_t i = 0; i < wrong; i++) {
        if (kinds && by_classes(&at[kinds - 1], &at[i]) == 0)
            at[kinds - 1].count++;
        else
            at[kinds++] = at[i];
    }
    qsort(at, (size_t)kinds, sizeof *at, most_first);
    *count = kinds;
    return at;
}

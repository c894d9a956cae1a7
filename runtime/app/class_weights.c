#include "class_weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

bool class_weights_balanced(const struct session *s)
{
    const struct ftmrt_arg *weight = ftmrt_call_named(s->config.loss, "weight");
    return weight && weight->kind == FTMRT_ARG_TEXT;
}

void class_weights_count(struct session *s, const struct training_data *data)
{
    if (!class_weights_balanced(s))
        return;
    const struct subset train = training_data_train(data);
    const int64_t classes = s->config.classes;
    int64_t *counts = app_alloc((size_t)classes, sizeof *counts);
    for (int64_t i = 0; i < train.count; i++)
        counts[source_class(train.source, train.indices ? train.indices[i] : i)]++;
    for (int64_t k = 0; k < classes; k++)
        s->class_weights[k] =
            counts[k] ? (float)((double)train.count / ((double)classes * (double)counts[k])) : 1;
    free(counts);
    char *text = class_weights_text(s);
    report_note("weight = balanced: [%s]", text);
    free(text);
}

char *class_weights_text(const struct session *s)
{
    if (!class_weights_balanced(s))
        return NULL;
    enum { LONGEST = 20 };
    const int64_t classes = s->config.classes;
    char *text = app_alloc((size_t)classes, LONGEST), *end = text;
    for (int64_t k = 0; k < classes; k++)
        end += snprintf(end, LONGEST, "%s%.9g", k ? ", " : "", (double)s->class_weights[k]);
    return text;
}

void class_weights_take(struct session *s, const struct st_file *f)
{
    const char *text = st_find_metadata(f, "class_weights");
    if (!class_weights_balanced(s))
        return;
    for (int64_t k = 0; k < s->config.classes; k++) {
        char *end = NULL;
        const double weight = text ? strtod(text, &end) : 1;
        const bool valid = text && end != text && weight >= 0 && weight <= 1e9;
        s->class_weights[k] = valid ? (float)weight : 1;
        text = valid ? end + strspn(end, ", ") : NULL;
    }
}

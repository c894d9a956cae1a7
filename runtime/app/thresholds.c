#include "thresholds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* They are far from 0 and 1, where logits have no end. */
#define LEAST 1e-6

bool thresholds_chosen(const struct config *c) { return c->thresholds_by == THRESHOLDS_F1; }

static float probability_of(double logit)
{
    return (float)fmin(fmax(1 / (1 + exp(-logit)), LEAST), 1 - LEAST);
}

void thresholds_choose(struct config *c, struct metrics *m)
{
    if (!c->thresholds)
        c->thresholds = app_alloc((size_t)c->classes, sizeof *c->thresholds);
    for (int64_t k = 0; k < c->classes; k++)
        c->thresholds[k] = probability_of(label_metrics_best_f1(&m->ranks, k));
    metrics_judge(m, c);
}

enum { LONGEST = 20 };

char *thresholds_text(const struct config *c)
{
    if (!c->thresholds)
        return NULL;
    char *text = app_alloc((size_t)c->classes, LONGEST), *end = text;
    for (int64_t k = 0; k < c->classes; k++)
        end += snprintf(end, LONGEST, "%s%.9g", k ? ", " : "", (double)c->thresholds[k]);
    return text;
}

void thresholds_take(struct config *c, const char *text)
{
    bool valid = text && *text && c->task == TASK_LABELS;
    free(c->thresholds);
    c->thresholds = valid ? app_alloc((size_t)c->classes, sizeof *c->thresholds) : NULL;
    for (int64_t k = 0; valid && k < c->classes; k++) {
        char *end;
        c->thresholds[k] = strtof(text, &end);
        valid = end != text && c->thresholds[k] > 0 && c->thresholds[k] < 1;
        text = end + strspn(end, ", ");
    }
    if (valid && !*text)
        return;
    free(c->thresholds);
    c->thresholds = NULL;
}

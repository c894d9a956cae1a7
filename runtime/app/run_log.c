#include "run_log.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Whether a number is one at which memory that grows by doubling is full. */
static bool is_full(int64_t count) { return (count & (count - 1)) == 0; }

static void add_step(struct run_log *l, double step, double lr, double loss)
{
    if (is_full(l->steps)) {
        const size_t room = l->steps ? 2 * (size_t)l->steps : 1;
        l->step = app_grow(l->step, room, sizeof *l->step);
        l->lr = app_grow(l->lr, room, sizeof *l->lr);
        l->loss = app_grow(l->loss, room, sizeof *l->loss);
    }
    l->step[l->steps] = step;
    l->lr[l->steps] = lr;
    l->loss[l->steps++] = loss;
}

static double number(const json_t *line, const char *key)
{
    const json_t *value = json_object_get(line, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void add_epoch(struct run_log *l, const json_t *line)
{
    const char *phase = json_string_value(json_object_get(line, "phase"));
    if (is_full(l->epoch_count))
        l->epochs =
            app_grow(l->epochs, l->epoch_count ? 2 * (size_t)l->epoch_count : 1, sizeof *l->epochs);
    l->epochs[l->epoch_count++] = (struct run_log_epoch){
        .epoch = number(line, "epoch"),
        .step = number(line, "step"),
        .lr = number(line, "lr"),
        .train_loss = number(line, "train_loss"),
        .train_accuracy = number(line, "train_accuracy"),
        .validation_loss = number(line, "validation_loss"),
        .validation_accuracy = number(line, "validation_accuracy"),
        .seconds = number(line, "seconds"),
        .validates = json_object_get(line, "validation_loss") != NULL,
        .phase = phase ? app_strdup(phase) : NULL,
    };
}

/* Takes a word and the number behind it from a text, of which *at is the rest. */
static bool take(const char **at, const char *word, double *v)
{
    const size_t length = strlen(word);
    char *end;
    if (strncmp(*at, word, length) != 0)
        return false;
    *v = strtod(*at + length, &end);
    const bool any = end != *at + length;
    *at = end;
    return any;
}

/* Steps are most lines, and may have a loss that JSON has no word for. */
bool run_log_add(struct run_log *l, const char *line)
{
    double step, lr, loss;
    const char *at = line;
    if (take(&at, "{\"step\":", &step) && take(&at, ",\"lr\":", &lr) &&
        take(&at, ",\"loss\":", &loss)) {
        add_step(l, step, lr, loss);
        return true;
    }
    json_t *object = json_loads(line, 0, NULL);
    const bool is_epoch = isfinite(number(object, "epoch")) && isfinite(number(object, "step"));
    if (is_epoch)
        add_epoch(l, object);
    json_decref(object);
    return is_epoch;
}

void run_log_read(struct run_log *l, const char *folder)
{
    char *path = app_format("%s/log.jsonl", folder), *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "re");
    *l = (struct run_log){0};
    while (f && getline(&line, &room, f) > 0)
        run_log_add(l, line);
    if (f)
        fclose(f);
    free(line);
    free(path);
}

void run_log_free(struct run_log *l)
{
    for (int64_t i = 0; i < l->epoch_count; i++)
        free(l->epochs[i].phase);
    free(l->epochs);
    free(l->step);
    free(l->lr);
    free(l->loss);
    *l = (struct run_log){0};
}

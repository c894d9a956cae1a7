#include "trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

void trial_free(struct trial *t)
{
    free(t->values);
    free(t->failure);
    free(t->runs);
    *t = (struct trial){0};
}

void trial_add(struct trial *t, const struct trial_run *run)
{
    t->runs = app_grow(t->runs, (size_t)t->run_count + 1, sizeof *t->runs);
    t->runs[t->run_count++] = *run;
}

void trial_settle(struct trial *t)
{
    const double n = (double)t->run_count;
    double squares = 0;
    t->score = t->loss = t->accuracy = 0;
    for (int64_t i = 0; i < t->run_count; i++) {
        t->score += t->runs[i].score / n;
        t->loss += t->runs[i].loss / n;
        t->accuracy += t->runs[i].accuracy / n;
        t->seconds += t->runs[i].seconds;
    }
    for (int64_t i = 0; i < t->run_count; i++)
        squares += (t->runs[i].score - t->score) * (t->runs[i].score - t->score);
    t->epoch = t->run_count ? t->runs[0].epoch : 0;
    t->deviation = t->run_count > 1 ? sqrt(squares / (n - 1)) : NAN;
}

static json_t *values_json(const struct trial *t, const struct search_space *space)
{
    json_t *values = json_object();
    for (uint32_t i = 0; i < space->count; i++)
        json_object_set_new(values, space->axes[i].path,
                            space->axes[i].whole ? json_integer((json_int_t)t->values[i])
                                                 : json_real(t->values[i]));
    return values;
}

static void set_figures(json_t *line, int64_t epoch, double score, double loss, double accuracy)
{
    json_object_set_new(line, "epoch", json_integer(epoch));
    json_object_set_new(line, "score", json_real(score));
    json_object_set_new(line, "validation_loss", json_real(loss));
    if (!isnan(accuracy))
        json_object_set_new(line, "validation_accuracy", json_real(accuracy));
}

static json_t *runs_json(const struct trial *t)
{
    json_t *runs = json_array();
    for (int64_t i = 0; i < t->run_count; i++) {
        const struct trial_run *r = &t->runs[i];
        json_t *run = json_pack("{s:I}", "seed", (json_int_t)r->seed);
        set_figures(run, r->epoch, r->score, r->loss, r->accuracy);
        json_array_append_new(runs, run);
    }
    return runs;
}

json_t *trial_json(const struct trial *t, const struct search_space *space)
{
    json_t *line = json_pack("{s:I, s:I, s:I, s:o, s:s}", "trial", (json_int_t)t->number, "round",
                             (json_int_t)t->round, "epochs", (json_int_t)t->epochs, "values",
                             values_json(t, space), "outcome", t->failure ? "failed" : "finished");
    if (t->failure)
        json_object_set_new(line, "reason", json_string(t->failure));
    else
        set_figures(line, t->epoch, t->score, t->loss, t->accuracy);
    if (!t->failure && t->run_count > 1) {
        json_object_set_new(line, "score_deviation", json_real(t->deviation));
        json_object_set_new(line, "repeats", runs_json(t));
    }
    json_object_set_new(line, "seconds", json_real(t->seconds));
    return line;
}

static double number_of(const json_t *line, const char *key)
{
    const json_t *v = json_object_get(line, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* Whether a line has the values that the search gives to the trial. */
static bool same_values(const struct trial *t, const json_t *line, const struct search_space *space)
{
    const json_t *values = json_object_get(line, "values");
    for (uint32_t i = 0; i < space->count; i++)
        if (number_of(values, space->axes[i].path) != t->values[i])
            return false;
    return true;
}

bool trial_read(struct trial *t, const json_t *line, const struct search_space *space,
                int64_t round, int64_t number)
{
    const char *reason = json_string_value(json_object_get(line, "reason"));
    *t = (struct trial){.number = number,
                        .round = round,
                        .epochs = json_integer_value(json_object_get(line, "epochs")),
                        .values = app_alloc(space->count, sizeof *t->values),
                        .failure = reason ? app_strdup(reason) : NULL,
                        .epoch = json_integer_value(json_object_get(line, "epoch")),
                        .score = number_of(line, "score"),
                        .loss = number_of(line, "validation_loss"),
                        .accuracy = number_of(line, "validation_accuracy"),
                        .deviation = number_of(line, "score_deviation"),
                        .seconds = number_of(line, "seconds")};
    search_space_values(space, number - 1, t->values);
    return json_integer_value(json_object_get(line, "trial")) == number &&
           json_integer_value(json_object_get(line, "round")) == round &&
           (t->failure || isfinite(t->score)) && same_values(t, line, space);
}

int trial_compare(const void *a, const void *b)
{
    const struct trial *x = a, *y = b;
    if (!x->failure != !y->failure)
        return x->failure ? 1 : -1;
    if (x->round != y->round)
        return x->round > y->round ? -1 : 1;
    if (!x->failure && x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (!x->failure && x->loss != y->loss)
        return x->loss < y->loss ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

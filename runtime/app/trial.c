#include "trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

void trial_free(struct trial *t)
{
    free(t->values);
    free(t->failure);
    *t = (struct trial){0};
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

json_t *trial_json(const struct trial *t, const struct search_space *space)
{
    json_t *line = json_pack("{s:I, s:o, s:s}", "trial", (json_int_t)t->number, "values",
                             values_json(t, space), "outcome", t->failure ? "failed" : "finished");
    if (t->failure) {
        json_object_set_new(line, "reason", json_string(t->failure));
    } else {
        json_object_set_new(line, "epoch", json_integer(t->epoch));
        json_object_set_new(line, "score", json_real(t->score));
        json_object_set_new(line, "validation_loss", json_real(t->loss));
        if (!isnan(t->accuracy))
            json_object_set_new(line, "validation_accuracy", json_real(t->accuracy));
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
                int64_t number)
{
    const char *reason = json_string_value(json_object_get(line, "reason"));
    *t = (struct trial){.number = number,
                        .values = app_alloc(space->count, sizeof *t->values),
                        .failure = reason ? app_strdup(reason) : NULL,
                        .epoch = json_integer_value(json_object_get(line, "epoch")),
                        .score = number_of(line, "score"),
                        .loss = number_of(line, "validation_loss"),
                        .accuracy = number_of(line, "validation_accuracy"),
                        .seconds = number_of(line, "seconds")};
    search_space_values(space, number - 1, t->values);
    return json_integer_value(json_object_get(line, "trial")) == number &&
           (t->failure || isfinite(t->score)) && same_values(t, line, space);
}

int trial_compare(const void *a, const void *b)
{
    const struct trial *x = a, *y = b;
    if (!x->failure != !y->failure)
        return x->failure ? 1 : -1;
    if (!x->failure && x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (!x->failure && x->loss != y->loss)
        return x->loss < y->loss ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

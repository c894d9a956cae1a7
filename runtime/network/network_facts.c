/* What a network takes, gives and is trained for. */
#include "network.h"

#include <math.h>
#include <string.h>

/* ---- what a recipe says ---- */

/* From the labels' kind and, if they are vectors, from what their numbers are to the loss. */
enum task network_task(const struct ftmrt_recipe *r)
{
    static const enum task vectors[] = {[FTMRT_VECTOR_NUMBERS] = TASK_NUMBERS,
                                        [FTMRT_VECTOR_SHARES] = TASK_LABELS,
                                        [FTMRT_VECTOR_DISTRIBUTION] = TASK_DISTRIBUTION};
    const struct ftmrt_call *data = ftmrt_call_inner(&r->finetune, FTMRT_PARAM_finetune_data),
                            *loss = ftmrt_call_inner(&r->finetune, FTMRT_PARAM_finetune_loss);
    const enum ftmrt_label_kind labels = ftmrt_data_labels(data);
    if (labels == FTMRT_LABEL_VECTOR)
        return vectors[ftmrt_loss_info(loss->id)->vector];
    return labels == FTMRT_LABEL_MASK ? TASK_PIXELS : TASK_CLASS;
}

const int64_t *network_ignored(const struct ftmrt_call *loss)
{
    const struct ftmrt_arg *given = ftmrt_call_named(loss, "ignore_index");
    return given ? &given->integer : NULL;
}

void network_class_weights(const struct ftmrt_call *loss, int64_t classes, float *weights)
{
    const struct ftmrt_arg *given = ftmrt_call_named(loss, "weight");
    for (int64_t k = 0; k < classes; k++)
        weights[k] = given && given->kind == FTMRT_ARG_NUMBERS && k < given->count
                         ? (float)given->numbers[k]
                         : 1;
}

bool network_scalar(const struct ftmrt_call *optimizer, const char *name, double *value)
{
    const struct ftmrt_arg *given = ftmrt_call_named(optimizer, name);
    if (!given || given->kind != FTMRT_ARG_NUMBER)
        return false;
    *value = given->number;
    return true;
}

/* ---- what entries take and give ---- */

static bool is_image(const struct ftmrt_value *v) { return v->rank == 4 && v->dtype == FTMRT_F32; }

static bool takes(const struct ftmrt_entry *e, const char *name)
{
    return e && ftmrt_find_value(e->inputs, e->input_count, FTMRT_ROLE_INPUT, name);
}

/* The one of those that an entry takes, and `before` does not, that *i others of them are in front of; else *i is less by their number. */
static const struct ftmrt_value *
input_of(const struct ftmrt_entry *e, const struct ftmrt_entry *before, bool images, uint32_t *i)
{
    for (uint32_t k = 0; e && k < e->input_count; k++) {
        const struct ftmrt_value *v = &e->inputs[k];
        if (v->role == FTMRT_ROLE_INPUT && is_image(v) == images && !takes(before, v->name) &&
            (*i)-- == 0)
            return v;
    }
    return NULL;
}

const struct ftmrt_value *network_input_at(const struct ftmrt_program *p,
                                           enum ftmrt_entry_kind kind, uint32_t i)
{
    const struct ftmrt_entry *e = ftmrt_entry_for(p, kind, NULL, 0, 1),
                             *prefix = e && network_takes_features(e)
                                           ? ftmrt_entry_for(p, FTMRT_ENTRY_PREFIX, NULL, 0, 1)
                                           : NULL;
    const struct ftmrt_value *v = NULL;
    for (int others = 0; others < 2 && !v; others++) {
        v = input_of(prefix, NULL, !others, &i);
        v = v ? v : input_of(e, prefix, !others, &i);
    }
    return v;
}

const struct ftmrt_value *network_input(const struct ftmrt_program *p, enum ftmrt_entry_kind kind)
{
    return network_input_at(p, kind, 0);
}

const struct ftmrt_value *network_input_named(const struct ftmrt_program *p,
                                              enum ftmrt_entry_kind kind, const char *name)
{
    const struct ftmrt_value *v;
    for (uint32_t i = 0; (v = network_input_at(p, kind, i)); i++)
        if (strcmp(v->name, name) == 0)
            return v;
    return NULL;
}

const struct ftmrt_value *network_label(const struct ftmrt_program *p, enum ftmrt_entry_kind kind)
{
    const struct ftmrt_entry *e = ftmrt_entry_for(p, kind, NULL, 0, 1);
    return e ? ftmrt_find_value(e->inputs, e->input_count, FTMRT_ROLE_LABEL, NULL) : NULL;
}

enum ftmrt_label_kind network_labels(const struct ftmrt_program *p, enum ftmrt_entry_kind kind)
{
    const struct ftmrt_value *v = network_label(p, kind);
    if (v && v->dtype == FTMRT_F32)
        return FTMRT_LABEL_VECTOR;
    return v && v->rank > 1 ? FTMRT_LABEL_MASK : FTMRT_LABEL_INDEX;
}

const struct ftmrt_value *network_logits(const struct ftmrt_program *p)
{
    const struct ftmrt_entry *e = ftmrt_entry_for(p, FTMRT_ENTRY_PREDICT, NULL, 0, 1);
    return e ? ftmrt_find_value(e->outputs, e->output_count, FTMRT_ROLE_LOGITS, NULL) : NULL;
}

size_t network_value_bytes(const struct ftmrt_program *p, enum ftmrt_role role, const char *name)
{
    size_t most = 0;
    for (uint32_t i = 0; i < p->entry_count; i++) {
        const struct ftmrt_entry *e = &p->entries[i];
        const struct ftmrt_value *v[] = {
            ftmrt_find_value(e->inputs, e->input_count, role, name),
            ftmrt_find_value(e->outputs, e->output_count, role, name),
        };
        for (int k = 0; k < 2; k++)
            if (v[k] && ftmrt_value_bytes(v[k], e->max_n) > most)
                most = ftmrt_value_bytes(v[k], e->max_n);
    }
    return most;
}

/* ---- labels and answers ---- */

const char *network_vector_problem(enum ftmrt_vector want, const float *label, int64_t size,
                                   double *found)
{
    double sum = 0;
    for (int64_t k = 0; k < size; k++) {
        *found = (double)label[k];
        if (!isfinite(label[k]))
            return "a finite number";
        if (want != FTMRT_VECTOR_NUMBERS && !(label[k] >= 0 && label[k] <= 1))
            return "a share from 0 to 1, which the recipe's loss takes";
        sum += (double)label[k];
    }
    *found = sum;
    return want == FTMRT_VECTOR_DISTRIBUTION && fabs(sum - 1) > 1e-3
               ? "shares that add up to 1, which the recipe's loss takes"
               : NULL;
}

int32_t predicted_class(const float *logits, int64_t classes)
{
    int64_t best = 0;
    bool finite = isfinite(logits[0]);
    for (int64_t k = 1; k < classes; k++) {
        finite = finite && isfinite(logits[k]);
        if (logits[k] > logits[best])
            best = k;
    }
    return finite ? (int32_t)best : NO_CLASS;
}

int64_t network_right_labels(const float *logits, const float *shares, int64_t count)
{
    int64_t right = 0;
    for (int64_t k = 0; k < count; k++)
        right += !isnan(logits[k]) && (logits[k] > 0) == (shares[k] > 0.5F);
    return right;
}

int64_t network_right_pixels(const float *logits, const int32_t *mask, int64_t classes,
                             int64_t pixels, const int64_t *ignored, int64_t *judged)
{
    int64_t right = 0;
    *judged = 0;
    for (int64_t p = 0; p < pixels; p++) {
        if (ignored && mask[p] == *ignored)
            continue;
        int64_t best = 0;
        for (int64_t k = 1; k < classes; k++)
            best = logits[k * pixels + p] > logits[best * pixels + p] ? k : best;
        right += best == mask[p] && isfinite(logits[best * pixels + p]);
        ++*judged;
    }
    return right;
}

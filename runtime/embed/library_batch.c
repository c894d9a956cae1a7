/* What the running call takes and gives: an array for each input and output of the network, whose order the header's structs have. */
#include <string.h>

#include "embed.h"

static const struct ftmrt_entry *prediction_of(const ftmx_context *c)
{
    return ftmrt_entry_for(&c->model->program, FTMRT_ENTRY_PREDICT, NULL, 0, 1);
}

/* The i-th of what prediction takes of a sample; NULL: there are not so many. */
static const struct ftmrt_value *input_at(const ftmx_context *c, uint32_t i)
{
    return i < NETWORK_VALUES ? network_input_at(&c->model->program, FTMRT_ENTRY_PREDICT, i) : NULL;
}

const char *batch_input_name(const ftmx_context *c, const struct ftmrt_value *v)
{
    return input_at(c, 1) ? v->name : "input";
}

/* ---- for the entry ---- */

static const void *input_of(const ftmx_context *c, const char *name)
{
    const struct ftmrt_value *v;
    for (uint32_t i = 0; (v = input_at(c, i)); i++)
        if (strcmp(v->name, name) == 0)
            return c->batch.inputs[i];
    return NULL;
}

static void *output_of(const ftmx_context *c, const char *name)
{
    const struct ftmrt_entry *e = prediction_of(c);
    for (uint32_t i = 0; i < e->output_count && i < NETWORK_VALUES; i++)
        if (strcmp(e->outputs[i].name, name) == 0)
            return c->batch.outputs[i];
    return NULL;
}

void *batch_value(const ftmx_context *c, enum ftmrt_role role, const char *name)
{
    if (role == FTMRT_ROLE_INPUT)
        return (void *)(uintptr_t)input_of(c, name);
    if (role == FTMRT_ROLE_LABEL)
        return (void *)(uintptr_t)c->batch.labels;
    void *given = role == FTMRT_ROLE_LOGITS || role == FTMRT_ROLE_NONE ? output_of(c, name) : NULL;
    return given ? given : context_value(c, role, name);
}

/* ---- from the caller ---- */

/* The structs of the header have a pointer for each array and nothing else. */
static void *pointer_at(const void *fields, uint32_t i)
{
    void *p;
    memcpy(&p, (const unsigned char *)fields + i * sizeof p, sizeof p);
    return p;
}

static bool takes_array(ftmx_context *c, const void *p, const struct ftmrt_value *v, int64_t n,
                        const char *name)
{
    const size_t size = ftmrt_dtype_size((enum ftmrt_dtype)v->stored);
    return context_takes(c, p, (int64_t)(ftmrt_value_bytes(v, n) / size), size, name);
}

bool batch_takes_inputs(ftmx_context *c, enum ftmrt_entry_kind kind, const void *inputs,
                        struct batch *b)
{
    const struct ftmrt_value *v;
    if (!context_takes(c, inputs, 1, sizeof(void *), "inputs"))
        return false;
    for (uint32_t i = 0; (v = input_at(c, i)); i++) {
        const struct ftmrt_value *taken = network_input_named(&c->model->program, kind, v->name);
        b->inputs[i] = pointer_at(inputs, i);
        if (taken && !takes_array(c, b->inputs[i], taken, b->n, batch_input_name(c, v)))
            return false;
    }
    return true;
}

/* ---- overlaps ---- */

static bool overlap(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
    return a && b && (uintptr_t)a < (uintptr_t)b + b_bytes && (uintptr_t)b < (uintptr_t)a + a_bytes;
}

/* The name of the input or earlier output that the i-th output would be written over; NULL: there is none. */
static const char *overwritten(const ftmx_context *c, const struct batch *b, uint32_t i)
{
    const struct ftmrt_value *outputs = prediction_of(c)->outputs, *v;
    const size_t bytes = ftmrt_value_bytes(&outputs[i], b->n);
    for (uint32_t k = 0; (v = input_at(c, k)); k++)
        if (overlap(b->outputs[i], bytes, b->inputs[k], ftmrt_value_bytes(v, b->n)))
            return batch_input_name(c, v);
    for (uint32_t k = 0; k < i; k++)
        if (overlap(b->outputs[i], bytes, b->outputs[k], ftmrt_value_bytes(&outputs[k], b->n)))
            return outputs[k].name;
    return NULL;
}

bool batch_takes_outputs(ftmx_context *c, const void *outputs, struct batch *b)
{
    const struct ftmrt_entry *e = prediction_of(c);
    if (!context_takes(c, outputs, 1, sizeof(void *), "outputs"))
        return false;
    for (uint32_t i = 0; i < e->output_count && i < NETWORK_VALUES; i++) {
        b->outputs[i] = pointer_at(outputs, i);
        if (!b->outputs[i])
            continue;
        const char *name = e->output_count == 1 ? "output" : e->outputs[i].name;
        if (!takes_array(c, b->outputs[i], &e->outputs[i], b->n, name))
            return false;
        const char *other = overwritten(c, b, i);
        if (other) {
            context_fail(c, FTMX_ERROR_ARGUMENT, "%s and %s overlap", other, name);
            return false;
        }
    }
    return true;
}

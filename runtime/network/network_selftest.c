/* What a program or library is tested with: samples that are drawn, and how far its numbers may be from the interpreter's. */
#include <math.h>
#include <string.h>

#include "network.h"

/* ---- what is drawn ---- */

void network_selftest_input(const struct ftmrt_value *v, uint32_t sample, void *data)
{
    const size_t bytes = ftmrt_value_bytes(v, 1);
    const uint64_t name = ftmrt_name_hash(v->name);
    float *to = data;
    memset(data, 0, bytes);
    for (int64_t k = 0; v->dtype == FTMRT_F32 && k < (int64_t)(bytes / sizeof *to); k++)
        to[k] = ftmrt_selftest_input(sample, name, k);
}

void network_selftest_label(const struct ftmrt_value *v, int64_t classes, uint32_t sample,
                            void *data)
{
    const int64_t size = ftmrt_elements(v->rank - 1, v->dim + 1);
    float *shares = data;
    int32_t *numbers = data;
    for (int64_t i = 0; i < size; i++)
        if (v->dtype == FTMRT_F32)
            shares[i] = i == sample % size ? 1 : 0;
        else
            numbers[i] = (int32_t)((sample + i) % classes);
}

/* The sample number of directions, of which there are not so many. */
static const uint32_t DIRECTION = UINT32_MAX;

double network_selftest_direction(const char *state, int64_t i)
{
    return (double)ftmrt_selftest_input(DIRECTION, ftmrt_name_hash(state), i);
}

double network_selftest_projection(const char *state, const float *values, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += network_selftest_direction(state, i) * (double)values[i];
    return sum;
}

/* ---- what is far ---- */

double network_selftest_logits(const struct ftmrt_selftest *t, uint32_t sample, const float *logits,
                               int64_t outputs)
{
    const double *stored = t->logits + (size_t)sample * t->values;
    double most = 0, largest = 0;
    for (uint32_t i = 0; i < t->values; i++) {
        const double d = fabs((double)logits[(int64_t)i * outputs / t->values] - stored[i]);
        most = d <= most ? most : d; /* NaN is far */
        largest = fmax(largest, fabs(stored[i]));
    }
    return most > 0 ? most / largest : most;
}

double network_selftest_state(const struct ftmrt_selftest_state *s, double projection)
{
    const double d = fabs(projection - s->projection);
    return d > 0 ? d / s->norm : d;
}

/* ---- denormals ---- */

/* Sets *outputs[0] unless denormals are 0 for this thread. The numbers are read as they run. */
static void probe(const struct ftmrt_task *task)
{
    const volatile float tiny = 1e-40F;
    int *alive = task->buffers[0];
    for (int64_t u = task->begin; u < task->end; u++)
        if (tiny * 1.5F != 0)
            __atomic_store_n(alive, 1, __ATOMIC_RELAXED);
}

const char *network_selftest_denormals(struct ftmrt_context *c)
{
    const volatile float tiny = 1e-40F;
    int alive = 0;
    void *const buffers[] = {&alive};
    const struct ftmrt_task task = {.context = c, .buffers = buffers, .n = 1, .step_images = 1};
    const int before = tiny * 1.5F != 0;
    ftmrt_parallel(probe, &task, 64);
    if (alive)
        return "denormal numbers are not taken for 0 while it computes";
    return (tiny * 1.5F != 0) == before
               ? NULL
               : "how the caller computes with denormal numbers was changed";
}

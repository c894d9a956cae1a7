/* Maps made of places of other maps: see resample.h. */
#include "resample.h"

#include "eval_support.h"

struct resample_axis resample_axis_new(struct arena *arena, int64_t in, int64_t out, int64_t taps)
{
    return (struct resample_axis){.in = in,
                                  .out = out,
                                  .taps = taps,
                                  .count = arena_array(arena, int64_t, out),
                                  .from = arena_array(arena, int64_t, out *taps),
                                  .weight = arena_array(arena, double, out *taps)};
}

void resample_tap(struct resample_axis *r, int64_t i, int64_t from, double weight)
{
    int64_t at = i * r->taps + r->count[i]++;
    r->from[at] = from;
    r->weight[at] = weight;
    r->weighted = r->weighted || weight != 1;
}

struct resample_axis resample_turned(struct arena *arena, const struct resample_axis *r)
{
    int64_t *readers = arena_array(arena, int64_t, r->in), most = 1;
    for (int64_t i = 0; i < r->out; i++)
        for (int64_t t = 0; t < r->count[i]; t++)
            readers[r->from[i * r->taps + t]] += r->weight[i * r->taps + t] != 0;
    for (int64_t i = 0; i < r->in; i++)
        most = readers[i] > most ? readers[i] : most;
    struct resample_axis turned = resample_axis_new(arena, r->out, r->in, most);
    for (int64_t i = 0; i < r->out; i++)
        for (int64_t t = 0; t < r->count[i]; t++)
            if (r->weight[i * r->taps + t] != 0)
                resample_tap(&turned, r->from[i * r->taps + t], i, r->weight[i * r->taps + t]);
    return turned;
}

static double sum_of_taps(const struct resample_axis *rows, const struct resample_axis *columns,
                          int64_t i, int64_t j, const double *x)
{
    double sum = 0;
    for (int64_t p = i * rows->taps; p < i * rows->taps + rows->count[i]; p++)
        for (int64_t q = j * columns->taps; q < j * columns->taps + columns->count[j]; q++)
            sum += rows->weight[p] * columns->weight[q] *
                   x[rows->from[p] * columns->in + columns->from[q]];
    return sum;
}

void resample_eval(const struct resample_axis *rows, const struct resample_axis *columns,
                   double value, const struct tensor *x, const struct tensor *y)
{
    int64_t maps = y->shape.dim[0] * y->shape.dim[1], in = rows->in * columns->in;
    for (int64_t m = 0; m < maps; m++)
        for (int64_t i = 0; i < rows->out; i++)
            for (int64_t j = 0; j < columns->out; j++)
                y->data[(m * rows->out + i) * columns->out + j] =
                    rows->count[i] && columns->count[j]
                        ? sum_of_taps(rows, columns, i, j, x->data + m * in)
                        : value;
}

#include "spread.h"

struct spread spread_of(const struct ftmrt_call *c, enum ftmrt_param param, double center)
{
    const struct ftmrt_arg *a = ftmrt_call_arg(c, param);
    if (a->kind != FTMRT_ARG_NUMBERS)
        return (struct spread){center, center};
    if (a->count == 1)
        return (struct spread){center - a->numbers[0], center + a->numbers[0]};
    return (struct spread){a->numbers[0], a->numbers[1]};
}

struct spread spread_pair(const struct ftmrt_call *c, enum ftmrt_param param, uint32_t pair)
{
    const struct ftmrt_arg *a = ftmrt_call_arg(c, param);
    if (!pair)
        return spread_of(c, param, 0);
    if (a->kind != FTMRT_ARG_NUMBERS || a->count < 2 * (pair + 1))
        return (struct spread){0, 0};
    const double *two = a->numbers + (size_t)pair * 2;
    return (struct spread){two[0], two[1]};
}

double spread_draw(const struct transform *t, struct spread s, uint32_t number)
{
    return s.from + (s.to - s.from) * transform_uniform(t, number);
}

bool transform_chance(const struct transform *t, const struct ftmrt_call *c, enum ftmrt_param param,
                      uint32_t number)
{
    return transform_uniform(t, number) < ftmrt_call_number(c, param);
}

/* Numbers that are drawn from a range of a recipe. */
#ifndef FTMRT_TRANSFORM_SPREAD_H
#define FTMRT_TRANSFORM_SPREAD_H

#include "transform_step.h"

/* The range of a parameter of type SPREAD: [from, to] as given, or one number d as [center - d, center + d]. Of type SPREADS: pair `pair`
 * of them; one number is the first pair's. */
struct spread {
    double from, to;
};
struct spread spread_of(const struct ftmrt_call *c, enum ftmrt_param param, double center);
struct spread spread_pair(const struct ftmrt_call *c, enum ftmrt_param param, uint32_t pair);

/* Draw `number` of the step, uniform in the range. */
double spread_draw(const struct transform *t, struct spread s, uint32_t number);

/* Whether draw `number` falls into the share that a parameter names. */
bool transform_chance(const struct transform *t, const struct ftmrt_call *c, enum ftmrt_param param,
                      uint32_t number);

#endif

#include "search_space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ftmrt.h"
#include "report.h"
#include "sampling.h"

static const struct ftmrt_call *block_of(const struct ftmrt_recipe *r)
{
    return ftmrt_call_inner(&r->finetune, FTMRT_PARAM_finetune_search);
}

static const struct ftmrt_arg *overs_of(const struct ftmrt_recipe *r)
{
    return ftmrt_call_arg(block_of(r), FTMRT_PARAM_search_over);
}

bool search_space_given(const struct ftmrt_recipe *r) { return overs_of(r)->count > 0; }

bool search_space_is_compiled(const struct ftmrt_recipe *r)
{
    const struct ftmrt_arg *overs = overs_of(r);
    return overs->count && ftmrt_call_arg(&overs->calls[0], FTMRT_PARAM_over_texts)->count;
}

static struct search_axis axis_of(const struct ftmrt_recipe *r, const struct ftmrt_call *over)
{
    const struct ftmrt_arg *values = ftmrt_call_arg(over, FTMRT_PARAM_over_values);
    struct search_axis a = {.path = ftmrt_call_text(over, FTMRT_PARAM_over_path),
                            .draw = (enum search_draw)ftmrt_call_word(over, FTMRT_PARAM_over_draw),
                            .values = values->numbers,
                            .count = values->count};
    ftmrt_recipe_find(r, a.path, &a.place); /* the compiler has */
    a.whole = a.place.info->type == FTMRT_TYPE_INT;
    return a;
}

/* How many combinations there are; 0: some value is drawn from a range. */
static int64_t combinations(const struct search_space *s)
{
    int64_t n = 1;
    for (uint32_t i = 0; i < s->count; i++)
        n *= s->axes[i].draw == DRAW_LIST ? s->axes[i].count : 0;
    return n;
}

/* All of them in their order, or as many as are asked for, drawn. */
static void choose_points(struct search_space *s, int64_t all)
{
    s->points = app_alloc((size_t)all, sizeof *s->points);
    for (int64_t i = 0; i < all; i++)
        s->points[i] = i;
    if (s->trials && s->trials < all)
        shuffle_order(s->points, all, s->seed, 0);
    else
        s->trials = all;
}

/* A number of the block, or what it is without. */
static int64_t integer_of(const struct ftmrt_recipe *r, enum ftmrt_param param, int64_t without)
{
    const struct ftmrt_arg *a = ftmrt_call_arg(block_of(r), param);
    return a->kind == FTMRT_ARG_INTEGER ? a->integer : without;
}

void search_space_open(struct search_space *s, const struct ftmrt_recipe *r, int64_t trials,
                       const uint64_t *seed)
{
    const struct ftmrt_arg *overs = overs_of(r);
    *s = (struct search_space){
        .count = overs->count,
        .trials = trials ? trials : integer_of(r, FTMRT_PARAM_search_trials, 0),
        .repeat = integer_of(r, FTMRT_PARAM_search_repeat, 1),
        .halving = integer_of(r, FTMRT_PARAM_search_halving, 0),
        .seed = seed ? *seed : (uint64_t)integer_of(r, FTMRT_PARAM_search_seed, 0)};
    s->axes = app_alloc(s->count, sizeof *s->axes);
    for (uint32_t i = 0; i < s->count; i++)
        s->axes[i] = axis_of(r, &overs->calls[i]);
    const int64_t all = combinations(s);
    if (all)
        choose_points(s, all);
}

void search_space_close(struct search_space *s)
{
    free(s->axes);
    free(s->points);
    *s = (struct search_space){0};
}

/* Four digits of it. */
static double short_number(double v)
{
    char text[32];
    snprintf(text, sizeof text, "%.4g", v);
    return strtod(text, NULL);
}

static double drawn(const struct search_axis *a, double u)
{
    if (a->draw == DRAW_LIST)
        return a->values[(uint32_t)(u * a->count)];
    const double from = a->values[0], to = a->values[1];
    const double v = a->draw == DRAW_LOG ? from * pow(to / from, u) : from + (to - from) * u;
    return fmin(fmax(a->whole ? nearbyint(v) : short_number(v), from), to);
}

/* The last axis changes fastest. */
static void combine(const struct search_space *s, int64_t point, double *out)
{
    for (uint32_t i = s->count; i-- > 0;) {
        out[i] = s->axes[i].values[point % s->axes[i].count];
        point /= s->axes[i].count;
    }
}

void search_space_values(const struct search_space *s, int64_t trial, double *out)
{
    if (s->points) {
        combine(s, s->points[trial], out);
        return;
    }
    for (uint32_t i = 0; i < s->count; i++)
        out[i] = drawn(&s->axes[i],
                       ftmrt_uniform(s->seed, (uint64_t)trial, (uint64_t)i, FTMRT_USE_SEARCH));
}

char *search_value_text(double value)
{
    char text[32];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return fabs(value) < 1e15 && value == rint(value) ? app_format("%.0f", value)
                                                      : app_strdup(text);
}

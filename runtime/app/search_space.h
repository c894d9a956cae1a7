/* What a search tries: the recipe's block `search`, and the values of each trial, which are a function of the search's seed and the
 * trial's number. */
#ifndef FTMRT_APP_SEARCH_SPACE_H
#define FTMRT_APP_SEARCH_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "recipe.h"

/* The words of `draw`, in their order. */
enum search_draw { DRAW_LIST, DRAW_UNIFORM, DRAW_LOG };

/* A statement `over`. */
struct search_axis {
    const char *path;
    struct ftmrt_place place;
    enum search_draw draw;
    const double *values; /* [count]: the list, or the two ends */
    uint32_t count;
    bool whole; /* its values are integers */
};

struct search_space {
    struct search_axis *axes; /* [count]; owned */
    uint32_t count;
    int64_t trials;
    int64_t repeat;  /* trainings of each, with seeds one behind the other */
    int64_t halving; /* search_rounds.h; 0: none */
    uint64_t seed;
    int64_t *
        points; /* [trials]: combinations of lists, where all are; NULL: each value is drawn. owned */
};

/* Whether a recipe has a search. */
bool search_space_given(const struct ftmrt_recipe *r);

/* Whether that goes over what is compiled: ftmc does it, with a program for each value. */
bool search_space_is_compiled(const struct ftmrt_recipe *r);

/* trials: how many (0: what the recipe says); seed: of what is drawn (NULL: the recipe's). Of lists alone no combination comes twice: there
 * are no more trials than combinations, which are in their order if all are tried. */
void search_space_open(struct search_space *s, const struct ftmrt_recipe *r, int64_t trials,
                       const uint64_t *seed);
void search_space_close(struct search_space *s);

/* Writes the values [count] of trial 0, 1, ... Numbers that are drawn have four digits, so that a command line says them exactly. */
void search_space_values(const struct search_space *s, int64_t trial, double *out);

/* A value as recipes and options have it, in as few digits as give it back; allocated. */
char *search_value_text(double value);

#endif

/* In what two resolved recipes differ. */
#ifndef FTMRT_APP_RECIPE_DIFFERENCE_H
#define FTMRT_APP_RECIPE_DIFFERENCE_H

#include <stdint.h>

/* Told of a setting that differs: its key ("optimizer.lr", "labels", or a whole statement: "freeze all") and what each recipe
 * says of it; NULL where a recipe does not have it, "" where there is no more than the statement. */
typedef void recipe_difference_fn(void *context, const char *key, const char *a, const char *b);

/* Goes through the settings in which two texts of `info --recipe` differ, in the order of a, then those that only b has. Names of
 * finetunes, files that are imported and comments are none. */
void recipe_differences(const char *a, const char *b, recipe_difference_fn *tell, void *context);

/* The same as one line of what b says, "optimizer.lr 0.1, no freeze all", with at most so many settings; allocated, "" where
 * nothing differs. */
char *recipe_difference_line(const char *a, const char *b, int most);
/* Of the settings alone whose keys begin so: "data.train". */
char *recipe_difference_within(const char *a, const char *b, const char *within, int most);

/* A hash of the settings whose keys begin so: equal for recipes that do not differ in them. */
uint64_t recipe_hash_within(const char *text, const char *within);

#endif

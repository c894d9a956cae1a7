/* One argument of a call: what a parameter may be given, and its value in the parameter's form. */
#ifndef FTM_LANG_ARGUMENT_H
#define FTM_LANG_ARGUMENT_H

#include "calls.h"

struct builder;

/* What an argument may be: "an integer", of a WORD `"none" or "tanh"`. */
const char *argument_wanted(struct arena *arena, const struct ftmrt_param_info *p);

/* The value of a default's text; the parameter has one. */
struct value argument_default(struct arena *arena, const struct ftmrt_param_info *p);

/* The category of the calls that a parameter of this type takes, or FTMRT_CATEGORY_COUNT. */
enum ftmrt_category argument_category(enum ftmrt_type type);

/* Brings a value into the form of a parameter and checks its range. title: of the value in messages. false after a
 * report, or if the value is an error already. */
bool argument_check(struct builder *b, const struct ftmrt_param_info *p, const char *title,
                    struct value *v, struct span span);

#endif

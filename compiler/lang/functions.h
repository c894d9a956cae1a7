/* Functions of values, which run while a description is elaborated (functions.def). */
#ifndef FTM_LANG_FUNCTIONS_H
#define FTM_LANG_FUNCTIONS_H

#include "builder.h"

struct function;

/* The function of this name, or NULL. */
const struct function *function_find(const char *name);

/* Their names. */
uint32_t function_count(void);
const char *function_name(uint32_t i);

/* The value of a call of it; VALUE_ERROR after a report. */
struct value function_call(struct builder *b, struct frame *frame, const struct function *f,
                           const struct expr *e);

#endif

/* `eval --require accuracy>=0.97,recall(cat)>=0.9`: a gate for what goes into production. */
#ifndef FTMRT_APP_REQUIREMENT_H
#define FTMRT_APP_REQUIREMENT_H

#include <jansson.h>
#include <stdbool.h>

/* Whether a list of requirements is written as it must be; false after a message. */
bool requirements_check(const char *list);

/* Whether a result of eval, as its JSON has it, meets all of them; false after a message for each that it does not, or that names no figure. */
bool requirements_met(const char *list, const json_t *result);

#endif

/* Signals that end long work: at the next place where nothing is lost, or the second one at once. */
#ifndef FTMRT_APP_INTERRUPTION_H
#define FTMRT_APP_INTERRUPTION_H

#include <stdbool.h>

/* From here on the first signal is noted, and the second one ends the process, behind `abandon` (NULL: nothing), which may call nothing
 * that a signal handler may not. */
void interruption_watch(void (*abandon)(void));

/* Whether there was one. */
bool interruption_came(void);

#endif

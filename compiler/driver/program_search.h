/* `ftmc run FILE.ftm search` over what is compiled into programs. */
#ifndef FTM_DRIVER_PROGRAM_SEARCH_H
#define FTM_DRIVER_PROGRAM_SEARCH_H

#include "compilation.h"

/* Whether that is what a command line asks for; reports nothing. */
bool program_search_wanted(struct compilation *c);

/* Compiles and trains each, and says which is to be taken. false after a report. */
bool program_search(struct compilation *c);

#endif

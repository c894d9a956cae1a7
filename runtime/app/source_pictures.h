/* Sources that list pictures (../listing): each is read when it is asked for. */
#ifndef FTMRT_APP_SOURCE_PICTURES_H
#define FTMRT_APP_SOURCE_PICTURES_H

#include "source.h"

/* Lists what a call names and looks at the head of every file: all that cannot be read are named at once, in their order, and end
 * it or are left out, as the recipe says. false after a message; s is to be closed. */
bool source_pictures(struct source *s, const struct ftmrt_call *call,
                     const struct source_want *want);

#endif

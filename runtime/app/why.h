/* Which places of a picture an answer comes from (the entry of kind WHY). */
#ifndef FTMRT_APP_WHY_H
#define FTMRT_APP_WHY_H

#include "session.h"

/* Whether a program can say it, of classes; and whether there is the class that is asked for (NULL: the answer). false after a message. */
bool why_check(const struct session *s, const char *class_name);

/* Writes the map of an answer to a sample of d: in a file *.npy its values [h, w], for the class that is asked for, or for the likeliest; else a
 * PNG file, in which the places that speak for it glow on the picture as the network sees it. false after a message. */
bool why_write(struct session *s, const struct source *d, int64_t sample, const char *class_name,
               const char *path);

#endif

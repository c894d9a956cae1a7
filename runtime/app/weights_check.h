/* Whether a trained file belongs to a program: what its metadata says of the network that it was trained for. */
#ifndef FTMRT_APP_WEIGHTS_CHECK_H
#define FTMRT_APP_WEIGHTS_CHECK_H

#include "safetensors.h"
#include "session.h"

/* Compares networks, classes by name and transforms, as far as the file names them. What makes results wrong is an error (false after a
 * message): a network whose tensors are others, other classes, or pictures that are prepared otherwise. */
bool weights_check(const struct session *s, const struct st_file *f, const char *path);

/* Says in what else the network differs for which a file was made that can be taken. */
void weights_say_differences(const struct ftmrt_program *p, const struct st_file *f,
                             const char *path);

/* The names of the classes, a line each; allocated. */
char *weights_class_names(const struct config *c);

#endif

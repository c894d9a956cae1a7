/* The memory that the transforms of one picture may take. */
#ifndef FTMRT_APP_TRANSFORM_LIMIT_H
#define FTMRT_APP_TRANSFORM_LIMIT_H

#include "transform.h"

/* Why a picture of that form cannot go through the transforms - they would take more memory than the limit - or NULL. The caller
 * frees it. Its pixels are not looked at. */
char *transform_limit_defect(const struct ftmrt_transform_task *t,
                             const struct ftmrt_picture *picture);

#endif

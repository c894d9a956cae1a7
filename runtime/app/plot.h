/* Numbers as a line on paper. */
#ifndef FTMRT_APP_PLOT_H
#define FTMRT_APP_PLOT_H

#include <stdint.h>

enum { PLOT_WIDTH = 800, PLOT_HEIGHT = 400 };

/* RGB pixels [PLOT_HEIGHT, PLOT_WIDTH, 3] of values, [count] and none below 0, over their number: from 0 to the largest, whose number is
 * beside it, as is that of the last one below. Memory is app_alloc's; the caller frees it. */
unsigned char *plot_line(const double *values, int64_t count);

#endif

/* The line that says what came of an epoch. */
#ifndef FTMRT_APP_EPOCH_LINE_H
#define FTMRT_APP_EPOCH_LINE_H

#include "trainer.h"

/* Prints it to stdout, at once: "epoch 2/5  head  train loss 0.4294  accuracy 84.24 %  ...". epochs: how many there are; NaN stands for figures that there are not;
 * validates: something does. */
void epoch_line_print(const struct epoch_result *e, int64_t epochs, bool validates);

#endif

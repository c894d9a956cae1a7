/* `targets = standardize`: the units that numbers are learnt in. The network's last layer, `targets`, brings them back to the data's: its
 * mean and standard deviation are states that training sets before its first step, and trained files have them as any other. */
#ifndef FTMRT_APP_TARGET_SCALE_H
#define FTMRT_APP_TARGET_SCALE_H

#include "session.h"
#include "training_data.h"

/* Sets those of outputs that the weights came without to those of what trains, and says them: whoever goes on with a network goes on
 * in its units. Of an output that is one number only the deviation is 1. Nothing where the recipe has no such layer. */
void target_scale_set(struct session *s, const struct training_data *data);

#endif

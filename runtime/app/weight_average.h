/* A running mean of the weights that train, beside them: torch.optim.swa_utils.AveragedModel with get_ema_multi_avg_fn. */
#ifndef FTMRT_APP_WEIGHT_AVERAGE_H
#define FTMRT_APP_WEIGHT_AVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ftmrt.h"

/* The mean of one state. */
struct averaged_state {
    uint32_t state;
    char *name;    /* in checkpoints: "fc.weight/average" */
    float *values; /* [count], packed as the state is in the workspace */
    int64_t count;
};

struct weight_average {
    const struct ftmrt_program *program;
    void *workspace;
    double decay; /* share that a step keeps */
    uint32_t count;
    struct averaged_state *states; /* the parameters that train, in the program's order */
};

/* Memory for a mean of the parameters that train in this workspace. Memory is app_alloc's, which ends the program if there is none. */
struct weight_average *weight_average_open(const struct ftmrt_program *p, void *workspace,
                                           double decay);
/* NULL is allowed, here and below: then nothing is done. */
void weight_average_close(struct weight_average *a);

/* Takes in the weights behind a step: the first step's are the mean, later ones change it by 1 - decay of the difference. */
void weight_average_step(struct weight_average *a, int64_t step);

/* Exchanges means and weights, so that entries and files have the means; once more, and all is as before. */
void weight_average_swap(struct weight_average *a);

#endif

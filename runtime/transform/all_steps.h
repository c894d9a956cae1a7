/* All transforms and ways of mixing. */
#ifndef FTMRT_TRANSFORM_ALL_STEPS_H
#define FTMRT_TRANSFORM_ALL_STEPS_H

/* Who links this has all of them, whatever recipes come: the compiler and tests. Nothing reads it. */
extern void (*const ftmrt_all_steps[])(void);

#endif

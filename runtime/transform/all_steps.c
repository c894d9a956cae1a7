#include "all_steps.h"

#include "transform_step.h"

void (*const ftmrt_all_steps[])(void) = {
#define TRANSFORM_ROW_TRANSFORM(name) (void (*)(void)) run_##name,
#define TRANSFORM_ROW_MIX(name)       (void (*)(void)) run_batch_##name,
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) TRANSFORM_ROW_##category(name)
#include "calls.def"
};

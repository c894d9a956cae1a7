/* The calls of calls.def: their signatures, and binding arguments to them. */
#ifndef FTM_LANG_CALLS_H
#define FTM_LANG_CALLS_H

#include "value.h"

enum call_category {
    CALL_CATEGORY_LAYER,
    CALL_CATEGORY_TRANSFORM,
    CALL_CATEGORY_DATA,
    CALL_CATEGORY_LOSS,
    CALL_CATEGORY_OPTIMIZER,
    CALL_CATEGORY_SCHEDULE,
    CALL_CATEGORY_INIT,
    CALL_CATEGORY_COUNT
};

enum param_type {
    PARAM_TYPE_TENSOR,
    PARAM_TYPE_INT,
    PARAM_TYPE_PAIR,    /* 3 or [3, 3] (height, width): a list of two afterwards */
    PARAM_TYPE_PADDING, /* as PAIR, [top, left, bottom, right], or `same` */
    PARAM_TYPE_FLOAT,
    PARAM_TYPE_BOOL,
    PARAM_TYPE_STRING,
    PARAM_TYPE_NUMBERS, /* 0.5, [0.1, 0.2, 0.3], or `imagenet`: a list afterwards */
    PARAM_TYPE_INIT,    /* a call of category INIT */
    PARAM_TYPE_EPOCHS   /* 1 epoch */
};

enum call_id {
#define FTM_CALL(name, category) CALL_##name,
#include "calls.def"
    CALL_COUNT
};

enum { CALL_MAX_PARAMS = 9 };

struct call_param {
    const char *name;
    enum param_type type;
    const char *value; /* default */
    double min, max;
};

struct call_info {
    enum call_id id;
    const char *name;
    enum call_category category;
    uint32_t param_count;
    struct call_param params[CALL_MAX_PARAMS];
};

/* A call with all arguments checked and defaults filled in; what may be left out and was is ABSENT.
 */
struct bound_call {
    const struct call_info *info;
    struct value args[CALL_MAX_PARAMS];
    struct span spans[CALL_MAX_PARAMS];
    struct span span;
};

/* By name, or NULL. */
const struct call_info *call_find(const char *name);
/* "layer", "transform", ... or "a layer", "an optimizer", ... */
const char *call_category_text(enum call_category category, bool article);
/* "conv2d, linear, ...": the calls of a category, for advice. */
const char *call_list(struct arena *arena, enum call_category category);
/* The nearest call of a category to a misspelt name, or NULL. */
const char *call_nearest(const char *name, enum call_category category);

struct front;
struct frame;

/* Binds the arguments of a call expression; implicit, if not NULL, becomes the first. NULL after
 * reports. */
struct bound_call *call_bind(struct front *f, struct frame *frame, const struct call_info *info,
                             const struct expr *e, const struct value *implicit);

/* A call without arguments, from its bare name. */
struct bound_call *call_bind_bare(struct front *f, const struct call_info *info, struct span span);

/* Argument i as numbers. */
int64_t call_int(const struct bound_call *c, uint32_t i);
double call_float(const struct bound_call *c, uint32_t i);
bool call_bool(const struct bound_call *c, uint32_t i);

#endif

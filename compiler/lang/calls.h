/* What can be called in a description besides blocks and models - the rows of layers.def and of
 * runtime/recipe/calls.def, blocks aside - and binding arguments to it. */
#ifndef FTM_LANG_CALLS_H
#define FTM_LANG_CALLS_H

#include "value.h"

#include "graph.h"
#include "recipe.h"

/* A call with all arguments checked and defaults filled in; what may be left out and was is ABSENT.
 */
struct bound_call {
    const struct ftmrt_call_info *info;
    struct value *args; /* one per parameter, in order */
    struct span *spans;
    struct span span;
};

static inline bool call_is(const struct bound_call *c, enum ftmrt_call_id id)
{
    return c->info == ftmrt_call_info(id);
}

/* Row i of call_count(): layers and initial values, then what programs share, blocks included; rows of a category stand together
 * but for layers. */
uint32_t call_count(void);
const struct ftmrt_call_info *call_row(uint32_t i);

/* By name, blocks aside, or NULL. */
const struct ftmrt_call_info *call_find(const char *name);
/* Whether it is one of the words of some parameter of type WORD. */
bool call_word(const char *text);
/* The layer that an operator ("+") between two layers' values means, or NULL. */
const struct ftmrt_call_info *call_of_operator(const char *operator);
/* The call of a list of data sources, which "+" between two of them means. */
const struct ftmrt_call_info *call_of_sources(void);
/* "conv2d, linear, ...": the calls of a category, for advice. */
const char *call_list(struct arena *arena, enum ftmrt_category category);
/* The nearest call of a category to a misspelt name, or NULL. */
const char *call_nearest(const char *name, enum ftmrt_category category);

/* A category of calls as documents and `ftmc help` have it, in their order; NULL behind the last. */
struct call_chapter {
    enum ftmrt_category category;
    const char *topic, *title; /* "layers", "Layers" */
};
const struct call_chapter *call_chapter(uint32_t i);

struct strbuf;
/* Appends "conv2d(x, out, kernel, stride = 1, ...)"; what may be left out and has no value stands in brackets. */
void call_signature(struct strbuf *out, const struct ftmrt_call_info *info);
/* Appends " = 1", the default of a parameter that has one. */
void call_default(struct strbuf *out, const struct ftmrt_param_info *p);

struct builder;
struct frame;

/* Binds the arguments of a call expression; implicit, if not NULL, becomes the first. NULL after
 * reports. */
struct bound_call *call_bind(struct builder *b, struct frame *frame,
                             const struct ftmrt_call_info *info, const struct expr *e,
                             const struct value *implicit);

/* A call without arguments, from its bare name. */
struct bound_call *call_bind_bare(struct builder *b, const struct ftmrt_call_info *info,
                                  struct span span);

/* The parameter that an argument of callee's call is for, of `count` names; count after a report. position: of the argument
 * among those without a name. implicit: the first parameter is not written. */
uint32_t match_argument(struct builder *b, const char *callee, const char *const *names,
                        uint32_t count, const struct arg *arg, uint32_t position, bool implicit);
/* Reports an argument for a parameter that has one. */
void report_twice(struct builder *b, const char *callee, const char *name, const struct arg *arg);

/* The call of one category that an expression is: of a setting, or of a step of a pipeline. NULL
 * after a report that lists what there is. what: "optimizer", "step", ... */
struct bound_call *setting_call(struct builder *b, struct frame *frame, const struct expr *e,
                                enum ftmrt_category category, const char *what);

/* The value of an expression as that of a parameter, and a parameter's default (ABSENT if there is none): converted, and in
 * its range. false after a report. */
bool param_value(struct builder *b, struct frame *frame, const struct ftmrt_param_info *p,
                 const struct expr *e, struct value *out);
bool param_default(struct builder *b, const struct ftmrt_param_info *p, struct span span,
                   struct value *out);

/* A value or a bound call without its places, as programs get it. */
struct ftmrt_arg plain_arg(struct arena *arena, const struct value *v);
struct ftmrt_call plain_call(struct arena *arena, const struct bound_call *c);

/* The arguments that are attributes of an op, by their names (call_attrs.c); words count as their numbers. */
struct attrs call_attrs(enum op op, const struct ftmrt_call_info *row,
                        const struct ftmrt_arg *args);

/* Argument i as numbers. */
int64_t call_int(const struct bound_call *c, uint32_t i);
double call_float(const struct bound_call *c, uint32_t i);
bool call_bool(const struct bound_call *c, uint32_t i);

#endif

/* Functions of values: `max(8, round(width * 0.25))` in a model. */
#include "functions.h"

#include <math.h>
#include <string.h>

#include "str.h"

enum { MOST_ARGUMENTS = 8 };

/* The arguments of one call, evaluated; none is an error. */
struct arguments {
    const char *function;
    struct value values[MOST_ARGUMENTS];
    struct span spans[MOST_ARGUMENTS];
    uint32_t count;
    struct span span; /* of the call */
};

typedef struct value function_fn(struct builder *b, const struct arguments *args);

/* Argument i, if it is of a kind that `ok` says; else reports. */
static bool want(struct builder *b, const struct arguments *args, uint32_t i, bool ok,
                 const char *expected)
{
    if (!ok)
        diag_report(b->diag, args->spans[i], DIAG_WRONG_TYPE,
                    arena_printf(b->arena, "argument %u of '%s'", i + 1, args->function), expected,
                    value_text(b->arena, &args->values[i]));
    return ok;
}

/* The first argument whose number no other one's exceeds, times sign. */
static struct value extreme(struct builder *b, const struct arguments *args, double sign)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < args->count; i++) {
        if (!want(b, args, i, value_is_number(&args->values[i]), "a number"))
            return value_error();
        if (sign * value_number(&args->values[i]) > sign * value_number(&args->values[best]))
            best = i;
    }
    return args->values[best];
}

static struct value function_max(struct builder *b, const struct arguments *args)
{
    return extreme(b, args, 1);
}

static struct value function_min(struct builder *b, const struct arguments *args)
{
    return extreme(b, args, -1);
}

/* The first argument by a rounding, as an integer. */
static struct value rounded(struct builder *b, const struct arguments *args, double (*rule)(double))
{
    const struct value *v = &args->values[0];
    if (!want(b, args, 0, value_is_number(v), "a number"))
        return value_error();
    if (v->kind == VALUE_INT)
        return *v;
    double r = rule(v->real);
    if (fabs(r) < 0x1p63)
        return value_int((int64_t)r);
    diag_report(b->diag, args->span, DIAG_INTEGER_OVERFLOW, args->function);
    return value_error();
}

static struct value function_round(struct builder *b, const struct arguments *args)
{
    return rounded(b, args, nearbyint);
}

static struct value function_floor(struct builder *b, const struct arguments *args)
{
    return rounded(b, args, floor);
}

static struct value function_ceil(struct builder *b, const struct arguments *args)
{
    return rounded(b, args, ceil);
}

static struct value function_length(struct builder *b, const struct arguments *args)
{
    return want(b, args, 0, args->values[0].kind == VALUE_LIST, "a list")
               ? value_int(args->values[0].count)
               : value_error();
}

struct function {
    const char *name;
    uint32_t least, most;
    const char *help;
    function_fn *call;
};

static const struct function functions[] = {
#define FTM_FUNCTION(name, least, most, help) {#name, least, most, help, function_##name},
#include "functions.def"
};

#define FTM_FUNCTION(name, least, most, help)                                                      \
    _Static_assert((least) >= 1 && (most) <= MOST_ARGUMENTS, #name);
#include "functions.def"

enum { FUNCTION_COUNT = sizeof functions / sizeof *functions };

uint32_t function_count(void) { return FUNCTION_COUNT; }

const char *function_name(uint32_t i) { return functions[i].name; }

const struct function *function_find(const char *name)
{
    for (uint32_t i = 0; i < FUNCTION_COUNT; i++)
        if (!strcmp(functions[i].name, name))
            return &functions[i];
    return NULL;
}

/* Evaluates the arguments; false if one is an error or has a name. */
static bool evaluate(struct builder *b, struct frame *frame, const struct expr *e,
                     struct arguments *args)
{
    bool ok = true;
    for (uint32_t i = 0; i < args->count; i++) {
        const struct arg *arg = &e->args->list.at[i];
        if (arg->name) {
            diag_report(b->diag, arg->value->span, DIAG_UNKNOWN_ARGUMENT, args->function,
                        arg->name);
            diag_note(b->diag, "functions take their arguments by place");
            ok = false;
        }
        args->values[i] = eval(b, frame, arg->value);
        args->spans[i] = arg->value->span;
        ok = args->values[i].kind != VALUE_ERROR && ok;
    }
    return ok;
}

struct value function_call(struct builder *b, struct frame *frame, const struct function *f,
                           const struct expr *e)
{
    struct arguments args = {.function = f->name, .count = e->args->list.len, .span = e->span};
    if (e->label) {
        diag_report(b->diag, e->label->span, DIAG_LABEL_UNUSED, f->name);
        return value_error();
    }
    if (args.count > f->most) {
        diag_report(b->diag, e->span, DIAG_TOO_MANY_ARGUMENTS, f->name, f->most);
        return value_error();
    }
    if (args.count < f->least) {
        diag_report(b->diag, e->span, DIAG_MISSING_ARGUMENT, f->name,
                    f->least > 1 ? "second argument" : "argument");
        diag_note(b->diag, "%s: %s", f->name, f->help);
        return value_error();
    }
    return evaluate(b, frame, e, &args) ? f->call(b, &args) : value_error();
}

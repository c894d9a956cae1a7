/* Values of expressions while a description is elaborated. */
#ifndef FTM_LANG_VALUE_H
#define FTM_LANG_VALUE_H

#include "ast.h"
#include "net.h"

enum value_kind {
    VALUE_ERROR,  /* already reported: whatever uses it stays silent */
    VALUE_ABSENT, /* an optional argument that was not given */
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_BOOL,
    VALUE_STRING,
    VALUE_PERCENT,
    VALUE_EPOCHS,
    VALUE_SYMBOL, /* same, imagenet, random, or a word of a parameter */
    VALUE_LIST,
    VALUE_TENSOR, /* the value of a layer */
    VALUE_DECL,   /* a block or a model */
    VALUE_CALL    /* resize(224), sgd(lr = 0.1), ...: a bound call of calls.def */
};

struct bound_call;

/* Where a value comes from that a model got as an argument of the recipe, or a block of another file from the user's own: errors that
 * it makes there are placed here. */
struct origin {
    struct span span;   /* of the argument; of a default the call */
    const char *callee; /* the model or block */
    const char *name;   /* its parameter */
    bool is_default;
};

struct value {
    enum value_kind kind;
    int64_t integer;     /* INT, BOOL */
    double real;         /* FLOAT, PERCENT, EPOCHS */
    const char *text;    /* STRING, SYMBOL */
    struct value *items; /* LIST */
    uint32_t count;
    layer_id tensor;
    const struct decl *decl;
    struct bound_call *call;
    const struct origin *origin; /* or NULL; results of operators have none */
};

struct value value_int(int64_t v);
struct value value_float(double v);
struct value value_bool(bool v);
struct value value_error(void);
struct value value_tensor(layer_id id);

/* INT or FLOAT; its number. */
bool value_is_number(const struct value *v);
double value_number(const struct value *v);

/* The value as a user would write it, for messages. */
const char *value_text(struct arena *arena, const struct value *v);

/* Unary and binary operators on anything but tensors; reports at span. */
struct value value_unary(struct arena *arena, struct diag *diag, enum ast_op op,
                         const struct value *a, struct span span);
struct value value_binary(struct arena *arena, struct diag *diag, enum ast_op op,
                          const struct value *a, const struct value *b, struct span span);

#endif

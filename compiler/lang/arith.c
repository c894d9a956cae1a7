/* Operators on integers, numbers, truth values and strings. Integer arithmetic is checked: a shape
 * never wraps. */
#include "value.h"

#include <string.h>

static struct value operand_types(struct arena *arena, struct diag *diag, enum ast_op op,
                                  const struct value *a, const struct value *b, struct span span)
{
    const char *text = value_text(arena, a);
    if (b)
        text = arena_printf(arena, "%s and %s", text, value_text(arena, b));
    diag_report(diag, span, DIAG_OPERAND_TYPES, ast_op_text(op), text);
    return value_error();
}

struct value value_unary(struct arena *arena, struct diag *diag, enum ast_op op,
                         const struct value *a, struct span span)
{
    if (a->kind == VALUE_ERROR)
        return *a;
    if (op == AST_NOT && a->kind == VALUE_BOOL)
        return value_bool(!a->integer);
    if (op == AST_NEG && a->kind == VALUE_FLOAT)
        return value_float(-a->real);
    if (op == AST_NEG && a->kind == VALUE_INT && a->integer != INT64_MIN)
        return value_int(-a->integer);
    return operand_types(arena, diag, op, a, NULL, span);
}

/* a << b as a * 2^b. */
static bool shift(int64_t a, int64_t b, int64_t *out)
{
    *out = 0;
    return b < 0 || b > 62 || __builtin_mul_overflow(a, (int64_t)1 << b, out);
}

static struct value integer_op(struct diag *diag, enum ast_op op, int64_t a, int64_t b,
                               struct span span)
{
    int64_t v = 0;
    bool overflow = false;
    if ((op == AST_DIV || op == AST_MOD) && b == 0) {
        diag_report(diag, span, DIAG_DIVISION_BY_ZERO);
        return value_error();
    }
    if (op == AST_ADD)
        overflow = __builtin_add_overflow(a, b, &v);
    else if (op == AST_SUB)
        overflow = __builtin_sub_overflow(a, b, &v);
    else if (op == AST_MUL)
        overflow = __builtin_mul_overflow(a, b, &v);
    else if (op == AST_SHL)
        overflow = shift(a, b, &v);
    else if (a == INT64_MIN && b == -1)
        overflow = true;
    else
        v = op == AST_DIV ? a / b : a % b;
    if (!overflow)
        return value_int(v);
    diag_report(diag, span, DIAG_INTEGER_OVERFLOW, ast_op_text(op));
    return value_error();
}

static struct value real_op(struct arena *arena, struct diag *diag, enum ast_op op,
                            const struct value *a, const struct value *b, struct span span)
{
    double x = value_number(a), y = value_number(b);
    if (op == AST_ADD)
        return value_float(x + y);
    if (op == AST_SUB)
        return value_float(x - y);
    if (op == AST_MUL)
        return value_float(x * y);
    if (op != AST_DIV)
        return operand_types(arena, diag, op, a, b, span);
    if (y != 0)
        return value_float(x / y);
    diag_report(diag, span, DIAG_DIVISION_BY_ZERO);
    return value_error();
}

/* The order of two values of one kind: -1, 0, 1; 2 if they cannot be compared. */
static int compare(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return (a->integer > b->integer) - (a->integer < b->integer);
    if (value_is_number(a) && value_is_number(b))
        return (value_number(a) > value_number(b)) - (value_number(a) < value_number(b));
    if (a->kind != b->kind)
        return 2;
    if (a->kind == VALUE_BOOL)
        return a->integer == b->integer ? 0 : 3;
    if (a->kind == VALUE_STRING || a->kind == VALUE_SYMBOL)
        return strcmp(a->text, b->text) == 0 ? 0 : 3;
    return a->kind == VALUE_DECL ? (a->decl == b->decl ? 0 : 3) : 2;
}

/* 3: different, but without an order. */
static struct value comparison(struct arena *arena, struct diag *diag, enum ast_op op,
                               const struct value *a, const struct value *b, struct span span)
{
    int order = compare(a, b);
    bool equality = op == AST_EQ || op == AST_NE, number = value_is_number(a) && value_is_number(b);
    if (order == 2 || (!equality && !number))
        return operand_types(arena, diag, op, a, b, span);
    if (equality)
        return value_bool((order == 0) == (op == AST_EQ));
    if (op == AST_LT || op == AST_GT)
        return value_bool(op == AST_LT ? order < 0 : order > 0);
    return value_bool(op == AST_LE ? order <= 0 : order >= 0);
}

struct value value_binary(struct arena *arena, struct diag *diag, enum ast_op op,
                          const struct value *a, const struct value *b, struct span span)
{
    if (a->kind == VALUE_ERROR || b->kind == VALUE_ERROR)
        return value_error();
    if (op >= AST_EQ && op <= AST_GE)
        return comparison(arena, diag, op, a, b, span);
    if (op == AST_AND || op == AST_OR)
        return a->kind == VALUE_BOOL && b->kind == VALUE_BOOL
                   ? value_bool(op == AST_AND ? a->integer && b->integer : a->integer || b->integer)
                   : operand_types(arena, diag, op, a, b, span);
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return integer_op(diag, op, a->integer, b->integer, span);
    if (value_is_number(a) && value_is_number(b))
        return real_op(arena, diag, op, a, b, span);
    return operand_types(arena, diag, op, a, b, span);
}

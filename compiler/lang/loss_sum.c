/* Sums of losses: `0.3 * cross_entropy() + 0.7 * sigmoid_focal()`. */
#include "recipe_reader.h"

#include <math.h>
#include <string.h>

static bool is_operator(const struct expr *e, enum ast_op op)
{
    return e->kind == EXPR_BINARY && e->op == op;
}

static bool is_loss(const struct expr *e)
{
    const struct ftmrt_call_info *info =
        e->kind == EXPR_CALL || e->kind == EXPR_NAME ? ftmrt_call_find(e->text) : NULL;
    return info && info->category == FTMRT_CATEGORY_LOSS;
}

/* The side of a product that is no factor. */
static const struct expr *loss_side(const struct expr *product)
{
    return is_loss(product->a) ? product->a : product->b;
}

const struct expr *first_loss(const struct expr *e)
{
    while (is_operator(e, AST_ADD) || is_operator(e, AST_MUL))
        e = e->op == AST_ADD ? e->a : loss_side(e);
    return e;
}

/* ---- reading ---- */

struct loss_terms {
    struct recipe_reader *r;
    struct frame *scope;
    VEC(struct ftmrt_call) calls;
    VEC(double) factors;
};

static bool read_factor(struct loss_terms *t, const struct expr *e, double *factor)
{
    const struct value v = eval(t->r->builder, t->scope, e);
    if (v.kind == VALUE_ERROR)
        return false;
    *factor = value_is_number(&v) ? value_number(&v) : NAN;
    if (*factor > 0 && isfinite(*factor))
        return true;
    diag_report(t->r->diag, e->span, DIAG_BAD_VALUE, "the factor of a loss", "a number above 0",
                value_text(t->r->arena, &v));
    return false;
}

static const char *operator_text(const struct expr *e)
{
    return e->kind == EXPR_UNARY     ? "a negative one"
           : is_operator(e, AST_SUB) ? "a difference"
           : is_operator(e, AST_DIV) ? "a quotient"
           : is_operator(e, AST_ADD) ? "a factor of a sum"
           : e->kind == EXPR_BINARY  ? "such an expression"
                                     : NULL;
}

static bool read_term(struct loss_terms *t, const struct expr *e)
{
    const struct expr *call = is_operator(e, AST_MUL) ? loss_side(e) : e;
    double factor = 1;
    if (operator_text(call)) {
        diag_report(t->r->diag, call->span, DIAG_LOSS_TERM, operator_text(call));
        diag_note(t->r->diag, "write it as in `0.3 * cross_entropy() + 0.7 * sigmoid_focal()`");
        return false;
    }
    if (call != e && !read_factor(t, call == e->a ? e->b : e->a, &factor))
        return false;
    const struct bound_call *bound =
        setting_call(t->r->builder, t->scope, call, FTMRT_CATEGORY_LOSS, "'loss'");
    if (!bound)
        return false;
    vec_push(t->r->arena, &t->calls, plain_call(t->r->arena, bound));
    vec_push(t->r->arena, &t->factors, factor);
    return true;
}

static bool read_terms(struct loss_terms *t, const struct expr *e)
{
    if (!is_operator(e, AST_ADD))
        return read_term(t, e);
    const bool left = read_terms(t, e->a), right = read_terms(t, e->b);
    return left && right;
}

void read_loss(struct recipe_reader *r, struct frame *scope, const struct ftmrt_param_info *p,
               const struct recipe_stmt *stmt)
{
    const struct expr *e = stmt->values->list.at[0];
    struct ftmrt_arg *loss = recipe_setting(r->recipe, FTMRT_PARAM_finetune_loss);
    struct loss_terms t = {.r = r, .scope = scope};
    if (stmt->values->list.len > 1 || !operator_text(e)) {
        read_key(r, scope, p, stmt, loss);
    } else if (read_terms(&t, e)) {
        *loss = (struct ftmrt_arg){FTMRT_ARG_CALLS, t.calls.len, {.calls = t.calls.at}};
        *recipe_setting(r->recipe, FTMRT_PARAM_finetune_loss_factors) =
            (struct ftmrt_arg){FTMRT_ARG_NUMBERS, t.factors.len, {.numbers = t.factors.at}};
    }
}

/* ---- what goes together ---- */

static const char *vector_text(const struct ftmrt_call *loss)
{
    static const char *const texts[] = {[FTMRT_VECTOR_NUMBERS] = "any",
                                        [FTMRT_VECTOR_SHARES] = "a yes or no each",
                                        [FTMRT_VECTOR_DISTRIBUTION] = "a distribution"};
    return texts[ftmrt_loss_info(loss->id)->vector];
}

/* Arguments that make a mean of a loss whose samples have weights. */
static void check_weights(struct recipe_reader *r, const struct ftmrt_call *loss, struct span span)
{
    static const char *const weighing[] = {"weight", "ignore_index"};
    for (size_t i = 0; i < sizeof weighing / sizeof *weighing; i++) {
        const struct ftmrt_arg *a = ftmrt_call_named(loss, weighing[i]);
        if (a && a->kind != FTMRT_ARG_NONE)
            diag_report(r->diag, span, DIAG_LOSS_SUM_WEIGHT, weighing[i],
                        ftmrt_call_info(loss->id)->name);
    }
}

void check_loss_sum(struct recipe_reader *r, enum ftmrt_label_kind kind, struct span span)
{
    const struct ftmrt_arg *losses = recipe_losses(r->recipe);
    const struct ftmrt_call *first = losses->calls;
    for (uint32_t i = 0; losses->count > 1 && i < losses->count; i++) {
        const struct ftmrt_call *loss = &losses->calls[i];
        check_weights(r, loss, span);
        if (kind == FTMRT_LABEL_VECTOR &&
            ftmrt_loss_info(loss->id)->vector != ftmrt_loss_info(first->id)->vector)
            diag_report(r->diag, span, DIAG_LOSS_SUM_LABELS, ftmrt_call_info(first->id)->name,
                        ftmrt_call_info(loss->id)->name, vector_text(first), vector_text(loss));
    }
}

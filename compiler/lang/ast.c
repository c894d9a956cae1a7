/* Constructors of the syntax tree. They keep the depth of every node, so that a tree too deep for
 * the recursive walks of the elaborator is refused here, once, with its place. */
#include "ast.h"

#include <string.h>

#include "parse.h"

/* The depth above its children; past the limit a report, and a flat result so that the walks stay
 * safe. */
static uint32_t depth_above(struct parser *p, uint32_t depth, struct span span)
{
    if (depth < AST_MAX_DEPTH)
        return depth + 1;
    if (!p->too_deep)
        diag_report(p->diag, span, DIAG_NESTING, AST_MAX_DEPTH);
    p->too_deep = true;
    return depth + 1;
}

static uint32_t max(uint32_t a, uint32_t b) { return a > b ? a : b; }

struct expr *ast_expr(struct parser *p, enum expr_kind kind, struct place place)
{
    struct expr *e = arena_new(p->arena, struct expr);
    e->kind = kind;
    e->span = parser_span(p, place);
    e->depth = 1;
    return e;
}

struct expr *ast_unary(struct parser *p, enum ast_op op, struct expr *a, struct place place)
{
    struct expr *e = ast_expr(p, EXPR_UNARY, place);
    e->op = op;
    e->a = a;
    e->depth = depth_above(p, a->depth, e->span);
    return e;
}

struct expr *ast_binary(struct parser *p, enum ast_op op, struct expr *a, struct expr *b,
                        struct place place)
{
    struct expr *e = ast_expr(p, EXPR_BINARY, place);
    e->op = op;
    e->a = a;
    e->b = b;
    e->depth = depth_above(p, max(a->depth, b->depth), e->span);
    return e;
}

struct expr *ast_if(struct parser *p, struct expr *then, struct expr *cond, struct expr *other,
                    struct place place)
{
    struct expr *e = ast_expr(p, EXPR_IF, place);
    e->a = then;
    e->b = cond;
    e->c = other;
    e->depth = depth_above(p, max(then->depth, max(cond->depth, other->depth)), e->span);
    return e;
}

struct expr *ast_attr(struct parser *p, struct expr *a, const char *name, struct place place)
{
    struct expr *e = ast_expr(p, EXPR_ATTR, place);
    e->a = a;
    e->text = name;
    e->depth = depth_above(p, a->depth, e->span);
    return e;
}

struct expr *ast_index(struct parser *p, struct expr *a, struct expr *b, struct place place)
{
    struct expr *e = ast_expr(p, EXPR_INDEX, place);
    e->a = a;
    e->b = b;
    e->depth = depth_above(p, max(a->depth, b->depth), e->span);
    return e;
}

struct expr *ast_list(struct parser *p, struct exprs *items, struct place place)
{
    struct expr *e = ast_expr(p, EXPR_LIST, place);
    uint32_t depth = 0;
    for (uint32_t i = 0; i < items->list.len; i++)
        depth = max(depth, items->list.at[i]->depth);
    e->items = items;
    e->depth = depth_above(p, depth, e->span);
    return e;
}

struct expr *ast_tuple(struct parser *p, struct expr *first, const struct exprs *rest,
                       struct place place)
{
    struct exprs *items = arena_new(p->arena, struct exprs);
    const char *text = parser_text(p, place);
    vec_push(p->arena, &items->list, first);
    for (uint32_t i = 0; i < rest->list.len; i++)
        vec_push(p->arena, &items->list, rest->list.at[i]);
    diag_report(p->diag, parser_span(p, place), DIAG_SYNTAX,
                arena_printf(p->arena, "a list stands in [ ]: write [%.*s]", (int)strlen(text) - 2,
                             text + 1));
    return ast_list(p, items, place);
}

struct expr *ast_call(struct parser *p, const char *name, struct args *args,
                      struct place name_place)
{
    struct expr *e = ast_expr(p, EXPR_CALL, name_place);
    uint32_t depth = 0;
    for (uint32_t i = 0; i < args->list.len; i++)
        depth = max(depth, args->list.at[i].value->depth);
    e->text = name;
    e->args = args;
    e->depth = depth_above(p, depth, e->span);
    return e;
}

struct expr *ast_labelled(struct parser *p, struct label *label, struct expr *call)
{
    uint32_t depth = call->depth;
    for (uint32_t i = 0; i < label->parts.len; i++)
        if (label->parts.at[i].expr)
            depth = max(depth, depth_above(p, label->parts.at[i].expr->depth, label->span));
    call->label = label;
    call->depth = depth;
    return call;
}

struct expr *ast_path(struct parser *p, const char *text, struct place place)
{
    const char *dot = strchr(text, '.');
    struct place part = place;
    part.end = place.begin + (uint32_t)(dot - text);
    struct expr *e = ast_expr(p, EXPR_NAME, part);
    e->text = arena_strndup(p->arena, text, (size_t)(dot - text));
    while (dot) {
        const char *name = dot + 1;
        dot = strchr(name, '.');
        size_t size = dot ? (size_t)(dot - name) : strlen(name);
        part.end = place.begin + (uint32_t)(name - text) + (uint32_t)size;
        e = ast_attr(p, e, arena_strndup(p->arena, name, size), part);
    }
    return e;
}

struct stmt *ast_stmt(struct parser *p, enum stmt_kind kind, struct place place)
{
    struct stmt *s = arena_new(p->arena, struct stmt);
    s->kind = kind;
    s->span = parser_span(p, place);
    return s;
}

static uint32_t body_depth(const struct stmts *body)
{
    uint32_t depth = 0;
    for (uint32_t i = 0; body && i < body->list.len; i++) {
        const struct stmt *s = body->list.at[i];
        depth = max(depth, max(s->body ? s->body->depth : 0, s->other ? s->other->depth : 0));
    }
    return depth;
}

struct stmt *ast_bodies(struct parser *p, struct stmt *s, struct stmts *body, struct stmts *other)
{
    body->depth = depth_above(p, body_depth(body), s->span);
    if (other)
        other->depth = depth_above(p, body_depth(other), s->span);
    s->body = body;
    s->other = other;
    return s;
}

struct recipe_stmt *ast_recipe(struct parser *p, enum recipe_kind kind, const char *name,
                               struct place name_place, struct place whole)
{
    struct recipe_stmt *s = arena_new(p->arena, struct recipe_stmt);
    s->kind = kind;
    s->name = name;
    s->name_span = parser_span(p, name_place);
    s->span = parser_span(p, whole);
    s->text = parser_text(p, whole);
    return s;
}

struct decl *ast_decl(struct parser *p, enum decl_kind kind, const char *name, struct place place)
{
    struct decl *d = arena_new(p->arena, struct decl);
    d->kind = kind;
    d->name = name;
    d->span = parser_span(p, place);
    return d;
}

void ast_check_kind(struct parser *p, const char *word, struct place place)
{
    if (!strcmp(word, "type"))
        return;
    diag_report(p->diag, parser_span(p, place), DIAG_SYNTAX,
                arena_printf(p->arena, "'%s(...)' selects nothing", word));
    diag_note(p->diag,
              "a pattern is a name, a string with * or **, or type(kind), as in type(batch_norm)");
}

const char *ast_op_text(enum ast_op op)
{
    static const char *const texts[] = {
        [AST_ADD] = "+",   [AST_SUB] = "-",  [AST_MUL] = "*",   [AST_DIV] = "/",
        [AST_MOD] = "%",   [AST_SHL] = "<<", [AST_EQ] = "==",   [AST_NE] = "!=",
        [AST_LT] = "<",    [AST_LE] = "<=",  [AST_GT] = ">",    [AST_GE] = ">=",
        [AST_AND] = "and", [AST_OR] = "or",  [AST_NOT] = "not", [AST_NEG] = "-",
    };
    return texts[op];
}

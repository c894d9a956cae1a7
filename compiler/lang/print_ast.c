/* The syntax tree as S-expressions, for --emit=ast: operators and calls in prefix form, a statement
 * a line, bodies indented. It shows how the text was understood (precedence, labels, what belongs
 * to which block), nothing else. */
#include "lang.h"

#include <inttypes.h>

#include "ast.h"
#include "parse.h"
#include "str.h"

struct printer {
    struct strbuf b;
    int indent;
};

static void add_expr(struct printer *p, const struct expr *e);

static void add_string(struct printer *p, const char *s)
{
    strbuf_addc(&p->b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            strbuf_addc(&p->b, '\\');
        strbuf_addc(&p->b, *s);
    }
    strbuf_addc(&p->b, '"');
}

static void add_list(struct printer *p, const struct exprs *list)
{
    for (uint32_t i = 0; list && i < list->list.len; i++) {
        if (i)
            strbuf_addc(&p->b, ' ');
        add_expr(p, list->list.at[i]);
    }
}

static void add_label(struct printer *p, const struct label *label)
{
    for (uint32_t i = 0; i < label->parts.len; i++) {
        const struct label_part *part = &label->parts.at[i];
        if (part->text) {
            strbuf_add(&p->b, part->text);
            continue;
        }
        strbuf_addc(&p->b, '{');
        add_expr(p, part->expr);
        strbuf_addc(&p->b, '}');
    }
    strbuf_add(&p->b, ": ");
}

static void add_call(struct printer *p, const struct expr *e)
{
    strbuf_addc(&p->b, '(');
    if (e->label)
        add_label(p, e->label);
    strbuf_add(&p->b, e->text);
    for (uint32_t i = 0; e->args && i < e->args->list.len; i++) {
        const struct arg *a = &e->args->list.at[i];
        strbuf_addc(&p->b, ' ');
        if (a->name)
            strbuf_addf(&p->b, "%s=", a->name);
        add_expr(p, a->value);
    }
    strbuf_addc(&p->b, ')');
}

/* (text a b c), the operands that there are. */
static void add_prefix(struct printer *p, const char *text, const struct expr *const *operands,
                       uint32_t count)
{
    strbuf_addf(&p->b, "(%s", text);
    for (uint32_t i = 0; i < count; i++) {
        strbuf_addc(&p->b, ' ');
        add_expr(p, operands[i]);
    }
    strbuf_addc(&p->b, ')');
}

static void add_expr(struct printer *p, const struct expr *e)
{
    if (!e) {
        strbuf_add(&p->b, "?");
        return;
    }
    switch (e->kind) {
    case EXPR_INT: strbuf_addf(&p->b, "%" PRId64, e->integer); return;
    case EXPR_FLOAT: strbuf_add_double(&p->b, e->real); return;
    case EXPR_STRING: add_string(p, e->text); return;
    case EXPR_BOOL: strbuf_add(&p->b, e->integer ? "true" : "false"); return;
    case EXPR_PERCENT:
        strbuf_add_double(&p->b, e->real);
        strbuf_addc(&p->b, '%');
        return;
    case EXPR_EPOCHS:
        strbuf_add_double(&p->b, e->real);
        strbuf_add(&p->b, " epochs");
        return;
    case EXPR_FACTOR:
        strbuf_add_double(&p->b, e->real);
        strbuf_addc(&p->b, 'x');
        return;
    case EXPR_NAME: strbuf_add(&p->b, e->text); return;
    case EXPR_ATTR:
        add_expr(p, e->a);
        strbuf_addf(&p->b, ".%s", e->text);
        return;
    case EXPR_INDEX: add_prefix(p, "index", (const struct expr *const[]){e->a, e->b}, 2); return;
    case EXPR_LIST:
        strbuf_addc(&p->b, '[');
        add_list(p, e->items);
        strbuf_addc(&p->b, ']');
        return;
    case EXPR_CALL: add_call(p, e); return;
    case EXPR_UNARY:
        add_prefix(p, ast_op_text(e->op), (const struct expr *const[]){e->a}, 1);
        return;
    case EXPR_BINARY:
        add_prefix(p, ast_op_text(e->op), (const struct expr *const[]){e->a, e->b}, 2);
        return;
    case EXPR_IF: add_prefix(p, "if", (const struct expr *const[]){e->b, e->a, e->c}, 3); return;
    }
}

static void start_line(struct printer *p)
{
    if (p->b.len)
        strbuf_addc(&p->b, '\n');
    for (int i = 0; i < p->indent; i++)
        strbuf_add(&p->b, "  ");
}

/* ---- blocks and models ---- */

static void add_stmts(struct printer *p, const struct stmts *body);

static void add_stmt(struct printer *p, const struct stmt *s)
{
    static const char *const words[] = {[STMT_ASSIGN] = "=",
                                        [STMT_FOR] = "for",
                                        [STMT_IF] = "if",
                                        [STMT_RETURN] = "return",
                                        [STMT_OUTPUT] = "output"};
    start_line(p);
    strbuf_addf(&p->b, "(%s", words[s->kind]);
    if (s->name)
        strbuf_addf(&p->b, " %s", s->name);
    strbuf_addc(&p->b, ' ');
    add_expr(p, s->value);
    if (s->to) {
        strbuf_addc(&p->b, ' ');
        add_expr(p, s->to);
    }
    add_stmts(p, s->body);
    if (s->other) {
        start_line(p);
        strbuf_add(&p->b, "else");
        add_stmts(p, s->other);
    }
    strbuf_addc(&p->b, ')');
}

static void add_stmts(struct printer *p, const struct stmts *body)
{
    p->indent++;
    for (uint32_t i = 0; body && i < body->list.len; i++)
        add_stmt(p, body->list.at[i]);
    p->indent--;
}

static void add_params(struct printer *p, const struct params *params)
{
    strbuf_add(&p->b, " (");
    for (uint32_t i = 0; params && i < params->list.len; i++) {
        const struct param *q = &params->list.at[i];
        strbuf_addf(&p->b, "%s%s", i ? " " : "", q->name);
        if (q->dtype) {
            strbuf_addf(&p->b, ":%s[", q->dtype);
            add_list(p, q->dims);
            strbuf_addc(&p->b, ']');
        }
        if (q->value) {
            strbuf_addc(&p->b, '=');
            add_expr(p, q->value);
        }
    }
    strbuf_addc(&p->b, ')');
}

/* ---- finetune ---- */

static void add_recipe(struct printer *p, const struct recipe_stmts *list);

static void add_patterns(struct printer *p, const struct patterns *list)
{
    for (uint32_t i = 0; list && i < list->list.len; i++) {
        const struct pattern *q = &list->list.at[i];
        strbuf_addf(&p->b, q->is_kind ? " (type %s)" : " %s", q->text);
    }
}

static const char *recipe_word(enum recipe_kind kind)
{
    static const char *const words[] = {
        [RECIPE_SETTING] = "setting",
        [RECIPE_DATA] = "data",
        [RECIPE_TRANSFORM] = "transform",
        [RECIPE_PHASE] = "phase",
        [RECIPE_TEACHER] = "teacher",
        [RECIPE_SEARCH] = "search",
        [RECIPE_OVER] = "over",
        [RECIPE_REPLACE] = "replace",
        [RECIPE_INSERT_AFTER] = "insert-after",
        [RECIPE_INSERT_BEFORE] = "insert-before",
        [RECIPE_REMOVE] = "remove",
        [RECIPE_ADAPT] = "adapt",
        [RECIPE_SET] = "set",
        [RECIPE_FREEZE] = "freeze",
        [RECIPE_FREEZE_STATISTICS] = "freeze-statistics",
        [RECIPE_GROUP] = "group",
        [RECIPE_TRAIN] = "train",
        [RECIPE_FROM] = "from",
        [RECIPE_STRIP] = "strip",
        [RECIPE_RENAME] = "rename",
        [RECIPE_SKIP] = "skip",
    };
    return words[kind];
}

static bool named(enum recipe_kind kind)
{
    return kind != RECIPE_DATA && kind != RECIPE_SEARCH && kind != RECIPE_FREEZE &&
           kind != RECIPE_FREEZE_STATISTICS && kind != RECIPE_TRAIN && kind != RECIPE_GROUP &&
           kind != RECIPE_ADAPT;
}

static void add_recipe_stmt(struct printer *p, const struct recipe_stmt *s)
{
    start_line(p);
    strbuf_addf(&p->b, "(%s", recipe_word(s->kind));
    if (s->name && named(s->kind))
        strbuf_addf(&p->b, " %s", s->name);
    if (s->other)
        strbuf_addf(&p->b, " %s", s->other);
    add_patterns(p, s->patterns);
    if (s->values && s->values->list.len) {
        strbuf_addc(&p->b, ' ');
        add_list(p, s->values);
    }
    add_recipe(p, s->items);
    strbuf_addc(&p->b, ')');
}

static void add_recipe(struct printer *p, const struct recipe_stmts *list)
{
    p->indent++;
    for (uint32_t i = 0; list && i < list->list.len; i++)
        add_recipe_stmt(p, list->list.at[i]);
    p->indent--;
}

/* ---- files ---- */

static void add_decl(struct printer *p, const struct decl *d)
{
    static const char *const words[] = {
        [DECL_IMPORT] = "import",       [DECL_BLOCK] = "block",
        [DECL_MODEL] = "model",         [DECL_PREPROCESS] = "preprocess",
        [DECL_PUBLISHED] = "published", [DECL_FINETUNE] = "finetune"};
    start_line(p);
    strbuf_addf(&p->b, "(%s ", words[d->kind]);
    if (d->kind == DECL_IMPORT)
        add_string(p, d->name);
    else
        strbuf_add(&p->b, d->name);
    if (d->base)
        strbuf_addf(&p->b, " = %s", d->base);
    if (d->kind == DECL_BLOCK || d->kind == DECL_MODEL)
        add_params(p, d->params);
    if (d->preset) {
        strbuf_addc(&p->b, ' ');
        add_expr(p, d->preset);
    }
    if (d->steps) {
        strbuf_addc(&p->b, ' ');
        add_list(p, d->steps);
    }
    add_stmts(p, d->body);
    add_recipe(p, d->recipe);
    strbuf_addc(&p->b, ')');
}

bool lang_print_ast(struct arena *arena, struct diag *diag, const char *path, FILE *out)
{
    const struct source *source = parse_load(arena, diag, path, SPAN_NONE);
    if (!source)
        return false;
    const uint32_t errors = diag->errors;
    const struct decls *decls = parse_source(arena, diag, source);
    struct printer p = {.indent = 0};
    strbuf_init(&p.b, arena);
    for (uint32_t i = 0; decls && i < decls->list.len; i++)
        add_decl(&p, decls->list.at[i]);
    if (p.b.len)
        fprintf(out, "%s\n", p.b.text);
    return diag->errors == errors;
}

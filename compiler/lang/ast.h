/* The syntax tree of .ftm files: what grammar/ftm.y builds and the elaborator walks.
 *
 * A file is a list of declarations (import, block, model, preprocess, published, finetune). Nodes live in the
 * arena of the compilation and are never changed after parsing, except by -D overrides (define.c).
 * Every node knows its place and its depth: trees deeper than AST_MAX_DEPTH are refused while
 * parsing, so that all later walks may recurse. */
#ifndef FTM_LANG_AST_H
#define FTM_LANG_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "diag.h"
#include "vec.h"

enum { AST_MAX_DEPTH = 100 };

/* A range of a source text as the scanner sees it; spans for diagnostics are made from it. */
struct place {
    uint32_t line, column; /* of the first byte, from 1 */
    uint32_t begin, end;   /* byte offsets */
};

enum expr_kind {
    EXPR_INT,     /* 3 */
    EXPR_FLOAT,   /* 0.1 */
    EXPR_STRING,  /* "a" */
    EXPR_BOOL,    /* true */
    EXPR_PERCENT, /* 20% */
    EXPR_EPOCHS,  /* 1 epoch */
    EXPR_FACTOR,  /* 0.1x */
    EXPR_NAME,    /* width */
    EXPR_ATTR,    /* x.channels: a = x */
    EXPR_INDEX,   /* depths[s]: a = depths, b = s */
    EXPR_LIST,    /* [1, 2] */
    EXPR_CALL,    /* label: name(args) */
    EXPR_UNARY,   /* -a, not a */
    EXPR_BINARY,  /* a + b */
    EXPR_IF       /* a if b else c */
};

enum ast_op {
    AST_ADD,
    AST_SUB,
    AST_MUL,
    AST_DIV,
    AST_MOD,
    AST_SHL,
    AST_EQ,
    AST_NE,
    AST_LT,
    AST_LE,
    AST_GT,
    AST_GE,
    AST_AND,
    AST_OR,
    AST_NOT,
    AST_NEG
};

struct expr;

/* A dotted label with interpolations: literal texts and expressions in turn. */
struct label_part {
    const char *text; /* NULL for an expression */
    struct expr *expr;
};

struct label {
    VEC(struct label_part) parts;
    struct span span;
};

struct arg {
    const char *name; /* NULL: by position */
    struct expr *value;
    struct span span;
};

struct args {
    VEC(struct arg) list;
};

struct exprs {
    VEC(struct expr *) list;
};

struct expr {
    enum expr_kind kind;
    enum ast_op op; /* UNARY, BINARY */
    struct span span;
    uint32_t depth;
    int64_t integer;  /* INT, BOOL */
    double real;      /* FLOAT, PERCENT, EPOCHS, FACTOR */
    const char *text; /* STRING, NAME; CALL: the callee; ATTR: the attribute */
    struct expr *a, *b, *c;
    struct args *args;   /* CALL */
    struct exprs *items; /* LIST */
    struct label *label; /* CALL, or NULL */
};

enum stmt_kind { STMT_ASSIGN, STMT_FOR, STMT_IF, STMT_RETURN, STMT_OUTPUT };

struct stmt;
struct stmts {
    VEC(struct stmt *) list;
    uint32_t depth;
};

struct stmt {
    enum stmt_kind kind;
    struct span span;
    const char *name;        /* ASSIGN, FOR (the variable), OUTPUT */
    struct expr *value, *to; /* ASSIGN, RETURN, OUTPUT: value; IF: condition; FOR: value ..< to */
    struct stmts *body, *other; /* FOR, IF; else */
};

/* A parameter of a block or model: `image: f32[3, H, W]`, `classes = 1000`, `width`. */
struct param {
    const char *name;
    const char *dtype;  /* NULL: untyped */
    struct exprs *dims; /* of a typed one: integers, or names to bind */
    struct expr *value; /* default, or NULL */
    struct span span;
};

struct params {
    VEC(struct param) list;
};

/* What freeze and train select. */
struct pattern {
    const char *text; /* a path, a pattern, or the kind in type(kind) */
    bool is_kind;
    struct span span;
};

struct patterns {
    VEC(struct pattern) list;
};

enum recipe_kind {
    RECIPE_SETTING,      /* name = values, with an optional block of items (weights) */
    RECIPE_DATA,         /* data { items } */
    RECIPE_TRANSFORM,    /* transform name = values */
    RECIPE_PHASE,        /* phase name { items } */
    RECIPE_TEACHER,      /* teacher name { items } */
    RECIPE_SEARCH,       /* search { items } */
    RECIPE_OVER,         /* in it: over path = values */
    RECIPE_REPLACE,      /* replace name with call */
    RECIPE_INSERT_AFTER, /* insert label: call after name */
    RECIPE_INSERT_BEFORE,
    RECIPE_REMOVE, /* remove name */
    RECIPE_ADAPT,  /* adapt patterns with call */
    RECIPE_SET,    /* set name.attr = value */
    RECIPE_FREEZE,
    RECIPE_FREEZE_STATISTICS,
    RECIPE_GROUP, /* group patterns { items }: factors */
    RECIPE_TRAIN,
    RECIPE_KEEP,   /* --keep: what stays open of a network that only predicts */
    RECIPE_FROM,   /* in weights: from "name" */
    RECIPE_STRIP,  /* strip "name" */
    RECIPE_RENAME, /* rename "name" to "other" */
    RECIPE_SKIP    /* skip "name" */
};

struct recipe_stmt;
struct recipe_stmts {
    VEC(struct recipe_stmt *) list;
};

struct recipe_stmt {
    enum recipe_kind kind;
    struct span span; /* of the whole statement's first line */
    const char *name, *other;
    struct span name_span;
    struct exprs *values; /* SETTING, TRANSFORM; SET and edits: one element */
    struct patterns *patterns;
    struct recipe_stmts *items;
    const char *text; /* as written, white space collapsed */
};

enum decl_kind {
    DECL_IMPORT,
    DECL_BLOCK,
    DECL_MODEL,
    DECL_PREPROCESS,
    DECL_PUBLISHED,
    DECL_FINETUNE
};

struct decl {
    enum decl_kind kind;
    const char *name;            /* IMPORT: the path */
    struct span span;            /* of the name */
    struct params *params;       /* BLOCK, MODEL */
    struct stmts *body;          /* BLOCK, MODEL; NULL for a preset */
    struct expr *preset;         /* MODEL: `= call`, or NULL */
    struct exprs *steps;         /* PREPROCESS */
    const char *text;            /* PREPROCESS: the steps as written */
    struct recipe_stmts *recipe; /* FINETUNE; PUBLISHED: its items */
    const char *base;            /* FINETUNE: the recipe that it is over, or NULL */
    struct span base_span;
    bool damaged; /* statements were lost to syntax errors: what is missing is not reported */
};

struct decls {
    VEC(struct decl *) list;
};

struct parser;

/* Constructors, called by the parser's actions. One that would exceed the depth limit reports it
 * once. */
struct expr *ast_expr(struct parser *p, enum expr_kind kind, struct place place);
struct expr *ast_unary(struct parser *p, enum ast_op op, struct expr *a, struct place place);
struct expr *ast_binary(struct parser *p, enum ast_op op, struct expr *a, struct expr *b,
                        struct place place);
struct expr *ast_if(struct parser *p, struct expr *then, struct expr *cond, struct expr *other,
                    struct place place);
struct expr *ast_attr(struct parser *p, struct expr *a, const char *name, struct place place);
struct expr *ast_index(struct parser *p, struct expr *a, struct expr *b, struct place place);
struct expr *ast_list(struct parser *p, struct exprs *items, struct place place);
/* A list in parentheses, as Python writes tuples: reported, and read as the list that it means. */
struct expr *ast_tuple(struct parser *p, struct expr *first, const struct exprs *rest,
                       struct place place);
struct expr *ast_call(struct parser *p, const char *name, struct args *args,
                      struct place name_place);
struct expr *ast_labelled(struct parser *p, struct label *label, struct expr *call);
/* x.channels as one token: a name and its attributes. */
struct expr *ast_path(struct parser *p, const char *text, struct place place);
struct stmt *ast_stmt(struct parser *p, enum stmt_kind kind, struct place place);
/* Sets the body and the else part of a statement. */
struct stmt *ast_bodies(struct parser *p, struct stmt *s, struct stmts *body, struct stmts *other);
struct recipe_stmt *ast_recipe(struct parser *p, enum recipe_kind kind, const char *name,
                               struct place name_place, struct place whole);
struct decl *ast_decl(struct parser *p, enum decl_kind kind, const char *name, struct place place);

/* Reports unless the word before (kind) in a pattern is `type`. */
void ast_check_kind(struct parser *p, const char *word, struct place place);

/* "+", "==", "and", ...: for messages. */
const char *ast_op_text(enum ast_op op);

#endif

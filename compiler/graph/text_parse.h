/* What the parts of the text reader share: the parser's state and its small steps. Every step that
 * fails has reported why and returns false. */
#ifndef FTM_GRAPH_TEXT_PARSE_H
#define FTM_GRAPH_TEXT_PARSE_H

#include "graph.h"
#include "map.h"
#include "text_lex.h"

struct parser {
    struct arena *arena;
    struct diag *diag;
    struct lexer lexer;
    struct token token; /* the next one */
    struct program *program;
    struct graph *graph; /* the function being read */
    struct map values;   /* its values: name -> value id + 1 */
};

/* The largest size or other integer in a text. */
#define PARSER_MAX_SIZE (INT64_C(1) << 40)

void parser_advance(struct parser *p);

/* Takes the next token if it is this character or word. */
bool parser_take(struct parser *p, char c);
bool parser_take_word(struct parser *p, const char *word);

/* Takes the next token, which must be this. */
bool parser_want(struct parser *p, char c);
bool parser_want_word(struct parser *p, const char *word);

/* Reports that something else was expected; returns false. */
bool parser_expected(struct parser *p, const char *what);

/* Reports a name that is in no table, with the nearest of the candidates; returns false. */
bool parser_unknown(struct parser *p, const char *what, const char *const *candidates,
                    size_t count);

bool parser_name(struct parser *p, const char **name); /* a word or a string */
bool parser_quoted(struct parser *p, const char **text);
bool parser_int(struct parser *p, const char *what, int64_t least, int64_t most, int64_t *v);
bool parser_float(struct parser *p, double *v);
bool parser_bool(struct parser *p, bool *v);
bool parser_ints(struct parser *p, const char *what, int64_t *v, int count); /* [1, 2] */
bool parser_floats(struct parser *p, double *v, int count);
/* [1, 2, 3], any number of them; in the program's arena. */
bool parser_list(struct parser *p, const char *what, struct int_list *list);
bool parser_shape(struct parser *p, struct shape *s);
bool parser_dtype(struct parser *p, enum ftmrt_dtype *dtype);
bool parser_type(struct parser *p, struct type *t);
bool parser_layout(struct parser *p, enum ftmrt_layout *layout);
bool parser_role(struct parser *p, enum ftmrt_role *role);
bool parser_value(struct parser *p, value_id *v); /* a defined %value of the function */

/* A shape of a state must not have too many elements. */
bool parser_shape_fits(struct parser *p, struct span span, const char *name, const struct shape *s);

/* One node of the function. */
bool parser_node(struct parser *p);

#endif

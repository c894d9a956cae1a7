/* Tokens of the text form. */
#ifndef FTM_GRAPH_TEXT_LEX_H
#define FTM_GRAPH_TEXT_LEX_H

#include "diag.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,   /* conv2d, true, train.1 */
    TOKEN_NUMBER, /* -1, 1e-05 */
    TOKEN_STRING, /* "image", without its quotes */
    TOKEN_VALUE,  /* %12, without the sign */
    TOKEN_STATE,  /* @fc.weight or @"any text", without the sign */
    TOKEN_PUNCTUATION,
    TOKEN_INVALID
};

struct token {
    enum token_kind kind;
    const char *text; /* of a punctuation: one character */
    struct span span;
};

struct lexer {
    struct arena *arena;
    const struct source *source;
    const char *at, *end, *line_start;
    uint32_t line;
};

void lexer_init(struct lexer *x, struct arena *arena, const struct source *source);

/* The next token; TOKEN_END again and again at the end. */
struct token lexer_next(struct lexer *x);

#endif

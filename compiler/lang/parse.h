/* From text to syntax tree: the state that scanner (grammar/ftm.l) and parser (grammar/ftm.y)
 * share. */
#ifndef FTM_LANG_PARSE_H
#define FTM_LANG_PARSE_H

#include "ast.h"

enum { PARSE_MAX_SIZE = 4 << 20, PARSE_MAX_BRACKETS = 256 };

/* What is parsed: delivered as the first token. */
enum parse_start { PARSE_STARTED, PARSE_FILE, PARSE_VALUES };

/* Scanner and parser are reentrant; this is all of their state. */
struct parser {
    struct arena *arena;
    struct diag *diag;
    const struct source *source;
    enum parse_start start;
    struct place at;                   /* of the scanner */
    int last;                          /* token before: decides whether a line end counts */
    char brackets[PARSE_MAX_BRACKETS]; /* open '(' '[' '{', and 'i' for an interpolation in a label
                                        */
    uint32_t bracket_count;
    bool too_deep;        /* reported */
    bool damaged;         /* a statement of the declaration being parsed was lost */
    bool fatal;           /* the scanner gave up */
    bool single_quotes;   /* reported: the other strings in single quotes are of that kind, too */
    struct decls *decls;  /* result of a file */
    struct exprs *values; /* result of values alone */
};

struct span parser_span(const struct parser *p, struct place place);
/* A statement's text with white space and comments collapsed to single blanks. */
const char *parser_text(const struct parser *p, struct place place);
/* The value of a string token's text (without its quotes); reports bad escapes. */
const char *parser_string(struct parser *p, const char *text, size_t size, struct place place);
/* Tracks brackets so that line ends inside ( ) and [ ] are white space. false: too many are open
 * (reported). */
bool parser_open(struct parser *p, char bracket);
/* Pops what a closing bracket closes; returns the opener or 0. */
char parser_close(struct parser *p, char bracket);
/* Forgets open ( and [, so that the next line end counts again. */
void parser_unwind(struct parser *p);
/* After a syntax error in a statement. */
void parser_recover(struct parser *p);

/* Parses a whole file. Declarations that could be understood are returned even after errors, which
 * are reported. */
struct decls *parse_source(struct arena *arena, struct diag *diag, const struct source *source);

/* Parses the values of a setting (-D), at least one; NULL after a report. */
struct exprs *parse_values(struct arena *arena, struct diag *diag, const struct source *source);

/* Reads a file into a source; NULL after a report at span. */
const struct source *parse_load(struct arena *arena, struct diag *diag, const char *path,
                                struct span span);

#endif

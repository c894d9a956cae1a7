/* Words of C that the parts of the printer of tables share. */
#ifndef FTM_CODEGEN_TABLES_WORDS_H
#define FTM_CODEGEN_TABLES_WORDS_H

#include "recipe.h"
#include "str.h"

/* A string literal, cut into lines behind its own line breaks and where it is long; NULL of NULL. */
void tables_add_string(struct strbuf *out, const char *text);

/* A double that reads back as itself. */
void tables_add_number(struct strbuf *out, double v);

/* The definition of `recipe`. */
enum tables_link {
    TABLES_LINK_NOTHING,    /* who calls the entries brings inputs */
    TABLES_LINK_EVALUATION, /* the transforms of evaluation */
    TABLES_LINK_ALL         /* and those of training */
};
void tables_print_recipe(struct strbuf *out, const struct ftmrt_recipe *r, enum tables_link link);

#endif

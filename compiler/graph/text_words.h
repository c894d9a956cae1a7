/* Words of the text form that its printer and its reader share. */
#ifndef FTM_GRAPH_TEXT_WORDS_H
#define FTM_GRAPH_TEXT_WORDS_H

#include <stdbool.h>

#include "ftmrt.h"

/* Whether a character may stand in a name without quotes. */
bool text_word_char(char c);

/* The words of enum ftmrt_state_kind, ftmrt_init, ftmrt_role and ftmrt_entry_kind; NULL past the last. */
const char *text_kind_word(unsigned kind);
const char *text_init_word(unsigned init);
const char *text_role_word(unsigned role);
const char *text_entry_word(unsigned kind);

/* The kind of a function that says none: EVAL of one called "eval", PREDICT of others. */
enum ftmrt_entry_kind text_kind_by_name(const char *function);

#endif

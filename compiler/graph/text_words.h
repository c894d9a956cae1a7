/* Words of the text form that its printer and its reader share. */
#ifndef FTM_GRAPH_TEXT_WORDS_H
#define FTM_GRAPH_TEXT_WORDS_H

#include <stdbool.h>

/* Whether a character may stand in a name without quotes. */
bool text_word_char(char c);

/* The words of enum ftmrt_state_kind and enum ftmrt_init; NULL past the last. */
const char *text_kind_word(unsigned kind);
const char *text_init_word(unsigned init);

#endif

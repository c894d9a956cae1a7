/* Words of command lines that are printed for people to paste. */
#ifndef FTMRT_SHELL_WORD_H
#define FTMRT_SHELL_WORD_H

#include <stddef.h>

/* Writes a word as a POSIX shell reads it back: as it is, or in single quotes where it has blanks or characters that mean something to
 * a shell. As snprintf: at most size bytes with the final 0; returns the length of the whole. */
size_t shell_word(const char *word, char *out, size_t size);

#endif

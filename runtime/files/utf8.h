/* Texts that need not be UTF-8, as names of files are. */
#ifndef FTMRT_UTF8_H
#define FTMRT_UTF8_H

#include <stddef.h>

#define UTF8_UNKNOWN "\xef\xbf\xbd" /* U+FFFD */

/* The length of the character that begins here, by RFC 3629; 0: none does. */
size_t utf8_length(const char *text);

#endif

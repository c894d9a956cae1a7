/* The values of pickle protocols 0 and 1, which are written as text. Each function gives false for a text that Python would
 * not have written; the text needs no end mark. Strings become UTF-8 in the arena. */
#ifndef FTM_WEIGHTS_PICKLE_TEXT_H
#define FTM_WEIGHTS_PICKLE_TEXT_H

#include "pickle.h"

/* "-12" or "12L": an INT, or beyond 64 bits a LONG (little-endian two's complement), of at most 64 digits. */
bool pickle_parse_integer(struct arena *arena, const unsigned char *text, size_t length,
                          struct pickle_value *out);

/* "-2.5", "1e-05", "nan". */
bool pickle_parse_float(const unsigned char *text, size_t length, struct pickle_value *out);

/* A string as Python's repr has it: 'it\'s'. */
bool pickle_parse_string(struct arena *arena, const unsigned char *text, size_t length,
                         struct pickle_value *out);

/* Latin-1 with \uXXXX and \UXXXXXXXX. */
bool pickle_parse_unicode(struct arena *arena, const unsigned char *text, size_t length,
                          struct pickle_value *out);

#endif

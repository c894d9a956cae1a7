/* Texts that need not be UTF-8, as names of files are, in JSON, which must be. */
#ifndef FTMRT_APP_UTF8_JSON_H
#define FTMRT_APP_UTF8_JSON_H

#include <jansson.h>

/* The text; bytes that are no UTF-8 become U+FFFD, as many characters. */
json_t *utf8_json(const char *text);

/* Sets object[key] to the name; of one that is not UTF-8 also object[key_bytes] to all of its bytes in hexadecimal. */
void utf8_json_name(json_t *object, const char *key, const char *name);

#endif

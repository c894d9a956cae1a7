/* UTF-8 by RFC 3629. */
#include "utf8_json.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static bool continues(unsigned char c) { return (c & 0xc0) == 0x80; }

/* The length of the character that begins here, or 0: none does. */
static size_t character(const unsigned char *s)
{
    const unsigned char c = s[0];
    const size_t length = c < 0x80   ? 1
                          : c < 0xc2 ? 0
                          : c < 0xe0 ? 2
                          : c < 0xf0 ? 3
                          : c < 0xf5 ? 4
                                     : 0;
    for (size_t i = 1; i < length; i++)
        if (!continues(s[i]))
            return 0;
    const bool too_long = (c == 0xe0 && s[1] < 0xa0) || (c == 0xf0 && s[1] < 0x90),
               none = (c == 0xed && s[1] >= 0xa0) || (c == 0xf4 && s[1] >= 0x90);
    return too_long || none ? 0 : length;
}

static bool is_utf8(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        const size_t length = character(s);
        if (!length)
            return false;
        s += length;
    }
    return true;
}

json_t *utf8_json(const char *text)
{
    static const char unknown[] = "\xef\xbf\xbd"; /* U+FFFD */
    char *clean = app_alloc(3 * strlen(text) + 1, 1), *out = clean;
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        const size_t length = character(s);
        memcpy(out, length ? (const void *)s : unknown, length ? length : 3);
        out += length ? length : 3;
        s += length ? length : 1;
    }
    json_t *value = json_string(clean);
    free(clean);
    return value;
}

static json_t *bytes_json(const char *text)
{
    const size_t length = strlen(text);
    char *hex = app_alloc(2 * length + 1, 1);
    for (size_t i = 0; i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned)(unsigned char)text[i]);
    json_t *value = json_string(hex);
    free(hex);
    return value;
}

void utf8_json_name(json_t *object, const char *key, const char *name)
{
    json_object_set_new(object, key, utf8_json(name));
    if (is_utf8(name))
        return;
    char *bytes_key = app_format("%s_bytes", key);
    json_object_set_new(object, bytes_key, bytes_json(name));
    free(bytes_key);
}

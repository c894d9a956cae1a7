#include "utf8_json.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "utf8.h"

static bool is_utf8(const char *text)
{
    while (*text) {
        const size_t length = utf8_length(text);
        if (!length)
            return false;
        text += length;
    }
    return true;
}

json_t *utf8_json(const char *text)
{
    char *clean = app_alloc(3 * strlen(text) + 1, 1), *out = clean;
    while (*text) {
        const size_t length = utf8_length(text);
        memcpy(out, length ? text : UTF8_UNKNOWN, length ? length : 3);
        out += length ? length : 3;
        text += length ? length : 1;
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

/* Sentences without stdio: what ftmx_error says. */
#include "embed.h"

#include <string.h>

struct text {
    char *at, *end; /* end: where the last byte must be 0 */
};

static void add(struct text *t, const char *bytes, size_t count)
{
    for (; count > 0 && t->at < t->end; count--)
        *t->at++ = *bytes++;
    *t->at = '\0';
}

void text_number(char text[24], uint64_t value)
{
    char digits[24];
    size_t from = sizeof digits;
    do
        digits[--from] = (char)('0' + value % 10);
    while (value /= 10);
    memcpy(text, digits + from, sizeof digits - from);
    text[sizeof digits - from] = '\0';
}

void text_hash(char text[17], uint64_t hash)
{
    for (int i = 0; i < 16; i++)
        text[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    text[16] = '\0';
}

static void add_number(struct text *t, int64_t value)
{
    char digits[24];
    text_number(digits, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    if (value < 0)
        add(t, "-", 1);
    add(t, digits, strlen(digits));
}

void text_format(char *out, size_t size, const char *format, va_list args)
{
    struct text t = {out, out + size - 1};
    *out = '\0';
    while (*format) {
        if (*format != '%') {
            add(&t, format++, 1);
            continue;
        }
        if (format[1] == 's') {
            const char *text = va_arg(args, const char *);
            add(&t, text, strlen(text));
        } else {
            add_number(&t, va_arg(args, int64_t));
        }
        format += 2;
    }
}

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

static void add_number(struct text *t, int64_t value)
{
    char digits[24];
    size_t from = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        digits[--from] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        digits[--from] = '-';
    add(t, digits + from, sizeof digits - from);
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

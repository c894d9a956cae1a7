/* Texts of pickle protocols 0 and 1; see pickle_text.h and Python's Lib/pickletools.py. */
#include "pickle_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

enum { MAX_DIGITS = 64, MAX_BYTES = 32 };

/* Two's complement of `digits`, little-endian; the bytes that are used, so that the sign shows. */
static size_t big_integer(const unsigned char *digits, size_t count, bool negative,
                          unsigned char *bytes)
{
    memset(bytes, 0, MAX_BYTES);
    for (size_t i = 0; i < count; i++) {
        unsigned carry = digits[i] - '0';
        for (size_t k = 0; k < MAX_BYTES; k++) {
            carry += bytes[k] * 10U;
            bytes[k] = (unsigned char)carry;
            carry >>= 8;
        }
    }
    unsigned carry = negative;
    for (size_t k = 0; negative && k < MAX_BYTES; k++) {
        carry += (unsigned char)~bytes[k];
        bytes[k] = (unsigned char)carry;
        carry >>= 8;
    }
    const unsigned char fill = negative ? 0xff : 0;
    size_t used = MAX_BYTES;
    while (used > 1 && bytes[used - 1] == fill && (bytes[used - 2] & 0x80) == (fill & 0x80))
        used--;
    return used;
}

bool pickle_parse_integer(struct arena *arena, const unsigned char *text, size_t length,
                          struct pickle_value *out)
{
    unsigned char bytes[MAX_BYTES];
    if (length && text[length - 1] == 'L')
        length--;
    const bool negative = length && *text == '-';
    text += negative;
    length -= negative;
    if (length == 0 || length > MAX_DIGITS)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit(text[i]))
            return false;
    }
    const size_t used = big_integer(text, length, negative, bytes);
    if (used > 8) {
        *out = (struct pickle_value){.kind = PICKLE_LONG};
        out->text = arena_strndup(arena, (const char *)bytes, used);
        out->length = used;
        return true;
    }
    uint64_t number = 0;
    for (size_t i = 8; i-- > 0;)
        number = number << 8 | bytes[i];
    *out = (struct pickle_value){.kind = PICKLE_INT, .integer = (int64_t)number};
    return true;
}

bool pickle_parse_float(const unsigned char *text, size_t length, struct pickle_value *out)
{
    char copy[64], *end;
    if (length == 0 || length >= sizeof copy || isspace(*text))
        return false;
    memcpy(copy, text, length);
    copy[length] = 0;
    *out = (struct pickle_value){.kind = PICKLE_FLOAT, .real = strtod(copy, &end)};
    return end == copy + length;
}

/* `count` hexadecimal digits. */
static bool parse_hex(const unsigned char *text, size_t length, size_t count, uint32_t *out)
{
    *out = 0;
    if (count > length)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!isxdigit(text[i]))
            return false;
        const unsigned digit = isdigit(text[i]) ? text[i] - 0U - '0' : (text[i] | 32U) - 'a' + 10U;
        *out = *out << 4 | digit;
    }
    return true;
}

static void add_utf8(struct strbuf *b, uint32_t c)
{
    if (c < 0x80) {
        strbuf_addc(b, (char)c);
        return;
    }
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
    strbuf_addc(b, (char)(heads[more] | c >> (6 * more)));
    for (int i = more - 1; i >= 0; i--)
        strbuf_addc(b, (char)(0x80 | (c >> (6 * i) & 0x3f)));
}

static void finish(struct strbuf *b, struct pickle_value *out)
{
    strbuf_add(b, "");
    *out = (struct pickle_value){.kind = PICKLE_TEXT};
    out->text = b->text;
    out->length = b->len;
}

/* The escape behind a backslash; the bytes that it takes, or 0. */
static size_t string_escape(const unsigned char *text, size_t length, char *out)
{
    static const char from[] = "\\'\"nrtabfv", to[] = "\\'\"\n\r\t\a\b\f\v";
    uint32_t code;
    const char *known = length && *text ? strchr(from, *text) : NULL;
    if (known) {
        *out = to[known - from];
        return 1;
    }
    if (!length || *text != 'x' || !parse_hex(text + 1, length - 1, 2, &code))
        return 0;
    *out = (char)code;
    return 3;
}

bool pickle_parse_string(struct arena *arena, const unsigned char *text, size_t length,
                         struct pickle_value *out)
{
    if (length < 2 || (*text != '\'' && *text != '"') || text[length - 1] != *text)
        return false;
    struct strbuf b;
    strbuf_init(&b, arena);
    for (size_t i = 1; i < length - 1; i++) {
        char c = (char)text[i];
        if (c == '\\') {
            const size_t used = string_escape(text + i + 1, length - 2 - i, &c);
            if (!used)
                return false;
            i += used;
        }
        strbuf_addc(&b, c);
    }
    finish(&b, out);
    return true;
}

bool pickle_parse_unicode(struct arena *arena, const unsigned char *text, size_t length,
                          struct pickle_value *out)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    for (size_t i = 0; i < length; i++) {
        uint32_t c = text[i];
        const size_t left = length - i - 1;
        const size_t digits =
            c == '\\' && left && (text[i + 1] | 32) == 'u' ? (text[i + 1] == 'u' ? 4 : 8) : 0;
        if (digits) {
            if (!parse_hex(text + i + 2, left - 1, digits, &c) || c > 0x10ffff)
                return false;
            i += digits + 1;
        }
        add_utf8(&b, c);
    }
    finish(&b, out);
    return true;
}

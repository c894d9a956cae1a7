#include "json_stream.h"

#include <string.h>

/* ---- bytes ---- */

static bool fill(struct json_stream *s)
{
    if (s->used < s->count)
        return true;
    if (s->left == 0 || s->failed)
        return false;
    s->count = s->left < sizeof s->buffer ? (size_t)s->left : sizeof s->buffer;
    s->used = 0;
    s->failed = s->read(s->user, s->buffer, s->count) != 0;
    s->left -= s->count;
    if (s->failed)
        s->count = 0;
    return !s->failed;
}

static int next(struct json_stream *s) { return fill(s) ? s->buffer[s->used++] : -1; }

static bool fail(struct json_stream *s)
{
    s->wrong = true;
    return false;
}

int json_peek(struct json_stream *s)
{
    while (fill(s)) {
        const unsigned char c = s->buffer[s->used];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return c;
        s->used++;
    }
    return -1;
}

bool json_take(struct json_stream *s, char byte)
{
    if (json_peek(s) != (unsigned char)byte)
        return fail(s);
    s->used++;
    return true;
}

/* ---- strings ---- */

/* What is taken of a string; behind the last byte that fits it is only read. */
struct text {
    char *at;
    size_t size, used;
    bool fits;
};

static void add(struct text *t, uint32_t byte)
{
    t->fits = t->fits && t->used + 1 < t->size;
    if (t->fits)
        t->at[t->used++] = (char)(unsigned char)byte;
}

static void add_utf8(struct text *t, uint32_t code)
{
    if (code < 0x80) {
        add(t, code);
        return;
    }
    if (code < 0x800) {
        add(t, 0xc0 | code >> 6);
    } else if (code < 0x10000) {
        add(t, 0xe0 | code >> 12);
        add(t, 0x80 | (code >> 6 & 63));
    } else {
        add(t, 0xf0 | code >> 18);
        add(t, 0x80 | (code >> 12 & 63));
        add(t, 0x80 | (code >> 6 & 63));
    }
    add(t, 0x80 | (code & 63));
}

static int digit_of(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits; UINT32_MAX: there are not. */
static uint32_t take_unit(struct json_stream *s)
{
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        const int digit = digit_of(next(s));
        if (digit < 0)
            return UINT32_MAX;
        unit = unit << 4 | (uint32_t)digit;
    }
    return unit;
}

/* Behind \u: a character, or a pair of halves that make one (RFC 8259, section 7). No name has a NUL in it. */
static bool take_code(struct json_stream *s, struct text *t)
{
    const uint32_t first = take_unit(s);
    if (first == 0 || first == UINT32_MAX || (first >= 0xdc00 && first < 0xe000))
        return fail(s);
    if (first < 0xd800 || first >= 0xe000) {
        add_utf8(t, first);
        return true;
    }
    const bool escape = next(s) == '\\';
    if (!escape || next(s) != 'u')
        return fail(s);
    const uint32_t second = take_unit(s);
    if (second < 0xdc00 || second >= 0xe000)
        return fail(s);
    add_utf8(t, 0x10000 + ((first - 0xd800) << 10 | (second - 0xdc00)));
    return true;
}

static bool take_escape(struct json_stream *s, struct text *t)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const int c = next(s);
    if (c == 'u')
        return take_code(s, t);
    const char *at = c > 0 ? strchr(names, c) : NULL;
    if (!at)
        return fail(s);
    add(t, (unsigned char)values[at - names]);
    return true;
}

bool json_take_string(struct json_stream *s, char *text, size_t size, bool *fits)
{
    struct text t = {text, size, 0, true};
    if (!json_take(s, '"'))
        return false;
    for (int c = next(s); c != '"'; c = next(s)) {
        if (c < ' ')
            return fail(s);
        if (c != '\\')
            add(&t, (uint32_t)c);
        else if (!take_escape(s, &t))
            return false;
    }
    text[t.fits ? t.used : 0] = '\0';
    if (fits)
        *fits = t.fits;
    return true;
}

/* ---- numbers ---- */

bool json_take_natural(struct json_stream *s, uint64_t *value)
{
    const int first = json_peek(s);
    uint64_t found = 0, digits = 0;
    if (first < '0' || first > '9')
        return fail(s);
    while (fill(s) && s->buffer[s->used] >= '0' && s->buffer[s->used] <= '9') {
        const uint64_t digit = (uint64_t)(s->buffer[s->used++] - '0');
        if (found > (UINT64_MAX - digit) / 10 || (first == '0' && digits++ > 0))
            return fail(s);
        found = found * 10 + digit;
    }
    *value = found;
    return true;
}

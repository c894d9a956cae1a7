/* HTML as text. */
#include "html.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* ---- texts ---- */

/* What stands for a character of HTML's own, or NULL. */
static const char *entity(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

static bool is_control(unsigned char c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

void html_text(FILE *out, const char *text)
{
    while (*text) {
        const size_t length = utf8_length(text);
        if (!length || is_control((unsigned char)*text))
            fputs(UTF8_UNKNOWN, out);
        else if (entity(*text))
            fputs(entity(*text), out);
        else
            fwrite(text, 1, length, out);
        text += length ? length : 1;
    }
}

/* ---- markup ---- */

/* Writes the value of a conversion, which `at` begins behind its '%'; returns what is behind it. */
static const char *convert(FILE *out, const char *at, va_list *values)
{
    char *end = (char *)(uintptr_t)at;
    const int digits = *at == '.' ? (int)strtol(at + 1, &end, 10) : 6;
    if (*end == 's')
        html_text(out, va_arg(*values, const char *));
    else if (*end == 'd')
        fprintf(out, "%d", va_arg(*values, int));
    else if (*end == 'f')
        fprintf(out, "%.*f", digits, va_arg(*values, double));
    else if (*end == 'g')
        fprintf(out, "%.*g", digits, va_arg(*values, double));
    else if (!strncmp(end, "lld", 3))
        fprintf(out, "%lld", va_arg(*values, long long));
    else if (!strncmp(end, "zu", 2))
        fprintf(out, "%zu", va_arg(*values, size_t));
    else
        fputc('%', out);
    return end + (!strncmp(end, "lld", 3) ? 3 : !strncmp(end, "zu", 2) ? 2 : 1);
}

void html(FILE *out, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    while (*format) {
        const size_t plain = strcspn(format, "%");
        fwrite(format, 1, plain, out);
        format += plain;
        if (*format)
            format = convert(out, format + 1, &values);
    }
    va_end(values);
}

/* ---- pages ---- */

/* The policy keeps a browser from loading or running anything, whatever a page says. */
void html_begin(FILE *out, const char *title)
{
    html(
        out,
        "<!DOCTYPE html>\n"
        "<html lang=\"en\">\n"
        "<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
        "style-src 'unsafe-inline'\">\n"
        "<title>%s</title>\n"
        "<style>\n",
        title);
    page_style(out);
    fputs("</style>\n</head>\n<body>\n<main>\n", out);
}

void html_end(FILE *out) { fputs("</main>\n</body>\n</html>\n", out); }

/* Bytes as RFC 4648 writes them. */
static void write_base64(FILE *out, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        const size_t have = size - i < 3 ? size - i : 3;
        const unsigned b = (unsigned)bytes[i] << 16 | (have > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                           (have > 2 ? bytes[i + 2] : 0);
        fputc(digits[b >> 18], out);
        fputc(digits[b >> 12 & 63], out);
        fputc(have > 1 ? digits[b >> 6 & 63] : '=', out);
        fputc(have > 2 ? digits[b & 63] : '=', out);
    }
}

void html_png(FILE *out, const unsigned char *bytes, size_t size, int width, int height,
              const char *alt, bool pixels)
{
    fputs(pixels ? "<img class=\"pixels\"" : "<img", out);
    html(out, " width=\"%d\" height=\"%d\" alt=\"%s\" src=\"data:image/png;base64,", width, height,
         alt);
    write_base64(out, bytes, size);
    fputs("\">", out);
}

/* Names in columns of a terminal. */
#include "text_columns.h"

/* The length of a UTF-8 character and how many columns of a terminal it takes: none for combining
 * marks, two for East Asian wide ones and pictures (the ranges of Unicode's EastAsianWidth that
 * matter). */
static int character_columns(const char *text, int *length)
{
    unsigned char c = (unsigned char)*text;
    unsigned code = c < 0x80 ? c : c < 0xe0 ? c & 0x1fU : c < 0xf0 ? c & 0x0fU : c & 0x07U;
    int n = 1;
    for (; ((unsigned char)text[n] & 0xc0) == 0x80; n++)
        code = code << 6 | ((unsigned char)text[n] & 0x3fU);
    *length = n;
    static const struct {
        unsigned first, last;
        int columns;
    } ranges[] = {{0x0300, 0x036f, 0}, {0x200b, 0x200f, 0},   {0xfe00, 0xfe0f, 0},
                  {0x1100, 0x115f, 2}, {0x2e80, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},
                  {0xf900, 0xfaff, 2}, {0xfe30, 0xfe6f, 2},   {0xff01, 0xff60, 2},
                  {0xffe0, 0xffe6, 2}, {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return ranges[i].columns;
    return 1;
}

int columns_fitting(const char *text, int columns, int *used)
{
    int bytes = 0, length, wide;
    for (*used = 0; text[bytes]; bytes += length, *used += wide)
        if (*used + (wide = character_columns(text + bytes, &length)) > columns)
            break;
    return bytes;
}

void columns_print_name(const char *name, int columns, FILE *out)
{
    int used, bytes = columns_fitting(name, columns, &used);
    fprintf(out, "%*s%.*s", columns - used, "", bytes, name);
}

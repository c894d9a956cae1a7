/* Records of a CSV file, unquoted in place, and fields as it has them; see csv_file.h. */
#include "csv_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the file ---- */

/* A stream may be no file with a size (a pipe): it is read until it ends. */
static enum ftmrt_status read_stream(struct csv_file *c, FILE *f)
{
    size_t size = 0, room = 0;
    while (!feof(f)) {
        if (size + 1 >= room) {
            room = room ? 2 * room : (size_t)1 << 16;
            char *text = realloc(c->text, room);
            if (!text)
                return FTMRT_ERROR_MEMORY;
            c->text = text;
        }
        size += fread(c->text + size, 1, room - size - 1, f);
        if (ferror(f))
            return FTMRT_ERROR_IO;
    }
    c->text[size] = '\0';
    c->end = c->text + size;
    return FTMRT_OK;
}

enum ftmrt_status csv_file_open(struct csv_file *c, const char *path, char separator, char *error,
                                size_t error_size)
{
    *c = (struct csv_file){.next_line = 1, .separator = separator};
    FILE *f = fopen(path, "rb");
    enum ftmrt_status status = f ? read_stream(c, f) : FTMRT_ERROR_IO;
    if (status != FTMRT_OK)
        snprintf(error, error_size, "%s: %s", path,
                 strerror(status == FTMRT_ERROR_MEMORY ? ENOMEM : errno));
    if (f)
        fclose(f);
    if (status == FTMRT_OK && strlen(c->text) != (size_t)(c->end - c->text)) {
        snprintf(error, error_size, "%s: holds a byte 0, so it is no text", path);
        status = FTMRT_ERROR_FORMAT;
    }
    if (status != FTMRT_OK) {
        csv_file_close(c);
        return status;
    }
    c->at = c->text + (strncmp(c->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
    return FTMRT_OK;
}

void csv_file_close(struct csv_file *c)
{
    free(c->text);
    *c = (struct csv_file){0};
}

/* ---- records ---- */

static int fail(char *error, size_t error_size, const char *why)
{
    snprintf(error, error_size, "%s", why);
    return -1;
}

/* Whether a line ends here: at LF, at CRLF, at CR alone (as tables from a Macintosh have it), or with the file. */
static bool at_line_end(const struct csv_file *c)
{
    return c->at == c->end || *c->at == '\n' || *c->at == '\r';
}

static void skip_line_end(struct csv_file *c)
{
    c->at += c->at < c->end && *c->at == '\r';
    c->at += c->at < c->end && *c->at == '\n';
    c->next_line++;
}

/* Takes a quoted field's text to where it begins; c->at is behind the closing quote then. false: there is none. */
static bool take_quoted(struct csv_file *c)
{
    char *to = c->at++;
    for (; c->at < c->end; c->at++) {
        if (*c->at == '"' && c->at[1] != '"')
            break;
        c->at += *c->at == '"';
        c->next_line += *c->at == '\n';
        *to++ = *c->at;
    }
    if (c->at == c->end)
        return false;
    c->at++;
    *to = '\0';
    return true;
}

/* Takes a field; false: it is quoted and does not end, or something stands behind its quote. */
static bool take_field(struct csv_file *c, char **field)
{
    *field = c->at;
    if (*c->at == '"' && c->separator)
        return take_quoted(c) && (at_line_end(c) || *c->at == c->separator);
    while (!at_line_end(c) && *c->at != c->separator)
        c->at++;
    return true;
}

/* Ends the text of a field, whose end c->at was and may be a separator's or a line's place; whether another field follows. */
static bool end_field(struct csv_file *c)
{
    const bool more = c->at < c->end && *c->at == c->separator;
    char *end = c->at;
    if (more)
        c->at++;
    else
        skip_line_end(c);
    *end = '\0';
    return more;
}

static int take_record(struct csv_file *c, char *error, size_t error_size)
{
    int count = 0;
    for (bool more = true; more; count++) {
        if (count == CSV_MAX_FIELDS)
            return fail(error, error_size, "more fields than a table may have");
        if (!take_field(c, &c->fields[count]))
            return fail(error, error_size,
                        "a quoted field does not end, or something stands behind its quote");
        more = end_field(c);
    }
    return count;
}

int csv_file_next(struct csv_file *c, char *error, size_t error_size)
{
    while (c->at < c->end && at_line_end(c))
        skip_line_end(c);
    c->line = c->next_line;
    return c->at == c->end ? 0 : take_record(c, error, error_size);
}

void csv_write_field(FILE *f, const char *text)
{
    const bool quotes = strpbrk(text, ",\"\r\n") != NULL;
    if (quotes)
        fputc('"', f);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text, f);
    }
    if (quotes)
        fputc('"', f);
}

char csv_file_separator(const struct csv_file *c)
{
    static const char others[] = ";\t";
    const size_t line = strcspn(c->at, "\r\n");
    for (size_t i = 0; i < sizeof others - 1; i++)
        if (memchr(c->at, others[i], line) && !memchr(c->at, ',', line))
            return others[i];
    return ',';
}

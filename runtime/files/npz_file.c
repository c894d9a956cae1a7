/* NumPy's arrays in a zip archive. */
#include "npz_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Heads are written in multiples of 64 bytes, of which one or two are enough for what is read. */
enum { HEAD = 4096 };

static const char ending[] = ".npy";
enum { ENDING = sizeof ending - 1 };

static bool is_array(const struct zip_member *m)
{
    return m->name_length > ENDING && !memchr(m->name, 0, m->name_length) &&
           !memcmp(m->name + m->name_length - ENDING, ending, ENDING);
}

static char *copy(const char *text, size_t length)
{
    char *out = malloc(length + 1);
    if (out) {
        memcpy(out, text, length);
        out[length] = '\0';
    }
    return out;
}

/* ---- all arrays ---- */

static bool read_head(const struct npz_file *f, struct npz_array *a)
{
    unsigned char head[HEAD];
    char error[256];
    const size_t size = a->member.size < HEAD ? (size_t)a->member.size : HEAD;
    const char *why = zip_archive_read(&f->zip, &a->member, head, size);
    if (!why && !npy_header_read(&a->header, head, size, error, sizeof error))
        why = error;
    a->problem = why ? copy(why, strlen(why)) : NULL;
    return !why || a->problem;
}

static bool has_name(const struct npz_file *f, const struct zip_member *m)
{
    for (int i = 0; i < f->count; i++) {
        const struct zip_member *other = &f->arrays[i].member;
        if (other->name_length == m->name_length && !memcmp(other->name, m->name, m->name_length))
            return true;
    }
    return false;
}

/* Adds an array; NULL, or why not. */
static const char *add_array(struct npz_file *f, const struct zip_member *m)
{
    if (has_name(f, m))
        return "it has two arrays of one name";
    if (f->count == NPZ_MAX_ARRAYS)
        return "it has more arrays than 1024";
    struct npz_array *a = &f->arrays[f->count];
    *a = (struct npz_array){.name = copy(m->name, m->name_length - ENDING), .member = *m};
    if (!a->name)
        return "out of memory";
    f->count++;
    return read_head(f, a) ? NULL : "out of memory";
}

static const char *add_all(struct npz_file *f)
{
    struct zip_member m;
    bool damaged;
    f->arrays = calloc(NPZ_MAX_ARRAYS, sizeof *f->arrays);
    if (!f->arrays)
        return "out of memory";
    for (size_t at = 0; zip_archive_next(&f->zip, &at, &m, &damaged);) {
        const char *why = is_array(&m) ? add_array(f, &m) : NULL;
        if (why)
            return why;
    }
    return damaged ? "a damaged zip archive" : NULL;
}

enum ftmrt_status npz_open(struct npz_file *f, const char *path, char *error, size_t error_size)
{
    *f = (struct npz_file){0};
    const char *why = zip_archive_open(&f->zip, path);
    if (!why)
        why = add_all(f);
    if (!why && !f->count)
        why = "it has no arrays: it is a zip archive, but not one of numpy.savez";
    if (why)
        snprintf(error, error_size, "%s", why);
    return why ? FTMRT_ERROR_IO : FTMRT_OK;
}

void npz_close(struct npz_file *f)
{
    for (int i = 0; i < f->count; i++) {
        free(f->arrays[i].name);
        free(f->arrays[i].problem);
    }
    free(f->arrays);
    zip_archive_close(&f->zip);
    *f = (struct npz_file){0};
}

/* ---- one of them ---- */

/* Adds to a text as far as there is room. */
static void add_text(char *out, size_t size, const char *text)
{
    const size_t used = strlen(out);
    snprintf(out + used, size - used, "%s", text);
}

static void list_array(const struct npz_array *a, char *out, size_t size)
{
    char number[32];
    add_text(out, size, a->name);
    if (a->problem)
        return;
    add_text(out, size, " ");
    add_text(out, size, a->header.type);
    for (int i = 0; i < a->header.rank; i++) {
        snprintf(number, sizeof number, "%s%" PRId64, i ? ", " : " [", a->header.dim[i]);
        add_text(out, size, number);
    }
    add_text(out, size, a->header.rank ? "]" : " []");
}

void npz_list(const struct npz_file *f, char *out, size_t size)
{
    *out = '\0';
    for (int i = 0; i < f->count; i++) {
        add_text(out, size, i ? ", " : "");
        list_array(&f->arrays[i], out, size);
    }
}

const struct npz_array *npz_find(const struct npz_file *f, const char *name, char *error,
                                 size_t error_size)
{
    for (int i = 0; i < f->count; i++) {
        const struct npz_array *a = &f->arrays[i];
        if (strcmp(a->name, name) != 0)
            continue;
        if (a->problem)
            snprintf(error, error_size, "%s", a->problem);
        return a->problem ? NULL : a;
    }
    snprintf(error, error_size, "no array has this name; there are ");
    npz_list(f, error + strlen(error), error_size - strlen(error));
    return NULL;
}

const char *npz_read(const struct npz_file *f, const struct npz_array *a, void *out, size_t count)
{
    return zip_archive_read(&f->zip, &a->member, out, count);
}

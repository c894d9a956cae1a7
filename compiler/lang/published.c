#include "published.h"

#include <stddef.h>
#include <string.h>

#include "ast.h"
#include "file.h"
#include "import.h"
#include "shell_word.h"
#include "str.h"

enum { SHA256_DIGITS = 64, SHA256_LEAST = 8 };

struct key {
    const char *name;
    enum expr_kind kind;
    bool must;
    size_t offset;
};

static const struct key keys[] = {
#define FTM_PUBLISHED(key, kind, must, help)                                                       \
    {#key, EXPR_##kind, must, offsetof(struct published, key)},
#include "published.def"
};

enum { KEYS = sizeof keys / sizeof *keys };

/* ---- reading ---- */

static const struct key *find_key(const char *name)
{
    for (size_t i = 0; i < KEYS; i++)
        if (!strcmp(keys[i].name, name))
            return &keys[i];
    return NULL;
}

static void report_key(struct files *f, const struct recipe_stmt *s)
{
    const char *names[KEYS];
    for (size_t i = 0; i < KEYS; i++)
        names[i] = keys[i].name;
    diag_report(f->diag, s->name_span, DIAG_UNKNOWN_SETTING, s->name);
    const char *near = str_nearest(s->name, names, KEYS);
    if (near)
        diag_note(f->diag, "did you mean '%s'?", near);
}

static void set_key(struct published *p, const struct key *k, const struct expr *e)
{
    void *field = (char *)p + k->offset;
    if (k->kind == EXPR_STRING)
        *(const char **)field = e->text;
    else if (k->kind == EXPR_INT)
        *(int64_t *)field = e->integer;
    else if (k->kind == EXPR_PERCENT)
        *(double *)field = e->real;
    else
        *(bool *)field = e->integer != 0;
}

static const char *kind_text(enum expr_kind kind)
{
    return kind == EXPR_STRING    ? "a string"
           : kind == EXPR_INT     ? "an integer"
           : kind == EXPR_PERCENT ? "a percentage"
                                  : "true or false";
}

/* Hexadecimal digits, some or all. */
static bool is_sha256(const char *text)
{
    const size_t n = strlen(text);
    return strspn(text, "0123456789abcdef") == n && n >= SHA256_LEAST && n <= SHA256_DIGITS;
}

static void read_key(struct files *f, const struct recipe_stmt *s, struct published *p, bool *given)
{
    const struct key *k = s->kind == RECIPE_SETTING ? find_key(s->name) : NULL;
    const struct expr *e = k && s->values->list.len == 1 ? s->values->list.at[0] : NULL;
    if (s->kind != RECIPE_SETTING)
        diag_report(f->diag, s->name_span, DIAG_MISPLACED, "from, strip, rename or skip",
                    "`weights`");
    else if (!k)
        report_key(f, s);
    else if (given[k - keys])
        diag_report(f->diag, s->name_span, DIAG_DUPLICATE_SETTING, s->name);
    else if (!e || e->kind != k->kind)
        diag_report(f->diag, e ? e->span : s->name_span, DIAG_WRONG_TYPE,
                    arena_printf(f->arena, "'%s'", s->name), kind_text(k->kind),
                    e ? "something else" : "a list");
    else if (k == find_key("sha256") && !is_sha256(e->text))
        diag_report(f->diag, e->span, DIAG_BAD_VALUE, "'sha256'",
                    "8 to 64 of the digits 0 to 9 and a to f",
                    arena_printf(f->arena, "\"%s\"", e->text));
    else
        set_key(p, k, e);
    if (k)
        given[k - keys] = true;
}

static void report_missing(struct files *f, const struct decl *d, const char *key)
{
    diag_report(f->diag, d->span, DIAG_MISSING_ARGUMENT, d->name, key);
}

/* A file is at an address, or in a package; an accuracy is of something, and somebody says it. */
static void check_together(struct files *f, const struct decl *d, const struct published *p)
{
    if (!p->url && !p->package)
        report_missing(f, d, "url");
    if (p->package && !p->file)
        report_missing(f, d, "file");
    if (p->accuracy > 0 && !p->task)
        report_missing(f, d, "task");
    if (p->accuracy > 0 && !p->source)
        report_missing(f, d, "source");
}

const struct published *published_read(struct files *f, const struct decl *d)
{
    const uint32_t errors = f->diag->errors;
    bool given[KEYS] = {false};
    struct published *p = arena_new(f->arena, struct published);
    p->name = d->name;
    for (uint32_t i = 0; i < d->recipe->list.len; i++)
        read_key(f, d->recipe->list.at[i], p, given);
    for (size_t i = 0; i < KEYS && f->diag->errors == errors; i++)
        if (keys[i].must && !given[i])
            report_missing(f, d, keys[i].name);
    if (f->diag->errors == errors)
        check_together(f, d, p);
    return f->diag->errors == errors ? p : NULL;
}

/* ---- commands ---- */

const char *published_name(const struct published *p)
{
    return file_base(p->url ? p->url : p->file);
}

/* A text as one word of a shell. */
static const char *word(struct arena *arena, const char *text)
{
    const size_t size = shell_word(text, NULL, 0) + 1;
    char *out = arena_alloc(arena, size);
    shell_word(text, out, size);
    return out;
}

const char *published_fetch(struct arena *arena, const struct published *p, const char *path)
{
    if (p->url)
        return arena_printf(arena, "curl -Lo %s %s", word(arena, path), word(arena, p->url));
    return arena_printf(
        arena, "python3 -m pip install --no-deps --target packages %s && mv packages/%s %s",
        word(arena, p->package), word(arena, p->file), word(arena, path));
}

const char *published_check(struct arena *arena, const struct published *p, const char *path)
{
    return arena_printf(arena, "sha256sum %s | grep ^%s", word(arena, path), p->sha256);
}

bool published_is_whole(const struct published *p) { return strlen(p->sha256) == SHA256_DIGITS; }

void published_advise(struct diag *diag, const struct published *p, const char *path)
{
    diag_note(diag, "the published weights of %s are at %s", p->name, p->url ? p->url : p->package);
    diag_note(diag, "fetch them: %s", published_fetch(diag->arena, p, path));
    diag_note(diag, "check them: %s", published_check(diag->arena, p, path));
}

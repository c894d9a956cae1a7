/* Names of classes, compared. */
#include "picture_labels.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

/* ---- names that look alike ---- */

/* The base letters of U+00C0 to U+00FF, in lower case. */
static const char bases[] = "aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo/ouuuuyty";

/* The next letter of a name without case and accents, of whatever form; 0 at the end. */
static int next_letter(const unsigned char **at)
{
    const unsigned char *c = *at;
    while ((c[0] == 0xcc && c[1] >= 0x80) || (c[0] == 0xcd && c[1] >= 0x80 && c[1] < 0xb0))
        c += 2; /* combining marks, U+0300 to U+036F */
    const bool accented = c[0] == 0xc3 && c[1] >= 0x80;
    *at = c + (*c ? 1 + accented : 0);
    if (accented)
        return (unsigned char)bases[c[1] - 0x80];
    return *c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c;
}

static bool look_alike(const char *a, const char *b)
{
    const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;
    int letter, other;
    do {
        letter = next_letter(&x);
        other = next_letter(&y);
    } while (letter && letter == other);
    return letter == other;
}

/* ---- labels ---- */

/* The number that a text is, if it is one of a class. */
static int32_t number_of(const char *name, int64_t classes)
{
    char *end;
    const long value = strtol(name, &end, 10);
    return end != name && !*end && value >= 0 && value < classes ? (int32_t)value : -1;
}

/* A label by its name; cells of tables may have its number. */
static int32_t label_of(const struct source_want *want, const char *name, bool numbers)
{
    for (int64_t k = 0; k < want->classes; k++)
        if (!strcmp(want->labels[k], name))
            return (int32_t)k;
    return numbers ? number_of(name, want->classes) : -1;
}

enum { MOST_NAMES = 20 };

/* "'a', 'b'": at most some of them; to be freed. */
static char *name_list(const char *const *names, int64_t count)
{
    char *text = app_strdup("");
    for (int64_t i = 0; i < count && i < MOST_NAMES; i++) {
        char *more = app_format("%s%s'%s'", text, i ? ", " : "", names[i]);
        free(text);
        text = more;
    }
    char *all = app_format("%s%s", text, count > MOST_NAMES ? ", ..." : "");
    free(text);
    return all;
}

static void say_alike(const struct source_want *want, const char *name)
{
    for (int64_t k = 0; k < want->classes; k++)
        if (look_alike(want->labels[k], name))
            report_note("'%s' and the program's '%s' differ in case or accents only: rename the "
                        "folder, or write `rename \"%s\" to \"%s\"` in `data`",
                        name, want->labels[k], name, want->labels[k]);
}

static bool report_unknown(const struct source_want *want, const char *place,
                           const char *const *names, int64_t count)
{
    char *unknown = name_list(names, count),
         *known = name_list((const char *const *)want->labels, want->classes);
    report_error(
        "%s: the program has no class %s; it has %lld: %s; compile it again for other classes, "
        "or leave some out: `skip \"%s\"` in `data`",
        place, unknown, (long long)want->classes, known, names[0]);
    for (int64_t i = 0; i < count; i++)
        say_alike(want, names[i]);
    free(unknown);
    free(known);
    return false;
}

/* A yes or no that no column says is none. */
static bool check_columns(const struct listing *l, const char *place,
                          const struct source_want *want)
{
    for (int64_t k = 0; l->form == LISTING_NUMBERS && k < want->classes; k++) {
        int32_t i = 0;
        while (i < l->class_count && strcmp(l->classes[i], want->labels[k]) != 0)
            i++;
        if (i == l->class_count)
            return report_error("%s: no column of `label` is '%s', which the program has", place,
                                want->labels[k]);
    }
    return true;
}

bool picture_labels(int32_t *labels, const struct listing *l, const char *place,
                    const struct source_want *want)
{
    const char **unknown = app_alloc((size_t)l->class_count, sizeof *unknown);
    int64_t count = 0;
    for (int32_t i = 0; i < l->class_count && !want->unlabelled; i++) {
        labels[i] = label_of(want, l->classes[i], l->form != LISTING_NUMBERS);
        if (labels[i] < 0)
            unknown[count++] = l->classes[i];
    }
    const bool ok =
        count ? report_unknown(want, place, unknown, count) : check_columns(l, place, want);
    free(unknown);
    return ok;
}

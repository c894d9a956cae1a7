/* What a result must be. */
#include "requirement.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* A figure, of all or of a class, and the least or most that it may be. */
struct requirement {
    char *figure, *class_; /* class_: NULL where it is of all */
    bool least;
    double value;
};

static void free_requirement(struct requirement *r)
{
    free(r->figure);
    free(r->class_);
}

static char *piece(const char *from, const char *to)
{
    return app_format("%.*s", (int)(to - from), from);
}

/* "recall(cat)": the figure and the class between its outermost brackets. */
static bool take_figure(const char *from, const char *to, struct requirement *r)
{
    const char *open = memchr(from, '(', (size_t)(to - from));
    if (open && to[-1] != ')')
        return false;
    r->figure = piece(from, open ? open : to);
    r->class_ = open ? piece(open + 1, to - 1) : NULL;
    return *r->figure && (!open || *r->class_);
}

/* The last >= or <= of a text that ends at `end`, behind which the number stands: class names may have such signs. */
static const char *find_sign(const char *text, const char *end)
{
    for (const char *p = end; p > text + 1; p--)
        if ((p[-2] == '>' || p[-2] == '<') && p[-1] == '=')
            return p - 2;
    return NULL;
}

static bool parse(const char *text, const char *end, struct requirement *r)
{
    const char *sign = find_sign(text, end);
    char *stop = NULL;
    *r = (struct requirement){.least = sign && *sign == '>'};
    if (!sign || !take_figure(text, sign, r))
        return false;
    r->value = strtod(sign + 2, &stop);
    return stop == end && stop != sign + 2;
}

/* Where a requirement ends: at the next comma that a figure follows, as class names may have some; NULL: the list has ended. */
static const char *end_of(const char *text)
{
    for (const char *end = text + strcspn(text, ",");; end += 1 + strcspn(end + 1, ",")) {
        struct requirement r;
        const bool whole = parse(text, end, &r);
        free_requirement(&r);
        if (whole || !*end)
            return whole ? end : NULL;
    }
}

bool requirements_check(const char *list)
{
    for (const char *text = list;;) {
        const char *end = end_of(text);
        if (!end)
            return report_error("--require %s: write a figure, >= or <=, and a number, as in "
                                "accuracy>=0.97 or recall(cat)>=0.9; several with commas",
                                text);
        if (!*end)
            return true;
        text = end + 1;
    }
}

/* The object of a class in the result; NULL: there is none of that name. */
static const json_t *class_of(const json_t *result, const char *name)
{
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(result, "classes"), i, one)
    {
        const char *known = json_string_value(json_object_get(one, "class"));
        if (known && !strcmp(known, name))
            return one;
    }
    return NULL;
}

/* Names of figures, for a message; allocated. */
static char *figures_of(const json_t *object)
{
    char *text = app_strdup("");
    const char *key;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (!json_is_number(value))
            continue;
        char *more = app_format("%s%s%s", text, *text ? ", " : "", key);
        free(text);
        text = more;
    }
    return text;
}

static bool meets(const struct requirement *r, const json_t *result)
{
    const json_t *from = r->class_ ? class_of(result, r->class_) : result;
    const json_t *figure = from ? json_object_get(from, r->figure) : NULL;
    if (!from)
        return report_error("--require: there is no class '%s'", r->class_);
    if (!json_is_number(figure)) {
        char *known = figures_of(from);
        report_error("--require: there is no figure '%s'; there are: %s", r->figure, known);
        free(known);
        return false;
    }
    const double found = json_number_value(figure);
    if (r->least ? found >= r->value : found <= r->value)
        return true;
    return report_error("%s%s%s%s is %.6g, and %s %.6g is required", r->figure,
                        r->class_ ? " of '" : "", r->class_ ? r->class_ : "", r->class_ ? "'" : "",
                        found, r->least ? "at least" : "at most", r->value);
}

bool requirements_met(const char *list, const json_t *result)
{
    bool ok = true;
    for (const char *text = list, *end = end_of(text); end; end = end_of(text)) {
        struct requirement r;
        ok = parse(text, end, &r) && meets(&r, result) && ok;
        free_requirement(&r);
        if (!*end)
            break;
        text = end + 1;
    }
    return ok;
}

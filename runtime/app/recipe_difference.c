/* In what two resolved recipes differ: both are cut into keys and values, calls into their arguments, and looked up in each
 * other. */
#include "recipe_difference.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"
#include "report.h"

struct setting {
    char *key, *value;
};

struct settings {
    struct setting *at;
    size_t count;
};

static char *copy(const char *begin, const char *end)
{
    return app_format("%.*s", (int)(end - begin), begin);
}

/* Takes both texts. */
static void add(struct settings *s, struct setting one)
{
    s->at = app_grow(s->at, s->count + 1, sizeof *s->at);
    s->at[s->count++] = one;
}

static void settings_free(struct settings *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->at[i].key);
        free(s->at[i].value);
    }
    free(s->at);
}

static const struct setting *find(const struct settings *s, const char *key)
{
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->at[i].key, key))
            return &s->at[i];
    return NULL;
}

/* ---- cutting ---- */

/* The end of what begins at `at` and goes on to a comma outside brackets and quotes, or to `end`. */
static const char *skip_item(const char *at, const char *end)
{
    int depth = 0;
    bool quoted = false;
    for (; at < end && (depth > 0 || quoted || *at != ','); at++) {
        if (quoted && *at == '\\' && at + 1 < end)
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted && strchr("([", *at))
            depth++;
        else if (!quoted && strchr(")]", *at))
            depth--;
    }
    return at;
}

/* Whether begin ... end is one call with arguments by name: the first bracket; NULL: it is not. */
static const char *call_bracket(const char *begin, const char *end)
{
    const char *open = begin + strcspn(begin, "(\"[ ,");
    return open < end && *open == '(' && end[-1] == ')' && skip_item(begin, end) == end ? open
                                                                                        : NULL;
}

/* Adds a value; the arguments of a call as settings of their own. */
static void add_value(struct settings *s, const char *key, const char *begin, const char *end)
{
    const char *open = call_bracket(begin, end);
    add(s, (struct setting){app_strdup(key), copy(begin, open ? open : end)});
    for (const char *at = open ? open + 1 : end; at < end - 1;) {
        const char *stop = skip_item(at, end - 1), *equals = strstr(at, " = ");
        if (equals && equals < stop) {
            char *inner = app_format("%s.%.*s", key, (int)(equals - at), at);
            add(s, (struct setting){inner, copy(equals + 3, stop)});
        }
        at = stop + strspn(stop, ", ");
    }
}

static bool begins(const char *text, const char *word)
{
    return !strncmp(text, word, strlen(word));
}

/* A line of a recipe; block: the name of the block that it is in, or "". Statements of a phase are its own, others the recipe's. */
static void add_line(struct settings *s, const char *block, bool phase, const char *begin,
                     const char *end)
{
    const char *equals = strstr(begin, " = ");
    if (equals && equals < end) {
        char *key = app_format("%s%s%.*s", block, *block ? "." : "", (int)(equals - begin), begin);
        add_value(s, key, equals + 3, end);
        free(key);
    } else {
        char *statement = copy(begin, end);
        add(s,
            (struct setting){phase ? app_format("%s.%s", block, statement) : app_strdup(statement),
                             app_strdup("")});
        free(statement);
    }
}

static struct settings cut(const char *text)
{
    struct settings s = {0};
    char *block = app_strdup("");
    bool phase = false;
    for (const char *line = text, *next; *line; line = next) {
        const char *end = line + strcspn(line, "\n"), *begin = line + strspn(line, " ");
        next = *end ? end + 1 : end;
        if (begin >= end || *begin == '#' || begins(begin, "import ") || begins(begin, "finetune "))
            continue;
        if (*begin == '}' || end[-1] == '{') {
            free(block);
            phase = begins(begin, "phase ");
            begin += phase ? strlen("phase ") : 0;
            block = *begin == '}' ? app_strdup("") : copy(begin, begin + strcspn(begin, " "));
        } else {
            add_line(&s, block, phase, begin, end);
        }
    }
    free(block);
    return s;
}

/* ---- comparing ---- */

void recipe_differences(const char *a, const char *b, recipe_difference_fn *tell, void *context)
{
    struct settings in_a = cut(a), in_b = cut(b);
    for (size_t i = 0; i < in_a.count; i++) {
        const struct setting *one = &in_a.at[i], *other = find(&in_b, one->key);
        if (!other || strcmp(one->value, other->value) != 0)
            tell(context, one->key, one->value, other ? other->value : NULL);
    }
    for (size_t i = 0; i < in_b.count; i++)
        if (!find(&in_a, in_b.at[i].key))
            tell(context, in_b.at[i].key, NULL, in_b.at[i].value);
    settings_free(&in_a);
    settings_free(&in_b);
}

struct line {
    char *text;
    const char *within; /* what the keys that count begin with */
    int count, most;
};

/* How many bytes two lists have in common at the begin, up to behind a comma. */
static size_t common_begin(const char *a, const char *b)
{
    size_t common = 0;
    for (size_t at = 0;;) {
        const char *end = skip_item(a + at, a + strlen(a));
        const size_t n = (size_t)(end - (a + at)) + strspn(end, ", ");
        if (!*end || strncmp(a + at, b + at, n) != 0)
            return common;
        at = common = at + n;
    }
}

/* Of what b says behind the steps that a has, too; at most so many bytes are told. */
enum { LONGEST_VALUE = 80 };

static char *told_value(const char *a, const char *b)
{
    const char *rest = a ? b + common_begin(a, b) : b;
    int length = (int)strnlen(rest, LONGEST_VALUE);
    const bool cut = rest[length];
    while (cut && length && (rest[length] & 0xc0) == 0x80) /* within a character */
        length--;
    return app_format("%s%.*s%s", rest > b ? "..., " : "", length, rest, cut ? "..." : "");
}

static void add_to_line(void *context, const char *key, const char *a, const char *b)
{
    struct line *l = context;
    if (!begins(key, l->within) || l->count++ >= l->most)
        return;
    char *value = told_value(a, b ? b : "");
    char *longer = app_format("%s%s%s%s%s%s", l->text, l->count > 1 ? ", " : "", b ? "" : "no ",
                              key, *value ? " " : "", value);
    free(value);
    free(l->text);
    l->text = longer;
}

char *recipe_difference_within(const char *a, const char *b, const char *within, int most)
{
    struct line l = {app_strdup(""), within, 0, most};
    recipe_differences(a, b, add_to_line, &l);
    if (l.count > most) {
        char *longer = app_format("%s and %d more", l.text, l.count - most);
        free(l.text);
        l.text = longer;
    }
    return l.text;
}

char *recipe_difference_line(const char *a, const char *b, int most)
{
    return recipe_difference_within(a, b, "", most);
}

static uint64_t add_text(const char *text, uint64_t hash)
{
    return fingerprint_bytes(text, strlen(text) + 1, hash);
}

uint64_t recipe_hash_within(const char *text, const char *within)
{
    struct settings in = cut(text);
    uint64_t hash = 0;
    for (size_t i = 0; i < in.count; i++)
        if (begins(in.at[i].key, within))
            hash = add_text(in.at[i].value, add_text(in.at[i].key, hash));
    settings_free(&in);
    return hash;
}

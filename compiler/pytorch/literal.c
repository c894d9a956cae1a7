/* Marked literals: a name between two control characters, then the value up to a third. */
#include "literal.h"

#include <string.h>

enum { MARK_NAME = 1, MARK_VALUE = 2, MARK_END = 3 };

void literal_add(struct strbuf *out, const char *name, const char *value)
{
    strbuf_addf(out, "%c%s%c%s%c", MARK_NAME, name, MARK_VALUE, value, MARK_END);
}

/* Takes the literal at p, a mark, and gives what is behind it. */
static const char *take(struct arena *arena, const char *p, struct literal *out)
{
    const char *value = strchr(p, MARK_VALUE), *end = strchr(p, MARK_END);
    *out = (struct literal){arena_strndup(arena, p + 1, (size_t)(value - p - 1)),
                            arena_strndup(arena, value + 1, (size_t)(end - value - 1))};
    return end + 1;
}

/* Copies what stands before the next literal of a text, and takes that; false: there is none, and all is copied. */
static bool next_literal(struct strbuf *out, const char **text, struct literal *literal)
{
    static const char mark[] = {MARK_NAME, '\0'};
    const size_t plain = strcspn(*text, mark);
    strbuf_addn(out, *text, plain);
    *text += plain;
    if (!**text)
        return false;
    *text = take(out->arena, *text, literal);
    return true;
}

const char *literal_skeleton(struct arena *arena, const char *text, literal_list *literals)
{
    struct strbuf out;
    struct literal one;
    strbuf_init(&out, arena);
    strbuf_add(&out, "");
    while (next_literal(&out, &text, &one)) {
        strbuf_addc(&out, MARK_NAME);
        vec_push(arena, literals, one);
    }
    return out.text;
}

const char *literal_fill(struct arena *arena, const char *text, const char *const *replacements)
{
    struct strbuf out;
    struct literal one;
    strbuf_init(&out, arena);
    strbuf_add(&out, "");
    for (uint32_t i = 0; next_literal(&out, &text, &one); i++)
        strbuf_add(&out, replacements ? replacements[i] : one.value);
    return out.text;
}

const char *literal_plain(struct arena *arena, const char *text)
{
    return literal_fill(arena, text, NULL);
}

/* Words of command lines. */
#include "shell_word.h"

#include <string.h>

/* No shell reads more than themselves in them. */
static const char plain[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

struct output {
    char *out;
    size_t size, length;
};

static void add(struct output *o, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++, o->length++)
        if (o->length + 1 < o->size)
            o->out[o->length] = text[i];
}

size_t shell_word(const char *word, char *out, size_t size)
{
    struct output o = {out, size, 0};
    const size_t length = strlen(word);
    if (length && strspn(word, plain) == length) {
        add(&o, word, length);
    } else {
        add(&o, "'", 1);
        for (size_t i = 0; i < length; i++)
            add(&o, word[i] == '\'' ? "'\\''" : &word[i], word[i] == '\'' ? 4 : 1);
        add(&o, "'", 1);
    }
    if (size)
        out[o.length < size ? o.length : size - 1] = '\0';
    return o.length;
}

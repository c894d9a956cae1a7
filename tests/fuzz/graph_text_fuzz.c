/* link: ftm_graph ftm_ops ftm_base */
/* A text is refused with a report, or what it describes prints as a text that reads back the same.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static char *text_of(struct arena *a, const struct program *p, const struct diag *d)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    if (p)
        program_print(p, out);
    else
        diag_print(d, out);
    fclose(out);
    char *copy = arena_strndup(a, text, size);
    free(text);
    return copy;
}

static struct program *read(struct arena *a, struct diag *d, const char *text, size_t size)
{
    struct source *source = arena_new(a, struct source);
    *source = (struct source){"fuzz.ftg", arena_strndup(a, text, size), size};
    diag_init(d, a);
    d->color = "never";
    return program_read(a, d, source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct diag d;
    arena_init(&a, "fuzz");
    struct program *p = read(&a, &d, (const char *)data, size);
    const char *text = text_of(&a, p, &d);
    if ((p == NULL) != (d.errors > 0))
        abort();
    if (p) {
        struct program *again = read(&a, &d, text, strlen(text));
        if (!again || strcmp(text_of(&a, again, &d), text) != 0)
            abort();
    }
    arena_clear(&a);
    return 0;
}

/* Python that is written beside what is generated: a file for each row of the language that PyTorch has no counterpart for,
 * or for all programs. Which rows have one is said by the names of the files alone. */
#ifndef FTM_PYTORCH_PARTS_H
#define FTM_PYTORCH_PARTS_H

#include <stdbool.h>

#include "str.h"
#include "vec.h"

/* A file. What it defines last is what calls use. */
struct part {
    const char *name;   /* of the file, without its ending */
    const char *text;   /* without imports */
    const char *symbol; /* what it defines last */
    bool is_class;
    const char *
        parameters; /* of its calls, "self, height, width=None"; NULL: those of what it is derived from */
};

struct parts {
    struct arena *arena;
    const char *folder;
    VEC(const struct part *) used; /* in an order in which each comes behind those that it needs */
    VEC(const char *) imports;     /* lines, each once */
};

/* Takes a part of this name into the program, and those that it imports. NULL: there is none. */
const struct part *parts_use(struct parts *parts, const char *name);

/* Whether a part's calls take an argument of this name. */
bool part_takes(const struct part *part, const char *argument);

/* Adds an import line. */
void parts_import(struct parts *parts, const char *line);

/* The imports, those of Python's own library first. */
void parts_print_imports(struct strbuf *out, const struct parts *parts);

#endif

/* A restricted reader of Python pickles: it builds a tree of inert values and calls nothing.
 *
 * A pickle is a program for a stack machine (Python's Lib/pickletools.py describes every opcode).
 * This machine keeps the data opcodes and replaces the dangerous ones: a global is only its name,
 * and a call is only a record of what would have been called with what. Time and memory are linear
 * in the input and bounded by limits; nothing recurses. Values may be shared and, in a hostile
 * file, cyclic: consumers must not walk them without a bound. */
#ifndef FTM_WEIGHTS_PICKLE_H
#define FTM_WEIGHTS_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "vec.h"

enum pickle_kind {
#define PICKLE_KIND(name, text) PICKLE_##name,
#include "pickle_kind.def"
#undef PICKLE_KIND
};

struct pickle_value {
    enum pickle_kind kind;
    union {
        int64_t integer; /* INT, BOOL */
        double real;     /* FLOAT */
        struct {         /* TEXT, BYTES, LONG; a NUL-terminated copy */
            const char *text;
            size_t length;
        };
        struct { /* GLOBAL */
            const char *module, *name;
        };
        VEC(struct pickle_value *) items; /* TUPLE, LIST, SET; DICT: key, value, key, value, ... */
        struct { /* OBJECT: the call that was not made, and the state it would have been given */
            const struct pickle_value *callee, *args, *state;
        };
        const struct pickle_value *id; /* PERSISTENT */
    };
};

struct pickle {
    struct pickle_value *root;
    VEC(struct pickle_value *) persistent; /* every persistent value, in the order of appearance */
    size_t used;                           /* bytes, STOP included */
    const char *error;                     /* when reading failed: why, and at which byte */
    size_t error_at;
};

/* Reads the pickle at the beginning of data. collections.OrderedDict becomes a DICT; setting items
 * of an inert object has no effect. */
bool pickle_read(struct arena *arena, const unsigned char *data, size_t size, struct pickle *out);

/* "dict", "str", ... */
const char *pickle_kind_name(enum pickle_kind kind);

/* Whether a value is the global of that name, "torch._utils._rebuild_tensor_v2". */
bool pickle_is_global(const struct pickle_value *v, const char *name);

/* The last value of a text key in a DICT, or NULL. */
const struct pickle_value *pickle_dict_get(const struct pickle_value *dict, const char *key);

#endif

/* Classes: modules of one block that differ in numbers alone are instances of one, and the numbers its parameters. */
#ifndef FTM_PYTORCH_MODULE_CLASS_H
#define FTM_PYTORCH_MODULE_CLASS_H

#include "literal.h"
#include "writer.h"

struct class_parameter {
    const char *name;
    uint32_t literal; /* the first that it stands for */
    bool kept;        /* forward reads it: it is an attribute */
};

struct module_class {
    const char *name, *base, *block, *skeleton;
    const char *fields, *forward; /* of its first instance, with literals marked */
    uint32_t height;
    uint32_t field_literals, literals;  /* those in fields, and all: they come first */
    VEC(uint32_t) instances;            /* modules */
    VEC(const struct literal *) values; /* [instances][literals] */
    VEC(struct class_parameter) parameters;
    const char *
        *fill; /* [literals]: what stands for each in the class: a parameter, or the number */
};

#endif

/* Pictures by the names of their files: what a recipe's source lists, and the class of each. The compiler takes the names of the
 * classes from it, programs the pictures. Nothing is opened here but folders and tables of names.
 *
 * A source that lists is a row of calls.def, with FTM_LISTS below it, and a file listing_NAME.c with list_NAME. */
#ifndef FTMRT_LISTING_H
#define FTMRT_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "listing_rows.h"
#include "recipe.h"
#include "text_store.h"

/* A picture. */
struct listed {
    const char *path; /* as it is opened */
    uint64_t group;   /* a hash of its group's name; 0: it has none */
    int32_t class;    /* among the listing's classes, */
    int32_t row;      /* or where its labels are several of them or numbers: of `rows` */
};

/* What the label of a picture is. */
enum listing_form {
    LISTING_CLASSES, /* a class */
    LISTING_TAGS,    /* any number of classes */
    LISTING_NUMBERS  /* a number for each class */
};

/* How a listing is made; nothing is owned. */
struct listing_want {
    const char *place; /* where the folder or the table is that the call names */
    const char
        *group; /* pattern of names whose part `{}` is a group's name (name_pattern.h), or NULL */
    const char *const *renames; /* pairs: a class as it is found, and as it is called */
    uint32_t rename_count;      /* texts, two of a pair */
    const char *const *skips;   /* patterns of classes, as they are found, that are left out */
    uint32_t skip_count;
    enum ftmrt_vector vector; /* what the numbers of labels that are vectors must be */
    bool classes_only;        /* pictures of folders are not looked at */
    /* Whether a file of a folder is wanted, by its path; NULL: all are. */
    bool (*wanted)(void *context, const char *path);
    /* Told of all that is wrong: "photos/labels.csv:7: ..." */
    void (*error)(void *context, const char *text);
    void *context;
};

/* What a recipe's block `data` says; place, events and context are the caller's. */
struct listing_want listing_want_of(const struct ftmrt_call *data);

struct listing {
    struct listed *at; /* of folders in the order of classes and paths; of tables in theirs */
    int64_t count;
    const char **
        classes; /* names, each once, in ascending order: of numbers, if all are, else of bytes; of columns in the call's */
    int32_t class_count;
    enum listing_form form;
    int64_t height, width; /* of all pictures, where the files say so; else 0 */
    struct listing_rows rows;
    const struct listing_want *want; /* the rest is for those who make it */
    struct text_store texts;
    const char **found; /* the classes in the order in which they were found */
    int32_t *sorted;    /* their numbers by name */
    int64_t errors;     /* told so far */
};

/* Whether the call of a data source lists pictures; what it names then: a folder or a file, as the recipe has it. */
bool listing_can(const struct ftmrt_call *call);
const char *listing_place(const struct ftmrt_call *call);

/* Lists what a call names. false after at least one message; l is empty then. */
bool listing_open(struct listing *l, const struct ftmrt_call *call,
                  const struct listing_want *want);
void listing_close(struct listing *l);

/* Brings names of classes into the order of labels: of numbers, if all are, else of bytes. */
void listing_sort_names(const char **names, int32_t count);

/* ---- for list_NAME ---- */

/* list_NAME of each row that lists: adds its pictures; false after a message. */
typedef bool list_fn(struct listing *l, const struct ftmrt_call *call);
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...)
#define FTM_LISTS(name) list_fn list_##name;
#include "calls.def"

/* Tells what is wrong, as printf does; returns false. */
bool listing_fail(struct listing *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The class of a name as it is found, under the name that it has then, in *class; -1: it is left out. false after a message. */
bool listing_class(struct listing *l, const char *name, int32_t *class);
/* Adds a picture with the label of `picture`; group: its name, or NULL: by the pattern. name: what of the path patterns are for. */
bool listing_add(struct listing *l, const char *path, const char *name,
                 const struct listed *picture, const char *group);

#endif

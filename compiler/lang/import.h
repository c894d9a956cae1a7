/* All files of a description, read and declared: what everything behind it looks names up in.
 *
 *     import.c     text -> declarations of all files
 *     define.c     -D overrides */
#ifndef FTM_LANG_IMPORT_H
#define FTM_LANG_IMPORT_H

#include "ast.h"
#include "lang.h"
#include "map.h"
#include "published.h"

enum { FILES_MAX = 256, FILES_MAX_DEPTH = 64 };

struct file;

/* A file that another one reaches over its imports, in so many steps. */
struct reachable {
    const struct file *file;
    uint32_t distance;
};

/* A file of the description. What it declares is its own; other files see it by importing it. */
struct file {
    const struct source *source;
    struct map decls;   /* name -> struct decl (block or model) */
    struct map recipes; /* name -> struct decl */
    VEC(const struct decl *) preprocess;
    VEC(const struct decl *) published;
    VEC(struct file *) imports;    /* those that were found, in the order written */
    VEC(struct reachable) reaches; /* itself, what it imports, what these import, ...: each once */
    bool loading;                  /* its imports are being read */
};

/* What a model's images look like. */
struct preprocess {
    const struct decl *model, *steps;
};

/* A model's weight file. */
struct published_model {
    const struct decl *model;
    const struct published *published;
};

struct files {
    struct arena *arena;
    struct diag *diag;
    const struct lang_options *options;
    struct map read; /* canonical path -> struct file */
    struct file *main;
    VEC(struct preprocess) preprocess;
    VEC(struct published_model) published;
    const struct decl *finetune;
    VEC(const char *)
    imports; /* what the main file imports, as written; itself, if it declares more than a recipe */
    bool stopped;        /* a limit was reported */
    bool import_missing; /* what is not declared may stand in a file that was not found */
};

/* Reads the file of f->options and all that it imports. false after a report: it cannot be read. */
bool files_read(struct files *f);

/* The same for a description, which has a recipe. false: there is none to go on with. */
bool files_load(struct files *f);

/* The block or model that a name means at a place: the nearest declaration, of the place's own file, else of the files that
 * it imports, else of those that these import; NULL: there is none. A place outside of all files (-D) is in the main one. */
const struct decl *files_find(const struct files *f, const char *name, struct span at);

/* Whether another declaration is as near as the one that files_find() gives: true after a report. */
bool files_ambiguous(const struct files *f, const char *name, struct span at);

/* The recipe that is the base of d: the nearest of its name, but for d itself. NULL: there is none. */
const struct decl *files_base(const struct files *f, const struct decl *d);

/* The names that files_find() finds at a place, nearest first; returns how many. */
uint32_t files_names(const struct files *f, struct span at, bool models_only, const char ***names);

/* The preprocess of a model, or of the model that a preset calls; NULL: none. */
const struct decl *files_preprocess(const struct files *f, const struct decl *model);

/* What is known about the published weights of a model, or NULL. */
const struct published *files_published(const struct files *f, const struct decl *model);

/* Puts the recipe over its bases. false after reports: there is nothing to go on with. */
bool files_inherit(struct files *f);

/* Applies the -D texts of f->options to the finetune's statements. */
void files_define(struct files *f);

#endif

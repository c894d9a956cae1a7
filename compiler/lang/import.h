/* All files of a description, read and declared: what everything behind it looks names up in.
 *
 *     import.c     text -> declarations of all files
 *     define.c     -D overrides */
#ifndef FTM_LANG_IMPORT_H
#define FTM_LANG_IMPORT_H

#include "ast.h"
#include "lang.h"
#include "map.h"

enum { FILES_MAX = 256, FILES_MAX_DEPTH = 64 };

struct files {
    struct arena *arena;
    struct diag *diag;
    const struct lang_options *options;
    struct map read;       /* canonical path -> struct file_state */
    struct map decls;      /* name -> struct decl (block or model) */
    struct map preprocess; /* model's name -> struct decl */
    const struct decl *finetune;
    VEC(const char *)
    imports; /* what the main file imports, as written; itself, if it declares more than a recipe */
    bool stopped;        /* a limit was reported */
    bool import_missing; /* what is not declared may stand in a file that was not found */
};

/* Reads the description of f->options and all that it imports. false: there is no recipe to go on with. */
bool files_load(struct files *f);

/* Applies the -D texts of f->options to the finetune's statements. */
void files_define(struct files *f);

#endif

/* The language's services: a description read and checked, and its texts.
 *
 * Functions that return bool or a pointer have reported why when they return false or NULL. */
#ifndef FTM_LANG_LANG_H
#define FTM_LANG_LANG_H

#include <stdio.h>

#include "finetune.h"
#include "net.h"

/* Parses and checks a .ftm file: the network after all edits and freezing, and the recipe. false after reports.
 * include_dirs: -I folders, NULL-terminated; defines: -D "path=value" texts, NULL-terminated. */
struct lang_options {
    const char *path;
    const char *const *include_dirs;
    const char *const *defines;
    const char *models_dir; /* installed models */
    bool infer;             /* nothing trains, whatever the recipe says */
    const char *const
        *keep; /* with infer: patterns of what stays open all the same, NULL-terminated */
};
bool lang_read(struct arena *arena, struct diag *diag, const struct lang_options *options,
               struct net **net, struct recipe **recipe);

/* Reports a folder of a class whose name cannot be one, not being UTF-8, in the folder `place`; what to do is a note. */
void report_class_folder(struct arena *arena, struct diag *diag, struct span span,
                         const char *place, const char *name);

/* Parses one file (imports are not followed) and prints its syntax tree, a statement a line, as
 * S-expressions: --emit=ast. */
bool lang_print_ast(struct arena *arena, struct diag *diag, const char *path, FILE *out);

/* The recipe with every default filled in, as .ftm text that parses to the same recipe. */
char *lang_resolved(struct arena *arena, const struct recipe *r);

/* A call as somebody would write it: without what is the default. */
char *lang_call_text(struct arena *arena, const struct ftmrt_call *c);

/* A statement `over` of a search without its word: "optimizer.lr = log(0.0001, 0.1)". */
struct strbuf;
void lang_add_over(struct strbuf *b, const struct ftmrt_call *over);

#endif

/* What is known about the published weight file of a model: `published NAME { ... }` beside the model. ftmc opens no connection:
 * it says where the file is, and how to check it. */
#ifndef FTM_LANG_PUBLISHED_H
#define FTM_LANG_PUBLISHED_H

#include <stdbool.h>
#include <stdint.h>

#include "diag.h"

struct decl;
struct files;

/* Keys that are not given are NULL or 0 (published.def). */
struct published {
    const char *name; /* of the model */
    const char *url, *package, *file, *sha256, *task, *source, *licence;
    int64_t input;
    double accuracy;
    bool first;
};

/* Reads a declaration; NULL after reports. */
const struct published *published_read(struct files *f, const struct decl *d);

/* The file's own name. */
const char *published_name(const struct published *p);

/* Commands for a shell: one that writes the file to `path`, and one that prints its SHA-256, or fails if it is another file. */
const char *published_fetch(struct arena *arena, const struct published *p, const char *path);
const char *published_check(struct arena *arena, const struct published *p, const char *path);

/* Whether all digits of the SHA-256 are known. */
bool published_is_whole(const struct published *p);

/* Notes to the report of a weight file that is missing at `path`: where the published one is, and how it gets there. */
void published_advise(struct diag *diag, const struct published *p, const char *path);

#endif

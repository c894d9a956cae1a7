/* Sources that list pictures (../listing): each is read when it is asked for. */
#ifndef FTMRT_APP_SOURCE_PICTURES_H
#define FTMRT_APP_SOURCE_PICTURES_H

#include "source.h"

/* How a listed picture is read, by its path. */
struct picture_access {
    /* Its pixels, in `pixels`; false: r->error says why. */
    bool (*read)(const char *path, const struct ftmrt_picture_options *options,
                 struct buffer *pixels, struct ftmrt_picture *out, struct ftmrt_picture_report *r);
    /* Its content (content.h), and its orientation and size, as far as they are known without decoding. false: r->error says why it
     * cannot be read. */
    bool (*look)(const char *path, const struct ftmrt_picture_options *options, uint64_t *content,
                 struct ftmrt_picture_look *look, struct ftmrt_picture_report *r);
};

/* A file for each picture. */
extern const struct picture_access picture_files;

/* Lists what a call names and looks at the head of every file: all that cannot be read are named at once, in their order, and end
 * it or are left out, as the recipe says. false after a message; s is to be closed. */
bool source_pictures(struct source *s, const struct ftmrt_call *call,
                     const struct source_want *want, const struct picture_access *access);

#endif

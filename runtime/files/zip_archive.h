/* Members of a zip archive, stored or deflated, also beyond 4 GiB; the archive may be anybody's: every size is checked against the
 * file's before it is believed. Source: PKWARE's APPNOTE.TXT 6.3.9. */
#ifndef FTMRT_ZIP_ARCHIVE_H
#define FTMRT_ZIP_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct zip_archive {
    FILE *file;
    uint64_t size;            /* of the file */
    unsigned char *directory; /* owned */
    size_t directory_size;
};

struct zip_member {
    const char *name; /* in the directory, without a 0 behind */
    size_t name_length;
    uint64_t packed, size; /* bytes in the file, and unpacked */
    uint64_t at;           /* of its header in the file */
    uint32_t checksum;
    int method; /* 0: stored, 8: deflated */
    bool encrypted;
};

/* Opens a file and reads its directory; NULL, or what is wrong; z is to be closed in any case. */
const char *zip_archive_open(struct zip_archive *z, const char *path);
void zip_archive_close(struct zip_archive *z);

/* The member at *at of the directory, which begins at 0, and where the next one is; false: there is none, or the directory is
 * damaged from here on, which *damaged then says. */
bool zip_archive_next(const struct zip_archive *z, size_t *at, struct zip_member *m, bool *damaged);

/* The member of a name; NULL, or what is wrong: it is not there, or there twice. */
const char *zip_archive_find(const struct zip_archive *z, const char *name, struct zip_member *m);

/* Unpacks the first `count` bytes of a member, at most all; of all of them the checksum is compared. NULL, or what is wrong. */
const char *zip_archive_read(const struct zip_archive *z, const struct zip_member *m, void *out,
                             size_t count);

#endif

/* Files of packed weights: a blob behind a header, for libraries whose weights are not in them. The compiler writes them, a library
 * opens them in memory. Numbers have the byte order of the machine, which is part of the first one. */
#ifndef FTMX_PACKED_H
#define FTMX_PACKED_H

#include "ftmrt.h"

enum { PACKED_ALIGNMENT = 64, PACKED_VERSION = 3 };

/* What the file begins with; texts follow, each ended by NUL: the names of the classes, then the facts of source_fact.def where a weight
 * file is known; and the blob at `blob_at`. */
struct packed_header {
    uint64_t magic;            /* packed_magic */
    uint32_t version;          /* PACKED_VERSION */
    uint32_t class_count;      /* names */
    uint64_t interface;        /* packed_interface of the program */
    uint64_t weights, classes; /* of its identity */
    uint64_t content;          /* hash of all that is behind this */
    uint64_t text_bytes;
    uint64_t blob_at, blob_bytes;   /* in the file; a multiple of PACKED_ALIGNMENT */
    struct ftmrt_training training; /* that left the weights; zero: nothing is known */
};

extern const uint64_t packed_magic;

/* An open file; everything points into it. */
struct packed_weights {
    const unsigned char *blob;
    const char *names;  /* [class_count], each behind the NUL of the one before */
    const char *source; /* likewise, a text for each fact of the weight file; NULL: none is known */
    uint32_t class_count;
    uint64_t weights, classes;
    const struct ftmrt_training *training;
};

/* A hash of what a program's code takes for granted of its blob: network, transform, and where each tensor and constant lies. */
uint64_t packed_interface(const struct ftmrt_program *p);

/* The header of a file with these texts, `class_count` names among them, and this blob, which is the program's. */
struct packed_header packed_header_of(const struct ftmrt_program *p, const char *texts,
                                      size_t text_bytes, uint32_t class_count);

/* The text behind so many texts. */
const char *packed_text(const char *texts, uint32_t count);

/* Opens a file of `bytes` bytes for a program. ERROR_ARGUMENT: it is not aligned to PACKED_ALIGNMENT; ERROR_FORMAT: no such file,
 * cut or changed; ERROR_MISMATCH: of another interface, or with another number of classes. */
enum ftmrt_status packed_open(const struct ftmrt_program *p, uint32_t class_count, const void *file,
                              size_t bytes, struct packed_weights *out);

#endif

/* The binary version of CIFAR-10 and CIFAR-100: files of records, each the labels of a picture, a byte each, and its pixels, a plane
 * of 32 x 32 bytes for red, green and blue each. A record is known by its file and its number in it, "data_batch_1.bin:17".
 * Source: the data set's own page (https://www.cs.toronto.edu/~kriz/cifar.html). */
#ifndef FTMRT_CIFAR_RECORDS_H
#define FTMRT_CIFAR_RECORDS_H

#include <stddef.h>

#include "listing.h"

enum {
    CIFAR_SIDE = 32,
    CIFAR_CHANNELS = 3,
    CIFAR_BYTES = CIFAR_CHANNELS * CIFAR_SIDE * CIFAR_SIDE
};

/* One of the two, or a way to take its labels. */
struct cifar_form {
    const char *name;          /* "CIFAR-10" */
    const char *folder;        /* that its archive unpacks to */
    const char *python_folder; /* and that of the version for Python, which is not read */
    const char *archive;       /* the archive's name */
    const char *const *files;  /* of the part; NULL behind the last */
    const char *names;         /* file with a class's name on each line */
    int labels;                /* of a record, */
    int label;                 /* of which this one is the class */
    int classes;
};

/* Lists the records of l->want->place, the folder that the archive unpacks to or the one that it is in. Classes have the names that
 * a file beside them says, else their numbers. false after a message. */
bool cifar_list(struct listing *l, const struct cifar_form *form);

/* Reads the pixels of a record with so many labels, by its path; NULL, or why not. */
const char *cifar_read(const char *path, int labels, unsigned char pixels[CIFAR_BYTES]);

#endif

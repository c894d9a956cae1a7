/* Labels from an array file: checked against the network and the loss when they are taken, then read by sample. */
#ifndef FTMRT_APP_ARRAY_LABELS_H
#define FTMRT_APP_ARRAY_LABELS_H

#include "array.h"
#include "source.h"

struct array_labels {
    enum ftmrt_label_kind kind;
    int64_t size; /* values of a sample: 1, outputs, or pixels */
    void *
        data; /* owned: int32_t classes [count], float vectors [count, size], unsigned char masks [count, size] */
};

/* What labels belong to: the pictures of a source. */
struct array_labels_site {
    const char *path; /* of the labels, for messages */
    const struct source *source;
    const struct source_want *want;
    int64_t height, width; /* of its pictures, and so of masks */
};

/* Takes labels of kind l->kind from an array: classes [N] of any integer type; vectors [N, outputs], or [N] for one output, of
 * any type; masks [N, height, width] of any integer type. false after a message that says what was found and what is
 * expected; l is to be freed in any case. */
bool array_labels_take(struct array_labels *l, const struct array *a,
                       const struct array_labels_site *site);
void array_labels_free(struct array_labels *l);

/* What kind of field they make. */
enum field_kind array_labels_field(const struct array_labels *l);

/* Bytes of a sample's label, and where it is. */
size_t array_labels_bytes(const struct array_labels *l);
const void *array_labels_at(const struct array_labels *l, int64_t i);

#endif

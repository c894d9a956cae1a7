/* A folder whose folders are no classes but say what their pictures are for: train/, val/, test/. */
#ifndef FTMRT_FOLDER_PARTS_H
#define FTMRT_FOLDER_PARTS_H

#include <stdbool.h>

enum folder_part { PART_TRAIN, PART_VALIDATION, PART_TEST, PART_COUNT };

/* The names of the folders of each part; "": there is none. */
struct folder_parts {
    char names[PART_COUNT][16];
};

/* Whether a folder is one of parts: each folder in it is one, and there are those for training and another. */
bool folder_parts_find(struct folder_parts *p, const char *root);

/* The part that a folder of this name is for, or PART_COUNT. */
enum folder_part folder_part_of(const char *name);
/* The folder of a part in `root`, by whatever name it has; in `name` then. false: there is none. */
bool folder_part_find(const char *root, enum folder_part part, char name[16]);

#endif

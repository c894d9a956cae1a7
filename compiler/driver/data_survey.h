/* What is in a folder of data, for `ftmc init`: the sources that a recipe names, classes with their counts, and how large the
 * pictures are. */
#ifndef FTM_DRIVER_DATA_SURVEY_H
#define FTM_DRIVER_DATA_SURVEY_H

#include "diag.h"

/* What the labels are. */
enum survey_labels {
    SURVEY_CLASSES, /* a class of each picture */
    SURVEY_TAGS,    /* any number of classes */
    SURVEY_NUMBERS  /* a number for each output, which has a class's place here */
};

struct survey_class {
    const char *name;
    int64_t count;
};

struct data_survey {
    const char *train, *validation,
        *test; /* data sources as a recipe calls them; the last two may be NULL */
    enum survey_labels labels;
    bool named;                       /* the data names its classes; else they are numbered */
    const char *about;                /* what `train` is, in words; "": its call says it */
    VEC(struct survey_class) classes; /* of what trains */
    int64_t total;                    /* pictures of what trains */
    int64_t side;                     /* median of the pictures' shorter sides */
    double ratio;                     /* median of longer by shorter side */
    bool transparent;                 /* some picture has transparent pixels, or could have */
    const char *
        group; /* pattern that keeps series of pictures together; NULL: there are none, or hardly other pictures */
};

/* Looks at `dir`: a folder per class, such folders below train/ (and val/, test/), IDX files as MNIST has them, files
 * of CIFAR, an .npz file, or a table of pictures (.csv, .tsv); the last two may be `dir` itself, a table is. as: how the
 * recipe names it. What is odd about it is a warning; false after a report. */
bool survey_data(struct arena *arena, struct diag *diag, const char *dir, const char *as,
                 struct data_survey *out);

#endif

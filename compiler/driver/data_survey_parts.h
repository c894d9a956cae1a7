/* What the ways to look at a folder of data share: one for each way to keep pictures. */
#ifndef FTM_DRIVER_DATA_SURVEY_PARTS_H
#define FTM_DRIVER_DATA_SURVEY_PARTS_H

#include "data_survey.h"
#include "name_series.h"

/* Files that are not taken: how many, and the first. */
struct left_out {
    int64_t count;
    const char *first;
};

struct looking {
    struct arena *arena;
    struct diag *diag;
    const char *dir, *as;
    struct data_survey *out;
    struct left_out unread,
        others;                /* pictures of kinds that are not read, and what is no picture */
    struct name_series series; /* of all classes; pattern and example of the one with most names */
    int64_t most;              /* its names */
    bool scarce;               /* a class with series has hardly other pictures */
};

/* Pictures that are looked at; the medians of more of them would hardly be others. */
enum { SAMPLED = 96 };

struct measured {
    double sides[SAMPLED], ratios[SAMPLED];
    int count;
};

/* Measures a picture, unless it cannot be read or there are enough; and what all say of the data. */
void survey_measure(struct looking *l, struct measured *m, const char *path);
void survey_sizes(struct looking *l, struct measured *m);

/* Each: false, where the folder holds nothing of the kind, or after a report. */
bool survey_idx(struct looking *l);
/* What sources of the language list that are files of one format. */
bool survey_formats(struct looking *l);
/* NumPy arrays of one file, which may be what is looked at. */
bool survey_npz(struct looking *l);
bool survey_folders(struct looking *l);
/* A table of pictures, which is what is looked at; by its name. */
bool survey_is_table(const char *path);
bool survey_table(struct looking *l);

/* Says why the folder cannot be taken; returns false. */
bool survey_report(struct looking *l, const char *error);

#endif

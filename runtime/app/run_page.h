/* report.html of a run: all that is known of it, as one page for people, which loads nothing.
 *
 * It is made of the files of the run's folder alone, so that it can be made again at any time, and of the pictures of the samples where
 * these are at hand. A part of it is a row of run_page_sections.def and a file page_NAME.c. */
#ifndef FTMRT_APP_RUN_PAGE_H
#define FTMRT_APP_RUN_PAGE_H

#include "class_answers.h"
#include "run_log.h"
#include "run_record.h"
#include "sampling.h"

/* What the answers of a run are to, and how they were kept. */
struct run_page_part {
    const char *name; /* "validation" */
    const char *figures_file, *answers_file;
};
enum { PART_OF_VALIDATION, PART_OF_TEST, RUN_PAGE_PARTS };
extern const struct run_page_part run_page_parts[RUN_PAGE_PARTS];

/* A run as its sections see it. */
struct run_page {
    FILE *out;
    const char *folder, *name; /* name: of the folder */
    struct run_record record;
    struct run_log log;
    json_t *figures[RUN_PAGE_PARTS]; /* or NULL: not measured */
    int part; /* that is looked at sample by sample: of the test data where they were measured */
    struct class_answers answers; /* to it; none where samples have no class */
    const struct subset *samples; /* that the answers are to, in their order; NULL: not at hand */
};

/* Writes a section; nothing where it has nothing to say. */
typedef void run_page_section_fn(const struct run_page *p);
#define PAGE_SECTION(name, title) run_page_section_fn page_##name;
#include "run_page_sections.def"
#undef PAGE_SECTION

/* Which part a page would look at, from what the folder has. */
int run_page_part(const char *folder);

/* Writes the page of the run in a folder. samples: those of that part, in the order of its file, or NULL: a page without pictures. What
 * goes wrong is said, and no more: false. */
bool run_page_write(const char *folder, int part, const struct subset *samples);

/* The path of the page, allocated. */
char *run_page_path(const char *folder);

#endif

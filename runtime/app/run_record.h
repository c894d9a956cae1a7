/* run.json: what a run is and how it ended. */
#ifndef FTMRT_APP_RUN_RECORD_H
#define FTMRT_APP_RUN_RECORD_H

#include <jansson.h>
#include <stdbool.h>

/* Texts are the root's. */
struct run_record {
    json_t *root;
    const char *outcome; /* "running", "interrupted", "finished", "failed" */
    const char *folder;  /* in which the command was given */
    int argc;
    char **argv; /* [argc]: the command */
};

/* Reads run.json of the run at `path`. *_find says nothing where there is none; *_named: another file of
 * that form. false, with nothing to be freed. */
bool run_record_find(struct run_record *record, const char *path);
bool run_record_find_named(struct run_record *record, const char *path, const char *name);
bool run_record_read(struct run_record *record, const char *path);
void run_record_free(struct run_record *record);

/* A text of the record, or ""; a number in an object of it, "best.epoch" (NULL: of the record itself), or NaN. */
const char *run_record_text(const struct run_record *record, const char *key);
double run_record_number(const struct run_record *record, const char *object, const char *key);

#endif

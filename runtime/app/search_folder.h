/* The folder of a search, runs/NAME-search-001/: what it was begun with, a line for each trial that was done, and the weights of the best.
 *
 *     search.json  search.jsonl  recipe.ftm  best.safetensors  search.html */
#ifndef FTMRT_APP_SEARCH_FOLDER_H
#define FTMRT_APP_SEARCH_FOLDER_H

#include <stdio.h>

#include "ftmrt.h"
#include "run_record.h"

/* The lines are locked while a process searches in the folder. */
struct search_folder {
    char *path;
    FILE *lines;
    json_t *record; /* search.json */
};

/* Makes the next free folder below `runs`. facts: what search.json says of how it was begun (run_facts.h), whose reference is taken.
 * false after a message. */
bool search_folder_open(struct search_folder *f, const struct ftmrt_program *p, const char *runs,
                        json_t *facts);

/* The path of the search that a user names, by its folder, its name in the folder of the runs or its number, allocated; and its record.
 * NULL after a message. */
char *search_folder_find(const char *runs, const char *name, struct run_record *record);

/* Opens the search at `path` again and locks it; its lines in *lines, an array, a new reference. What a killed process has half written is
 * cut off. false after a message: another process has it, or it was begun with something else than these facts. */
bool search_folder_enter(struct search_folder *f, const char *path, const json_t *facts,
                         json_t **lines);
void search_folder_close(struct search_folder *f);

/* The path of a file in the folder; allocated. */
char *search_folder_file(const struct search_folder *f, const char *name);

/* Adds a line, durably. false after a message. */
bool search_folder_add(struct search_folder *f, const json_t *line);

/* search.json again, with how it ended. false after a message. */
bool search_folder_end(struct search_folder *f, const char *outcome);

#endif

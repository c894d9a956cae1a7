/* The command line of ftmc; its rows are ftmc_options.def, command.def and emit.def. */
#ifndef FTM_DRIVER_OPTIONS_H
#define FTM_DRIVER_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "arena.h"
#include "vec.h"

enum command {
#define FTM_COMMAND(name, argument, help) COMMAND_##name,
#include "command.def"
#undef FTM_COMMAND
    COMMAND_COUNT
};

enum emit_stage {
#define FTM_EMIT(name, text) EMIT_##name,
#include "stages.def"
#undef FTM_EMIT
    EMIT_COUNT
};

/* The values of an option of ftmc_options.def that may stand several times; ended by NULL. */
typedef VEC(const char *) text_list;

struct options {
    enum command command;
    enum emit_stage emit_stage; /* of `emit`; graph where passes or stop_after ask for it */
    bool from_graph;            /* of `from` and the file's name */
    const char *file;
#define FTM_FLAG(field, short_name, long_name, help)           bool field;
#define FTM_TEXT(field, short_name, long_name, argument, help) const char *field;
#define FTM_LIST(field, short_name, long_name, argument, help) text_list field;
#include "ftmc_options.def"
};

/* Fills options from the command line. On wrong usage prints why to stderr and returns false (exit
 * code 2). */
bool options_parse(struct options *o, struct arena *arena, int argc, char **argv);

void options_help(FILE *out);

/* Whether a stage is text. */
bool emit_is_text(enum emit_stage stage);

#endif

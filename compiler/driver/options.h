/* The command line of ftmc; its rows are ftmc_options.def, command.def and stages.def. */
#ifndef FTM_DRIVER_OPTIONS_H
#define FTM_DRIVER_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "arena.h"
#include "vec.h"

enum command {
#define FTM_COMMAND(name, letter, least, most, argument, help) COMMAND_##name,
#include "command.def"
#undef FTM_COMMAND
    COMMAND_COUNT
};

/* Text goes to stdout unless -o names a file. */
enum emit_output { EMIT_OUTPUT_TEXT, EMIT_OUTPUT_FILE, EMIT_OUTPUT_FOLDER };

enum emit_stage {
#define FTM_EMIT(name, output) EMIT_##name,
#include "stages.def"
#undef FTM_EMIT
    EMIT_COUNT
};

/* The values of an option of ftmc_options.def that may stand several times; ended by NULL. */
typedef VEC(const char *) text_list;

struct options {
    enum command command;
    bool named;                 /* the command's word was written */
    enum emit_stage emit_stage; /* of `emit`; graph where passes or stop_after ask for it */
    bool from_graph;            /* of `from` and the file's name */
    const char *file;           /* the first argument, or NULL */
    char **argv;                /* the command line as it was typed */
    int file_at;                /* where `file` is in it */
    text_list rest;             /* further ones */
#define FTM_FLAG(field, short_name, long_name, commands, help)           bool field;
#define FTM_TEXT(field, short_name, long_name, argument, commands, help) const char *field;
#define FTM_LIST(field, short_name, long_name, argument, commands, help) text_list field;
#include "ftmc_options.def"
};

/* ---- the rows as data, for those who print them */

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST };

struct option_row {
    enum option_kind kind;
    const char *short_name, *long_name, *argument, *commands, *help;
    size_t offset; /* of its field */
};

struct command_row {
    const char *name;
    char letter;
    uint32_t least, most;
    const char *argument, *help;
};

extern const struct option_row option_rows[];
extern const uint32_t option_row_count;
extern const struct command_row command_rows[COMMAND_COUNT];

/* Whether a command takes an option. */
bool option_is_for(const struct option_row *option, const struct command_row *command);
const char *stage_name(enum emit_stage stage);

/* ---- */

/* Fills options from the command line. On wrong usage prints why to stderr and returns false (exit
 * code 2). */
bool options_parse(struct options *o, struct arena *arena, int argc, char **argv);

/* Where a stage goes. */
enum emit_output emit_output(enum emit_stage stage);

static inline bool emit_is_text(enum emit_stage stage)
{
    return emit_output(stage) == EMIT_OUTPUT_TEXT;
}

static inline bool emit_is_folder(enum emit_stage stage)
{
    return emit_output(stage) == EMIT_OUTPUT_FOLDER;
}

#endif

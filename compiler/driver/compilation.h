/* A compilation, and the stages that commands in files of their own share. */
#ifndef FTM_DRIVER_COMPILATION_H
#define FTM_DRIVER_COMPILATION_H

#include "arena.h"
#include "bind.h"
#include "compile.h"
#include "diag.h"
#include "str.h"

/* What the stages have made so far. */
struct compilation {
    const struct options *options;
    struct arena arena;
    struct diag diag;
    const struct cpu *cpu;
    const char *output;
    struct net *net;
    struct recipe *recipe;
    struct weights *weights;
    struct binding *binding;
    VEC(struct program_model) models; /* the program's own, and its teachers */
    VEC(struct weights *) teacher_weights;
    struct program *program;
    uint64_t network; /* before the passes */
    struct schedule *schedule;
    struct descriptor *descriptor;
};

/* Each takes the compilation one step on; false after a report. */
bool compilation_front(struct compilation *c); /* the description: net and recipe */
bool compilation_program(
    struct compilation *c);          /* all before the passes: description, weights, graph */
bool compile(struct compilation *c); /* all of it, to c->output */

/* Closes the files of weights that are open, the teachers' too. */
void compilation_close_weights(struct compilation *c);

/* Chooses c->cpu by --target and --cpu. False after wrong usage, which it prints. */
bool compilation_target(struct compilation *c);

/* Reports tools of the target that are not there, before the minute that compiling may take. */
void compilation_check_tools(struct compilation *c);

/* Whether a library is made, or its header. */
bool compilation_is_library(const struct options *o);

/* The canonical path, in the arena; NULL with errno set. */
char *compilation_absolute(struct compilation *c, const char *path);

/* A word of a command line that is printed, in quotes where a shell wants them; in the arena. */
const char *compilation_word(struct compilation *c, const char *word);

/* Where the models are that come with ftmc, or NULL. */
const char *compilation_models(struct compilation *c);

/* Chooses where the output goes, and reports what stands in its way there. */
void output_choose(struct compilation *c);
void output_check(struct compilation *c);

/* Prints a text to stdout, or into the -o file, which is replaced only if everything could be written. false after a report. */
bool output_print(struct compilation *c, void (*print)(struct compilation *c, FILE *out));
bool output_text(struct compilation *c, const struct strbuf *text);

/* What LoRA trained, into the output folder, as PEFT reads it. */
bool peft_adapter(struct compilation *c);

/* The network without what `adapt` added, which goes into its weights, to the output file. */
bool merge_adapters(struct compilation *c);

/* Warns of data files and folders of the recipe that are not there. */
void check_data(struct compilation *c);

/* Commands in files of their own; each returns false after a report. */
bool init(struct compilation *c);
bool convert(struct compilation *c);
bool merge(struct compilation *c);
bool run(struct compilation *c);

#endif

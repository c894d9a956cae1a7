/* A program of a search over what is compiled: ftmc itself, as a process that compiles a recipe with some `-D` and becomes the program. */
#ifndef FTM_DRIVER_PROGRAM_TRIAL_H
#define FTM_DRIVER_PROGRAM_TRIAL_H

#include "compilation.h"
#include "tool.h"

/* What has come of a training; NAN and 0 where there is no such figure. */
struct program_trial {
    const char *value;     /* behind `-D PATH=` */
    const char *folder;    /* where its runs are */
    const char *run;       /* its run's folder, or NULL */
    const char *failure;   /* why it has no figures, or NULL */
    int64_t trainable;     /* parameters that train */
    int64_t memory, steps; /* bytes that training took at most */
    int64_t samples;       /* that validate */
    double seconds;        /* of all steps, validation included */
    double accuracy, loss; /* of the best epoch, in validation */
};

/* What is put in front of every such process, and what it is called with. */
struct program_trials {
    struct compilation *compilation;
    const char *path;       /* what differs, as `-D` calls it */
    const text_list *words; /* of `train`, behind the word */
};

/* Watches for signals that end work: they go to the process that runs. And the one that came, or 0. */
void program_trials_watch(void);
int program_trials_signal(void);

/* The `-D` of a value, and what was typed around it: "ftmc run -D epochs=3 -D train=fc x.ftm". */
const char *program_trial_typed(const struct program_trials *all, const struct program_trial *t);

/* Compiles it, unless that was done before, and asks what trains. false after a message. */
bool program_trial_compile(const struct program_trials *all, struct program_trial *t);

/* Trains it, or goes on with what was interrupted, and takes the figures. false: a signal came, or the words of `train`
 * are wrong, which was said. */
bool program_trial_train(const struct program_trials *all, struct program_trial *t);

/* Takes the figures of a training that has ended in its folder; false: there is none. */
bool program_trial_take(const struct program_trials *all, struct program_trial *t);

/* The accuracy on the test data with the weights of its run; NAN without test data. */
double program_trial_test(const struct program_trials *all, const struct program_trial *t);

/* The standard error of its accuracy; NAN: it has none. */
double program_trial_error(const struct program_trial *t);

#endif

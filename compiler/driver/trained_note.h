/* What is said of trained weights when a program is compiled. */
#ifndef FTM_DRIVER_TRAINED_NOTE_H
#define FTM_DRIVER_TRAINED_NOTE_H

#include "compilation.h"

/* Whether a trained file that is taken as a whole saw pictures as this recipe prepares them. false after a report. The tables must be
 * made. */
bool trained_check(struct compilation *c);

/* What the metadata of a trained file that is taken as a whole says of its training; NULL: the weights are no such file's. */
const struct ftmrt_training *trained_training(struct compilation *c);

/* What the program says of its weight file; NULL: there is none, or nothing trains. */
const struct ftmrt_source *trained_source(struct compilation *c);

/* Says on stderr, behind the last stage of a program: that a trained file of the command line is in it, or not as a whole; else, where runs
 * beside the program have weights of its network, that they stay there and how to put them into it. */
void trained_note(struct compilation *c);

/* Notes in the recipe whose weights it begins with, where their file has the name of the published one: for the cards of its runs. */
void trained_origin(struct compilation *c);

#endif

/* The card of a run: README.md beside its trained files. Its head is what model hubs read (Hugging Face's metadata, YAML), the rest is
 * for people. Nothing is in it but what the run's files and the program say. */
#ifndef FTMRT_APP_MODEL_CARD_H
#define FTMRT_APP_MODEL_CARD_H

#include <stdbool.h>

#include "session.h"

/* Writes the card of the run in a folder, from its run.json and, once the weights were measured on the test data, its test.json. A run
 * that has no best weights gets none. Replaces the file as a whole. false after a message. */
bool model_card_write(const char *folder, const struct session *s);

#endif

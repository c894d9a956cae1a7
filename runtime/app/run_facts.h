/* What run.json says of how a run was begun. */
#ifndef FTMRT_APP_RUN_FACTS_H
#define FTMRT_APP_RUN_FACTS_H

#include <jansson.h>

#include "command.h"
#include "session.h"
#include "training_data.h"

/* The command with its folder and every option that was given, the run's name, whether it is no more than a trial, and hashes of
 * network, recipe, data and split; a new reference. */
json_t *run_facts(const struct session *s, const struct options *o,
                  const struct training_data_hashes *hashes);

#endif

/* Trained files that leave out what is in the program's weight file, and types that are that file's. */
#ifndef FTMRT_APP_SOURCE_TENSORS_H
#define FTMRT_APP_SOURCE_TENSORS_H

#include "safetensors.h"
#include "session.h"

/* Metadata of a file that holds only what training changed: facts of the source (struct ftmrt_source). */
enum {
#define FTMRT_SOURCE_FACT(name, key, meaning) SOURCE_FACT_##name,
#include "source_fact.def"
#undef FTMRT_SOURCE_FACT
    SOURCE_FACTS
};
void source_metadata(const struct ftmrt_program *p, struct st_metadata facts[SOURCE_FACTS]);

/* Whether a tensor is, type and bits, one of the program's. */
bool source_equals(const struct ftmrt_program *p, const struct ftmrt_tensor *source,
                   const struct st_tensor *t);

/* Whether a tensor is, type and bits, what the program's weight file has for that state. */
bool source_has(const struct ftmrt_program *p, uint32_t state, const struct st_tensor *t);

/* Rounds the tensor of a trained state to the type that its source has; its data stays allocated. */
void source_round(const struct ftmrt_program *p, uint32_t state, struct st_tensor *t);

/* Whether a trained file is whole, or relative to the weight file of this program; false after a message. */
bool source_check(const struct ftmrt_program *p, const struct st_file *f, const char *path);

/* Whether a file leaves out what is in its source. */
bool source_is_relative(const struct st_file *f);

#endif

/* What a library's header says of networks with several inputs or outputs: a field of a struct for each, and its size. */
#ifndef FTM_DRIVER_LIBRARY_FIELDS_H
#define FTM_DRIVER_LIBRARY_FIELDS_H

#include "descriptor.h"
#include "str.h"

/* How many inputs prediction takes, itself or through what computes its features, and how many outputs it has. */
uint32_t library_input_count(const struct descriptor *d);
uint32_t library_output_count(const struct descriptor *d);

/* Fields of the structs, in the order in which the library reads them. */
void library_input_fields(struct strbuf *out, const struct descriptor *d);
void library_output_fields(struct strbuf *out, const struct descriptor *d);

/* What is in the way of such fields, or NULL. */
const char *library_fields_obstacle(struct arena *arena, const struct descriptor *d);

/* Calls `add` for the number of elements of each: "INPUT_SIDE", "TRAIN_INPUT_SIDE" where a step takes others, "OUTPUT_MAP". */
typedef void library_add_size(struct strbuf *out, const struct descriptor *d, const char *name,
                              int64_t value, const char *meaning);
void library_field_sizes(struct strbuf *out, const struct descriptor *d, library_add_size *add);

#endif

/* The verifier: every invariant of the IR, one function per invariant. */
#ifndef FTM_GRAPH_VERIFY_H
#define FTM_GRAPH_VERIFY_H

#include "graph.h"

/* Whether the program keeps every invariant. On failure writes the first violation to text (size
 * bytes): function, node in text form, and the rule. Used after each pass in debug builds and on
 * graphs read from text. */
bool program_verify(const struct program *p, char *text, unsigned size);

#endif

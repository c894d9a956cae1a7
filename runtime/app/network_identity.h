/* What network a program has, as text: by it a program knows its runs and trained files from those of others. */
#ifndef FTMRT_APP_NETWORK_IDENTITY_H
#define FTMRT_APP_NETWORK_IDENTITY_H

#include "ftmrt.h"

enum identity_part {
#define FTMRT_IDENTITY(name, what, meaning) IDENTITY_##name,
#include "identity.def"
#undef FTMRT_IDENTITY
    IDENTITY_PARTS
};

struct identity_text {
    char hash[17];
};

/* The key of a part in trained files and run.json ("graph_hash"), and what differs where it does ("network"). */
const char *identity_key(enum identity_part part);
const char *identity_what(enum identity_part part);
struct identity_text identity_text(const struct ftmrt_program *p, enum identity_part part);

/* The parts in which a record or file differs from the program, "network, class names"; allocated. get: its value of a key, NULL
 * where it has none, which is no difference. */
typedef const char *identity_get(const void *from, const char *key);
char *identity_differences(const struct ftmrt_program *p, identity_get *get, const void *from);

/* A hash in the same form. */
struct identity_text identity_hash_text(uint64_t hash);

#endif

/* What network a program has, as text. */
#include "network_identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static const struct {
    const char *key, *what;
} rows[] = {
#define FTMRT_IDENTITY(name, what, meaning) {#name "_hash", what},
#include "identity.def"
#undef FTMRT_IDENTITY
};

const char *identity_key(enum identity_part part) { return rows[part].key; }

const char *identity_what(enum identity_part part) { return rows[part].what; }

struct identity_text identity_hash_text(uint64_t hash)
{
    struct identity_text text;
    snprintf(text.hash, sizeof text.hash, "%016llx", (unsigned long long)hash);
    return text;
}

struct identity_text identity_text(const struct ftmrt_program *p, enum identity_part part)
{
    const uint64_t hashes[] = {
#define FTMRT_IDENTITY(name, what, meaning) p->identity.name,
#include "identity.def"
#undef FTMRT_IDENTITY
    };
    return identity_hash_text(hashes[part]);
}

char *identity_differences(const struct ftmrt_program *p, identity_get *get, const void *from)
{
    char *line = app_strdup("");
    for (int i = 0; i < IDENTITY_PARTS; i++) {
        const enum identity_part part = (enum identity_part)i;
        const char *found = get(from, identity_key(part));
        if (!found || !strcmp(found, identity_text(p, part).hash))
            continue;
        char *longer = app_format("%s%s%s", line, *line ? ", " : "", identity_what(part));
        free(line);
        line = longer;
    }
    return line;
}

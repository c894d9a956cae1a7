/* Trained files and the weight file of their program. */
#include "source_tensors.h"

#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"
#include "report.h"

static const struct ftmrt_tensor *source_of(const struct ftmrt_program *p,
                                            const struct ftmrt_state *s)
{
    return s->source >= 0 ? &p->tensors[s->source] : NULL;
}

bool source_equals(const struct ftmrt_program *p, const struct ftmrt_tensor *source,
                   const struct st_tensor *t)
{
    const unsigned char *own = p->blob + source->offset;
    if ((enum ftmrt_dtype)source->dtype != t->dtype || source->bytes != t->bytes)
        return false;
    const uint64_t hash = source->hashed ? fingerprint_blocks(t->data, (size_t)t->bytes) : 0;
    return source->hashed ? memcmp(own, &hash, sizeof hash) == 0
                          : memcmp(own, t->data, (size_t)t->bytes) == 0;
}

void source_metadata(const struct ftmrt_program *p, struct st_metadata facts[SOURCE_FACTS])
{
#define FTMRT_SOURCE_FACT(name, key, meaning) *facts++ = (struct st_metadata){key, p->source->name};
#include "source_fact.def"
#undef FTMRT_SOURCE_FACT
}

bool source_has(const struct ftmrt_program *p, uint32_t state, const struct st_tensor *t)
{
    const struct ftmrt_state *s = &p->states[state];
    const struct ftmrt_tensor *source = source_of(p, s);
    return ftmrt_is_in_source(p, s) && source_equals(p, source, t);
}

void source_round(const struct ftmrt_program *p, uint32_t state, struct st_tensor *t)
{
    const struct ftmrt_state *s = &p->states[state];
    const struct ftmrt_tensor *source = source_of(p, s);
    const enum ftmrt_dtype type = source ? (enum ftmrt_dtype)source->dtype : t->dtype;
    if (type == t->dtype || t->dtype != FTMRT_F32)
        return;
    const int64_t count = ftmrt_elements(t->rank, t->dim);
    const size_t bytes = (size_t)count * ftmrt_dtype_size(type);
    unsigned char *rounded = app_alloc(bytes, 1);
    ftmrt_convert(t->dtype, t->data, type, rounded, count);
    free((void *)(uintptr_t)t->data);
    t->dtype = type;
    t->bytes = bytes;
    t->data = rounded;
}

bool source_is_relative(const struct st_file *f)
{
    return st_find_metadata(f, "source_sha256") != NULL;
}

bool source_check(const struct ftmrt_program *p, const struct st_file *f, const char *path)
{
    const char *wanted = st_find_metadata(f, "source_sha256"),
               *file = st_find_metadata(f, "source"),
               *found = p->source ? p->source->sha256 : "none";
    if (!wanted || !strcmp(wanted, found))
        return true;
    return report_error(
        "%s: holds only what training changed, in the weights '%s' (SHA-256 %.12s); "
        "this program was compiled with others (%.12s): compile the recipe with "
        "those, or make a whole file, with `ftmc merge`",
        path, file ? file : "?", wanted, found);
}

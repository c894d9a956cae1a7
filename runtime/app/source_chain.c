/* a + b: sources one behind the other. */
#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"
#include "report.h"
#include "source.h"

struct chain {
    struct source *parts;
    int64_t *first; /* sample of each; and how many there are behind the last */
    uint32_t count;
};

static void close_chain(struct source *s)
{
    struct chain *c = s->state;
    for (uint32_t i = 0; i < c->count; i++)
        source_close(&c->parts[i]);
    free(c->parts);
    free(c->first);
    free(c);
}

/* The source that sample *i is in; *i becomes its number there. */
static const struct source *part_of(const struct source *s, int64_t *i)
{
    const struct chain *c = s->state;
    uint32_t k = 0;
    while (*i >= c->first[k + 1])
        k++;
    *i -= c->first[k];
    return &c->parts[k];
}

static bool read_chain(const struct source *s, int64_t i, enum field_role field,
                       struct buffer *buffer, union field_value *out)
{
    const struct source *part = part_of(s, &i);
    return part->read(part, i, field, buffer, out);
}

static const char *chain_name(const struct source *s, int64_t i)
{
    const struct source *part = part_of(s, &i);
    return part->sample_name ? part->sample_name(part, i) : part->name;
}

static bool chain_contents(const struct source *s, int threads, uint64_t *contents)
{
    const struct chain *c = s->state;
    for (uint32_t i = 0; i < c->count; i++)
        if (!c->parts[i].contents(&c->parts[i], threads, contents + c->first[i]))
            return false;
    return true;
}

static int64_t chain_groups(const struct source *s, uint64_t *contents)
{
    const struct chain *c = s->state;
    int64_t grouped = 0;
    for (uint32_t i = 0; i < c->count; i++)
        if (c->parts[i].groups)
            grouped += c->parts[i].groups(&c->parts[i], contents + c->first[i]);
    return grouped;
}

static bool fingerprint_chain(const struct source *s, int threads, uint64_t *hash)
{
    const struct chain *c = s->state;
    uint64_t of_part;
    *hash = c->count;
    for (uint32_t i = 0; i < c->count; i++) {
        if (!c->parts[i].fingerprint(&c->parts[i], threads, &of_part))
            return false;
        *hash = fingerprint_bytes(&of_part, sizeof of_part, *hash);
    }
    return true;
}

/* The bytes of the folders in which both are. */
static size_t common_base(const struct source *a, const struct source *b)
{
    size_t base = 0;
    for (size_t i = 0; i < a->base_length && i < b->base_length && a->name[i] == b->name[i]; i++)
        base = a->name[i] == '/' ? i + 1 : base;
    return base;
}

/* Samples of all are of one kind: what reads them sees one source. */
static bool add_part(struct source *s, const struct source *part)
{
    const bool first = !s->name;
    for (int f = 0; f < FIELD_ROLES && !first; f++)
        if (part->fields[f].kind != s->fields[f].kind)
            return report_error("%s and %s give samples of different kinds", s->name, part->name);
    if (first)
        memcpy(s->fields, part->fields, sizeof s->fields);
    s->base_length = first ? part->base_length : common_base(s, part);
    char *name = first ? app_strdup(part->name) : app_format("%s + %s", s->name, part->name);
    free(s->name);
    s->name = name;
    s->sample_name = part->sample_name ? chain_name : s->sample_name;
    if (!s->odd.count) {
        s->odd = part->odd;
        s->odd.sample += s->count;
    } else {
        s->odd.count += part->odd.count;
    }
    s->count += part->count;
    s->turned += part->turned;
    return true;
}

bool open_chain(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    const struct ftmrt_arg *sources = ftmrt_call_arg(call, FTMRT_PARAM_chain_sources);
    struct chain *c = app_alloc(1, sizeof *c);
    *s = (struct source){.read = read_chain,
                         .contents = chain_contents,
                         .groups = chain_groups,
                         .fingerprint = fingerprint_chain,
                         .close = close_chain,
                         .state = c};
    c->parts = app_alloc(sources->count, sizeof *c->parts);
    c->first = app_alloc((size_t)sources->count + 1, sizeof *c->first);
    for (uint32_t i = 0; i < sources->count; i++) {
        c->count = i + 1;
        if (!source_open(&c->parts[i], &sources->calls[i], want) || !add_part(s, &c->parts[i]))
            return false;
        c->first[i + 1] = s->count;
    }
    return true;
}

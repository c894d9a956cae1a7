/* Finding entries and their values by what they are for. */
#include "core.h"

#include <string.h>

const struct ftmrt_entry *ftmrt_find_entry(const struct ftmrt_program *p, const char *name)
{
    for (uint32_t i = 0; i < p->entry_count; i++) {
        if (strcmp(p->entries[i].name, name) == 0)
            return &p->entries[i];
    }
    return NULL;
}

const struct ftmrt_entry *ftmrt_entry_for(const struct ftmrt_program *p, enum ftmrt_entry_kind kind,
                                          const char *scope, uint32_t phase, int64_t n)
{
    const struct ftmrt_entry *best = NULL;
    for (uint32_t i = 0; i < p->entry_count; i++) {
        const struct ftmrt_entry *e = &p->entries[i];
        if (e->kind == (uint32_t)kind && e->phase == phase && e->max_n >= n &&
            strcmp(e->scope, scope ? scope : "") == 0 && (!best || e->max_n < best->max_n))
            best = e;
    }
    return best;
}

const struct ftmrt_value *ftmrt_find_value(const struct ftmrt_value *values, uint32_t count,
                                           enum ftmrt_role role, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].role == (uint32_t)role && (!name || strcmp(values[i].name, name) == 0))
            return &values[i];
    }
    return NULL;
}

size_t ftmrt_value_bytes(const struct ftmrt_value *v, int64_t n)
{
    int64_t dim[FTMRT_MAX_RANK];
    for (uint32_t i = 0; i < v->rank; i++)
        dim[i] = v->dim[i] == FTMRT_BATCH ? n : v->dim[i];
    return (size_t)ftmrt_layout_elements((enum ftmrt_layout)v->layout, v->rank, dim) *
           ftmrt_dtype_size((enum ftmrt_dtype)v->stored);
}

/* The blocks of a network, by the names of its layers. */
#include <string.h>

#include "recipe_reader.h"
#include "str.h"

size_t block_length(const char *path)
{
    const size_t first = strcspn(path, ".");
    const size_t digits = path[first] ? strspn(path + first + 1, "0123456789") : 0;
    const char end = digits ? path[first + 1 + digits] : 'x';
    return end == '.' || !end ? first + 1 + digits : first;
}

/* A norm by itself belongs to what it stands behind. */
static bool is_norm(const struct layer *l)
{
    return str_ends_with(layer_kind(l), "_norm") && !strchr(l->path, '.');
}

struct blocks find_blocks(struct recipe_reader *r)
{
    const struct net *net = r->builder->net;
    struct blocks b = {.of = arena_array(r->arena, uint32_t, net->layers.len)};
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        if (l->dead || !l->param_count)
            continue;
        const char *name = arena_strndup(r->arena, l->path, block_length(l->path));
        uint32_t k = 0;
        while (k < b.names.len && strcmp(b.names.at[k], name) != 0)
            k++;
        if (k == b.names.len && b.names.len && is_norm(l))
            k--;
        else if (k == b.names.len)
            vec_push(r->arena, &b.names, name);
        b.of[i] = k;
    }
    return b;
}

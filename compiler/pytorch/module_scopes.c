/* Which modules there are: a block whose call has a label is one, if what it computes can be computed in one go. After edits that need
 * not be so: then its layers are called by the module around it. */
#include <string.h>

#include "writer.h"

enum { MODEL = 0 };

/* ---- which layer belongs where ---- */

static uint32_t add_scope(struct writer *w, struct map *index, const char *path)
{
    const uintptr_t known = (uintptr_t)map_get(index, path);
    if (known)
        return (uint32_t)known - 1;
    vec_push(w->arena, &w->scopes, (struct module_scope){.path = path});
    map_set(index, path, (void *)(uintptr_t)w->scopes.len);
    return w->scopes.len - 1;
}

/* The module around a path that is not the path itself: the one with the longest label. */
static uint32_t enclosing(struct writer *w, const struct map *index, const char *path)
{
    for (const char *above = str_path_parent(w->arena, path); above;
         above = str_path_parent(w->arena, above)) {
        const uintptr_t known = (uintptr_t)map_get(index, above);
        if (known)
            return (uint32_t)known - 1;
    }
    return MODEL;
}

/* A layer with a label belongs to the module that its label is below, one without to that of its block. */
static uint32_t scope_of(struct writer *w, const struct map *index, const struct layer *l)
{
    if (l->path)
        return enclosing(w, index, l->path);
    const uintptr_t known = (uintptr_t)map_get(index, l->scope);
    return known ? (uint32_t)known - 1 : enclosing(w, index, l->scope);
}

/* All modules but those that cannot be called in one go. */
static void collect(struct writer *w, const struct map *flat)
{
    struct map index;
    map_init(&index, w->arena);
    w->scopes.len = 0;
    add_scope(w, &index, "");
    for (uint32_t i = 0; i < w->net->layers.len; i++) {
        const struct layer *l = writer_layer(w, i);
        if (l->scope && *l->scope && !map_get(flat, l->scope)) {
            const uint32_t scope = add_scope(w, &index, l->scope); /* which may move the scopes */
            struct module_scope *s = &w->scopes.at[scope];
            s->block = s->block ? s->block : l->block;
        }
    }
    for (uint32_t i = 0; i < w->net->layers.len; i++) {
        w->scope_of[i] = scope_of(w, &index, writer_layer(w, i));
        vec_push(w->arena, &w->scopes.at[w->scope_of[i]].members, i);
    }
    for (uint32_t i = 1; i < w->scopes.len; i++) {
        struct module_scope *s = &w->scopes.at[i];
        s->parent = enclosing(w, &index, s->path);
        vec_push(w->arena, &w->scopes.at[s->parent].children, i);
    }
}

/* ---- what goes in and out ---- */

static bool within(const struct writer *w, uint32_t scope, uint32_t outer)
{
    while (scope != outer && scope != MODEL)
        scope = w->scopes.at[scope].parent;
    return scope == outer;
}

static void add_once(struct writer *w, struct module_scope *s, bool input, uint32_t layer)
{
    const uint32_t n = input ? s->inputs.len : s->outputs.len;
    const uint32_t *known = input ? s->inputs.at : s->outputs.at;
    for (uint32_t i = 0; i < n; i++)
        if (known[i] == layer)
            return;
    if (input)
        vec_push(w->arena, &s->inputs, layer);
    else
        vec_push(w->arena, &s->outputs, layer);
}

/* A value that one module reads and another one makes leaves all those around the one and enters all around the other. */
static void connect(struct writer *w, uint32_t from, uint32_t to)
{
    const uint32_t source = w->scope_of[from], reader = w->scope_of[to];
    for (uint32_t s = source; !within(w, reader, s); s = w->scopes.at[s].parent)
        add_once(w, &w->scopes.at[s], false, from);
    for (uint32_t s = reader; !within(w, source, s); s = w->scopes.at[s].parent)
        add_once(w, &w->scopes.at[s], true, from);
}

static void connect_all(struct writer *w)
{
    for (uint32_t i = 0; i < w->net->layers.len; i++) {
        const struct layer *l = writer_layer(w, i);
        for (uint32_t k = 0; k < l->input_count; k++)
            connect(w, l->inputs[k].i, i);
    }
    for (uint32_t i = 0; i < w->net->outputs.len; i++) {
        const uint32_t layer = w->net->outputs.at[i].layer.i;
        for (uint32_t s = w->scope_of[layer]; s != MODEL; s = w->scopes.at[s].parent)
            add_once(w, &w->scopes.at[s], false, layer);
        add_once(w, &w->scopes.at[MODEL], false, layer);
    }
    for (uint32_t i = 0; i < w->net->layers.len; i++)
        if (!writer_layer(w, i)->row)
            add_once(w, &w->scopes.at[MODEL], true, i);
}

/* ---- in which order ---- */

/* The item of a module that makes a layer's value: the layer, or the module in it that holds it. */
static struct module_item item_of(const struct writer *w, uint32_t scope, uint32_t layer)
{
    uint32_t at = w->scope_of[layer];
    if (at == scope)
        return (struct module_item){false, layer};
    while (w->scopes.at[at].parent != scope)
        at = w->scopes.at[at].parent;
    return (struct module_item){true, at};
}

static bool is_input_of(const struct writer *w, uint32_t scope, uint32_t layer)
{
    return !within(w, w->scope_of[layer], scope) || !writer_layer(w, layer)->row;
}

/* Whether all that an item reads is there. */
static bool is_ready(const struct writer *w, uint32_t scope, struct module_item item,
                     const bool *layers_done, const bool *modules_done)
{
    const struct layer *l = item.is_module ? NULL : writer_layer(w, item.index);
    const uint32_t count = l ? l->input_count : w->scopes.at[item.index].inputs.len;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t read = l ? l->inputs[i].i : w->scopes.at[item.index].inputs.at[i];
        if (is_input_of(w, scope, read))
            continue;
        const struct module_item from = item_of(w, scope, read);
        if (!(from.is_module ? modules_done[from.index] : layers_done[from.index]))
            return false;
    }
    return true;
}

/* The items of a module by their first layers: the order in which the description has them. */
static void list_items(struct writer *w, uint32_t scope, struct module_item *items, uint32_t *count)
{
    bool *seen = arena_array(w->arena, bool, w->scopes.len);
    for (uint32_t i = 0; i < w->net->layers.len; i++) {
        if (!within(w, w->scope_of[i], scope) || !writer_layer(w, i)->row)
            continue;
        const struct module_item item = item_of(w, scope, i);
        if (item.is_module && seen[item.index])
            continue;
        if (item.is_module)
            seen[item.index] = true;
        items[(*count)++] = item;
    }
}

/* Puts them in an order in which each finds what it reads. A module that stays is one of those that cannot be called in one go: it is
 * noted in `flat`, and the result is false. */
static bool order_items(struct writer *w, uint32_t scope, struct map *flat)
{
    uint32_t count = 0, left;
    struct module_scope *s = &w->scopes.at[scope];
    struct module_item *items = arena_array(w->arena, struct module_item, w->net->layers.len);
    bool *layers_done = arena_array(w->arena, bool, w->net->layers.len),
         *modules_done = arena_array(w->arena, bool, w->scopes.len);
    list_items(w, scope, items, &count);
    left = count;
    while (left > 0) {
        uint32_t i = 0;
        while (i < left && !is_ready(w, scope, items[i], layers_done, modules_done))
            i++;
        if (i == left)
            break;
        const struct module_item item = items[i];
        *(item.is_module ? &modules_done[item.index] : &layers_done[item.index]) = true;
        vec_push(w->arena, &s->order, item);
        left--;
        memmove(&items[i], &items[i + 1], (left - i) * sizeof *items);
    }
    for (uint32_t i = 0; i < left; i++)
        if (items[i].is_module)
            map_set(flat, w->scopes.at[items[i].index].path, w);
    return left == 0;
}

static void measure_heights(struct writer *w)
{
    for (uint32_t i = w->scopes.len; i-- > 1;)
        for (uint32_t s = i, height = 1; s != MODEL; s = w->scopes.at[s].parent, height++) {
            struct module_scope *above = &w->scopes.at[w->scopes.at[s].parent];
            above->height = above->height > height ? above->height : height;
        }
}

/* An adapted layer is a module, and what adapts it is below its name without being called by it. */
static void flatten_adapted(struct writer *w, struct map *flat)
{
    for (uint32_t i = 0; i < w->net->layers.len; i++) {
        const struct layer *l = writer_layer(w, i);
        if (l->adapt && !l->added)
            map_set(flat, l->path, w);
    }
}

void find_scopes(struct writer *w)
{
    struct map flat;
    map_init(&flat, w->arena);
    flatten_adapted(w, &flat);
    w->scope_of = arena_array(w->arena, uint32_t, w->net->layers.len);
    for (bool ordered = false; !ordered;) {
        collect(w, &flat);
        connect_all(w);
        ordered = true;
        for (uint32_t i = 0; i < w->scopes.len; i++)
            ordered = order_items(w, i, &flat) && ordered;
    }
    measure_heights(w);
}

/* PyTorch's format before 1.6: five pickles (a magic number, a protocol version, facts of the
 * machine, the object, the keys of its storages), then for each key an int64 count of elements and
 * the elements.
 *
 * The element size of a storage is known only from the object's pickle, where its class is named.
 */
#include "weights_reader.h"

#include <inttypes.h>
#include <string.h>

#include "map.h"

enum { PROTOCOL_VERSION = 1001 };
static const unsigned char magic[] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

struct legacy {
    struct weights_reader *r;
    size_t at;           /* in the file */
    struct map storages; /* key -> struct region */
};

struct region {
    size_t element_size;
    bool found;
    const unsigned char *data;
    uint64_t bytes;
};

static bool read_pickle(struct legacy *l, const char *what, struct pickle *out)
{
    const struct file_map *file = &l->r->w->file;
    if (!pickle_read(l->r->w->arena, file->data + l->at, file->size - l->at, out)) {
        out->error_at += l->at;
        return weights_damaged_pickle(l->r, out, what);
    }
    l->at += out->used;
    return true;
}

static bool read_magic(struct legacy *l)
{
    struct pickle p;
    const struct weights *w = l->r->w;
    if (!pickle_read(w->arena, w->file.data, w->file.size, &p) || p.root->kind != PICKLE_LONG ||
        p.root->length != sizeof magic || memcmp(p.root->text, magic, sizeof magic) != 0) {
        diag_report(l->r->diag, l->r->span, DIAG_WEIGHTS_UNKNOWN, w->path);
        diag_note(l->r->diag, "it looks like a pickle, but not like one that torch.save wrote: "
                              "save with torch.save or safetensors");
        return false;
    }
    l->at = p.used;
    if (!read_pickle(l, "protocol version", &p))
        return false;
    if (p.root->kind != PICKLE_INT || p.root->integer != PROTOCOL_VERSION)
        return weights_damaged(l->r, "its protocol version is not %d", PROTOCOL_VERSION);
    return true;
}

static bool read_machine(struct legacy *l)
{
    struct pickle p;
    if (!read_pickle(l, "facts of the machine", &p))
        return false;
    if (p.root->kind != PICKLE_DICT)
        return weights_damaged(l->r, "the facts of the machine are not a dict");
    const struct pickle_value *little = pickle_dict_get(p.root, "little_endian");
    if (little && little->kind == PICKLE_BOOL && !little->integer) {
        diag_report(l->r->diag, l->r->span, DIAG_WEIGHTS_BIG_ENDIAN, l->r->w->path);
        return false;
    }
    return true;
}

/* Notes the element size of every storage of the object. */
static void note_storages(struct legacy *l, const struct pickle *object)
{
    struct arena *arena = l->r->w->arena;
    for (uint32_t i = 0; i < object->persistent.len; i++) {
        struct torch_storage s;
        torch_storage_parse(arena, object->persistent.at[i], &s);
        if (s.element_size == 0 || map_has(&l->storages, s.key))
            continue;
        struct region *region = arena_new(arena, struct region);
        region->element_size = s.element_size;
        map_set(&l->storages, s.key, region);
    }
}

static bool read_storage(struct legacy *l, const struct pickle_value *key)
{
    const struct file_map *file = &l->r->w->file;
    struct region *region = key->kind == PICKLE_TEXT ? map_get(&l->storages, key->text) : NULL;
    if (!region)
        return weights_damaged(l->r,
                               "a storage that no tensor names, or of a class that is not known");
    if (file->size - l->at < 8)
        return weights_damaged(l->r, "the file ends before storage '%.40s'", key->text);
    uint64_t count = 0;
    for (int i = 7; i >= 0; i--)
        count = count << 8 | file->data[l->at + (size_t)i];
    l->at += 8;
    if (count > (file->size - l->at) / region->element_size)
        return weights_damaged(
            l->r, "storage '%.40s' of %" PRIu64 " elements reaches past the end of the file",
            key->text, count);
    region->data = file->data + l->at;
    region->bytes = count * region->element_size;
    region->found = true;
    l->at += (size_t)region->bytes;
    return true;
}

static bool read_storages(struct legacy *l)
{
    struct pickle p;
    if (!read_pickle(l, "keys of the storages", &p))
        return false;
    if (p.root->kind != PICKLE_LIST)
        return weights_damaged(l->r, "the keys of the storages are not a list");
    for (uint32_t i = 0; i < p.root->items.len; i++) {
        if (!read_storage(l, p.root->items.at[i]))
            return false;
    }
    return true;
}

static bool find_storage(void *user, const struct torch_storage *s, const unsigned char **data,
                         const char **why)
{
    struct legacy *l = user;
    const struct region *region = map_get(&l->storages, s->key);
    if (!region || !region->found) {
        *why = arena_printf(l->r->w->arena, "storage '%.40s' is not in the file", s->key);
        return false;
    }
    if (torch_storage_part(s, region->data, region->bytes, data))
        return true;
    *why = arena_printf(l->r->w->arena, "storage '%.40s' has fewer elements than the pickle says",
                        s->key);
    return false;
}

/* Protocol 0 keeps a storage's name only as text: no tensor can be read, as torch_storage_parse says of each. */
static bool names_are_text(const struct pickle *object)
{
    return object->persistent.len && object->persistent.at[0]->id->kind == PICKLE_TEXT;
}

bool weights_read_legacy(struct weights_reader *r)
{
    struct legacy l = {.r = r};
    struct pickle object;
    map_init(&l.storages, r->w->arena);
    if (!read_magic(&l) || !read_machine(&l) || !read_pickle(&l, "the object", &object))
        return false;
    note_storages(&l, &object);
    return (names_are_text(&object) || read_storages(&l)) &&
           torch_read_tensors(r, object.root, find_storage, &l);
}

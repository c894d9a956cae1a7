/* PyTorch's zip format: NAME/data.pkl is the pickle, NAME/data/KEY the bytes of a storage.
 *
 * The archive is read in memory with libzip and nothing is extracted to disk, so names need no
 * checking beyond being found. Sizes that the directory claims are bounded before memory is taken:
 * torch stores without compression; a file that somebody packed again may be deflated, up to
 * MAX_RATIO times its size in all. */
#include "weights_reader.h"

#include <inttypes.h>
#include <string.h>

#include <zip.h>

#include "map.h"
#include "str.h"

enum { MAX_RATIO = 16 };
static const uint64_t max_slack = UINT64_C(64)
                                  << 20; /* bytes that even a small archive may unfold to */

struct archive {
    struct weights *w;
    zip_t *zip;
    const char *prefix;  /* "NAME/" */
    uint64_t budget;     /* bytes that may still be unpacked */
    struct map storages; /* name of entry -> struct entry */
};

struct entry {
    const unsigned char *data;
    uint64_t bytes;
};

/* Copies an entry into the arena; the checksum is verified by libzip at its end. */
static bool unpack(struct archive *a, const zip_stat_t *stat, unsigned char *to, const char **why)
{
    zip_file_t *file = zip_fopen_index(a->zip, stat->index, 0);
    if (!file) {
        *why = "it cannot be unpacked";
        return false;
    }
    uint64_t done = 0;
    zip_int64_t got = 1;
    while (got >
           0) { /* one byte more than there is, so that the end is seen and the checksum compared */
        got = zip_fread(file, to + done, stat->size + 1 - done);
        done += got > 0 ? (uint64_t)got : 0;
    }
    zip_fclose(file);
    *why = "it is cut short or its checksum is wrong";
    return got == 0 && done == stat->size;
}

static bool read_entry(struct archive *a, const char *name, struct entry *out, const char **why)
{
    zip_stat_t stat;
    const zip_uint64_t wanted =
        ZIP_STAT_INDEX | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat(a->zip, name, ZIP_FL_ENC_RAW, &stat) != 0 || (stat.valid & wanted) != wanted) {
        *why = "it is not in the archive";
        return false;
    }
    if (stat.encryption_method != ZIP_EM_NONE ||
        (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)) {
        *why = "it is encrypted or compressed in an unknown way";
        return false;
    }
    if (stat.size > a->budget) {
        *why = "the archive unfolds to more than 16 times its size";
        return false;
    }
    a->budget -= stat.size;
    unsigned char *data = arena_alloc(a->w->arena, stat.size + 1);
    if (!unpack(a, &stat, data, why))
        return false;
    *out = (struct entry){data, stat.size};
    return true;
}

static bool find_storage(void *user, const struct torch_storage *s, const unsigned char **data,
                         const char **why)
{
    struct archive *a = user;
    const char *name = arena_printf(a->w->arena, "%sdata/%s", a->prefix, s->key);
    struct entry *entry = map_get(&a->storages, name);
    if (!entry) {
        struct entry found;
        if (!read_entry(a, name, &found, why)) {
            *why = arena_printf(a->w->arena, "storage %s: %s", name, *why);
            return false;
        }
        entry = arena_new(a->w->arena, struct entry);
        *entry = found;
        map_set(&a->storages, name, entry);
    }
    if (torch_storage_part(s, entry->data, entry->bytes, data))
        return true;
    *why = arena_printf(a->w->arena, "storage %s: has fewer elements than the pickle says", name);
    return false;
}

/* The folder that holds data.pkl, the outermost if several do; and names are looked up by name, so that one of two
 * entries of a name would be passed over without a word. False after a report. */
static bool scan_entries(struct weights_reader *r, struct archive *a)
{
    const zip_int64_t count = zip_get_num_entries(a->zip, 0);
    struct map names;
    map_init(&names, a->w->arena);
    for (zip_int64_t i = 0; i < count; i++) {
        const char *name = zip_get_name(a->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        if (!name)
            continue;
        if (map_has(&names, name))
            return weights_damaged(r, "it has two entries '%.200s'", name);
        map_set(&names, name, a);
        const size_t length = strlen(name) - (str_ends_with(name, "data.pkl") ? 8 : 0);
        const bool pickle = length < strlen(name) && (length == 0 || name[length - 1] == '/');
        if (pickle && (!a->prefix || length < strlen(a->prefix)))
            a->prefix = arena_strndup(a->w->arena, name, length);
    }
    return true;
}

/* Newer files say how their numbers lie; older ones are little-endian. */
static bool check_byte_order(struct weights_reader *r, struct archive *a)
{
    struct entry entry;
    const char *why;
    const char *name = arena_printf(a->w->arena, "%sbyteorder", a->prefix);
    if (zip_name_locate(a->zip, name, ZIP_FL_ENC_RAW) < 0)
        return true;
    if (!read_entry(a, name, &entry, &why))
        return weights_damaged(r, "%s: %s", name, why);
    if (entry.bytes == 3 && memcmp(entry.data, "big", 3) == 0) {
        diag_report(r->diag, r->span, DIAG_WEIGHTS_BIG_ENDIAN, r->w->path);
        return false;
    }
    return (entry.bytes == 6 && memcmp(entry.data, "little", 6) == 0) ||
           weights_damaged(r, "%s is neither 'little' nor 'big'", name);
}

/* What a zip archive is that torch.save did not write. */
static const char *foreign_kind(const struct archive *a)
{
    static const struct {
        const char *ending, *text;
    } rows[] = {
#define ZIP_KIND(ending, what, advice) {ending, "it is " what ": " advice},
#include "zip_kind.def"
#undef ZIP_KIND
    };
    const zip_int64_t count = zip_get_num_entries(a->zip, 0);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        for (zip_int64_t i = 0; i < count; i++) {
            const char *name = zip_get_name(a->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
            if (name && str_ends_with(name, rows[k].ending))
                return rows[k].text;
        }
    }
    return "it is a zip archive, but holds no data.pkl";
}

static bool read_archive(struct weights_reader *r, struct archive *a)
{
    if (!scan_entries(r, a))
        return false;
    if (!a->prefix) {
        diag_report(r->diag, r->span, DIAG_WEIGHTS_UNKNOWN, r->w->path);
        diag_note(r->diag, "%s", foreign_kind(a));
        return false;
    }
    if (!check_byte_order(r, a))
        return false;
    struct entry entry;
    const char *why, *name = arena_printf(r->w->arena, "%sdata.pkl", a->prefix);
    if (!read_entry(a, name, &entry, &why))
        return weights_damaged(r, "%s: %s", name, why);
    struct pickle pickle;
    if (!pickle_read(r->w->arena, entry.data, entry.bytes, &pickle))
        return weights_damaged_pickle(r, &pickle, name);
    return torch_read_tensors(r, pickle.root, find_storage, a);
}

bool weights_read_zip(struct weights_reader *r)
{
    const struct file_map *file = &r->w->file;
    struct archive a = {.w = r->w, .budget = MAX_RATIO * (uint64_t)file->size + max_slack};
    map_init(&a.storages, r->w->arena);
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(file->data, file->size, 0, &error);
    a.zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (!a.zip) {
        weights_damaged(
            r, "%s",
            zip_error_code_zip(&error) == ZIP_ER_NOZIP
                ? "it begins as a zip archive but its directory, at the end, is not there: "
                  "it was cut short"
                : zip_error_strerror(&error));
        zip_source_free(source);
        zip_error_fini(&error);
        return false;
    }
    const bool ok = read_archive(r, &a);
    zip_discard(a.zip);
    zip_error_fini(&error);
    return ok;
}

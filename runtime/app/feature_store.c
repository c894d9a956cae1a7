#include "feature_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fingerprint.h"
#include "replace.h"
#include "report.h"

#define STORE_SUFFIX ".features"

/* "ftmckept" */
static const uint64_t MAGIC = 0x7470656B636D7466U;

struct store_header {
    uint64_t magic, version, key;
    int64_t bytes; /* of a record's values */
    uint64_t checksum;
};

struct record_head {
    uint64_t content, checksum;
};

/* A sample that the store has. An open-addressed table of them: place -1 is free. */
struct stored {
    uint64_t content;
    int64_t place;
};

struct feature_store {
    char *path;
    int fd;
    bool writes;
    uint64_t key;
    int64_t bytes;
    int64_t places; /* of records, good or not, that the file has */
    struct stored *table;
    int64_t table_size, count; /* a power of two; at most half of it are in use */
    int64_t *bad;              /* places of damaged records, which are written anew */
    int64_t bad_count;
    unsigned char *record; /* [stride] for putting */
};

static int64_t stride(const struct feature_store *s)
{
    return (int64_t)sizeof(struct record_head) + s->bytes;
}

static int64_t offset_of(const struct feature_store *s, int64_t place)
{
    return (int64_t)sizeof(struct store_header) + place * stride(s);
}

static struct store_header header_of(uint64_t key, int64_t bytes)
{
    struct store_header h = {.magic = MAGIC, .version = 1, .key = key, .bytes = bytes};
    h.checksum = fingerprint_bytes(&h, offsetof(struct store_header, checksum), 0);
    return h;
}

static uint64_t checksum_of(const struct feature_store *s, uint64_t content, const void *values)
{
    return fingerprint_bytes(values, (size_t)s->bytes, content ^ s->key);
}

/* ---- whole reads and writes ---- */

static bool read_whole(int fd, void *to, int64_t size, int64_t at)
{
    for (int64_t done = 0; done < size;) {
        const ssize_t n = pread(fd, (char *)to + done, (size_t)(size - done), at + done);
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        done += n > 0 ? n : 0;
    }
    return true;
}

static bool write_whole(int fd, const void *from, int64_t size, int64_t at)
{
    for (int64_t done = 0; done < size;) {
        const ssize_t n = pwrite(fd, (const char *)from + done, (size_t)(size - done), at + done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? n : 0;
    }
    return true;
}

/* ---- what is there ---- */

static struct stored *find_slot(const struct feature_store *s, uint64_t content)
{
    int64_t i = (int64_t)(content & (uint64_t)(s->table_size - 1));
    while (s->table[i].place >= 0 && s->table[i].content != content)
        i = (i + 1) & (s->table_size - 1);
    return &s->table[i];
}

static void make_table(struct feature_store *s, int64_t size)
{
    struct stored *old = s->table;
    const int64_t old_size = s->table_size;
    s->table = app_alloc((size_t)size, sizeof *s->table);
    s->table_size = size;
    for (int64_t i = 0; i < size; i++)
        s->table[i].place = -1;
    for (int64_t i = 0; i < old_size; i++)
        if (old[i].place >= 0)
            *find_slot(s, old[i].content) = old[i];
    free(old);
}

static void note(struct feature_store *s, uint64_t content, int64_t place)
{
    if (2 * (s->count + 1) > s->table_size)
        make_table(s, 2 * s->table_size);
    struct stored *slot = find_slot(s, content);
    s->count += slot->place < 0;
    *slot = (struct stored){content, place};
}

static void note_bad(struct feature_store *s, int64_t place)
{
    s->bad = app_grow(s->bad, (size_t)s->bad_count + 1, sizeof *s->bad);
    s->bad[s->bad_count++] = place;
}

/* Goes through all records once; their pages are in memory then. */
static void look_at_records(struct feature_store *s, int64_t size)
{
    s->places = (size - (int64_t)sizeof(struct store_header)) / stride(s);
    for (int64_t i = 0; i < s->places; i++) {
        struct record_head head;
        if (read_whole(s->fd, s->record, stride(s), offset_of(s, i))) {
            memcpy(&head, s->record, sizeof head);
            if (head.checksum == checksum_of(s, head.content, s->record + sizeof head)) {
                note(s, head.content, i);
                continue;
            }
        }
        note_bad(s, i);
    }
    if (s->bad_count)
        report_note("%s: %lld of %lld records are damaged; they are made again", s->path,
                    (long long)s->bad_count, (long long)s->places);
    if (size == offset_of(s, s->places))
        return;
    report_note("%s: is cut off in the middle of a record; it is made again", s->path);
    if (s->writes && ftruncate(s->fd, offset_of(s, s->places)) != 0)
        s->writes = false;
}

/* ---- opening ---- */

static const char *begin_file(const char *path, const struct store_header *h)
{
    return replace_whole(path, h, sizeof *h, NULL, 0) == FTMRT_OK ? NULL : strerror(errno);
}

/* Opens the file that is there, for writing if that may be; false, and errno is why. */
static bool open_file(struct feature_store *s)
{
    s->fd = open(s->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    s->writes = s->fd >= 0;
    if (s->fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM))
        s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return s->fd >= 0;
}

/* Whether it begins as a store of this key has to; its size in *size. */
static bool is_ours(const struct feature_store *s, const struct store_header *want, int64_t *size)
{
    struct store_header found;
    struct stat info;
    if (s->fd < 0 || fstat(s->fd, &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    *size = info.st_size;
    return read_whole(s->fd, &found, sizeof found, 0) && memcmp(&found, want, sizeof found) == 0;
}

/* Makes a new file in the place of what is there. */
static const char *begin_again(struct feature_store *s, const struct store_header *h)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    const char *why = begin_file(s->path, h);
    return why ? why : open_file(s) ? NULL : strerror(errno);
}

/* NULL, or why there can be none. */
static const char *open_store(struct feature_store *s)
{
    const struct store_header h = header_of(s->key, s->bytes);
    int64_t size = 0;
    const char *why = NULL;
    if (!open_file(s)) {
        why = errno == ENOENT ? begin_again(s, &h) : strerror(errno);
    } else if (!is_ours(s, &h, &size)) {
        report_note("%s: is damaged, or no file of features; it is made anew", s->path);
        why = begin_again(s, &h);
    }
    if (why || !is_ours(s, &h, &size))
        return why ? why : "is another file now";
    if (s->writes && flock(s->fd, LOCK_EX | LOCK_NB) != 0) {
        s->writes = false;
        report_note("%s: another training writes it; what it has by now is read, the rest is not "
                    "kept there",
                    s->path);
    } else if (!s->writes) {
        report_note("%s: is read-only; what it lacks is not kept there", s->path);
    }
    /* Whoever held the lock before may have written more. */
    if (!is_ours(s, &h, &size))
        return "is another file now";
    look_at_records(s, size);
    return NULL;
}

struct feature_store *feature_store_open(const char *folder, uint64_t key, int64_t bytes)
{
    enum { SMALLEST_TABLE = 1024 };
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        report_note("%s: %s; features are not kept on disk", folder, strerror(errno));
        return NULL;
    }
    struct feature_store *s = app_alloc(1, sizeof *s);
    *s = (struct feature_store){.fd = -1, .key = key, .bytes = bytes};
    s->path = app_format("%s/%016llx" STORE_SUFFIX, folder, (unsigned long long)key);
    s->record = app_alloc((size_t)stride(s), 1);
    make_table(s, SMALLEST_TABLE);
    const char *why = open_store(s);
    if (!why)
        return s;
    report_note("%s: %s; features are not kept on disk", s->path, why);
    feature_store_close(s);
    return NULL;
}

void feature_store_close(struct feature_store *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    free(s->path);
    free(s->table);
    free(s->bad);
    free(s->record);
    free(s);
}

const char *feature_store_path(const struct feature_store *s) { return s->path; }

int64_t feature_store_count(const struct feature_store *s) { return s->count; }

bool feature_store_writes(const struct feature_store *s) { return s->writes; }

void feature_store_stop(struct feature_store *s) { s->writes = false; }

bool feature_store_has_room(const struct feature_store *s, int64_t samples)
{
    struct statvfs disk;
    if (fstatvfs(s->fd, &disk) != 0)
        return true;
    const double left = 0.9 * (double)disk.f_bavail * (double)disk.f_frsize;
    return (double)samples * (double)stride(s) <= left;
}

/* ---- samples ---- */

int64_t feature_store_find(const struct feature_store *s, uint64_t content)
{
    return find_slot(s, content)->place;
}

int64_t feature_store_put(struct feature_store *s, uint64_t content, const void *values)
{
    const int64_t known = feature_store_find(s, content);
    if (known >= 0 || !s->writes)
        return known;
    const int64_t place = s->bad_count ? s->bad[s->bad_count - 1] : s->places;
    const struct record_head head = {content, checksum_of(s, content, values)};
    memcpy(s->record, &head, sizeof head);
    memcpy(s->record + sizeof head, values, (size_t)s->bytes);
    if (!write_whole(s->fd, s->record, stride(s), offset_of(s, place))) {
        report_note("%s: %s; what it lacks is not kept there", s->path, strerror(errno));
        s->writes = false;
        if (place == s->places && ftruncate(s->fd, offset_of(s, place)) != 0)
            errno = 0; /* a part of a record, which nobody takes for one */
        return -1;
    }
    if (s->bad_count)
        s->bad_count--;
    else
        s->places++;
    note(s, content, place);
    return place;
}

bool feature_store_get(const struct feature_store *s, int64_t place, uint64_t content, void *values)
{
    struct record_head head;
    if (read_whole(s->fd, &head, sizeof head, offset_of(s, place)) &&
        read_whole(s->fd, values, s->bytes, offset_of(s, place) + (int64_t)sizeof head) &&
        head.content == content && head.checksum == checksum_of(s, content, values))
        return true;
    return report_error("%s: was changed while this program read it; delete it and go on with "
                        "`train --resume`",
                        s->path);
}

/* Bytes of a file of a folder that is a store; else -1. */
static int64_t store_bytes(const char *folder, const char *name)
{
    const size_t n = strlen(name), suffix = strlen(STORE_SUFFIX);
    if (n <= suffix || strcmp(name + n - suffix, STORE_SUFFIX) != 0)
        return -1;
    char *path = app_format("%s/%s", folder, name);
    struct stat info;
    const bool there = lstat(path, &info) == 0;
    free(path);
    return there ? (int64_t)info.st_size : -1;
}

int64_t feature_stores_bytes(const char *folder, int64_t *count)
{
    int64_t all = 0;
    *count = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        const int64_t bytes = store_bytes(folder, e->d_name);
        *count += bytes >= 0;
        all += bytes >= 0 ? bytes : 0;
    }
    if (d)
        closedir(d);
    return all;
}

/* Zip archives. */
#include "zip_archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

/* Sizes of the records, and the longest comment behind the last of them. */
enum { END = 22, LOCATOR = 20, END64 = 56, ENTRY = 46, HEADER = 30, MOST_COMMENT = 65535 };
enum { STORED = 0, DEFLATED = 8 };
/* Deflate makes 258 bytes of 2 bits at best: what is said to unfold further is not true. */
enum { MOST_RATIO = 1032, SLACK = 1024 };
/* A directory of a million long names is none of arrays. */
#define MOST_DIRECTORY ((uint64_t)64 << 20)

static const char damaged_text[] = "a damaged zip archive";

static uint64_t little(const unsigned char *at, int bytes)
{
    uint64_t v = 0;
    while (bytes-- > 0)
        v = v << 8 | at[bytes];
    return v;
}

static bool read_at(const struct zip_archive *z, uint64_t at, void *out, size_t count)
{
    return at <= z->size && count <= z->size - at && fseeko(z->file, (off_t)at, SEEK_SET) == 0 &&
           fread(out, 1, count, z->file) == count;
}

/* ---- the directory ---- */

/* Where the record at the end is, which a comment may follow; -1: there is none. */
static int64_t find_end(const struct zip_archive *z)
{
    const size_t count = z->size < END + MOST_COMMENT ? (size_t)z->size : END + MOST_COMMENT;
    unsigned char *tail = malloc(count + 1);
    int64_t found = -1;
    if (tail && read_at(z, z->size - count, tail, count))
        for (size_t i = 0; i + END <= count; i++) /* the last one counts */
            if (!memcmp(tail + i, "PK\5\6", 4) && little(tail + i + 20, 2) == count - i - END)
                found = (int64_t)(z->size - count + i);
    free(tail);
    return found;
}

/* Where the directory is: in the record at the end, or in the larger one that is before it where the archive needs it. */
static bool find_directory(const struct zip_archive *z, uint64_t *at, uint64_t *size)
{
    unsigned char end[END], locator[LOCATOR], large[END64];
    const int64_t place = find_end(z);
    if (place < 0 || !read_at(z, (uint64_t)place, end, END))
        return false;
    *size = little(end + 12, 4);
    *at = little(end + 16, 4);
    if (place < LOCATOR || !read_at(z, (uint64_t)place - LOCATOR, locator, LOCATOR) ||
        memcmp(locator, "PK\6\7", 4) != 0)
        return true;
    if (!read_at(z, little(locator + 8, 8), large, END64) || memcmp(large, "PK\6\6", 4) != 0)
        return false;
    *size = little(large + 40, 8);
    *at = little(large + 48, 8);
    return true;
}

static const char *read_directory(struct zip_archive *z)
{
    uint64_t at, size;
    if (!find_directory(z, &at, &size) || size > MOST_DIRECTORY || size > z->size)
        return "not a zip archive, or one that is cut";
    z->directory_size = (size_t)size;
    z->directory = malloc(z->directory_size + 1);
    if (!z->directory)
        return "out of memory";
    return read_at(z, at, z->directory, z->directory_size) ? NULL : damaged_text;
}

const char *zip_archive_open(struct zip_archive *z, const char *path)
{
    struct stat st;
    *z = (struct zip_archive){.file = fopen(path, "rb")};
    if (!z->file || fstat(fileno(z->file), &st) != 0)
        return strerror(errno);
    if (!S_ISREG(st.st_mode))
        return "not a file that can be read at any place";
    z->size = (uint64_t)st.st_size;
    return read_directory(z);
}

void zip_archive_close(struct zip_archive *z)
{
    if (z->file)
        fclose(z->file);
    free(z->directory);
    *z = (struct zip_archive){0};
}

/* Sizes and the place that do not fit into an entry stand in its extra field 1, those that do not fit alone, in this order. */
static void read_large(struct zip_member *m, const unsigned char *extra, size_t count)
{
    uint64_t *const values[] = {&m->size, &m->packed, &m->at};
    while (count >= 4 && little(extra + 2, 2) <= count - 4) {
        const size_t length = (size_t)little(extra + 2, 2);
        size_t used = 0;
        for (size_t i = 0; little(extra, 2) == 1 && i < sizeof values / sizeof *values; i++)
            if (*values[i] == UINT32_MAX && used + 8 <= length) {
                *values[i] = little(extra + 4 + used, 8);
                used += 8;
            }
        extra += 4 + length;
        count -= 4 + length;
    }
}

bool zip_archive_next(const struct zip_archive *z, size_t *at, struct zip_member *m, bool *damaged)
{
    const unsigned char *e = z->directory + *at;
    const size_t left = z->directory_size - *at;
    *damaged = false;
    if (!left)
        return false;
    *damaged = true;
    if (left < ENTRY || memcmp(e, "PK\1\2", 4) != 0)
        return false;
    const size_t name = (size_t)little(e + 28, 2), extra = (size_t)little(e + 30, 2),
                 comment = (size_t)little(e + 32, 2);
    if (name + extra + comment > left - ENTRY)
        return false;
    *m = (struct zip_member){.name = (const char *)e + ENTRY,
                             .name_length = name,
                             .packed = little(e + 20, 4),
                             .size = little(e + 24, 4),
                             .at = little(e + 42, 4),
                             .checksum = (uint32_t)little(e + 16, 4),
                             .method = (int)little(e + 10, 2),
                             .encrypted = e[8] & 1};
    read_large(m, e + ENTRY + name, extra);
    *at += ENTRY + name + extra + comment;
    *damaged = false;
    return true;
}

const char *zip_archive_find(const struct zip_archive *z, const char *name, struct zip_member *m)
{
    const size_t length = strlen(name);
    struct zip_member next;
    bool damaged;
    int found = 0;
    for (size_t at = 0; zip_archive_next(z, &at, &next, &damaged);)
        if (next.name_length == length && !memcmp(next.name, name, length)) {
            *m = next;
            found++;
        }
    if (damaged)
        return damaged_text;
    return found == 1 ? NULL
           : found    ? "the archive has two of that name"
                      : "it is not in the archive";
}

/* ---- a member ---- */

static bool inflate_all(const struct zip_archive *z, const struct zip_member *m, uint64_t at,
                        unsigned char *out, size_t count)
{
    enum { PIECE = 1 << 16 };
    unsigned char in[PIECE];
    z_stream s = {0};
    uint64_t taken = 0;
    size_t done = 0;
    int code = inflateInit2(&s, -MAX_WBITS);
    while (code == Z_OK && done < count) {
        if (!s.avail_in) {
            const size_t piece = m->packed - taken < PIECE ? (size_t)(m->packed - taken) : PIECE;
            if (!piece || !read_at(z, at + taken, in, piece))
                break;
            taken += piece;
            s.next_in = in;
            s.avail_in = (uInt)piece;
        }
        const size_t room = count - done < (1U << 30) ? count - done : 1U << 30;
        s.next_out = out + done;
        s.avail_out = (uInt)room;
        code = inflate(&s, Z_NO_FLUSH);
        done += room - s.avail_out;
    }
    inflateEnd(&s);
    return done == count;
}

static uint32_t checksum_of(const unsigned char *bytes, size_t count)
{
    uLong sum = crc32(0, NULL, 0);
    for (size_t done = 0; done < count;) {
        const size_t piece = count - done < (1U << 30) ? count - done : 1U << 30;
        sum = crc32(sum, bytes + done, (uInt)piece);
        done += piece;
    }
    return (uint32_t)sum;
}

/* Where its bytes begin. */
static bool find_bytes(const struct zip_archive *z, const struct zip_member *m, uint64_t *at)
{
    unsigned char header[HEADER];
    if (!read_at(z, m->at, header, HEADER) || memcmp(header, "PK\3\4", 4) != 0)
        return false;
    *at = m->at + HEADER + little(header + 26, 2) + little(header + 28, 2);
    return *at <= z->size && m->packed <= z->size - *at;
}

const char *zip_archive_read(const struct zip_archive *z, const struct zip_member *m, void *out,
                             size_t count)
{
    uint64_t at;
    if (m->encrypted || (m->method != STORED && m->method != DEFLATED))
        return "it is encrypted, or packed in a way that is not read";
    if (!find_bytes(z, m, &at) || count > m->size ||
        (m->method == STORED && m->packed != m->size) || m->size / MOST_RATIO > m->packed + SLACK)
        return damaged_text;
    const bool ok =
        m->method == STORED ? read_at(z, at, out, count) : inflate_all(z, m, at, out, count);
    if (!ok)
        return "it is cut short or damaged";
    return count < m->size || checksum_of(out, count) == m->checksum
               ? NULL
               : "its checksum is wrong: it is damaged";
}

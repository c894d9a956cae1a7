/* link: ftmrt_files z */
/* Zip archives: what is read, sizes beyond 4 GiB, and that every damaged one is refused without a crash. */
#include "zip_archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "npz_file.h"

static char path[64];

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/ftm_zip_%ld.npz", (long)getpid());
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

/* An archive while it is written. */
struct archive {
    unsigned char bytes[8192], directory[2048];
    size_t size, directory_size;
    int count;
};

static void put(unsigned char *to, size_t *at, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[(*at)++] = (unsigned char)(i < 8 ? v >> (8 * i) : 0);
}

static void put_bytes(unsigned char *to, size_t *at, const void *from, size_t count)
{
    memcpy(to + *at, from, count);
    *at += count;
}

/* What an entry says of a member; `large`: sizes and place stand behind the name. */
struct entry {
    const char *name;
    int method, flags;
    uint64_t packed, size, at;
    uint32_t checksum;
    bool large;
};

static void put_entry(struct archive *a, const struct entry *e)
{
    unsigned char *to = a->directory;
    size_t *at = &a->directory_size;
    put_bytes(to, at, "PK\1\2", 4);
    put(to, at, 45 | 45 << 16, 4);
    put(to, at, (uint64_t)e->flags, 2);
    put(to, at, (uint64_t)e->method, 2);
    put(to, at, 0, 4);
    put(to, at, e->checksum, 4);
    put(to, at, e->large ? UINT32_MAX : e->packed, 4);
    put(to, at, e->large ? UINT32_MAX : e->size, 4);
    put(to, at, strlen(e->name), 2);
    put(to, at, e->large ? 28 : 0, 2);
    put(to, at, 0, 10);
    put(to, at, e->large ? UINT32_MAX : e->at, 4);
    put_bytes(to, at, e->name, strlen(e->name));
    if (e->large) {
        put(to, at, 1 | 24 << 16, 4);
        put(to, at, e->size, 8);
        put(to, at, e->packed, 8);
        put(to, at, e->at, 8);
    }
    a->count++;
}

/* Adds a member, deflated where it says so; what its entry says may be changed behind it. */
static struct entry add(struct archive *a, const char *name, const void *data, size_t size,
                        bool deflated)
{
    struct entry e = {.name = name,
                      .method = deflated ? 8 : 0,
                      .size = size,
                      .packed = size,
                      .at = a->size,
                      .checksum = (uint32_t)crc32(0, data, (uInt)size)};
    put_bytes(a->bytes, &a->size, "PK\3\4", 4);
    put(a->bytes, &a->size, 0, 22); /* nobody reads what the entry says, too */
    put(a->bytes, &a->size, strlen(name), 2);
    put(a->bytes, &a->size, 3, 2);
    put_bytes(a->bytes, &a->size, name, strlen(name));
    put(a->bytes, &a->size, 0, 3);
    if (deflated) {
        z_stream s = {0};
        deflateInit2(&s, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
        s.next_in = (unsigned char *)(uintptr_t)data;
        s.avail_in = (uInt)size;
        s.next_out = a->bytes + a->size;
        s.avail_out = (uInt)(sizeof a->bytes - a->size);
        assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
        e.packed = s.total_out;
        a->size += s.total_out;
        deflateEnd(&s);
    } else {
        put_bytes(a->bytes, &a->size, data, size);
    }
    return e;
}

static void write_bytes(const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        abort();
    fwrite(bytes, 1, size, f);
    fclose(f);
}

/* Ends it, by the record for large archives too, and writes it. */
static void finish(struct archive *a, bool large)
{
    const size_t at = a->size;
    put_bytes(a->bytes, &a->size, a->directory, a->directory_size);
    const size_t end = a->size;
    if (large) {
        put_bytes(a->bytes, &a->size, "PK\6\6", 4);
        put(a->bytes, &a->size, 44, 8);
        put(a->bytes, &a->size, 0, 12);
        put(a->bytes, &a->size, (uint64_t)a->count, 8);
        put(a->bytes, &a->size, (uint64_t)a->count, 8);
        put(a->bytes, &a->size, a->directory_size, 8);
        put(a->bytes, &a->size, at, 8);
        put_bytes(a->bytes, &a->size, "PK\6\7", 4);
        put(a->bytes, &a->size, 0, 4);
        put(a->bytes, &a->size, end, 8);
        put(a->bytes, &a->size, 1, 4);
    }
    put_bytes(a->bytes, &a->size, "PK\5\6", 4);
    put(a->bytes, &a->size, 0, 4);
    put(a->bytes, &a->size, large ? UINT16_MAX : (uint64_t)a->count, 2);
    put(a->bytes, &a->size, large ? UINT16_MAX : (uint64_t)a->count, 2);
    put(a->bytes, &a->size, large ? UINT32_MAX : a->directory_size, 4);
    put(a->bytes, &a->size, large ? UINT32_MAX : at, 4);
    put(a->bytes, &a->size, 3, 2);
    put_bytes(a->bytes, &a->size, "end", 3);
    write_bytes(a->bytes, a->size);
}

static unsigned char data[1000];

/* What reading a member gives; NULL: it is `data`. */
static const char *read_member(const char *name)
{
    static unsigned char out[4096];
    struct zip_archive z;
    struct zip_member m;
    const char *why = zip_archive_open(&z, path);
    if (!why)
        why = zip_archive_find(&z, name, &m);
    if (!why)
        why = zip_archive_read(&z, &m, out, m.size < sizeof out ? (size_t)m.size : sizeof out);
    if (!why) {
        assert_int_equal(m.size, sizeof data);
        assert_memory_equal(out, data, sizeof data);
        memset(out, 0, sizeof out);
        assert_null(zip_archive_read(&z, &m, out, 10)); /* its beginning alone */
        assert_memory_equal(out, data, 10);
    }
    zip_archive_close(&z);
    return why;
}

static void stored_and_deflated(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * i >> 3);
    for (int large = 0; large < 2; large++) {
        struct archive a = {0};
        struct entry e = add(&a, "one", data, sizeof data, false);
        e.large = large;
        put_entry(&a, &e);
        e = add(&a, "folder/two", data, sizeof data, true);
        e.large = large;
        put_entry(&a, &e);
        finish(&a, large);
        assert_null(read_member("one"));
        assert_null(read_member("folder/two"));
        assert_string_equal(read_member("two"), "it is not in the archive");
    }
}

/* One thing of an entry is not true. */
static const char *read_changed(void (*change)(struct entry *e), bool deflated)
{
    struct archive a = {0};
    struct entry e = add(&a, "one", data, sizeof data, deflated);
    change(&e);
    put_entry(&a, &e);
    finish(&a, false);
    return read_member("one");
}

static void encrypt(struct entry *e) { e->flags = 1; }
static void pack_otherwise(struct entry *e) { e->method = 12; }
static void change_checksum(struct entry *e) { e->checksum++; }
static void ask_for_more(struct entry *e) { e->size += 5; }
static void unfold(struct entry *e)
{
    e->size = (uint64_t)1 << 32;
    e->large = true;
}
static void move_behind(struct entry *e) { e->at += 100000; }
static void reach_behind(struct entry *e)
{
    e->packed = UINT64_MAX - 5;
    e->large = true;
}
static void be_larger(struct entry *e)
{
    e->size = e->packed = UINT64_MAX / 2;
    e->large = true;
}

static void what_is_not_true_is_refused(void **state)
{
    (void)state;
    static void (*const changes[])(struct entry *e) = {
        encrypt, pack_otherwise, change_checksum, ask_for_more,
        unfold,  move_behind,    reach_behind,    be_larger};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        assert_non_null(read_changed(changes[i], true));
        assert_non_null(read_changed(changes[i], false));
    }
}

static void two_of_one_name_are_refused(void **state)
{
    (void)state;
    struct archive a = {0};
    struct entry e = add(&a, "one", data, sizeof data, false);
    put_entry(&a, &e);
    put_entry(&a, &e);
    finish(&a, false);
    assert_string_equal(read_member("one"), "the archive has two of that name");
}

/* An archive of which every byte is changed once, or that ends anywhere. */
static void damaged_archives_are_no_crash(void **state)
{
    (void)state;
    static const char head[] = "\x93NUMPY\1\0\x36\0{'descr': '|u1', 'fortran_order': False, "
                               "'shape': (3,)}\nabc";
    struct archive a = {0};
    struct entry e = add(&a, "x.npy", head, sizeof head - 1, true);
    put_entry(&a, &e);
    e.at = a.size;
    struct entry other = add(&a, "y.npy", head, sizeof head - 1, false);
    put_entry(&a, &other);
    finish(&a, true);
    for (size_t i = 0; i <= 2 * a.size; i++) {
        struct npz_file f;
        char error[256];
        unsigned char out[256];
        struct archive b = a;
        if (i < a.size)
            b.bytes[i] ^= 0x55;
        write_bytes(b.bytes, i < a.size ? a.size : i - a.size);
        if (npz_open(&f, path, error, sizeof error) == FTMRT_OK) {
            const struct npz_array *x = npz_find(&f, "x", error, sizeof error);
            const size_t size = x && x->member.size < sizeof out ? (size_t)x->member.size : 0;
            if (x && !npz_read(&f, x, out, size) && size == sizeof head - 1)
                assert_memory_equal(out, head, size);
        }
        npz_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_and_deflated),
        cmocka_unit_test(what_is_not_true_is_refused),
        cmocka_unit_test(two_of_one_name_are_refused),
        cmocka_unit_test(damaged_archives_are_no_crash),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}

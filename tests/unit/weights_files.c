/* link: ftm_bind ftm_lang ftm_weights ftm_graph ftm_ops ftm_base ftmrt_files ftmrt */
/* Weight files: what PyTorch wrote (tests/tools/make_weights.py) is read as it was written; what is
 * damaged at any byte is reported or read, never more. */
#include "weights_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "safetensors.h"

struct fixture {
    struct arena arena;
    struct diag diag;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->arena, "test");
    diag_init(&f->diag, &f->arena);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    arena_clear(&f->arena);
    free(f);
    return 0;
}

static struct weights *open_data(struct fixture *f, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "unit/data/weights/%s", name);
    return weights_open(&f->arena, &f->diag, path, NULL, SPAN_NONE);
}

/* Checks a tensor's type, shape ("2x3") and elements. */
static void check(const struct weights *w, const char *name, enum ftmrt_dtype dtype,
                  const char *shape, const double *expected)
{
    const struct weight_tensor *t = weights_find(w, name);
    assert_non_null(t);
    assert_int_equal(t->dtype, dtype);
    char text[64] = "";
    int64_t count = 1;
    for (uint32_t i = 0; i < t->rank; i++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, i ? "x%d" : "%d", (int)t->dim[i]);
        count *= t->dim[i];
    }
    assert_string_equal(text, shape);
    assert_int_equal(t->bytes, (uint64_t)count * ftmrt_dtype_size(dtype));
    for (int64_t i = 0; i < count; i++)
        assert_true(ftmrt_load_double(dtype, t->data, i) == expected[i]);
}

/* Checks that an entry is there, but cannot be used. */
static void check_unusable(const struct weights *w, const char *name, const char *why)
{
    const struct weight_tensor *t = weights_find(w, name);
    assert_non_null(t);
    assert_non_null(t->unusable);
    if (!strstr(t->unusable, why))
        fail_msg("%s: %s", name, t->unusable);
    assert_null(t->data);
}

static const double ramp[] = {-2, -1, 0, 1, 2, 3, 4, 5};

static void check_types(struct weights *w)
{
    assert_non_null(w);
    check(w, "f32", FTMRT_F32, "2x3", ramp);
    check(w, "f16", FTMRT_F16, "5", ramp);
    check(w, "bf16", FTMRT_BF16, "4", ramp);
    check(w, "i64", FTMRT_I64, "", (const double[]){7});
    check(w, "u8", FTMRT_U8, "3", (const double[]){0, 1, 2});
    check(w, "transposed", FTMRT_F32, "2x3", (const double[]){-2, 0, 2, -1, 1, 3});
    check(w, "every_other", FTMRT_F32, "4", (const double[]){-1, 1, 3, 5});
    check(w, "tail", FTMRT_F32, "3", ramp + 5);
    check(w, "expanded", FTMRT_F32, "4", (const double[]){5, 5, 5, 5});
    check(w, "parameter", FTMRT_F32, "2", ramp);
    assert_true(weights_find(w, "f32")->contiguous);
    assert_false(weights_find(w, "transposed")->contiguous);
    assert_null(weights_find(w, "absent"));
    assert_int_equal(w->skipped.len, 0);
}

static void test_zip(void **state)
{
    struct weights *w = open_data(*state, "types_zip.pth");
    check_types(w);
    assert_string_equal(w->format, "pytorch zip");
    assert_int_equal(w->tensors.len, 10);
    weights_close(w);
    w = open_data(*state, "types_deflated.pth");
    check_types(w);
    weights_close(w);
}

static void test_legacy(void **state)
{
    struct weights *w = open_data(*state, "types_legacy.pth");
    check_types(w);
    assert_string_equal(w->format, "pytorch legacy");
    check(w, "f64", FTMRT_F64, "3", ramp);
    check(w, "flag", FTMRT_BOOL, "2", (const double[]){1, 0});
    check(w, "empty", FTMRT_F32, "0x3", ramp);
    weights_close(w);
}

static void test_nested(void **state)
{
    struct weights *w = open_data(*state, "nested_legacy.pth");
    assert_non_null(w);
    assert_string_equal(w->dictionary, "state_dict");
    assert_int_equal(w->tensors.len, 3);
    check(w, "module.a.weight", FTMRT_F32, "2x2", ramp);
    check(w, "module.a.bias", FTMRT_F32, "2", ramp);
    check_unusable(w, "module.note", "not a tensor (str)");
    static const char *const skipped[] = {
        "epoch: outside the state dict (int)",
        "other: outside the state dict (an object of __main__.Other)",
        "optimizer: outside the state dict (dict)"};
    assert_int_equal(w->skipped.len, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_string_equal(w->skipped.at[i], skipped[i]);
    weights_close(w);
    w = open_data(*state, "model_zip.pth");
    assert_non_null(w);
    check(w, "w", FTMRT_F32, "3", ramp);
    weights_close(w);
}

static void check_refused(struct fixture *f, const struct weights *w, const char *text)
{
    assert_null(w);
    assert_int_equal(f->diag.errors, 1);
    assert_non_null(strstr(f->diag.items.at[0].text, text));
}

static void test_not_a_state_dict(void **state)
{
    check_refused(*state, open_data(*state, "class_zip.pth"),
                  "expected a state dict, found an object of torch.nn.modules.linear.Identity");
}

static void test_other_zip(void **state)
{
    check_refused(*state, open_data(*state, "no_pickle.zip"),
                  "neither safetensors nor a PyTorch file");
}

static void test_absent(void **state)
{
    check_refused(*state, open_data(*state, "absent.pth"), "absent.pth");
}

/* ---- handmade files ---- */

struct bytes {
    unsigned char data[2048];
    size_t size;
};

static void add(struct bytes *b, const void *data, size_t size)
{
    assert_true(b->size + size <= sizeof b->data);
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

#define ADD(b, literal) add((b), (literal), sizeof(literal) - 1)

static void add_text(struct bytes *b, const char *text)
{
    const unsigned char head[] = {0x8c, (unsigned char)strlen(text)};
    add(b, head, 2);
    add(b, text, strlen(text));
}

static void add_preamble(struct bytes *b, bool little)
{
    ADD(b, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.");
    ADD(b, "\x80\x02M\xe9\x03.");
    ADD(b, "\x80\x02}");
    add_text(b, "little_endian");
    add(b, little ? "\x88s." : "\x89s.", 3);
}

/* _rebuild_tensor_v2 of a storage "s" of `elements` f32, or of the given view of it. */
static void add_tensor(struct bytes *b, unsigned char elements, const char *view, const char *size,
                       const char *stride)
{
    ADD(b, "ctorch._utils\n_rebuild_tensor_v2\n((");
    add_text(b, "storage");
    ADD(b, "ctorch\nFloatStorage\n");
    add_text(b, "s");
    add_text(b, "cpu");
    add(b, (const unsigned char[]){'K', elements}, 2);
    add(b, view, strlen(view));
    ADD(b, "tQK");
    ADD(b, "\0");
    add(b, size, strlen(size));
    add(b, stride, strlen(stride));
    ADD(b, "\x89NtR");
}

static void add_storage(struct bytes *b, unsigned char count)
{
    ADD(b, "\x80\x02]");
    add_text(b, "s");
    ADD(b, "a.");
    add(b, (const unsigned char[]){count, 0, 0, 0, 0, 0, 0, 0}, 8);
    for (int i = 0; i < count; i++)
        add(b, &(float){(float)i}, 4);
}

static struct weights *open_bytes(struct fixture *f, const struct bytes *b)
{
    return weights_open_memory(&f->arena, &f->diag, "memory", b->data, b->size, NULL, SPAN_NONE);
}

/* A legacy file with one tensor "w". */
static struct bytes one_tensor(unsigned char claimed, const char *view, const char *size,
                               const char *stride)
{
    struct bytes b = {.size = 0};
    add_preamble(&b, true);
    ADD(&b, "\x80\x02}");
    add_text(&b, "w");
    add_tensor(&b, claimed, view, size, stride);
    ADD(&b, "s.");
    add_storage(&b, 6);
    return b;
}

static void test_old_view(void **state)
{
    const struct bytes b = one_tensor(6, "\x8c\001vK\002K\003\x87", "K\003\x85", "K\001\x85");
    struct weights *w = open_bytes(*state, &b);
    assert_non_null(w);
    check(w, "w", FTMRT_F32, "3", (const double[]){2, 3, 4});
}

static void test_strides_outside(void **state)
{
    const struct bytes b = one_tensor(6, "N", "K\003K\003\x86", "K\003K\001\x86");
    check_refused(*state, open_bytes(*state, &b),
                  "its shape and strides reach outside its storage");
}

static void test_storage_too_small(void **state)
{
    const struct bytes b = one_tensor(7, "N", "K\007\x85", "K\001\x85");
    check_refused(*state, open_bytes(*state, &b), "fewer elements than the pickle says");
}

static void test_view_outside(void **state)
{
    const struct bytes b = one_tensor(6, "\x8c\001vK\004K\003\x87", "K\003\x85", "K\001\x85");
    check_refused(*state, open_bytes(*state, &b), "fewer elements than the pickle says");
}

/* 2^62 x 2^62 elements, all the same one. */
static void test_shape_overflow(void **state)
{
    static const char big[] = "\x8a\x08\001\001\001\001\001\001\001\x40";
    char size[64], stride[] = "J\001\001\001\001J\001\001\001\001\x86";
    snprintf(size, sizeof size, "%s%s\x86", big, big);
    const struct bytes b = one_tensor(6, "N", size, stride);
    check_refused(*state, open_bytes(*state, &b),
                  "its shape and strides reach outside its storage");
}

/* An axis repeated 2^33 times may not become 32 GiB of copy; the file still opens if something else
 * can be read. */
static void test_repeated_axis(void **state)
{
    struct bytes b = {.size = 0};
    add_preamble(&b, true);
    ADD(&b, "\x80\x02}");
    add_text(&b, "w");
    ADD(&b, "ctorch._utils\n_rebuild_tensor_v2\n((");
    add_text(&b, "storage");
    ADD(&b, "ctorch\nFloatStorage\n");
    add_text(&b, "s");
    ADD(&b, "\x8c\003cpuK\006NtQK\0\x8a\005\0\0\0\0\002\x85K\0\x85\x89NtRs");
    add_text(&b, "good");
    add_tensor(&b, 6, "N", "K\006\x85", "K\001\x85");
    ADD(&b, "s.");
    add_storage(&b, 6);
    struct weights *w = open_bytes(*state, &b);
    assert_non_null(w);
    check_unusable(w, "w", "its strides repeat so many elements");
    check(w, "good", FTMRT_F32, "6", (const double[]){0, 1, 2, 3, 4, 5});
}

/* A dangerous global is only a name: nothing is called, the entry is passed over, the rest is read.
 */
static void test_evil(void **state)
{
    static const char mark[] = "unit_weights_evil_marker";
    struct bytes b = {.size = 0};
    unlink(mark);
    add_preamble(&b, true);
    ADD(&b, "\x80\x02}");
    add_text(&b, "evil");
    ADD(&b, "cos\nsystem\n");
    add_text(&b, "touch unit_weights_evil_marker");
    ADD(&b, "\x85Rs");
    add_text(&b, "w");
    add_tensor(&b, 6, "N", "K\002\x85", "K\001\x85");
    ADD(&b, "s.");
    add_storage(&b, 6);
    struct weights *w = open_bytes(*state, &b);
    assert_non_null(w);
    assert_int_equal(w->tensors.len, 2);
    check_unusable(w, "evil", "depends on os.system, which is not called");
    assert_int_not_equal(access(mark, F_OK), 0);
}

static void test_nothing_usable(void **state)
{
    struct bytes b = {.size = 0};
    add_preamble(&b, true);
    ADD(&b, "\x80\x02}");
    add_text(&b, "evil");
    ADD(&b, "cos\nsystem\n)Rs.\x80\x02].");
    struct fixture *f = *state;
    check_refused(f, open_bytes(f, &b), "holds no tensor that can be used");
    assert_string_equal(f->diag.items.at[0].notes.at[0],
                        "evil: depends on os.system, which is not called");
}

static void test_big_endian(void **state)
{
    struct bytes b = {.size = 0};
    add_preamble(&b, false);
    ADD(&b, "\x80\x02}.\x80\x02].");
    check_refused(*state, open_bytes(*state, &b), "written by a big-endian machine");
}

static void test_other_pickle(void **state)
{
    struct bytes b = {.size = 0};
    ADD(&b, "\x80\x02}.");
    check_refused(*state, open_bytes(*state, &b), "neither safetensors nor a PyTorch file");
}

static void test_lfs_pointer(void **state)
{
    struct bytes b = {.size = 0};
    ADD(&b, "version https://git-lfs.github.com/spec/v1\n");
    struct fixture *f = *state;
    check_refused(f, open_bytes(f, &b), "neither safetensors");
    assert_non_null(strstr(f->diag.items.at[0].notes.at[0], "Git LFS"));
}

static void test_safetensors(void **state)
{
    static const char header[] =
        "{\"__metadata__\":{\"k\":\"v\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":"
        "[0,8]},\"q\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[8,9]}}";
    struct bytes b = {.size = 0};
    add(&b, (const unsigned char[]){sizeof header - 1, 0, 0, 0, 0, 0, 0, 0}, 8);
    ADD(&b, header);
    add(&b, (const float[]){-2, -1}, 8);
    ADD(&b, "q");
    struct weights *w = open_bytes(*state, &b);
    assert_non_null(w);
    check(w, "w", FTMRT_F32, "2", ramp);
    assert_int_equal(w->metadata.len, 1);
    assert_string_equal(w->metadata.at[0].value, "v");
    check_unusable(w, "q", "F8_E4M3 is not supported");
}

/* The first eight bytes are the length of the header, which may read as any magic: 0x80 is a pickle's, and what begins
 * "PK" is an archive's. Every length of two bytes is tried. */
static void test_safetensors_lengths(void **state)
{
    struct fixture *f = *state;
    enum { SIZE = 8 + (1 << 16) };
    static const char header[] = "{\"w\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}";
    unsigned char *data = malloc(SIZE + 1);
    for (size_t length = sizeof header - 1; length < (1 << 16); length += length < 4096 ? 1 : 251) {
        memset(data, ' ', SIZE);
        for (size_t i = 0; i < 8; i++)
            data[i] = (unsigned char)(length >> (8 * i));
        memcpy(data + 8, header, sizeof header - 1);
        data[8 + length] = 5;
        struct weights *w =
            weights_open_memory(&f->arena, &f->diag, "memory", data, 9 + length, NULL, SPAN_NONE);
        assert_non_null(w);
        assert_string_equal(w->format, "safetensors");
        check(w, "w", FTMRT_U8, "", (const double[]){5});
    }
    free(data);
}

/* A cut file is a damaged one of its format, though the length of its header be a pickle's magic. */
static void test_safetensors_cut(void **state)
{
    struct bytes b = {.size = 0};
    ADD(&b, "\x80\x02\0\0\0\0\0\0{\"w\":");
    check_refused(*state, open_bytes(*state, &b),
                  "damaged safetensors file: cut short, copy it again: the header length 640");
}

/* ---- files as training scripts save them (tests/tools/make_weight_cases.py) ---- */

static struct weights *open_case(struct fixture *f, const char *name, const char *from)
{
    char path[200];
    snprintf(path, sizeof path, "unit/data/weight_cases/%s.pth", name);
    return weights_open(&f->arena, &f->diag, path, from, SPAN_NONE);
}

static void test_negated(void **state)
{
    struct weights *w = open_case(*state, "negated", NULL);
    assert_non_null(w);
    check(w, "negated", FTMRT_F32, "2", (const double[]){-2, 4});
    weights_close(w);
}

static void test_zip64(void **state)
{
    struct weights *w = open_case(*state, "zip64", NULL);
    assert_non_null(w);
    check(w, "w", FTMRT_F32, "3", (const double[]){0, 1, 2});
    weights_close(w);
}

/* The parts were made from a weight of 1/8, 2/8, ..., 24/8, whichever axes the lengths are of. */
static void test_weight_norm(void **state)
{
    static const char *const names[] = {"weight_norm", "weight_norm_columns", "weight_norm_whole",
                                        "weight_norm_new"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        struct weights *w = open_case(*state, names[k], NULL);
        assert_non_null(w);
        const struct weight_tensor *t = weights_find(w, "fc.weight");
        assert_non_null(t);
        assert_non_null(strstr(t->derived, "weight_norm of 'fc."));
        assert_int_equal(t->bytes, 24 * sizeof(float));
        for (int64_t i = 0; i < 24; i++)
            assert_float_equal(ftmrt_load_double(FTMRT_F32, t->data, i), (double)(i + 1) / 8, 4e-7);
        assert_int_equal(w->tensors.len, 8);
        weights_close(w);
    }
}

static void check_first(struct weights *w, double expected)
{
    assert_non_null(w);
    const struct weight_tensor *t = weights_find(w, "fc.bias");
    assert_true(t && ftmrt_load_double(t->dtype, t->data, 0) == expected);
    weights_close(w);
}

static void test_dictionaries(void **state)
{
    struct fixture *f = *state;
    check_first(open_case(f, "ema", "model"), 0.125);
    check_first(open_case(f, "ema", "model_ema"), 0.25);
    check_first(open_case(f, "teacher", "student"), 0.25);
    check_first(open_case(f, "teacher", "teacher.ema.weights"), 0.125);
    check_first(open_case(f, "teacher", "teacher/ema.weights"), 0.125);
    check_first(open_case(f, "net", NULL), 0.125);
    assert_int_equal(f->diag.items.len, 0);
    check_first(open_case(f, "ema", NULL), 0.125);
    assert_int_equal(f->diag.warnings, 1);
    assert_null(open_case(f, "ema", "epoch"));
    assert_non_null(strstr(f->diag.items.at[1].text, "found int under 'epoch'"));
    assert_null(open_case(f, "ema", "modell"));
    assert_null(open_case(f, "ema", ""));
    assert_int_equal(f->diag.errors, 3);
}

/* ---- records whose arguments are not what torch writes ---- */

/* A tensor "w" of six f32 whose record has the arguments `rest` behind the strides. */
static struct bytes one_record(const char *rest, size_t size)
{
    struct bytes b = {.size = 0};
    add_preamble(&b, true);
    ADD(&b, "\x80\x02}");
    add_text(&b, "good");
    add_tensor(&b, 6, "N", "K\006\x85", "K\001\x85");
    ADD(&b, "s");
    add_text(&b, "w");
    ADD(&b, "ctorch._utils\n_rebuild_tensor_v2\n((");
    add_text(&b, "storage");
    ADD(&b, "ctorch\nFloatStorage\n");
    add_text(&b, "s");
    ADD(&b, "\x8c\003cpuK\006NtQK\0K\006\x85K\001\x85");
    add(&b, rest, size);
    ADD(&b, "tRs.");
    add_storage(&b, 6);
    return b;
}

static void check_record(struct fixture *f, const char *rest, size_t size, const char *why)
{
    const struct bytes b = one_record(rest, size);
    struct weights *w = open_bytes(f, &b);
    assert_non_null(w);
    if (why)
        check_unusable(w, "w", why);
    else
        assert_null(weights_find(w, "w")->unusable);
}

static void test_record_arguments(void **state)
{
    struct fixture *f = *state;
#define RECORD(rest, why) check_record(f, (rest), sizeof(rest) - 1, (why))
    RECORD("\x89N", NULL);
    RECORD("\x88}", NULL);
    RECORD("\x89}}", NULL);
    RECORD("\x89}N", NULL);
    RECORD("\x89}}\x8c\003neg\x89s", NULL);
    RECORD("\x89", "the record of the tensor is not understood");
    RECORD("\x89}}}", "the record of the tensor is not understood");
    RECORD("K\001}", "hooks or attributes that are not understood");
    RECORD("\x89}\x8c\001hK\001s", "hooks or attributes that are not understood");
    RECORD("\x89}K\001", "the marks of its record are not understood");
    RECORD("\x89}}\x8c\004conj\x88s", "the mark 'conj', which is not understood");
    RECORD("\x89}}\x8c\003negK\001s", "the marks of its record are not understood");
#undef RECORD
}

/* A mark that the values are negated is obeyed. */
static void test_negated_record(void **state)
{
    static const char rest[] = "\x89}}\x8c\003neg\x88s";
    const struct bytes b = one_record(rest, sizeof rest - 1);
    struct weights *w = open_bytes(*state, &b);
    assert_non_null(w);
    check(w, "w", FTMRT_F32, "6", (const double[]){-0.0, -1, -2, -3, -4, -5});
    check(w, "good", FTMRT_F32, "6", (const double[]){0, 1, 2, 3, 4, 5});
}

/* ---- damage ---- */

static const char *const files[] = {"types_zip.pth",     "types_legacy.pth", "types_deflated.pth",
                                    "nested_legacy.pth", "model_zip.pth",    "class_zip.pth"};

static unsigned char *load(const char *name, size_t *size)
{
    char path[200];
    snprintf(path, sizeof path, "unit/data/weights/%s", name);
    FILE *in = fopen(path, "rb");
    if (!in) {
        perror(path);
        exit(1);
    }
    unsigned char *data = malloc(1 << 16);
    *size = fread(data, 1, 1 << 16, in);
    fclose(in);
    return data;
}

/* Opens damaged bytes in a block of their exact size, so that the address sanitizer sees every step
 * outside; a file that opens is read through. */
static void try_open(const unsigned char *data, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    struct arena arena;
    struct diag diag;
    arena_init(&arena, "damage");
    diag_init(&diag, &arena);
    struct weights *w = weights_open_memory(&arena, &diag, "damaged", copy, size, NULL, SPAN_NONE);
    assert_true(w || diag.errors > 0);
    volatile double sum = 0;
    for (uint32_t i = 0; w && i < w->tensors.len; i++) {
        const struct weight_tensor *t = &w->tensors.at[i];
        if (t->unusable)
            continue;
        const int64_t count = (int64_t)(t->bytes / ftmrt_dtype_size(t->dtype));
        for (int64_t k = 0; k < count && k < 10000; k++)
            sum += ftmrt_load_double(t->dtype, t->data, k);
    }
    arena_clear(&arena);
    free(copy);
}

static void test_truncated(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        size_t size;
        unsigned char *data = load(files[f], &size);
        for (size_t n = 0; n <= size; n++)
            try_open(data, n);
        free(data);
    }
}

static void test_mutated(void **state)
{
    (void)state;
    static const unsigned char values[] = {0x00, 0xff, 0x7f, 0x80, '(', 't', 'R', '.'};
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        size_t size;
        unsigned char *data = load(files[f], &size);
        for (size_t n = 0; n < size; n++) {
            const unsigned char saved = data[n];
            data[n] = values[(n + f) % sizeof values];
            try_open(data, size);
            data[n] = saved ^ (unsigned char)(1U << (n % 8));
            try_open(data, size);
            data[n] = saved;
        }
        free(data);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_zip),
        TEST(test_legacy),
        TEST(test_nested),
        TEST(test_not_a_state_dict),
        TEST(test_other_zip),
        TEST(test_absent),
        TEST(test_old_view),
        TEST(test_strides_outside),
        TEST(test_storage_too_small),
        TEST(test_view_outside),
        TEST(test_shape_overflow),
        TEST(test_repeated_axis),
        TEST(test_evil),
        TEST(test_nothing_usable),
        TEST(test_big_endian),
        TEST(test_other_pickle),
        TEST(test_lfs_pointer),
        TEST(test_safetensors),
        TEST(test_safetensors_lengths),
        TEST(test_safetensors_cut),
        TEST(test_negated),
        TEST(test_zip64),
        TEST(test_weight_norm),
        TEST(test_dictionaries),
        TEST(test_record_arguments),
        TEST(test_negated_record),
        TEST(test_truncated),
        TEST(test_mutated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

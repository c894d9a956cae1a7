/* Kinds of files by all the evidence that their bytes give.
 *
 * The first eight bytes of safetensors are a number, the length of its header, and may read like any other format's
 * magic: with 640 bytes of header a file begins as a pickle does. So what only safetensors can be is looked for first:
 * a length within the format's limit and a '{' behind it. */
#include "weights_reader.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "safetensors.h"

static bool has_bytes(const struct file_map *file, size_t at, const char *bytes, size_t count)
{
    return file->size >= at + count && memcmp(file->data + at, bytes, count) == 0;
}

static bool is_safetensors(const struct file_map *file)
{
    if (file->size < 9 || file->data[8] != '{')
        return false;
    uint64_t length = 0;
    for (size_t i = 8; i-- > 0;)
        length = length << 8 | file->data[i];
    return length <= ST_MAX_HEADER;
}

/* Protocols 2 to 5 begin with their number. The older ones have no mark: the whole first pickle must be readable, and
 * be more than a word that happens to be one. */
static bool is_pickle(struct arena *arena, const struct file_map *file)
{
    enum { SHORTEST = 8 };
    if (file->size >= 2 && file->data[0] == 0x80)
        return file->data[1] >= 2 && file->data[1] <= 5;
    struct pickle p;
    return pickle_read(arena, file->data, file->size, &p) && p.used >= SHORTEST;
}

enum weights_kind weights_recognise(struct arena *arena, const struct file_map *file)
{
    if (is_safetensors(file))
        return WEIGHTS_SAFETENSORS;
    if (has_bytes(file, 0, "PK\003\004", 4) || has_bytes(file, 0, "PK\005\006", 4))
        return WEIGHTS_ZIP;
    return is_pickle(arena, file) ? WEIGHTS_LEGACY : WEIGHTS_FOREIGN;
}

/* ---- what else it may be ---- */

struct file_kind {
    size_t at, count;
    const char *bytes, *what, *advice;
};

static const struct file_kind kinds[] = {
#define FILE_KIND(at, bytes, what, advice) {at, sizeof(bytes) - 1, bytes, what, advice},
#include "file_kind.def"
#undef FILE_KIND
};

/* An ONNX model is a protocol buffer: its first field is the version of the format, then the producer or the graph. */
static const struct file_kind onnx = {.what = "an ONNX model",
                                      .advice = "take the network's state dict from PyTorch"};

static bool is_onnx(const struct file_map *file)
{
    return file->size > 2 && file->data[0] == 0x08 && file->data[1] >= 2 && file->data[1] < 64 &&
           (file->data[2] & 7) == 2 && file->data[2] <= 0x42;
}

static bool text_begins(const char *text, size_t size, const char *word)
{
    const size_t n = strlen(word);
    return size >= n && strncasecmp(text, word, n) == 0;
}

/* Near the beginning: where an index has its first keys. */
static bool has_word(const char *text, size_t size, const char *word)
{
    enum { NEAR = 4096 };
    for (size_t i = 0; i < size && i < NEAR; i++) {
        if (text_begins(text + i, size - i, word))
            return true;
    }
    return false;
}

/* Text, behind a byte order mark and blanks. */
static const struct file_kind *text_kind(const struct file_map *file)
{
    static const struct file_kind
        page = {.what = "an HTML page",
                .advice = "a server answered with a page instead of the file: fetch it again"},
        xml = {.what = "an XML document",
               .advice = "a server may have answered with a message: fetch the file again"},
        index = {.what = "the index of a checkpoint in several files",
                 .advice =
                     "join the files that it names into one: load them in Python, save one dict"},
        json = {.what = "JSON text", .advice = "check the path"};
    const char *text = (const char *)file->data;
    size_t size = file->size;
    if (has_bytes(file, 0, "\xef\xbb\xbf", 3)) {
        text += 3;
        size -= 3;
    }
    for (; size && isspace((unsigned char)*text); size--)
        text++;
    if (text_begins(text, size, "<!doctype html") || text_begins(text, size, "<html"))
        return &page;
    if (text_begins(text, size, "<?xml"))
        return &xml;
    if (!text_begins(text, size, "{") && !text_begins(text, size, "["))
        return NULL;
    return has_word(text, size, "\"weight_map\"") ? &index : &json;
}

static const struct file_kind *kind_of(const struct file_map *file)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (has_bytes(file, kinds[i].at, kinds[i].bytes, kinds[i].count))
            return &kinds[i];
    }
    return is_onnx(file) ? &onnx : text_kind(file);
}

bool weights_report_foreign(struct weights_reader *r)
{
    const struct weights *w = r->w;
    diag_report(r->diag, r->span, DIAG_WEIGHTS_UNKNOWN, w->path);
    const struct file_kind *kind = kind_of(&w->file);
    if (w->file.size == 0)
        diag_note(r->diag, "it is empty");
    else if (kind)
        diag_note(r->diag, "it is %s: %s", kind->what, kind->advice);
    return false;
}

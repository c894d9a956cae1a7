/* folder(path): pictures in a folder per class; each is read when it is asked for. */
#include <stdlib.h>
#include <string.h>

#include "class_folder.h"
#include "content.h"
#include "fingerprint.h"
#include "picture_file.h"
#include "report.h"
#include "source.h"

struct folder {
    char **paths; /* of the pictures, in the order of classes and names */
    int32_t *labels;
    struct ftmrt_picture_options options;
};

static void close_folder(struct source *s)
{
    struct folder *f = s->state;
    for (int64_t i = 0; i < s->count; i++)
        free(f->paths[i]);
    free(f->paths);
    free(f->labels);
    free(f);
}

static bool read_folder(const struct source *s, int64_t i, enum field_role field,
                        struct buffer *buffer, union field_value *out)
{
    const struct folder *f = s->state;
    if (field == FIELD_INPUT)
        return picture_file_read(f->paths[i], &f->options, buffer, &out->picture);
    out->index = f->labels[i];
    return true;
}

static const char *picture_name(const struct source *s, int64_t i)
{
    return ((const struct folder *)s->state)->paths[i];
}

static bool folder_contents(const struct source *s, int threads, uint64_t *contents)
{
    const struct folder *f = s->state;
    int failed = 0;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 16) reduction(| : failed)
    for (int64_t i = 0; i < s->count; i++)
        if (!failed && !content_of_file(f->paths[i], &contents[i]))
            failed = 1;
    return !failed;
}

/* Names, labels and contents: sizes and times of change alone say too little (a picture that is edited in place, or written
 * back with its old time) and too much (a copy of the folder). */
static bool fingerprint_folder(const struct source *s, int threads, uint64_t *hash)
{
    const struct folder *f = s->state;
    const size_t root = strlen(s->name);
    uint64_t *contents = app_alloc((size_t)s->count, sizeof *contents);
    const bool ok = folder_contents(s, threads, contents);
    *hash = 0;
    for (int64_t i = 0; ok && i < s->count; i++) {
        const char *name = f->paths[i] + root;
        *hash = fingerprint_bytes(name, strlen(name), *hash ^ (uint64_t)f->labels[i]);
        *hash = fingerprint_bytes(&contents[i], sizeof contents[i], *hash);
    }
    free(contents);
    return ok;
}

static int32_t class_number(const struct source_want *want, const char *name)
{
    for (int64_t k = 0; k < want->classes; k++)
        if (!strcmp(want->labels[k], name))
            return (int32_t)k;
    return -1;
}

/* Files that are left out: how many, and the first of them. */
struct left_out {
    size_t count;
    const char *first;
};

static void leave_out(struct left_out *l, const char *name)
{
    l->first = l->count++ ? l->first : name;
}

static void say_left_out(const char *folder, const struct left_out *pictures,
                         const struct left_out *others)
{
    if (pictures->count)
        report_note("%s: %zu pictures of a kind that is not read are left out; %s is one; convert "
                    "them: %s",
                    folder, pictures->count, pictures->first,
                    ftmrt_picture_converter(pictures->first));
    if (others->count)
        report_note("%s: %zu files that are no pictures (%s) are left out; %s is one", folder,
                    others->count, ftmrt_picture_kinds, others->first);
}

/* Adds a class's pictures; files that are none are named and left out. */
static bool add_class(struct source *s, const char *class_path, int32_t label)
{
    struct folder *f = s->state;
    struct name_list files;
    struct left_out pictures = {0}, others = {0};
    char error[512];
    if (class_folder_files(&files, class_path, error, sizeof error) != FTMRT_OK)
        return report_error("%s", error);
    f->paths = app_grow(f->paths, (size_t)s->count + files.count, sizeof *f->paths);
    f->labels = app_grow(f->labels, (size_t)s->count + files.count, sizeof *f->labels);
    for (size_t i = 0; i < files.count; i++) {
        if (!ftmrt_picture_name(files.at[i])) {
            leave_out(ftmrt_picture_converter(files.at[i]) ? &pictures : &others, files.at[i]);
            continue;
        }
        f->labels[s->count] = label;
        f->paths[s->count++] = app_format("%s/%s", class_path, files.at[i]);
    }
    say_left_out(class_path, &pictures, &others);
    name_list_free(&files);
    return true;
}

bool open_folder(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    struct name_list names;
    char error[512];
    *s =
        (struct source){.name = source_locate(ftmrt_call_text(call, FTMRT_PARAM_folder_path), want),
                        .fields = {{"picture", FIELD_PICTURE}, {"class", FIELD_INDEX}},
                        .read = read_folder,
                        .sample_name = picture_name,
                        .contents = folder_contents,
                        .fingerprint = fingerprint_folder,
                        .close = close_folder,
                        .state = app_alloc(1, sizeof(struct folder))};
    ((struct folder *)s->state)->options = want->pictures;
    if (class_folder_names(&names, s->name, error, sizeof error) != FTMRT_OK)
        return report_error("%s", error);
    bool ok = true;
    for (size_t i = 0; ok && i < names.count; i++) {
        const int32_t label = class_number(want, names.at[i]);
        char *path = app_format("%s/%s", s->name, names.at[i]);
        ok = label >= 0 ? add_class(s, path, label)
                        : report_error("%s: the program has no class of this name", path);
        free(path);
    }
    name_list_free(&names);
    return ok && (s->count > 0 || report_error("%s: holds no pictures", s->name));
}

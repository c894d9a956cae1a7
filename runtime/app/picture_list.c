#include "picture_list.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "class_folder.h"
#include "picture_file.h"
#include "report.h"

struct picture_list {
    char **paths;
    struct ftmrt_picture_options options;
};

static void close_list(struct source *s)
{
    struct picture_list *l = s->state;
    for (int64_t i = 0; i < s->count; i++)
        free(l->paths[i]);
    free(l->paths);
    free(l);
}

static bool read_picture(const struct source *s, int64_t i, enum field_role field,
                         struct buffer *buffer, union field_value *out)
{
    const struct picture_list *l = s->state;
    (void)field;
    return picture_file_read(l->paths[i], &l->options, buffer, &out->picture);
}

static const char *picture_path(const struct source *s, int64_t i)
{
    return ((const struct picture_list *)s->state)->paths[i];
}

static void add_path(struct source *s, char *path)
{
    struct picture_list *l = s->state;
    const size_t have = (size_t)s->count;
    if ((have & (have + 1)) == 0) /* 0, 1, 3, 7, ... */
        l->paths = app_grow(l->paths, 2 * have + 1, sizeof *l->paths);
    l->paths[s->count++] = path;
}

/* Files that are no pictures are left out; of those that could be converted to some, one is named. */
static bool add_folder(struct source *s, const char *path)
{
    struct name_list files;
    const char *other = NULL;
    char error[512];
    const int64_t before = s->count;
    if (class_folder_files(&files, path, error, sizeof error) != FTMRT_OK)
        return report_error("%s", error);
    const size_t length = strlen(path);
    const char *slash = length && path[length - 1] == '/' ? "" : "/";
    for (size_t i = 0; i < files.count; i++) {
        if (ftmrt_picture_name(files.at[i]))
            add_path(s, app_format("%s%s%s", path, slash, files.at[i]));
        else if (!other && ftmrt_picture_converter(files.at[i]))
            other = files.at[i];
    }
    if (other)
        report_note("%s: pictures of a kind that is not read are left out; %s is one; convert "
                    "them: %s",
                    path, other, ftmrt_picture_converter(other));
    name_list_free(&files);
    return s->count > before ||
           report_error("%s: holds no pictures (%s)", path, ftmrt_picture_kinds);
}

bool picture_list_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool picture_list_open(struct source *s, const char *const *arguments, int count,
                       const struct ftmrt_picture_options *options)
{
    *s = (struct source){.name = app_strdup("the pictures"),
                         .fields = {{"picture", FIELD_PICTURE}},
                         .read = read_picture,
                         .sample_name = picture_path,
                         .close = close_list,
                         .state = app_alloc(1, sizeof(struct picture_list))};
    ((struct picture_list *)s->state)->options = *options;
    bool ok = true;
    for (int i = 0; ok && i < count; i++) {
        if (picture_list_folder(arguments[i]))
            ok = add_folder(s, arguments[i]);
        else
            add_path(s, app_strdup(arguments[i]));
    }
    if (!ok)
        source_close(s);
    return ok;
}

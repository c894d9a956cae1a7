#include "data_survey.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <zlib.h>

#include "class_folder.h"
#include "file.h"
#include "picture.h"
#include "str.h"

/* Pictures that are looked at; the medians of more of them would hardly be others. */
enum { SAMPLED = 96, MAX_CLASSES = 65536 };

struct looking {
    struct arena *arena;
    struct diag *diag;
    const char *dir, *as;
    struct data_survey *out;
};

/* ---- a folder per class ---- */

struct measured {
    double sides[SAMPLED], ratios[SAMPLED];
    int count;
};

static void measure(struct looking *l, struct measured *m, const char *path)
{
    struct file_map map;
    struct ftmrt_picture form;
    if (m->count == SAMPLED || !file_map_open(&map, path))
        return;
    if (ftmrt_picture_form(map.data, map.size, &form)) {
        const double a = (double)form.height, b = (double)form.width;
        m->sides[m->count] = a < b ? a : b;
        m->ratios[m->count++] = a < b ? b / a : a / b;
        l->out->transparent = l->out->transparent || form.channels == 2 || form.channels == 4;
    }
    file_map_close(&map);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

static bool report_folder(struct looking *l, const char *error)
{
    diag_report(l->diag, SPAN_NONE, DIAG_CLASS_FOLDER, error);
    diag_note(l->diag, "--data is a folder with a folder of pictures per class (photos/cat/1.jpg), "
                       "such folders in "
                       "train/ and test/ of it, or IDX files as MNIST has them");
    return false;
}

/* Counts a class, and measures pictures of it: as many as its part of SAMPLED. */
static bool look_at_class(struct looking *l, const char *dir, const char *name, size_t classes,
                          struct measured *m)
{
    struct name_list files;
    char error[512];
    const char *folder = arena_printf(l->arena, "%s/%s", dir, name);
    if (class_folder_files(&files, folder, error, sizeof error) != FTMRT_OK)
        return report_folder(l, error);
    const size_t part = 1 + (SAMPLED - 1) / classes, step = 1 + files.count / part;
    int64_t count = 0;
    for (size_t i = 0; i < files.count; i++) {
        if (!ftmrt_picture_name(files.at[i]))
            continue;
        if ((size_t)count++ % step == 0)
            measure(l, m, arena_printf(l->arena, "%s/%s", folder, files.at[i]));
    }
    name_list_free(&files);
    vec_push(l->arena, &l->out->classes,
             (struct survey_class){arena_strdup(l->arena, name), count});
    l->out->total += count;
    return true;
}

static bool look_at_classes(struct looking *l, const char *dir)
{
    struct name_list names;
    struct measured m = {.count = 0};
    char error[512];
    if (class_folder_names(&names, dir, error, sizeof error) != FTMRT_OK)
        return report_folder(l, error);
    bool ok = true;
    for (size_t i = 0; ok && i < names.count; i++)
        ok = look_at_class(l, dir, names.at[i], names.count, &m);
    name_list_free(&names);
    if (ok && !m.count)
        return report_folder(l, arena_printf(l->arena, "%s: no picture could be read", dir));
    if (ok) {
        l->out->side = (int64_t)median(m.sides, m.count);
        l->out->ratio = median(m.ratios, m.count);
    }
    l->out->named = true;
    return ok;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The source of the first of some subfolders that is there, or NULL. */
static const char *subfolder(struct looking *l, const char *const *names)
{
    for (; *names; names++)
        if (is_folder(arena_printf(l->arena, "%s/%s", l->dir, *names)))
            return arena_printf(
                l->arena, "folder(%s)",
                str_quoted(l->arena, arena_printf(l->arena, "%s/%s", l->as, *names)));
    return NULL;
}

static bool look_at_folder(struct looking *l)
{
    static const char *const train[] = {"train", "training", NULL};
    static const char *const validation[] = {"val", "valid", "validation", NULL};
    static const char *const test[] = {"test", "testing", NULL};
    struct data_survey *out = l->out;
    out->train = subfolder(l, train);
    if (!out->train) {
        out->train = arena_printf(l->arena, "folder(%s)", str_quoted(l->arena, l->as));
        return look_at_classes(l, l->dir);
    }
    out->validation = subfolder(l, validation);
    out->test = subfolder(l, test);
    for (const char *const *name = train; *name; name++) {
        const char *dir = arena_printf(l->arena, "%s/%s", l->dir, *name);
        if (is_folder(dir))
            return look_at_classes(l, dir);
    }
    return false;
}

/* ---- IDX files ---- */

struct idx_files {
    const char *images, *labels;
    const char *second; /* another one of either, so that it is not known which belong together */
};

static bool has_word(const char *name, const char *word)
{
    for (; *name; name++)
        if (!strncasecmp(name, word, strlen(word)))
            return true;
    return false;
}

/* IDX files begin with two zeros, the type of their values, of which there are bytes only, and the number of dimensions. */
static int idx_rank(const char *path)
{
    unsigned char head[4] = {0};
    struct stat st; /* a pipe would wait for its writer */
    gzFile file = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? gzopen(path, "rb") : NULL;
    const int size = file ? gzread(file, head, sizeof head) : 0;
    if (file)
        gzclose(file);
    return size == 4 && !head[0] && !head[1] && head[2] == 8 ? head[3] : 0;
}

static void find_idx(struct looking *l, struct idx_files *train, struct idx_files *test)
{
    DIR *dir = opendir(l->dir);
    for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        const bool trains = has_word(e->d_name, "train");
        const bool tests = has_word(e->d_name, "t10k") || has_word(e->d_name, "test");
        struct idx_files *to = trains ? train : test;
        if (trains == tests)
            continue;
        const int rank = idx_rank(arena_printf(l->arena, "%s/%s", l->dir, e->d_name));
        const char **place = rank == 3 ? &to->images : &to->labels;
        if (rank != 3 && rank != 1)
            continue;
        if (*place)
            to->second = arena_strdup(l->arena, e->d_name);
        else
            *place = arena_strdup(l->arena, e->d_name);
    }
    if (dir)
        closedir(dir);
}

static const char *idx_source(struct looking *l, const struct idx_files *f)
{
    if (!f->images || !f->labels)
        return NULL;
    return arena_printf(l->arena, "idx(images = %s, labels = %s)",
                        str_quoted(l->arena, arena_printf(l->arena, "%s/%s", l->as, f->images)),
                        str_quoted(l->arena, arena_printf(l->arena, "%s/%s", l->as, f->labels)));
}

static void measure_idx(struct looking *l, const char *images)
{
    unsigned char head[16] = {0};
    gzFile file = gzopen(arena_printf(l->arena, "%s/%s", l->dir, images), "rb");
    if (file && gzread(file, head, sizeof head) == sizeof head) {
        const double height = head[10] * 256.0 + head[11], width = head[14] * 256.0 + head[15];
        l->out->side = (int64_t)(height < width ? height : width);
        l->out->ratio = height < width ? width / height : height / width;
    }
    if (file)
        gzclose(file);
}

/* Counts labels: a byte each, behind 8 bytes. */
static void count_idx(struct looking *l, const char *labels)
{
    unsigned char bytes[4096];
    int64_t counts[256] = {0};
    gzFile file = gzopen(arena_printf(l->arena, "%s/%s", l->dir, labels), "rb");
    int last = -1, size = file ? gzread(file, bytes, 8) : 0;
    while (size > 0 && (size = gzread(file, bytes, sizeof bytes)) > 0)
        for (int i = 0; i < size; i++) {
            counts[bytes[i]]++;
            last = bytes[i] > last ? bytes[i] : last;
            l->out->total++;
        }
    if (file)
        gzclose(file);
    for (int c = 0; c <= last; c++)
        vec_push(l->arena, &l->out->classes,
                 (struct survey_class){arena_printf(l->arena, "%d", c), counts[c]});
}

/* false: there are none, or too many. */
static bool look_at_idx(struct looking *l)
{
    struct idx_files train = {0}, test = {0};
    find_idx(l, &train, &test);
    if (train.second || test.second)
        return report_folder(l,
                             arena_printf(l->arena, "%s: '%s' is one IDX file too many of its kind",
                                          l->dir, train.second ? train.second : test.second));
    l->out->train = idx_source(l, &train);
    if (!l->out->train)
        return false;
    l->out->test = idx_source(l, &test);
    measure_idx(l, train.images);
    count_idx(l, train.labels);
    return l->out->classes.len > 0;
}

bool survey_data(struct arena *arena, struct diag *diag, const char *dir, const char *as,
                 struct data_survey *out)
{
    struct looking l = {.arena = arena, .diag = diag, .dir = dir, .as = as, .out = out};
    *out = (struct data_survey){.ratio = 1};
    if (!is_folder(dir)) {
        diag_report(diag, SPAN_NONE, DIAG_SYSTEM, dir, "no such folder");
        return false;
    }
    return look_at_idx(&l) || (!diag->errors && look_at_folder(&l));
}

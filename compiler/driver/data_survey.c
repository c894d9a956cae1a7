#include "data_survey.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "class_folder.h"
#include "data_survey_parts.h"
#include "file.h"
#include "folder_parts.h"
#include "folder_walk.h"
#include "lang.h"
#include "picture.h"
#include "str.h"

enum { MOST_COMPARED = 2000 };

/* ---- a folder per class ---- */

void survey_measure(struct looking *l, struct measured *m, const char *path)
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

void survey_sizes(struct looking *l, struct measured *m)
{
    l->out->side = (int64_t)median(m->sides, m->count);
    l->out->ratio = median(m->ratios, m->count);
}

bool survey_report(struct looking *l, const char *error)
{
    diag_report(l->diag, SPAN_NONE, DIAG_CLASS_FOLDER, error);
    diag_note(l->diag, "--data is a folder with a folder of pictures per class (photos/cat/1.jpg), "
                       "such folders in "
                       "train/ and test/ of it, IDX files as MNIST has them, binary files of "
                       "CIFAR, an .npz file, or a table of pictures and labels (.csv)");
    return false;
}

static void leave_out(struct looking *l, const char *folder, const char *name)
{
    struct left_out *to = ftmrt_picture_converter(name) ? &l->unread : &l->others;
    if (!to->count++)
        to->first = arena_printf(l->arena, "%s/%s", folder, name);
}

/* Moves the pictures among names to the front; how many there are. */
static size_t keep_pictures(struct looking *l, const char *folder, char **names, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (ftmrt_picture_name(names[i]))
            names[kept++] = names[i];
        else
            leave_out(l, folder, names[i]);
    }
    return kept;
}

enum { OTHERS_ENOUGH = 10 };

/* Series of pictures that are taken within seconds of each other. */
static void look_for_series(struct looking *l, const char *folder, char *const *names, size_t count)
{
    struct name_series s;
    if (!name_series_find(&s, (const char *const *)names, (int64_t)count, NULL) || !s.series)
        return;
    l->series.series += s.series;
    l->series.names += s.names;
    l->scarce = l->scarce || (int64_t)count - s.names < OTHERS_ENOUGH;
    if (s.names <= l->most)
        return;
    l->most = s.names;
    l->series.example = arena_printf(l->arena, "%s/%s", folder, s.example);
    memcpy(l->series.group, s.group, sizeof s.group);
}

/* Counts a class, and measures pictures of it: as many as its part of SAMPLED. */
static bool look_at_class(struct looking *l, const char *dir, const char *name, size_t classes,
                          struct measured *m)
{
    struct name_list files;
    char error[512];
    const char *folder = arena_printf(l->arena, "%s/%s", dir, name);
    if (class_folder_files(&files, folder, error, sizeof error) != FTMRT_OK)
        return survey_report(l, error);
    const size_t part = 1 + (SAMPLED - 1) / classes, step = 1 + files.count / part;
    const size_t count = keep_pictures(l, folder, files.at, files.count);
    for (size_t i = 0; i < count; i += step)
        survey_measure(l, m, arena_printf(l->arena, "%s/%s", folder, files.at[i]));
    look_for_series(l, folder, files.at, count);
    name_list_free(&files);
    vec_push(l->arena, &l->out->classes,
             (struct survey_class){arena_strdup(l->arena, name), (int64_t)count});
    l->out->total += (int64_t)count;
    return true;
}

/* ---- what is odd ---- */

static void warn_empty(struct looking *l, const char *dir)
{
    for (uint32_t i = 0; i < l->out->classes.len; i++) {
        const struct survey_class *c = &l->out->classes.at[i];
        if (c->count)
            continue;
        diag_report(l->diag, SPAN_NONE, DIAG_DATA_ODD,
                    arena_printf(l->arena, "%s/%s holds no pictures", dir, c->name));
        diag_note(l->diag, "it is a class all the same, which the network will hardly ever answer: "
                           "add pictures, or remove the folder and write the recipe anew");
    }
}

static void warn_alike(struct looking *l)
{
    const uint32_t count = l->out->classes.len;
    for (uint32_t i = 0; count <= MOST_COMPARED && i < count; i++)
        for (uint32_t k = i + 1; k < count; k++) {
            const char *a = l->out->classes.at[i].name, *b = l->out->classes.at[k].name;
            if (strcasecmp(a, b) != 0)
                continue;
            diag_report(l->diag, SPAN_NONE, DIAG_DATA_ODD,
                        arena_printf(l->arena, "'%s' and '%s' are two classes", a, b));
            diag_note(l->diag, "if they are one, write `rename %s to %s` in `data`",
                      str_quoted(l->arena, a), str_quoted(l->arena, b));
        }
}

static void warn_left_out(struct looking *l)
{
    if (l->unread.count) {
        diag_report(l->diag, SPAN_NONE, DIAG_DATA_ODD,
                    arena_printf(l->arena,
                                 "%lld pictures of a kind that is not read are left out, as %s",
                                 (long long)l->unread.count, l->unread.first));
        diag_note(l->diag, "%s are read; convert them: %s", ftmrt_picture_kinds,
                  ftmrt_picture_converter(l->unread.first));
    }
    if (l->others.count)
        diag_report(l->diag, SPAN_NONE, DIAG_DATA_ODD,
                    arena_printf(l->arena,
                                 "%lld files that are no pictures (%s) are left out, as %s",
                                 (long long)l->others.count, ftmrt_picture_kinds, l->others.first));
}

/* The recipe keeps series together where a split still has something to choose from. */
static void warn_series(struct looking *l)
{
    const char *group = l->series.group;
    if (!l->series.series)
        return;
    l->out->group = *group && !l->scarce ? arena_strdup(l->arena, group) : NULL;
    diag_report(l->diag, SPAN_NONE, DIAG_DATA_ODD,
                arena_printf(l->arena,
                             "%lld pictures are of %lld series that were taken within seconds, as "
                             "%s",
                             (long long)l->series.names, (long long)l->series.series,
                             l->series.example));
    if (!*group)
        diag_note(l->diag, "a pattern of their names as `group` in `data` keeps a series on one "
                           "side of the split; else the figures are too good");
    else if (l->out->group)
        diag_note(l->diag, "`group = \"%s\"` keeps a series on one side of the split", group);
    else
        diag_note(l->diag,
                  "`group = \"%s\"` in `data` keeps a series on one side of the split, "
                  "else the figures are too good; add pictures that are of no series",
                  group);
}

/* Folders beside those of the parts. */
static void warn_beside(struct looking *l, const char *train)
{
    struct name_list names;
    if (class_folder_names(&names, l->dir, NULL, 0) != FTMRT_OK)
        return;
    for (size_t i = 0; i < names.count; i++)
        if (folder_part_of(names.at[i]) == PART_COUNT) {
            diag_report(l->diag, SPAN_NONE, DIAG_DATA_ODD,
                        arena_printf(l->arena, "%s/%s is beside %s and is not used", l->dir,
                                     names.at[i], train));
            diag_note(l->diag, "folders of parts are called train, val (valid, validation, "
                               "validate, eval, dev) and test (testing)");
        }
    name_list_free(&names);
}

/* Whether the names of all classes are texts. */
static bool check_names(struct looking *l, const char *dir, const struct name_list *names)
{
    bool ok = true;
    for (size_t i = 0; i < names->count; i++) {
        if (str_is_utf8(names->at[i]))
            continue;
        report_class_folder(l->arena, l->diag, SPAN_NONE, dir, names->at[i]);
        ok = false;
    }
    return ok;
}

/* The names of a folder's folders, in order and with commas; NULL: it holds none. */
static const char *folder_texts(struct looking *l, const char *dir, const char *name)
{
    struct name_list names;
    struct strbuf out;
    const char *path = arena_printf(l->arena, "%s/%s", dir, name);
    if (class_folder_names(&names, path, NULL, 0) != FTMRT_OK)
        return NULL;
    strbuf_init(&out, l->arena);
    for (size_t i = 0; i < names.count; i++)
        strbuf_addf(&out, "%s%s", i ? ", " : "", names.at[i]);
    name_list_free(&names);
    return out.text;
}

/* An archive that is unpacked into a folder of its own name has the folders of the classes one folder deeper. False after a message
 * where nothing else can be meant; of several such folders each may be a class. */
static bool check_depth(struct looking *l, const char *dir, const struct name_list *names)
{
    const char *first = names->at[0], *inner = folder_texts(l, dir, first);
    if (!inner)
        return true;
    if (names->count == 1) {
        diag_report(l->diag, SPAN_NONE, DIAG_CLASS_FOLDER,
                    arena_printf(l->arena, "%s holds one folder, %s/%s, with the folders %s", dir,
                                 dir, first, inner));
        diag_note(l->diag, "the classes are one folder deeper: write --data %s/%s", dir, first);
        return false;
    }
    for (size_t i = 1; i < names->count; i++) {
        const char *other = folder_texts(l, dir, names->at[i]);
        if (!other || strcmp(inner, other) != 0)
            return true;
    }
    diag_report(l->diag, SPAN_NONE, DIAG_DATA_ODD,
                arena_printf(l->arena,
                             "'%s' and '%s' are two classes, and both hold the folders %s", first,
                             names->at[1], inner));
    diag_note(l->diag, "if those are the classes, write --data %s/%s", dir, first);
    return true;
}

static bool look_at_classes(struct looking *l, const char *dir)
{
    struct name_list names;
    struct measured m = {.count = 0};
    char error[512];
    if (class_folder_names(&names, dir, error, sizeof error) != FTMRT_OK)
        return survey_report(l, error);
    bool ok = check_names(l, dir, &names) && check_depth(l, dir, &names);
    for (size_t i = 0; ok && i < names.count; i++)
        ok = look_at_class(l, dir, names.at[i], names.count, &m);
    name_list_free(&names);
    if (!ok)
        return false;
    warn_left_out(l);
    if (!m.count)
        return survey_report(l, arena_printf(l->arena, "%s: no picture could be read", dir));
    warn_empty(l, dir);
    warn_alike(l);
    warn_series(l);
    survey_sizes(l, &m);
    l->out->named = true;
    l->out->about = "a folder per class, whose names are the labels";
    return true;
}

/* The folder of a part, or NULL. */
static const char *find_part(struct looking *l, enum folder_part part)
{
    char name[16];
    return folder_part_find(l->dir, part, name) ? arena_strdup(l->arena, name) : NULL;
}

/* The source of a folder in the folder; NULL of NULL. */
static const char *part_source(struct looking *l, const char *name)
{
    return name ? arena_printf(l->arena, "folder(%s)",
                               str_quoted(l->arena, arena_printf(l->arena, "%s/%s", l->as, name)))
                : NULL;
}

/* Whether it holds folders: a class that is called "train" does not. */
static bool has_folders(const char *path)
{
    struct name_list names;
    const bool has = class_folder_names(&names, path, NULL, 0) == FTMRT_OK;
    if (has)
        name_list_free(&names);
    return has;
}

bool survey_folders(struct looking *l)
{
    struct data_survey *out = l->out;
    const char *train = find_part(l, PART_TRAIN),
               *dir = train ? arena_printf(l->arena, "%s/%s", l->dir, train) : NULL;
    if (!dir || !has_folders(dir)) {
        out->train = arena_printf(l->arena, "folder(%s)", str_quoted(l->arena, l->as));
        return look_at_classes(l, l->dir);
    }
    out->train = part_source(l, train);
    out->validation = part_source(l, find_part(l, PART_VALIDATION));
    out->test = part_source(l, find_part(l, PART_TEST));
    warn_beside(l, train);
    return look_at_classes(l, dir);
}

/* The ways to keep pictures; the last takes the blame. */
static bool (*const looks[])(struct looking *l) = {survey_idx, survey_formats, survey_npz,
                                                   survey_folders};

bool survey_data(struct arena *arena, struct diag *diag, const char *dir, const char *as,
                 struct data_survey *out)
{
    struct looking l = {.arena = arena, .diag = diag, .dir = dir, .as = as, .out = out};
    *out = (struct data_survey){.ratio = 1, .about = ""};
    if (!folder_is(dir)) {
        if (file_exists(dir))
            return survey_is_table(dir) ? survey_table(&l) : survey_npz(&l);
        diag_report(diag, SPAN_NONE, DIAG_SYSTEM, dir, "no such folder");
        return false;
    }
    for (size_t i = 0; i < sizeof looks / sizeof *looks && !diag->errors; i++)
        if (looks[i](&l))
            return true;
    return false;
}

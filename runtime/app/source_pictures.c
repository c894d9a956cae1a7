/* Pictures of a listing: their classes by the program's names, a look at each file, and reading. */
#include "source_pictures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "fingerprint.h"
#include "folder_parts.h"
#include "folder_walk.h"
#include "listing.h"
#include "picture_file.h"
#include "picture_labels.h"
#include "report.h"
#include "transform_limit.h"

/* Files that are left out: how many, and the first of them. */
struct left_out {
    int64_t count;
    char *first;
};

struct pictures {
    struct listing listing;
    const struct picture_access *access;
    int32_t *labels;    /* of the listing's classes: the program's */
    int64_t classes;    /* of the program */
    uint64_t *contents; /* [count] */
    struct ftmrt_picture_options options;
    struct ftmrt_transform_task task; /* that they are for */
    bool skips; /* what cannot be read is left out, or has another one in its place */
    struct left_out others, unread; /* no pictures, and of kinds that are not read */
};

static void close_pictures(struct source *s)
{
    struct pictures *p = s->state;
    listing_close(&p->listing);
    free(p->labels);
    free(p->contents);
    free(p->others.first);
    free(p->unread.first);
    free(p);
}

/* ---- reading ---- */

#define GO_ON "`on_error = skip` in `data`"

static bool has_classes(const struct pictures *p) { return p->listing.form == LISTING_CLASSES; }

static int32_t label_of(const struct pictures *p, int64_t i)
{
    return p->labels[p->listing.at[i].class];
}

static void vector_of(const struct pictures *p, int64_t i, double *out)
{
    listing_rows_vector(&p->listing.rows, p->listing.at[i].row, p->labels, p->classes, out);
}

/* Whether two pictures have one label. */
static bool are_alike(const struct pictures *p, int64_t i, int64_t j)
{
    const struct listed *a = &p->listing.at[i], *b = &p->listing.at[j];
    return has_classes(p) ? p->labels[a->class] == p->labels[b->class]
                          : listing_rows_equal(&p->listing.rows, a->row, b->row);
}

/* A picture of the same label, the next that can be read. */
static bool read_other(const struct source *s, int64_t i, const char *why, struct buffer *buffer,
                       struct ftmrt_picture *out)
{
    const struct pictures *p = s->state;
    struct ftmrt_picture_report r;
    for (int64_t k = 1; k < s->count; k++) {
        const int64_t j = (i + k) % s->count;
        if (!are_alike(p, i, j) ||
            !p->access->read(p->listing.at[j].path, &p->options, buffer, out, &r))
            continue;
        report_note("%s: %s; %s is taken in its place", p->listing.at[i].path, why,
                    p->listing.at[j].path);
        return true;
    }
    return report_error("%s: %s", p->listing.at[i].path, why);
}

static bool read_picture(const struct source *s, int64_t i, struct buffer *buffer,
                         struct ftmrt_picture *out)
{
    const struct pictures *p = s->state;
    const char *path = p->listing.at[i].path;
    struct ftmrt_picture_report r;
    if (!p->access->read(path, &p->options, buffer, out, &r))
        return p->skips ? read_other(s, i, r.error, buffer, out)
                        : report_error("%s: %s; mend or remove it, or go on without: " GO_ON, path,
                                       r.error);
    if (r.warning[0])
        report_note("%s: %s", path, r.warning);
    return true;
}

static void read_label(const struct pictures *p, int64_t i, struct buffer *buffer,
                       union field_value *out)
{
    if (has_classes(p)) {
        out->index = label_of(p, i);
        return;
    }
    /* doubles in front, of which the floats behind them are made */
    double *values =
        (double *)buffer_need(buffer, (size_t)p->classes * (sizeof(double) + sizeof(float)));
    float *at = (float *)(values + p->classes);
    vector_of(p, i, values);
    for (int64_t k = 0; k < p->classes; k++)
        at[k] = (float)values[k];
    out->tensor = at;
}

static bool read_pictures(const struct source *s, int64_t i, enum field_role field,
                          struct buffer *buffer, union field_value *out)
{
    if (field == FIELD_INPUT)
        return read_picture(s, i, buffer, &out->picture);
    read_label(s->state, i, buffer, out);
    return true;
}

static const char *picture_name(const struct source *s, int64_t i)
{
    return ((const struct pictures *)s->state)->listing.at[i].path;
}

/* ---- contents ---- */

static bool picture_contents(const struct source *s, int threads, uint64_t *contents)
{
    (void)threads; /* they were found when the files were looked at */
    memcpy(contents, ((const struct pictures *)s->state)->contents,
           (size_t)s->count * sizeof *contents);
    return true;
}

static int64_t picture_groups(const struct source *s, uint64_t *contents)
{
    const struct pictures *p = s->state;
    int64_t grouped = 0;
    for (int64_t i = 0; i < s->count; i++)
        if (p->listing.at[i].group) {
            contents[i] = p->listing.at[i].group;
            grouped++;
        }
    return grouped;
}

/* Names, labels and contents: sizes and times of change alone say too little (a picture that is edited in place, or written
 * back with its old time) and too much (a copy of the folder). */
static bool fingerprint_pictures(const struct source *s, int threads, uint64_t *hash)
{
    (void)threads;
    const struct pictures *p = s->state;
    double *values = app_alloc((size_t)p->classes, sizeof *values);
    *hash = 0;
    for (int64_t i = 0; i < s->count; i++) {
        const char *name = p->listing.at[i].path + s->base_length;
        const uint64_t label = has_classes(p) ? (uint64_t)label_of(p, i) : 0;
        *hash = fingerprint_bytes(name, strlen(name), *hash ^ label);
        *hash = fingerprint_bytes(&p->contents[i], sizeof p->contents[i], *hash);
        if (has_classes(p))
            continue;
        vector_of(p, i, values);
        *hash = fingerprint_bytes(values, (size_t)p->classes * sizeof *values, *hash);
    }
    free(values);
    return true;
}

/* ---- a look at all files ---- */

/* What a look at a picture found. */
struct seen {
    char *error; /* owned; NULL: it seems to be readable */
    bool turned;
    int64_t height, width; /* upright; 0: not known */
};

/* Whether a file can be read to its end; only one that does not end as it should is decoded for that. */
static bool is_whole(const char *path, const struct ftmrt_picture_options *options,
                     const struct content_ends *ends, struct ftmrt_picture_report *r)
{
    struct buffer pixels = {0};
    struct ftmrt_picture picture;
    if (ftmrt_picture_ends(ends->head, ends->head_size, ends->tail, ends->tail_size, ends->size))
        return true;
    const bool ok = picture_file_try(path, options, &pixels, &picture, r);
    buffer_free(&pixels);
    return ok;
}

static bool look_at_file(const char *path, const struct ftmrt_picture_options *options,
                         uint64_t *content, struct ftmrt_picture_look *look,
                         struct ftmrt_picture_report *r)
{
    struct content_ends ends;
    const char *why = content_of_file(path, content, &ends);
    if (why)
        snprintf(r->error, sizeof r->error, "%s", why);
    return !why && ftmrt_picture_look(ends.head, ends.head_size, look, r) &&
           is_whole(path, options, &ends, r);
}

const struct picture_access picture_files = {picture_file_try, look_at_file};

static void keep_size(const struct pictures *p, const struct ftmrt_picture_look *look,
                      struct seen *seen)
{
    const bool lies = look->orientation > 4 && p->options.exif == FTMRT_EXIF_APPLY;
    seen->turned = look->orientation != 1;
    seen->height = lies ? look->width : look->height;
    seen->width = lies ? look->height : look->width;
}

/* Why the transforms cannot take a picture that was looked at, or NULL. Where that depends on its channels, it is decoded. */
static char *find_defect(const struct pictures *p, const char *path, const struct seen *seen)
{
    struct ftmrt_picture picture = {.height = seen->height, .width = seen->width, .channels = 1};
    struct ftmrt_picture_report r;
    struct buffer pixels = {0};
    char *grey = transform_limit_defect(&p->task, &picture);
    picture.channels = 3;
    char *defect = transform_limit_defect(&p->task, &picture);
    if (defect && !grey && p->access->read(path, &p->options, &pixels, &picture, &r)) {
        free(defect);
        defect = transform_limit_defect(&p->task, &picture);
    }
    free(grey);
    buffer_free(&pixels);
    return defect;
}

static void look_at(const struct pictures *p, const char *path, uint64_t *content,
                    struct seen *seen)
{
    struct ftmrt_picture_look look;
    struct ftmrt_picture_report r = {0};
    const char *why = r.error;
    char *defect = NULL;
    if (p->access->look(path, &p->options, content, &look, &r)) {
        keep_size(p, &look, seen);
        why = defect = find_defect(p, path, seen);
    }
    if (why)
        seen->error = app_format("%s: %s", path, why);
    free(defect);
}

enum { MOST_NAMED = 10 };

/* Names the pictures that cannot be read, in their order; how many there are. */
static int64_t name_bad(const struct source *s, const struct seen *seen)
{
    const struct pictures *p = s->state;
    int64_t bad = 0;
    for (int64_t i = 0; i < s->count; i++) {
        if (!seen[i].error || bad++ >= MOST_NAMED)
            continue;
        if (p->skips)
            report_note("%s", seen[i].error);
        else
            report_error("%s", seen[i].error);
    }
    return bad;
}

/* Takes the pictures that cannot be read out, of what was seen, too. */
static void drop_bad(struct source *s, struct seen *seen)
{
    struct pictures *p = s->state;
    int64_t kept = 0;
    for (int64_t i = 0; i < s->count; i++) {
        if (seen[i].error) {
            free(seen[i].error);
            continue;
        }
        seen[kept] = seen[i];
        p->contents[kept] = p->contents[i];
        p->listing.at[kept++] = p->listing.at[i];
    }
    s->count = kept;
}

static bool settle_bad(struct source *s, struct seen *seen)
{
    const struct pictures *p = s->state;
    const int64_t bad = name_bad(s, seen), all = s->count;
    if (!bad)
        return true;
    if (!p->skips)
        return report_error("%s: %lld of %lld pictures cannot be used; mend or remove %s, or go on "
                            "without: " GO_ON,
                            s->name, (long long)bad, (long long)all, bad == 1 ? "it" : "them");
    drop_bad(s, seen);
    report_note("%s: %lld of %lld pictures cannot be used and are left out", s->name,
                (long long)bad, (long long)all);
    return true;
}

/* How many times as long as most, or as high, is odd. */
#define FAR_RATIO 4.0

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of width by height; 0: of no picture it is known. */
static double usual_ratio(const struct source *s, const struct seen *seen)
{
    double *ratios = app_alloc((size_t)s->count, sizeof *ratios), median = 0;
    int64_t known = 0;
    for (int64_t i = 0; i < s->count; i++)
        if (seen[i].height > 0 && seen[i].width > 0)
            ratios[known++] = (double)seen[i].width / (double)seen[i].height;
    if (known) {
        qsort(ratios, (size_t)known, sizeof *ratios, by_value);
        median = ratios[known / 2];
    }
    free(ratios);
    return median;
}

static void find_odd(struct source *s, const struct seen *seen)
{
    const double usual = usual_ratio(s, seen);
    for (int64_t i = 0; i < s->count; i++) {
        if (seen[i].height <= 0 || seen[i].width <= 0)
            continue;
        const double ratio = (double)seen[i].width / (double)seen[i].height / usual;
        if (fmax(ratio, 1 / ratio) > FAR_RATIO && !s->odd.count++)
            s->odd = (struct odd_pictures){1, i, seen[i].height, seen[i].width};
    }
}

static bool look_at_all(struct source *s, int threads)
{
    struct pictures *p = s->state;
    struct seen *seen = app_alloc((size_t)s->count, sizeof *seen);
    p->contents = app_alloc((size_t)s->count, sizeof *p->contents);
#pragma omp parallel for num_threads(threads > 0 ? threads : 1) schedule(dynamic, 64)
    for (int64_t i = 0; i < s->count; i++)
        look_at(p, p->listing.at[i].path, &p->contents[i], &seen[i]);
    const bool ok = settle_bad(s, seen);
    for (int64_t i = 0; i < s->count; i++)
        s->turned += seen[i].turned;
    if (ok)
        find_odd(s, seen);
    for (int64_t i = 0; i < s->count; i++)
        free(seen[i].error);
    free(seen);
    return ok;
}

/* ---- listing ---- */

static void leave_out(struct left_out *l, const char *path)
{
    if (!l->count++)
        l->first = app_strdup(path);
}

static bool is_picture(void *context, const char *path)
{
    struct pictures *p = context;
    if (ftmrt_picture_name(path))
        return true;
    leave_out(ftmrt_picture_converter(path) ? &p->unread : &p->others, path);
    return false;
}

static void say_left_out(const char *place, const struct pictures *p)
{
    if (p->unread.count)
        report_note("%s: %lld pictures of a kind that is not read are left out; %s is one; convert "
                    "them: %s",
                    place, (long long)p->unread.count, p->unread.first,
                    ftmrt_picture_converter(p->unread.first));
    if (p->others.count)
        report_note("%s: %lld files that are no pictures (%s) are left out; %s is one", place,
                    (long long)p->others.count, ftmrt_picture_kinds, p->others.first);
}

static void say_error(void *context, const char *text)
{
    (void)context;
    report_error("%s", text);
}

static bool is_folder(const struct ftmrt_call *call)
{
    const enum ftmrt_type type = ftmrt_call_info(call->id)->params[0].type;
    return type == FTMRT_TYPE_CLASSES || type == FTMRT_TYPE_FOLDER;
}

/* Takes `inside` if it is a folder. */
static bool try_folder(char **found, char *inside)
{
    if (folder_is(inside)) {
        free(*found);
        *found = inside;
        return true;
    }
    free(inside);
    return false;
}

/* Where a folder is in --data: by its whole name, by its last, as the part that its name says, or DATA itself. */
static char *folder_in_data(const char *path, const struct source_want *want)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const enum folder_part part = folder_part_of(name);
    char *found = app_format("%s/%s", want->data_dir, path), other[16];
    if (folder_is(found) || try_folder(&found, app_format("%s/%s", want->data_dir, name)))
        return found;
    if (part == PART_COUNT || part == PART_TEST)
        try_folder(&found, app_strdup(want->data_dir));
    if (part != PART_COUNT && folder_part_find(want->data_dir, part, other))
        try_folder(&found, app_format("%s/%s", want->data_dir, other));
    return found;
}

/* What the samples of a call are for. */
static enum folder_part purpose(const struct ftmrt_call *call, const struct ftmrt_call *data)
{
    if (data && ftmrt_call_inner(data, FTMRT_PARAM_data_test) == call)
        return PART_TEST;
    const struct ftmrt_arg *validation =
        data ? ftmrt_call_arg(data, FTMRT_PARAM_data_validation) : NULL;
    return validation && validation->kind == FTMRT_ARG_CALLS && validation->calls == call
               ? PART_VALIDATION
               : PART_TRAIN;
}

/* The part that is wanted of a folder of parts, or the folder. */
static char *part_of(char *folder, enum folder_part part)
{
    struct folder_parts parts;
    if (!folder_parts_find(&parts, folder) || !*parts.names[part])
        return folder;
    char *inside = app_format("%s/%s", folder, parts.names[part]);
    free(folder);
    return inside;
}

static char *locate(const struct ftmrt_call *call, const struct source_want *want)
{
    const char *place = listing_place(call);
    if (!is_folder(call))
        return source_locate(place, want);
    char *found = want->data_dir ? folder_in_data(place, want) : source_locate(place, want);
    return ftmrt_call_info(call->id)->params[0].type == FTMRT_TYPE_CLASSES
               ? part_of(found, purpose(call, want->data))
               : found;
}

/* Names below a folder start behind it, those of a table where the table is. */
static size_t base_length(const char *place, const struct ftmrt_call *call)
{
    const char *slash = strrchr(place, '/');
    if (is_folder(call))
        return strlen(place) + 1;
    return slash ? (size_t)(slash - place) + 1 : 0;
}

static bool list_all(struct source *s, const struct ftmrt_call *call,
                     const struct source_want *want)
{
    struct pictures *p = s->state;
    struct listing_want l = want->data ? listing_want_of(want->data) : (struct listing_want){0};
    l.place = s->name;
    l.vector = want->vector;
    l.wanted = is_picture;
    l.error = say_error;
    l.context = p;
    if (!listing_open(&p->listing, call, &l))
        return false;
    s->count = p->listing.count;
    s->base_length = base_length(s->name, call);
    say_left_out(s->name, p);
    p->classes = want->classes;
    p->labels = app_alloc((size_t)p->listing.class_count, sizeof *p->labels);
    if (!has_classes(p))
        s->fields[FIELD_LABEL] = (struct field){"labels", FIELD_VECTOR};
    return picture_labels(p->labels, &p->listing, s->name, want) &&
           (s->count > 0 || report_error("%s: holds no pictures", s->name));
}

bool source_pictures(struct source *s, const struct ftmrt_call *call,
                     const struct source_want *want, const struct picture_access *access)
{
    struct pictures *p = app_alloc(1, sizeof *p);
    *s = (struct source){.name = locate(call, want),
                         .fields = {{"picture", FIELD_PICTURE}, {"class", FIELD_INDEX}},
                         .read = read_pictures,
                         .sample_name = picture_name,
                         .contents = picture_contents,
                         .groups = picture_groups,
                         .fingerprint = fingerprint_pictures,
                         .close = close_pictures,
                         .state = p};
    p->access = access;
    p->options = want->pictures;
    p->task = want->task;
    p->skips = want->skips;
    if (!list_all(s, call, want) || !look_at_all(s, want->threads))
        return false;
    return s->count > 0 || report_error("%s: no picture is left", s->name);
}

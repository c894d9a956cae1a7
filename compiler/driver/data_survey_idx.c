/* IDX files in a folder of data. */
#include <dirent.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <zlib.h>

#include "data_survey_parts.h"
#include "str.h"

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
bool survey_idx(struct looking *l)
{
    struct idx_files train = {0}, test = {0};
    find_idx(l, &train, &test);
    if (train.second || test.second)
        return survey_report(l,
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

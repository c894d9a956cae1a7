/* What is said of trained weights when a program is compiled: whether they are in it, or stay in its runs. */
#include "trained_note.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bind.h"
#include "descriptor.h"
#include "file.h"
#include "published.h"
#include "safetensors.h"
#include "sha256.h"
#include "text.h"

/* ---- what network a trained file is of ---- */

/* Whether a file's hash of a part of its network is the program's; files of before have none (NULL). */
static bool same_part(const char *theirs, uint64_t hash)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    return !theirs || !strcmp(theirs, text);
}

static bool same_network(const struct st_file *f, const struct ftmrt_identity *id)
{
    bool same = true;
#define FTMRT_IDENTITY(name, what, meaning)                                                        \
    same = same && same_part(st_find_metadata(f, #name "_hash"), id->name);
#include "identity.def"
#undef FTMRT_IDENTITY
    return same;
}

/* What a resolved recipe names as training data, up to the end of its line; "" where it names none. */
static const char *training_data(const char *recipe, size_t *length)
{
    static const char key[] = "\n        train = ";
    const char *found = strstr(recipe, key), *line = found ? found + sizeof key - 1 : "";
    *length = strcspn(line, "\n");
    return line;
}

static bool same_training_data(const char *a, const char *b)
{
    size_t n, m;
    const char *in_a = training_data(a, &n), *in_b = training_data(b, &m);
    return n == m && !strncmp(in_a, in_b, n);
}

/* Whether a file is what a run of this program left, which it takes before others (runtime/app/runs.h). */
static bool is_of_program(const char *path, const struct ftmrt_program *p)
{
    struct file_map map;
    struct st_file f;
    if (!file_map_open(&map, path))
        return false;
    bool is = st_read(&f, map.data, map.size, NULL, 0) == FTMRT_OK;
    if (is) {
        const char *program = st_find_metadata(&f, "program"),
                   *recipe = st_find_metadata(&f, "recipe");
        is = program && !strcmp(program, p->name) && recipe &&
             same_training_data(recipe, p->resolved) && same_network(&f, &p->identity);
        st_free(&f);
    }
    file_map_close(&map);
    return is;
}

/* ---- a file of the command line ---- */

static uint64_t metadata_number(const struct weights *w, const char *key, int base)
{
    const char *text = weights_find_metadata(w, key);
    return text ? strtoull(text, NULL, base) : 0;
}

/* 0 where the file says nothing, or what is no number above 0 up to `most`. */
static double metadata_real(const struct weights *w, const char *key, double most)
{
    const char *text = weights_find_metadata(w, key);
    const double value = text ? strtod(text, NULL) : 0;
    return value > 0 && value <= most ? value : 0;
}

/* A file that does not say how its epoch was chosen may be of the best one. */
const struct ftmrt_training *trained_training(struct compilation *c)
{
    if (!c->binding || !c->binding->whole)
        return NULL;
    const char *chosen = weights_find_metadata(c->weights, "epoch_chosen"),
               *thresholds = weights_find_metadata(c->weights, "thresholds");
    struct ftmrt_training *t = arena_new(&c->arena, struct ftmrt_training);
    *t = (struct ftmrt_training){.seed = metadata_number(c->weights, "seed", 10),
                                 .epoch = (int64_t)metadata_number(c->weights, "epoch", 10),
                                 .data = metadata_number(c->weights, "data_hash", 16),
                                 .chosen = !chosen || !strcmp(chosen, "true"),
                                 .temperature = metadata_real(c->weights, "temperature", 1e6),
                                 .threshold = metadata_real(c->weights, "threshold", 1)};
    if (thresholds && *thresholds && bind_same_classes(c->binding))
        t->thresholds = thresholds;
    return t;
}

/* What programs that take trained files say of their weight file, so that these can refer to it. Of a file that holds only what training
 * changed it is the source. */
const struct ftmrt_source *trained_source(struct compilation *c)
{
    if (!c->weights || (c->options->infer && c->options->keep.len == 1))
        return NULL;
    const struct weights *w = c->weights->source ? c->weights->source : c->weights;
    const char *file = c->weights->source ? weights_find_metadata(c->weights, "source")
                                          : recipe_text(c->recipe, FTMRT_PARAM_finetune_weights);
    char *sha256 = arena_alloc(&c->arena, SHA256_TEXT);
    sha256_text(w->file.data, w->file.size, sha256);
    struct ftmrt_source *s = arena_new(&c->arena, struct ftmrt_source);
    *s = (struct ftmrt_source){.file = file ? file : "",
                               .from = w->dictionary ? w->dictionary : "",
                               .sha256 = sha256,
                               .names = bind_source_names(&c->arena, c->binding, w)};
    return s;
}

/* What a resolved recipe says of evaluation. */
static void note_transform(struct compilation *c, const char *where, const char *recipe)
{
    const char *line = strstr(recipe, "transform eval = ");
    if (line)
        diag_note(&c->diag, "%s: %s", where, arena_strndup(&c->arena, line, strcspn(line, "\n")));
}

bool trained_check(struct compilation *c)
{
    if (!c->binding || !c->binding->whole ||
        same_part(weights_find_metadata(c->weights, "transform_hash"),
                  c->descriptor->program.identity.transform))
        return true;
    diag_report(&c->diag, c->recipe->weights_span, DIAG_TRAINED_TRANSFORM, c->weights->path);
    note_transform(c, "there", weights_find_metadata(c->weights, "recipe"));
    note_transform(c, "here", c->descriptor->program.resolved);
    return false;
}

/* ---- runs beside the program ---- */

struct found {
    const char *best;
    bool current;
    struct timespec time;
};

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Keeps the run's best file if it is current, or newer than what was found. */
static void consider(struct compilation *c, const char *run, struct found *found)
{
    struct stat st;
    struct found this = {.best = arena_printf(&c->arena, "%s/best.safetensors", run),
                         .current = file_exists(arena_printf(&c->arena, "%s/current", run))};
    if (stat(this.best, &st) != 0 || !is_of_program(this.best, &c->descriptor->program))
        return;
    this.time = st.st_mtim;
    if (!found->best || this.current > found->current ||
        (this.current == found->current && is_later(&this.time, &found->time)))
        *found = this;
}

/* The trained weights that the program will take from the runs beside it, or NULL. */
static const char *find_trained(struct compilation *c)
{
    const char *slash = strrchr(c->output, '/');
    const char *runs =
        slash ? arena_printf(&c->arena, "%.*s/runs", (int)(slash - c->output), c->output) : "runs";
    struct found found = {0};
    DIR *dir = opendir(runs);
    for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir))
        if (e->d_name[0] != '.')
            consider(c, arena_printf(&c->arena, "%s/%s", runs, e->d_name), &found);
    if (dir)
        closedir(dir);
    return found.best;
}

/* ---- what is said ---- */

static void say_runs(struct compilation *c, const char *best)
{
    fprintf(stderr,
            "note: the trained weights stay in %s, where '%s' finds them; to copy it elsewhere "
            "alone, put them into it: ftmc %s -o %s --weights=%s\n",
            best, c->output, compilation_word(c, c->options->file), compilation_word(c, c->output),
            compilation_word(c, best));
}

/* The weight file, which training has left. */
static void say_trained(struct compilation *c)
{
    const struct binding *b = c->binding;
    for (uint32_t i = 0; !b->whole && i < b->notes.len; i++)
        fprintf(stderr, "note: %s: %s\n", c->weights->path, b->notes.at[i]);
    if (b->whole && c->options->command == COMMAND_compile)
        fprintf(stderr, "note: '%s' has the trained weights of %s in it\n", c->output,
                c->weights->path);
}

void trained_note(struct compilation *c)
{
    if (!c->recipe || !c->binding)
        return;
    if (c->weights && bind_is_trained_file(c->weights))
        say_trained(c);
    if (c->options->command != COMMAND_compile || c->recipe->given_weights)
        return;
    const char *best = find_trained(c);
    if (best)
        say_runs(c, best);
}

void trained_origin(struct compilation *c)
{
    const struct published *p = c->recipe->published;
    const char *file = recipe_text(c->recipe, FTMRT_PARAM_finetune_weights);
    if (!p || !file || strcmp(file_base(file), published_name(p)) != 0)
        return;
    c->recipe->bound.base_model = p->name;
    c->recipe->bound.licence = p->licence;
}

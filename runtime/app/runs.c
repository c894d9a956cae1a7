/* The runs in a folder. */
#include "runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "network_identity.h"
#include "program_folder.h"
#include "recipe_difference.h"
#include "report.h"
#include "run_mark.h"

char *runs_folder(const char *given)
{
    const char *wanted = given ? given : getenv("FTM_RUNS"); /* which `ftmc run` sets */
    if (wanted && *wanted)
        return app_strdup(wanted);
    char *folder = program_folder(), *runs = app_format("%s/runs", folder);
    free(folder);
    return runs;
}

long run_number(const char *name)
{
    const char *dash = strrchr(name, '-');
    if (!dash || dash[1] < '0' || dash[1] > '9')
        return -1;
    char *end;
    const long v = strtol(dash + 1, &end, 10);
    return *end || v < 1 ? -1 : v;
}

/* ---- reading ---- */

static const char *record_text(const void *record, const char *key)
{
    return run_record_text(record, key);
}

static bool is_own(const struct run *run, const struct ftmrt_program *p)
{
    char *differences = identity_differences(p, record_text, &run->record);
    const bool own = !*differences;
    free(differences);
    return own;
}

static void run_free(struct run *run)
{
    run_record_free(&run->record);
    free(run->name);
    free(run->path);
    free(run);
}

static bool is_of_data(const struct run *run, const char *key)
{
    char *recipe = run_recipe(run), *theirs = run_mark_key(run_program(run), recipe);
    const bool same = !strcmp(theirs, key);
    free(recipe);
    free(theirs);
    return same;
}

/* Reads the run at a path; NULL: it is none. Takes name and path. */
static struct run *read_run(const struct runs *r, char *name, char *path)
{
    const struct ftmrt_program *p = r->program;
    struct run *run = app_alloc(1, sizeof *run);
    *run = (struct run){.number = run_number(name), .name = name, .path = path};
    if (!run_record_find(&run->record, path)) {
        run_free(run);
        return NULL;
    }
    char *test = app_format("%s/test.json", path);
    json_object_set_new(run->record.root, "test", json_load_file(test, 0, NULL));
    free(test);
    run->own = is_own(run, p);
    run->same_name = run->own && !strcmp(run_program(run), p->name);
    run->same_data = run->same_name && is_of_data(run, r->key);
    run->current = run->own && run_mark_has(run, r->key, NULL);
    return run;
}

static int by_number(const void *a, const void *b)
{
    const struct run *x = *(struct run *const *)a, *y = *(struct run *const *)b;
    return (x->number > y->number) - (x->number < y->number);
}

/* The run, or NULL where there is none. */
static const struct run *add_run(struct runs *r, char *name, char *path)
{
    struct run *run = read_run(r, name, path);
    if (!run)
        return NULL;
    r->at = app_grow(r->at, r->count + 1, sizeof *r->at);
    return r->at[r->count++] = run;
}

void runs_read(struct runs *r, const struct ftmrt_program *p, const char *given)
{
    *r = (struct runs){.program = p, .folder = runs_folder(given)};
    r->key = run_mark_key(p->name, p->resolved);
    DIR *d = opendir(r->folder);
    for (struct dirent *e; d && (e = readdir(d));)
        if (run_number(e->d_name) > 0)
            add_run(r, app_strdup(e->d_name), app_format("%s/%s", r->folder, e->d_name));
    if (d)
        closedir(d);
    if (r->count)
        qsort(r->at, r->count, sizeof *r->at, by_number);
}

void runs_free(struct runs *r)
{
    for (size_t i = 0; i < r->count; i++)
        run_free(r->at[i]);
    free(r->at);
    free(r->folder);
    free(r->key);
    *r = (struct runs){0};
}

/* ---- one of them ---- */

const char *run_program(const struct run *run) { return run_record_text(&run->record, "program"); }

const char *run_test_hash(const struct run *run)
{
    const json_t *test = json_object_get(run->record.root, "test");
    const char *hash = json_string_value(json_object_get(test, "data_hash"));
    return hash ? hash : "";
}

char *run_best(const struct run *run) { return app_format("%s/best.safetensors", run->path); }

bool run_has_best(const struct run *run)
{
    char *best = run_best(run);
    const bool found = access(best, R_OK) == 0;
    free(best);
    return found;
}

/* A process that trains in a run has locked its log. */
static bool is_locked(const struct run *run)
{
    char *log = app_format("%s/log.jsonl", run->path);
    const int fd = open(log, O_RDONLY | O_CLOEXEC);
    const bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (fd >= 0)
        close(fd);
    free(log);
    return locked;
}

const char *run_outcome(const struct run *run)
{
    if (strcmp(run->record.outcome, "running") != 0)
        return run->record.outcome;
    return is_locked(run) ? run->record.outcome : "killed";
}

char *run_recipe(const struct run *run)
{
    char *path = app_format("%s/recipe.ftm", run->path), *text = NULL;
    FILE *f = fopen(path, "r");
    size_t size = 0;
    if (f && getdelim(&text, &size, '\0', f) <= 0) {
        free(text);
        text = NULL;
    }
    if (f)
        fclose(f);
    free(path);
    return text ? text : app_strdup("");
}

char *run_strangeness(const struct run *run, const struct ftmrt_program *p)
{
    if (!*run_record_text(&run->record, identity_key(IDENTITY_graph)))
        return app_strdup("made by an ftmc that did not write what network it is");
    char *line = identity_differences(p, record_text, &run->record);
    char *recipe = run_recipe(run), *settings = recipe_difference_line(p->resolved, recipe, 4);
    char *all =
        app_format("other %s%s%s%s", line, *settings ? " (" : "", settings, *settings ? ")" : "");
    free(recipe);
    free(settings);
    free(line);
    return all;
}

/* ---- choosing ---- */

/* Of several that are marked, after a process was killed between marking one and unmarking the other, the newest mark counts. */
const struct run *runs_current(const struct runs *r)
{
    const struct run *found = NULL;
    struct timespec newest = {0}, when;
    for (size_t i = 0; i < r->count; i++) {
        const struct run *run = r->at[i];
        if (!run->current || !run_mark_has(run, r->key, &when) ||
            (found && when.tv_sec < newest.tv_sec))
            continue;
        found = run;
        newest = when;
    }
    return found;
}

/* How near a run is to what is wanted of it where none is current; 0: not at all. */
static int nearness(const struct run *run, const char *key)
{
    if (run->same_data)
        return 3;
    if (run->own && run_mark_has_name(run, key))
        return 2;
    return run->same_name;
}

const struct run *runs_default(const struct runs *r)
{
    const struct run *found = runs_current(r);
    const bool wanted = !found && !r->program->training;
    int best = 0;
    for (size_t i = r->count; i > 0 && wanted; i--) {
        const int near = run_has_best(r->at[i - 1]) ? nearness(r->at[i - 1], r->key) : 0;
        if (near > best) {
            best = near;
            found = r->at[i - 1];
        }
    }
    return found;
}

bool run_is_trial(const struct run *run)
{
    return json_is_true(json_object_get(run->record.root, "trial"));
}

static bool is_called(const struct run *run, const char *name)
{
    char *end;
    const long number = strtol(name, &end, 10);
    if (*name && !*end)
        return run->number == number;
    return !strcmp(run->name, name) || !strcmp(run_record_text(&run->record, "name"), name);
}

/* The newest of a name: one of the program's own name, else of its network, else any. */
static const struct run *find_by_name(const struct runs *r, const char *name)
{
    const struct run *found = NULL;
    for (size_t i = r->count; i > 0; i--) {
        const struct run *run = r->at[i - 1];
        if (!is_called(run, name))
            continue;
        if (run->same_name)
            return run;
        if (!found || (run->own && !found->own))
            found = run;
    }
    return found;
}

/* One that is named by its path, which may be outside the folder; it is added to the list. */
static const struct run *find_by_path(struct runs *r, const char *path)
{
    char *real = realpath(path, NULL);
    if (!real)
        return NULL;
    const char *slash = strrchr(real, '/');
    return add_run(r, app_strdup(slash + 1), real);
}

const struct run *runs_find(struct runs *r, const char *name)
{
    const struct run *found = strchr(name, '/') ? NULL : find_by_name(r, name);
    if (found && found->own)
        return found;
    if (found) {
        char *why = run_strangeness(found, r->program);
        report_error("run %ld (%s) is of another network: %s; name its folder or a file of it to "
                     "take it all the same",
                     found->number, found->name, why);
        free(why);
        return NULL;
    }
    if ((found = find_by_path(r, name)))
        return found;
    if (access(name, F_OK) == 0)
        report_error("%s/run.json: not the record of a run", name);
    else
        report_error("%s: no run of that number, name or folder; `%s runs` lists them", name,
                     report_command());
    return NULL;
}

bool runs_use(const struct runs *r, const struct run *run)
{
    bool ok = run_mark_set(run, r->key);
    for (size_t i = 0; ok && i < r->count; i++)
        if (r->at[i]->current && strcmp(r->at[i]->path, run->path) != 0)
            ok = run_mark_clear(r->at[i], r->key);
    return ok;
}

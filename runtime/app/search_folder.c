/* The folder of a search. */
#include "search_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "network_identity.h"
#include "replace.h"
#include "report.h"
#include "run_folder.h"
#include "runs.h"

static const char record_name[] = "search.json", lines_name[] = "search.jsonl";

char *search_folder_file(const struct search_folder *f, const char *name)
{
    return app_format("%s/%s", f->path, name);
}

static bool write_text(const struct search_folder *f, const char *name, const char *text)
{
    char *path = search_folder_file(f, name), error[512] = "out of memory";
    const bool ok =
        text && replace_whole(path, text, strlen(text), error, sizeof error) == FTMRT_OK;
    if (!ok)
        report_error("%s", error);
    free(path);
    return ok;
}

bool search_folder_end(struct search_folder *f, const char *outcome)
{
    json_object_set_new(f->record, "outcome", json_string(outcome));
    char *text = json_dumps(f->record, JSON_INDENT(2));
    const bool ok = write_text(f, record_name, text);
    free(text);
    return ok;
}

static bool open_lines(struct search_folder *f)
{
    char *path = search_folder_file(f, lines_name);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    f->lines = fd >= 0 ? fdopen(fd, "r+") : NULL;
    if (!f->lines)
        report_error("%s: %s", path, strerror(errno));
    free(path);
    return f->lines && (flock(fd, LOCK_EX | LOCK_NB) == 0 ||
                        report_error("%s: another process searches in this folder", f->path));
}

bool search_folder_open(struct search_folder *f, const struct ftmrt_program *p, const char *runs,
                        json_t *facts)
{
    char *name = app_format("%s-search", p->name);
    *f = (struct search_folder){.path = run_folder_make(runs, name), .record = facts};
    free(name);
    return f->path && open_lines(f) && search_folder_end(f, "running") &&
           write_text(f, "recipe.ftm", p->resolved);
}

void search_folder_close(struct search_folder *f)
{
    if (f->lines)
        fclose(f->lines);
    free(f->path);
    json_decref(f->record);
    *f = (struct search_folder){0};
}

/* ---- finding one ---- */

static bool read_record(struct run_record *record, const char *path)
{
    return run_record_find_named(record, path, record_name);
}

/* The search with a number, or NULL. */
static char *find_number(const char *runs, const char *number, struct run_record *record)
{
    char *end, *found = NULL;
    const long wanted = strtol(number, &end, 10);
    DIR *d = *end ? NULL : opendir(runs);
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        if (run_number(e->d_name) != wanted)
            continue;
        found = app_format("%s/%s", runs, e->d_name);
        if (read_record(record, found))
            continue;
        free(found);
        found = NULL;
    }
    if (d)
        closedir(d);
    return found;
}

char *search_folder_find(const char *runs, const char *name, struct run_record *record)
{
    char *path = app_strdup(name);
    if (!read_record(record, path)) {
        free(path);
        path = app_format("%s/%s", runs, name);
        if (!read_record(record, path)) {
            free(path);
            path = find_number(runs, name, record);
        }
    }
    if (!path)
        report_error("%s: no search of that name or number in %s", name, runs);
    return path;
}

/* ---- going on ---- */

static const char *text_of(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text ? text : "";
}

/* Whether all that figures depend on is as it was. */
static bool is_same(const struct search_folder *f, const json_t *facts)
{
    static const struct {
        const char *key, *what;
    } more[] = {{"recipe_hash", "recipe"}, {"data_hash", "data"}, {"compiler_hash", "compiler"}};
    const char *what = NULL;
    for (int i = 0; i < IDENTITY_PARTS && !what; i++) {
        const char *key = identity_key((enum identity_part)i);
        if (strcmp(text_of(f->record, key), text_of(facts, key)) != 0)
            what = identity_what((enum identity_part)i);
    }
    for (size_t i = 0; i < sizeof more / sizeof *more && !what; i++)
        if (strcmp(text_of(f->record, more[i].key), text_of(facts, more[i].key)) != 0)
            what = more[i].what;
    return !what ||
           report_error("%s: was begun with another %s; begin a new search", f->path, what);
}

/* The lines up to the first that is none; the file is cut there. */
static bool read_lines(struct search_folder *f, json_t *lines)
{
    char *line = NULL;
    size_t size = 0;
    off_t good = 0;
    ssize_t length;
    while ((length = getline(&line, &size, f->lines)) > 0 && line[length - 1] == '\n') {
        json_t *parsed = json_loads(line, 0, NULL);
        if (!parsed)
            break;
        json_array_append_new(lines, parsed);
        good += length;
    }
    free(line);
    if (ftruncate(fileno(f->lines), good) == 0 && fseeko(f->lines, good, SEEK_SET) == 0)
        return true;
    return report_error("%s/%s: %s", f->path, lines_name, strerror(errno));
}

bool search_folder_enter(struct search_folder *f, const char *path, const json_t *facts,
                         json_t **lines)
{
    struct run_record record;
    *f = (struct search_folder){.path = app_strdup(path)};
    *lines = json_array();
    if (!read_record(&record, path))
        return report_error("%s/%s: not the record of a search", path, record_name);
    f->record = json_deep_copy(record.root);
    run_record_free(&record);
    return open_lines(f) && is_same(f, facts) && read_lines(f, *lines) &&
           search_folder_end(f, "running");
}

bool search_folder_add(struct search_folder *f, const json_t *line)
{
    const bool ok = json_dumpf(line, f->lines, JSON_COMPACT) == 0 && fputc('\n', f->lines) != EOF &&
                    fflush(f->lines) == 0 && fdatasync(fileno(f->lines)) == 0;
    return ok || report_error("%s/%s: %s", f->path, lines_name, strerror(errno));
}

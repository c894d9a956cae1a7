/* The file `current` of a run. */
#include "run_mark.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replace.h"
#include "report.h"

static char *mark_path(const struct run *run) { return app_format("%s/current", run->path); }

/* The names in the file, a line each, NULL where there is none; allocated. An empty file is the mark of versions that had one for all
 * programs: it stands for the run's own. */
static char *read_names(const struct run *run)
{
    char *path = mark_path(run), *names = NULL;
    FILE *f = fopen(path, "r");
    size_t size = 0;
    free(path);
    if (!f)
        return NULL;
    if (getdelim(&names, &size, '\0', f) <= 0) {
        free(names);
        names = app_format("%s\n", run_record_text(&run->record, "program"));
    }
    fclose(f);
    return names;
}

/* The names but for one; allocated. */
static char *names_without(const char *names, const char *program)
{
    char *kept = app_strdup(""), *copy = app_strdup(names), *rest;
    for (char *name = strtok_r(copy, "\n", &rest); name; name = strtok_r(NULL, "\n", &rest)) {
        if (!strcmp(name, program))
            continue;
        char *longer = app_format("%s%s\n", kept, name);
        free(kept);
        kept = longer;
    }
    free(copy);
    return kept;
}

static bool write_names(const struct run *run, const char *names)
{
    char *path = mark_path(run), error[512];
    const bool ok = *names
                        ? replace_whole(path, names, strlen(names), error, sizeof error) == FTMRT_OK
                        : unlink(path) == 0 || errno == ENOENT;
    if (!ok && *names)
        report_error("%s", error);
    else if (!ok)
        report_error("%s: %s", path, strerror(errno));
    free(path);
    return ok;
}

bool run_mark_has(const struct run *run, const char *program, struct timespec *when)
{
    char *path = mark_path(run), *names = read_names(run),
         *others = names ? names_without(names, program) : NULL;
    const bool has = names && strlen(others) < strlen(names);
    struct stat st;
    if (has && when && stat(path, &st) == 0)
        *when = st.st_mtim;
    free(path);
    free(names);
    free(others);
    return has;
}

bool run_mark_set(const struct run *run, const char *program)
{
    char *names = read_names(run), *others = names ? names_without(names, program) : app_strdup("");
    char *all = app_format("%s%s\n", others, program);
    const bool ok = write_names(run, all);
    free(names);
    free(others);
    free(all);
    return ok;
}

bool run_mark_clear(const struct run *run, const char *program)
{
    char *names = read_names(run), *others = names ? names_without(names, program) : app_strdup("");
    const bool ok = write_names(run, others);
    free(names);
    free(others);
    return ok;
}

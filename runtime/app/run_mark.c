/* The file `current` of a run. */
#include "run_mark.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "network_identity.h"
#include "recipe_difference.h"
#include "replace.h"
#include "report.h"

static char *mark_path(const struct run *run) { return app_format("%s/current", run->path); }

char *run_mark_key(const char *name, const char *recipe)
{
    return app_format("%s %s", name,
                      identity_hash_text(recipe_hash_within(recipe, "data.train")).hash);
}

/* The key of the recipe that began the run, as a line; allocated. */
static char *own_line(const struct run *run)
{
    char *recipe = run_recipe(run), *key = run_mark_key(run_program(run), recipe),
         *line = app_format("%s\n", key);
    free(recipe);
    free(key);
    return line;
}

/* The keys in the file, a line each, NULL where there is none; allocated. An empty file is the mark of versions that had one for all
 * programs: it stands for the run's own. */
static char *read_keys(const struct run *run)
{
    char *path = mark_path(run), *keys = NULL;
    FILE *f = fopen(path, "r");
    size_t size = 0;
    free(path);
    if (!f)
        return NULL;
    if (getdelim(&keys, &size, '\0', f) <= 0) {
        free(keys);
        keys = own_line(run);
    }
    fclose(f);
    return keys;
}

/* The keys but for one; allocated. */
static char *keys_without(const char *keys, const char *key)
{
    char *kept = app_strdup(""), *copy = app_strdup(keys), *rest;
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (!strcmp(line, key))
            continue;
        char *longer = app_format("%s%s\n", kept, line);
        free(kept);
        kept = longer;
    }
    free(copy);
    return kept;
}

static bool write_keys(const struct run *run, const char *keys)
{
    char *path = mark_path(run), error[512];
    const bool ok = *keys ? replace_whole(path, keys, strlen(keys), error, sizeof error) == FTMRT_OK
                          : unlink(path) == 0 || errno == ENOENT;
    if (!ok && *keys)
        report_error("%s", error);
    else if (!ok)
        report_error("%s: %s", path, strerror(errno));
    free(path);
    return ok;
}

bool run_mark_has(const struct run *run, const char *key, struct timespec *when)
{
    char *path = mark_path(run), *keys = read_keys(run),
         *others = keys ? keys_without(keys, key) : NULL;
    const bool has = keys && strlen(others) < strlen(keys);
    struct stat st;
    if (has && when && stat(path, &st) == 0)
        *when = st.st_mtim;
    free(path);
    free(keys);
    free(others);
    return has;
}

bool run_mark_has_name(const struct run *run, const char *key)
{
    char *keys = read_keys(run), *rest;
    const size_t length = strcspn(key, " ") + 1;
    bool has = false;
    for (char *line = keys ? strtok_r(keys, "\n", &rest) : NULL; line && !has;
         line = strtok_r(NULL, "\n", &rest))
        has = !strncmp(line, key, length);
    free(keys);
    return has;
}

bool run_mark_set(const struct run *run, const char *key)
{
    char *keys = read_keys(run), *others = keys ? keys_without(keys, key) : app_strdup("");
    char *all = app_format("%s%s\n", others, key);
    const bool ok = write_keys(run, all);
    free(keys);
    free(others);
    free(all);
    return ok;
}

bool run_mark_clear(const struct run *run, const char *key)
{
    char *keys = read_keys(run), *others = keys ? keys_without(keys, key) : app_strdup("");
    const bool ok = write_keys(run, others);
    free(keys);
    free(others);
    return ok;
}

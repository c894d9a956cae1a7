/* Where the program lies. */
#include "program_folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

char *program_folder(void)
{
    char path[4096];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return app_strdup(".");
    path[n] = '\0';
    const char *slash = strrchr(path, '/');
    return app_format("%.*s", slash > path ? (int)(slash - path) : 1, path);
}

char *program_path(const char *path)
{
    if (path[0] == '/')
        return app_strdup(path);
    char *folder = program_folder(), *joined = app_format("%s/%s", folder, path);
    char *canonical = realpath(joined, NULL);
    char *result = app_strdup(canonical ? canonical : joined);
    free(canonical);
    free(joined);
    free(folder);
    return result;
}

#include "listing_table.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

bool listing_check_file(struct listing *l, int64_t line, const char *file)
{
    return *file || listing_fail(l, "%s:%lld: the name of the file is empty", l->want->place,
                                 (long long)line);
}

bool listing_add_file(struct listing *l, int64_t line, const char *file,
                      const struct listed *picture, const char *group)
{
    const char *table = l->want->place, *slash = strrchr(table, '/');
    const int folder = *file == '/' || !slash ? 0 : (int)(slash - table) + 1;
    char path[PATH_MAX];
    if (picture->class < 0 || l->want->classes_only)
        return true;
    if (snprintf(path, sizeof path, "%.*s%s", folder, table, file) >= (int)sizeof path)
        return listing_fail(l, "%s:%lld: the name is too long", table, (long long)line);
    return listing_add(l, path, file, picture, group);
}

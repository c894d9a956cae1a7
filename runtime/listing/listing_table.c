#include "listing_table.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

bool listing_add_row(struct listing *l, int64_t line, const char *file, const char *class,
                     const char *group)
{
    const char *table = l->want->place, *slash = strrchr(table, '/');
    const int folder = *file == '/' || !slash ? 0 : (int)(slash - table) + 1;
    char path[PATH_MAX];
    int32_t number;
    if (!*file || !*class)
        return listing_fail(l, "%s:%lld: the %s is empty", table, (long long)line,
                            *file ? "label" : "name of the file");
    if (!listing_class(l, class, &number))
        return false;
    if (number < 0 || l->want->classes_only)
        return true;
    if (snprintf(path, sizeof path, "%.*s%s", folder, table, file) >= (int)sizeof path)
        return listing_fail(l, "%s:%lld: the name is too long", table, (long long)line);
    return listing_add(l, path, file, number, group);
}

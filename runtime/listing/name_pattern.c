#include "name_pattern.h"

#include <fnmatch.h>
#include <string.h>

/* What of a path the pattern is for. */
static const char *subject(const char *pattern, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && !strchr(pattern, '/') ? slash + 1 : path;
}

bool name_fits(const char *pattern, const char *path)
{
    return fnmatch(pattern, subject(pattern, path), 0) == 0;
}

/* A part of a text. */
struct part {
    const char *at;
    size_t length;
};

/* Whether a text fits a pattern of `*`, `?` and one `{}`, which is `group` then. */
static bool fits(const char *pattern, const char *text, struct part *group)
{
    const bool capture = pattern[0] == '{' && pattern[1] == '}';
    if (!*pattern)
        return !*text;
    if (!capture && *pattern != '*')
        return *text && (*pattern == '?' || *pattern == *text) &&
               fits(pattern + 1, text + 1, group);
    for (const char *end = text + (capture && *text);; end++) {
        if ((!capture || end > text) && fits(pattern + 1 + capture, end, group)) {
            if (capture)
                *group = (struct part){text, (size_t)(end - text)};
            return true;
        }
        if (!*end)
            return false;
    }
}

bool name_group(const char *pattern, const char *path, const char **group, size_t *length)
{
    struct part found = {path, 0};
    if (!fits(pattern, subject(pattern, path), &found))
        return false;
    *group = found.at;
    *length = found.length;
    return true;
}

bool name_has_group(const char *pattern)
{
    const char *first = strstr(pattern, "{}");
    return first && !strstr(first + 2, "{}");
}

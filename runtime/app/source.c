/* The table of data sources, and where their files are. */
#include "source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

static source_open_fn *const rows[FTMRT_CALL_COUNT] = {
#define SOURCE_ROW_DATA(name) [FTMRT_CALL_##name] = open_##name,
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) SOURCE_ROW_##category(name)
#include "calls.def"
};

bool source_open(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    *s = (struct source){0};
    if (rows[call->id](s, call, want))
        return true;
    source_close(s);
    return false;
}

void source_close(struct source *s)
{
    if (s->close)
        s->close(s);
    free(s->name);
    *s = (struct source){0};
}

int64_t source_class(const struct source *s, int64_t i)
{
    union field_value v = {.index = 0};
    s->read(s, i, FIELD_LABEL, NULL, &v);
    return v.index;
}

char *source_locate(const char *path, const struct source_want *want)
{
    if (!want->data_dir)
        return path[0] == '/' || !want->base ? app_strdup(path)
                                             : app_format("%s/%s", want->base, path);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *found = app_format("%s/%s", want->data_dir, name);
    if (access(found, R_OK) == 0)
        return found;
    const size_t length = strlen(name);
    const bool zipped = length > 3 && !strcmp(name + length - 3, ".gz");
    char *other = zipped ? app_format("%s/%.*s", want->data_dir, (int)length - 3, name)
                         : app_format("%s/%s.gz", want->data_dir, name);
    const bool there = access(other, R_OK) == 0;
    free(there ? found : other);
    return there ? other : found;
}

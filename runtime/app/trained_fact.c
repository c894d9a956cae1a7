#include "trained_fact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "state_tensors.h"

bool trained_fact(const struct st_file *f, const char *path, const char *key, double none,
                  double most, double *value)
{
    const char *text = st_find_metadata(f, key);
    *value = none;
    if (!text)
        return true;
    char *end;
    *value = strtod(text, &end);
    return (*text && !*end && *value > 0 && *value <= most) ||
           report_error("%s: its metadata has the %s '%.40s', which is no number above 0 up to %g",
                        path, key, text, most);
}

char *trained_fact_text(double value) { return app_format("%.9f", value); }

bool trained_fact_keep(const char *path, const char *key, double value)
{
    struct state_file file;
    char error[512], *text = trained_fact_text(value);
    if (!state_file_open(&file, path)) {
        free(text);
        return false;
    }
    struct st_file f = file.st;
    f.metadata = app_alloc(f.metadata_count + 1, sizeof *f.metadata);
    f.metadata_count = 0;
    for (size_t i = 0; i < file.st.metadata_count; i++)
        if (strcmp(file.st.metadata[i].key, key) != 0)
            f.metadata[f.metadata_count++] = file.st.metadata[i];
    if (value > 0)
        f.metadata[f.metadata_count++] = (struct st_metadata){key, text};
    const enum ftmrt_status status = st_write(&f, path, error, sizeof error);
    free(f.metadata);
    free(text);
    state_file_close(&file);
    return status == FTMRT_OK || report_error("%s", error);
}

#include "page_file.h"

#include <stdlib.h>

#include "html.h"
#include "replace.h"

bool page_file_write(const char *path, const char *title, page_write_fn *write, const void *context,
                     char *error, size_t error_size)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    snprintf(error, error_size, "out of memory");
    if (!out)
        return false;
    html_begin(out, title);
    write(context, out);
    html_end(out);
    const bool ok =
        fclose(out) == 0 && replace_whole(path, text, size, error, error_size) == FTMRT_OK;
    free(text);
    return ok;
}

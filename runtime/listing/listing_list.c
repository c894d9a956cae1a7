/* list(file): a picture and its label per line, the label behind the last blank or tab. */
#include <string.h>

#include "csv_file.h"
#include "listing_table.h"

/* Cuts the label off a line, and blanks around it; NULL: there is none. */
static char *cut_label(char *line)
{
    static const char blanks[] = " \t";
    size_t end = strlen(line);
    while (end && strchr(blanks, line[end - 1]))
        line[--end] = '\0';
    while (end && !strchr(blanks, line[end - 1]))
        end--;
    char *label = line + end;
    while (end && strchr(blanks, line[end - 1]))
        line[--end] = '\0';
    return end ? label : NULL;
}

bool list_list(struct listing *l, const struct ftmrt_call *call)
{
    struct csv_file c;
    char error[512];
    (void)call;
    /* a line is a record of one field where nothing separates fields; quotes are those of names */
    if (csv_file_open(&c, l->want->place, '\0', error, sizeof error) != FTMRT_OK)
        return listing_fail(l, "%s", error);
    while (csv_file_next(&c, error, sizeof error) > 0) {
        char *label = cut_label(c.fields[0]);
        struct listed picture = {0};
        if (label)
            (void)(listing_check_file(l, c.line, c.fields[0]) &&
                   listing_class(l, label, &picture.class) &&
                   listing_add_file(l, c.line, c.fields[0], &picture, NULL));
        else
            listing_fail(l, "%s:%lld: '%s': expected the name of a file, a blank and a label",
                         l->want->place, (long long)c.line, c.fields[0]);
    }
    csv_file_close(&c);
    return l->errors == 0;
}

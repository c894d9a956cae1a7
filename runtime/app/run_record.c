/* run.json. */
#include "run_record.h"

#include <math.h>
#include <stdlib.h>

#include "report.h"

static bool take_command(struct run_record *r)
{
    const json_t *command = json_object_get(r->root, "command");
    r->argc = (int)json_array_size(command);
    r->argv = app_alloc((size_t)r->argc + 1, sizeof(char *));
    for (int i = 0; i < r->argc; i++) {
        const char *word = json_string_value(json_array_get(command, (size_t)i));
        r->argv[i] = app_strdup(word ? word : "?");
    }
    return r->argc >= 2;
}

bool run_record_find(struct run_record *record, const char *path)
{
    return run_record_find_named(record, path, "run.json");
}

bool run_record_find_named(struct run_record *record, const char *path, const char *name)
{
    char *file = app_format("%s/%s", path, name);
    *record = (struct run_record){.root = json_load_file(file, 0, NULL)};
    free(file);
    record->outcome = json_string_value(json_object_get(record->root, "outcome"));
    record->folder = json_string_value(json_object_get(record->root, "working_folder"));
    if (take_command(record) && record->outcome && record->folder)
        return true;
    run_record_free(record);
    return false;
}

bool run_record_read(struct run_record *record, const char *path)
{
    return run_record_find(record, path) ||
           report_error("%s/run.json: not the record of a run", path);
}

void run_record_free(struct run_record *record)
{
    for (int i = 0; i < record->argc; i++)
        free(record->argv[i]);
    free(record->argv);
    json_decref(record->root);
    *record = (struct run_record){0};
}

const char *run_record_text(const struct run_record *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record->root, key));
    return text ? text : "";
}

double run_record_number(const struct run_record *record, const char *object, const char *key)
{
    const json_t *in = object ? json_object_get(record->root, object) : record->root;
    const json_t *number = json_object_get(in, key);
    return json_is_number(number) ? json_number_value(number) : NAN;
}

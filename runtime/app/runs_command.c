/* The command `runs`: a table of the runs. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "current.h"
#include "feature_store.h"
#include "recipe_difference.h"
#include "report.h"
#include "runs.h"

/* ---- what differs from the current run ---- */

/* Options that change what is trained, as text: "--lr 0.1 --epochs 3". */
static char *options_text(const struct run *run)
{
    static const char *const telling[] = {"--epochs", "--lr",   "--seed",
                                          "--steps",  "--data", "--from"};
    const json_t *options = json_object_get(run->record.root, "options");
    char *text = app_strdup("");
    for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++) {
        const json_t *value = json_object_get(options, telling[i]);
        char *word = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        if (value && word) {
            char *longer = app_format("%s%s%s %s", text, *text ? " " : "", telling[i], word);
            free(text);
            text = longer;
        }
        free(word);
    }
    return text;
}

/* Of an own run from the current one (NULL: from the program): its options, where they are others, and its recipe's settings. */
static char *settings_text(const struct run *run, const struct run *current,
                           const struct ftmrt_program *p)
{
    char *recipe = run_recipe(run),
         *of_current = current ? run_recipe(current) : app_strdup(p->resolved);
    char *settings = recipe_difference_line(of_current, recipe, 4);
    char *options = options_text(run), *others = current ? options_text(current) : app_strdup("");
    const bool same = !strcmp(options, others);
    char *line = app_format("%s%s%s", settings, *settings && !same ? ", " : "",
                            same       ? ""
                            : *options ? options
                                       : "no options");
    free(recipe);
    free(of_current);
    free(settings);
    free(options);
    free(others);
    return line;
}

/* Of any run; whose it is comes first, where it is no recipe of the program's name. */
static char *differences(const struct run *run, const struct run *current,
                         const struct ftmrt_program *p)
{
    if (!run->own)
        return run_strangeness(run, p);
    char *settings = run == current ? app_strdup("") : settings_text(run, current, p);
    if (run->same_name)
        return settings;
    char *line = app_format("recipe %s%s%s", run_program(run), *settings ? ": " : "", settings);
    free(settings);
    return line;
}

/* ---- the table ---- */

static char *split_text(const struct run *run)
{
    const char *split = run_record_text(&run->record, "split_hash");
    return *split ? app_format("%.6s", split) : app_strdup("-");
}

static char *test_text(const struct run *run)
{
    const double accuracy = run_record_number(&run->record, "test", "accuracy"),
                 loss = run_record_number(&run->record, "test", "loss");
    if (!isnan(accuracy))
        return app_format("%.2f %%", 100 * accuracy);
    return isnan(loss) ? app_strdup("-") : app_format("loss %.4f", loss);
}

static void print_run(const struct run *run, const struct run *current,
                      const struct ftmrt_program *p)
{
    const long number = run->number;
    char *split = split_text(run), *best = run_best_text(run), *test = test_text(run);
    char *differs = differences(run, current, p);
    printf("%c%5ld  %-12s  %-11s  %-6s  %11s  %11s  %s\n", run == current ? '*' : ' ', number,
           run_record_text(&run->record, "name"), run_outcome(run), split, best, test, differs);
    free(split);
    free(best);
    free(test);
    free(differs);
}

static json_t *run_json(const struct run *run, const struct run *current,
                        const struct ftmrt_program *p)
{
    char *differs = differences(run, current, p);
    json_t *row = json_pack(
        "{s:I, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:s}", "number", (json_int_t)run->number, "name",
        run_record_text(&run->record, "name"), "program", run_program(run), "path", run->path,
        "outcome", run_outcome(run), "own", run->own, "current", run == current, "split_hash",
        run_record_text(&run->record, "split_hash"), "differs", differs);
    static const char *const figures[] = {"best", "last", "test"};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        json_t *value = json_object_get(run->record.root, figures[i]);
        json_object_set(row, figures[i], value ? value : json_null());
    }
    free(differs);
    return row;
}

/* What later trainings may find on disk. */
static void print_features(const struct runs *r)
{
    int64_t files;
    char *folder = app_format("%s/" CACHE_FOLDER, r->folder);
    const int64_t bytes = feature_stores_bytes(folder, &files);
    if (files)
        printf("features of frozen layers in %s: %.1f MB in %lld files; the folder may be deleted "
               "at any time\n",
               folder, (double)bytes * 1e-6, (long long)files);
    free(folder);
}

static void print_list(const struct runs *r, bool all)
{
    const struct run *current = runs_current(r);
    size_t others = 0;
    printf("   run  name          ended        split    validation         test  differs from the "
           "current one in\n");
    for (size_t i = 0; i < r->count; i++) {
        if (all || r->at[i]->own)
            print_run(r->at[i], current, r->program);
        else
            others++;
    }
    if (others)
        printf("%zu of other networks: --all\n", others);
}

static void print_json(const struct runs *r, bool all)
{
    const struct run *current = runs_current(r);
    json_t *list = json_array();
    for (size_t i = 0; i < r->count; i++)
        if (all || r->at[i]->own)
            json_array_append_new(list, run_json(r->at[i], current, r->program));
    json_dumpf(list, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(list);
}

int command_runs(const struct ftmrt_program *p, const struct options *o)
{
    struct runs r;
    runs_read(&r, p, o->runs);
    if (o->json)
        print_json(&r, o->all);
    else if (r.count)
        print_list(&r, o->all);
    else
        printf("no runs in %s yet: `%s train` makes the first\n", r.folder, report_command());
    if (!o->json)
        print_features(&r);
    runs_free(&r);
    return EXIT_OK;
}

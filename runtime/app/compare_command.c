/* The command `compare`: two runs, in what they were told and in what they answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "current.h"
#include "predictions.h"
#include "recipe_difference.h"
#include "report.h"
#include "runs.h"

/* ---- what they were told ---- */

static void print_setting(void *context, const char *key, const char *a, const char *b)
{
    int *lines = context;
    if (!(*lines)++)
        printf("settings in which they differ\n");
    printf("  %-24s %s | %s\n", key, a ? (*a ? a : "yes") : "-", b ? (*b ? b : "yes") : "-");
}

/* An option that one of them was given, or both otherwise. */
static void print_options(const struct run *a, const struct run *b, int *lines)
{
    const json_t *in_a = json_object_get(a->record.root, "options"),
                 *in_b = json_object_get(b->record.root, "options");
    json_t *all = json_object();
    json_object_update(all, (json_t *)(uintptr_t)in_a);
    json_object_update(all, (json_t *)(uintptr_t)in_b);
    const char *key;
    json_t *value;
    json_object_foreach(all, key, value)
    {
        const json_t *x = json_object_get(in_a, key), *y = json_object_get(in_b, key);
        if (x && y && json_equal(x, y))
            continue;
        char *s = json_dumps(x, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6)),
             *t = json_dumps(y, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        print_setting(lines, key, s, t);
        free(s);
        free(t);
    }
    json_decref(all);
}

static void print_settings(const struct run *a, const struct run *b)
{
    int lines = 0;
    char *recipe_a = run_recipe(a), *recipe_b = run_recipe(b);
    recipe_differences(recipe_a, recipe_b, print_setting, &lines);
    print_options(a, b, &lines);
    if (!lines)
        printf("their recipes and options are the same\n");
    free(recipe_a);
    free(recipe_b);
}

/* ---- what they answer ---- */

static bool read_of(struct predictions *p, const struct run *run, const char *file)
{
    char *path = app_format("%s/%s", run->path, file);
    const bool ok = predictions_read(p, path);
    free(path);
    return ok;
}

/* Whether both were measured on the same data: that of their training, a validation of its own, or test data. */
static bool same_data(const struct run *a, const struct run *b, bool test)
{
    const char *of_a = run_test_hash(a), *of_b = run_test_hash(b);
    if (test && *of_a && *of_b)
        return !strcmp(of_a, of_b);
    return !strcmp(run_record_text(&a->record, "data_hash"),
                   run_record_text(&b->record, "data_hash")) ||
           (!test && runs_share_split(a, b));
}

static void print_pairs(const struct predictions *a, const struct predictions *b,
                        const struct run *run_a, const struct run *run_b, const char *what)
{
    const struct paired p = predictions_pair(a, b);
    const double n = p.count ? (double)p.count : 1;
    printf("\n%s: %lld samples that both have with the same label", what, (long long)p.count);
    if (p.left_out)
        printf(", %lld left out", (long long)p.left_out);
    printf("\n   run %-4ld     run %-4ld   samples\n", run_a->number, run_b->number);
    printf("%9.2f %%  %9.2f %%  %7lld  all\n", 100 * (double)(p.both + p.only_a) / n,
           100 * (double)(p.both + p.only_b) / n, (long long)p.count);
    predictions_print_labels(a, b, stdout);
    printf("both right %lld, only run %ld %lld, only run %ld %lld, neither %lld; if they were "
           "equally good they would differ so much with probability %.3g\n",
           (long long)p.both, run_a->number, (long long)p.only_a, run_b->number,
           (long long)p.only_b, (long long)p.neither, paired_probability(&p));
}

/* Compares on one file of both, if both have it. */
static bool compare_on(const struct run *a, const struct run *b, const char *file, bool test)
{
    const char *what = test ? "test" : "validation";
    struct predictions in_a, in_b = {0};
    if (!read_of(&in_a, a, file))
        return false;
    bool ok = read_of(&in_b, b, file);
    const bool same = ok && same_data(a, b, test);
    if (ok && !same && predictions_are_numbered(&in_a))
        printf("\n%s: their samples have numbers for names, and their data differ\n", what);
    else if (ok)
        print_pairs(&in_a, &in_b, a, b, what);
    if (ok && !same && !predictions_are_numbered(&in_a))
        printf("their data differ: samples are matched by their names\n");
    predictions_free(&in_a);
    predictions_free(&in_b);
    return ok;
}

int command_compare(const struct ftmrt_program *p, const struct options *o)
{
    struct runs r;
    if (o->file_count != 2) {
        report_error("name two runs, by number, name or folder: %s compare 1 2", report_command());
        return EXIT_WRONG_USAGE;
    }
    runs_read(&r, p, o->runs);
    const struct run *a = runs_find(&r, o->files[0]), *b = a ? runs_find(&r, o->files[1]) : NULL;
    if (b) {
        print_settings(a, b);
        const bool validation = compare_on(a, b, "predictions.csv", false),
                   test = compare_on(a, b, "test_predictions.csv", true);
        if (!test)
            printf("%sfigures on the test data: `%s eval --run N` of both first\n",
                   validation ? "\n" : "\nno predictions that both have; ", report_command());
    }
    runs_free(&r);
    return b ? EXIT_OK : EXIT_ERROR;
}

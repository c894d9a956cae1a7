/* The command `compare`: two runs, in what they were told and in what they answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "comparison_page.h"
#include "current.h"
#include "file_bytes.h"
#include "predictions.h"
#include "recipe_difference.h"
#include "report.h"
#include "runs.h"

/* ---- what they were told ---- */

static char *setting_text(const char *value)
{
    return app_strdup(!value ? "-" : *value ? value : "yes");
}

static void add_setting(void *context, const char *key, const char *a, const char *b)
{
    struct comparison *c = context;
    c->settings = app_grow(c->settings, c->count + 1, sizeof *c->settings);
    c->settings[c->count++] =
        (struct comparison_setting){app_strdup(key), setting_text(a), setting_text(b)};
}

/* An option that one of them was given, or both otherwise. */
static void add_options(struct comparison *c)
{
    const json_t *in_a = json_object_get(c->a->record.root, "options"),
                 *in_b = json_object_get(c->b->record.root, "options");
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
        add_setting(c, key, s, t);
        free(s);
        free(t);
    }
    json_decref(all);
}

static void find_settings(struct comparison *c)
{
    char *recipe_a = run_recipe(c->a), *recipe_b = run_recipe(c->b);
    recipe_differences(recipe_a, recipe_b, add_setting, c);
    add_options(c);
    free(recipe_a);
    free(recipe_b);
}

static void print_settings(const struct comparison *c)
{
    printf(c->count ? "settings in which they differ\n"
                    : "their recipes and options are the same\n");
    for (size_t i = 0; i < c->count; i++)
        printf("  %-24s %s | %s\n", c->settings[i].key, c->settings[i].a, c->settings[i].b);
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

static void print_pairs(const struct comparison *c, const struct comparison_pairs *pairs)
{
    const struct paired *p = &pairs->all;
    const double n = p->count ? (double)p->count : 1;
    printf("\n%s: %lld samples that both have with the same label", pairs->what,
           (long long)p->count);
    if (p->left_out)
        printf(", %lld left out", (long long)p->left_out);
    printf("\n   run %-4ld     run %-4ld   samples\n", c->a->number, c->b->number);
    printf("%9.2f %%  %9.2f %%  %7lld  all\n", 100 * (double)(p->both + p->only_a) / n,
           100 * (double)(p->both + p->only_b) / n, (long long)p->count);
    predictions_print_labels(&pairs->in_a, &pairs->in_b, stdout);
    printf("both right %lld, only run %ld %lld, only run %ld %lld, neither %lld; if they were "
           "equally good they would differ so much with probability %.3g\n",
           (long long)p->both, c->a->number, (long long)p->only_a, c->b->number,
           (long long)p->only_b, (long long)p->neither, paired_probability(p));
}

/* Compares on one file of both, if both have it. */
static bool compare_on(struct comparison *c, struct comparison_pairs *p, const char *file,
                       bool test)
{
    const char *what = test ? "test" : "validation";
    if (!read_of(&p->in_a, c->a, file) || !read_of(&p->in_b, c->b, file))
        return false;
    const bool numbered = predictions_are_numbered(&p->in_a);
    p->same_data = same_data(c->a, c->b, test);
    if (!p->same_data && numbered) {
        printf("\n%s: their samples have numbers for names, and their data differ\n", what);
        return true;
    }
    p->what = what;
    p->all = predictions_pair(&p->in_a, &p->in_b);
    p->labels = predictions_pair_labels(&p->in_a, &p->in_b, &p->count);
    print_pairs(c, p);
    if (!p->same_data)
        printf("their data differ: samples are matched by their names\n");
    return true;
}

static bool compare(struct comparison *c, const char *out)
{
    find_settings(c);
    print_settings(c);
    const bool validation = compare_on(c, &c->parts[0], "predictions.csv", false),
               test = compare_on(c, &c->parts[1], "test_predictions.csv", true);
    if (!test)
        printf("%sfigures on the test data: `%s eval --run N` of both first\n",
               validation ? "\n" : "\nno predictions that both have; ", report_command());
    return !out || comparison_page_write(c, out);
}

static void forget(struct comparison *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->settings[i].key);
        free(c->settings[i].a);
        free(c->settings[i].b);
    }
    free(c->settings);
    for (int i = 0; i < COMPARED_PARTS; i++) {
        free(c->parts[i].labels);
        predictions_free(&c->parts[i].in_a);
        predictions_free(&c->parts[i].in_b);
    }
}

int command_compare(const struct ftmrt_program *p, const struct options *o)
{
    struct runs r;
    if (o->file_count != 2) {
        report_error("name two runs, by number, name or folder: %s compare 1 2", report_command());
        return EXIT_WRONG_USAGE;
    }
    if (o->out && !file_can_be_written(o->out))
        return EXIT_ERROR;
    runs_read(&r, p, o->runs);
    const struct run *a = runs_find(&r, o->files[0]), *b = a ? runs_find(&r, o->files[1]) : NULL;
    struct comparison c = {.a = a, .b = b};
    const bool ok = b && compare(&c, o->out);
    forget(&c);
    runs_free(&r);
    return ok ? EXIT_OK : EXIT_ERROR;
}

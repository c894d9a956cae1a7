/* The command `duplicates`: pictures of validation and test that look like one that trains. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "near_duplicates.h"
#include "report.h"
#include "training_data.h"

static void print_pair(const struct subset *train, const struct subset *part, int64_t i,
                       const struct alike *a)
{
    char *one = near_duplicates_title(part, i), *other = near_duplicates_title(train, a->other);
    printf("%.4f  %s  %s%s\n", (double)a->correlation, one, other, a->mirrored ? "  mirrored" : "");
    free(one);
    free(other);
}

/* Prints the pairs of a part with what trains. */
static bool print_part(const struct subset *train, const struct subset *part, const char *name,
                       int threads)
{
    struct near_duplicates n;
    if (!part->count)
        return true;
    if (!near_duplicates_can(train, part))
        return report_error("%s: holds no pictures, of which alone it is known how they look",
                            part->source->name);
    if (!near_duplicates_find(&n, train, part, true, threads))
        return false;
    printf("%s: %lld of %lld look like one of %lld that train\n", name, (long long)n.found,
           (long long)part->count, (long long)train->count);
    for (int64_t i = 0; i < part->count; i++)
        if (n.at[i].other >= 0)
            print_pair(train, part, i, &n.at[i]);
    near_duplicates_free(&n);
    return true;
}

static bool print_test(const struct subset *train, const struct config *c, const char *data_dir)
{
    const struct source_want want = config_want(c, &c->input_eval, data_dir);
    struct source test;
    if (!c->test)
        return true;
    if (!source_open(&test, c->test, &want))
        return false;
    const struct subset part = {.source = &test, .count = test.count};
    const bool ok = print_part(train, &part, "test", c->threads);
    source_close(&test);
    return ok;
}

int command_duplicates(const struct ftmrt_program *p, const struct options *o)
{
    struct config c;
    if (!config_read(&c, p))
        return EXIT_ERROR;
    c.seed = o->seed_given ? (uint64_t)o->seed : c.seed;
    c.threads = app_threads(o);
    struct training_data data = {0};
    bool ok = c.train || report_error("the recipe has no training data");
    if (ok) {
        ok = training_data_open(&data, &c, o->data);
        const struct subset train = training_data_train(&data),
                            validation = training_data_validation(&data);
        if (ok && !validation.count && !c.test)
            ok = report_error("the recipe has nothing but what trains to compare it with: no "
                              "`validation` and no `test`");
        ok = ok && print_part(&train, &validation, "validation", c.threads) &&
             print_test(&train, &c, o->data);
        training_data_close(&data);
    }
    config_free(&c);
    return ok ? EXIT_OK : EXIT_ERROR;
}

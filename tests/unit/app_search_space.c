/* link: ftmrt_app */
/* What a search tries; where a path leads, and what a trial's recipe has there; lines of trials and their order. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "phase_plan.h"
#include "search_rounds.h"
#include "search_space.h"
#include "trial.h"
#include "trial_recipe.h"

#define AT(call, param) [FTMRT_PARAM_##call##_##param - FTMRT_CALL_##call * FTMRT_PARAM_LIMIT]
#define INTEGER(v)      {.kind = FTMRT_ARG_INTEGER, .integer = (v)}
#define NUMBER(v)       {.kind = FTMRT_ARG_NUMBER, .number = (v)}
#define TEXT(v)         {.kind = FTMRT_ARG_TEXT, .text = (v)}
#define CALLS(n, c)     {.kind = FTMRT_ARG_CALLS, .count = (n), .calls = (c)}
#define NUMBERS(...)                                                                               \
    {                                                                                              \
        .kind = FTMRT_ARG_NUMBERS, .count = sizeof((double[]){__VA_ARGS__}) / sizeof(double),      \
        .numbers = (const double[])                                                                \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define OVER(p, d, ...)                                                                            \
    {                                                                                              \
        FTMRT_CALL_over, (const struct ftmrt_arg[])                                                \
        {                                                                                          \
            AT(over, path) = TEXT(p), AT(over, draw) = TEXT(d), AT(over, values) = __VA_ARGS__     \
        }                                                                                          \
    }

static const struct ftmrt_arg sgd_args[5] = {NUMBER(0.25), NUMBER(0.9), NUMBER(0), INTEGER(0),
                                             NUMBER(0)};
static const struct ftmrt_call sgd = {FTMRT_CALL_sgd, sgd_args}, cosine = {FTMRT_CALL_cosine, NULL};
static const struct ftmrt_call phases[] = {
    {FTMRT_CALL_phase,
     (const struct ftmrt_arg[]){AT(phase, name) = TEXT("head"), AT(phase, epochs) = INTEGER(2),
                                AT(phase, optimizer) = CALLS(1, &sgd),
                                AT(phase, schedule) = CALLS(1, &cosine)}},
    {FTMRT_CALL_phase,
     (const struct ftmrt_arg[]){AT(phase, name) = TEXT("thaw"), AT(phase, epochs) = INTEGER(3),
                                AT(phase, optimizer) = CALLS(1, &sgd),
                                AT(phase, schedule) = CALLS(1, &cosine)}}};

static struct ftmrt_recipe recipe_of(struct ftmrt_arg *settings, const struct ftmrt_call *search)
{
    settings[FTMRT_PARAM_finetune_search - FTMRT_CALL_finetune * FTMRT_PARAM_LIMIT] =
        (struct ftmrt_arg)CALLS(1, search);
    return (struct ftmrt_recipe){.finetune = {FTMRT_CALL_finetune, settings}};
}

#define SETTINGS                                                                                   \
    {                                                                                              \
        AT(finetune, batch) = INTEGER(32), AT(finetune, epochs) = INTEGER(7),                      \
                     AT(finetune, optimizer) = CALLS(1, &sgd),                                     \
                     AT(finetune, phases) = {.kind = FTMRT_ARG_NONE}, AT(finetune, search) = {     \
                         .kind = FTMRT_ARG_NONE                                                    \
                     }                                                                             \
    }

static void a_grid_is_in_its_order(void **state)
{
    (void)state;
    const struct ftmrt_call overs[] = {OVER("optimizer.lr", "list", NUMBERS(0.1, 0.2)),
                                       OVER("batch", "list", NUMBERS(8, 16, 32))};
    const struct ftmrt_call search = {
        FTMRT_CALL_search, (const struct ftmrt_arg[]){AT(search, over) = CALLS(2, overs),
                                                      AT(search, halving) = INTEGER(2),
                                                      AT(search, seed) = {.kind = FTMRT_ARG_NONE}}};
    struct ftmrt_arg settings[] = SETTINGS;
    const struct ftmrt_recipe r = recipe_of(settings, &search);
    struct search_space s;
    double v[2];
    assert_true(search_space_given(&r));
    search_space_open(&s, &r, 0, NULL);
    assert_int_equal(s.trials, 6);
    for (int i = 0; i < 6; i++) {
        search_space_values(&s, i, v);
        assert_true(v[0] == (i < 3 ? 0.1 : 0.2) && v[1] == 8 << i % 3);
    }
    search_space_close(&s);
    int seen[6] = {0};
    search_space_open(&s, &r, 5, &(uint64_t){3});
    assert_int_equal(s.trials, 5);
    for (int i = 0; i < 5; i++) {
        search_space_values(&s, i, v);
        seen[(v[0] > 0.15) * 3 + (v[1] > 8) + (v[1] > 16)]++;
    }
    for (int i = 0; i < 6; i++)
        assert_true(seen[i] <= 1);
    search_space_close(&s);
    search_space_open(&s, &r, 50, NULL);
    assert_int_equal(s.trials, 6);
    search_space_close(&s);
}

static void ranges_are_drawn(void **state)
{
    (void)state;
    enum { TRIALS = 2000 };
    const struct ftmrt_call overs[] = {OVER("optimizer.lr", "log", NUMBERS(1e-4, 1)),
                                       OVER("epochs", "uniform", NUMBERS(3, 9)),
                                       OVER("batch", "list", NUMBERS(8, 16))};
    const struct ftmrt_call search = {
        FTMRT_CALL_search, (const struct ftmrt_arg[]){AT(search, over) = CALLS(3, overs),
                                                      AT(search, trials) = INTEGER(TRIALS),
                                                      AT(search, seed) = INTEGER(9)}};
    struct ftmrt_arg settings[] = SETTINGS;
    const struct ftmrt_recipe r = recipe_of(settings, &search);
    struct search_space s;
    double v[3], first[3], logs = 0;
    int epochs[10] = {0}, small = 0;
    search_space_open(&s, &r, 0, NULL);
    assert_int_equal(s.seed, 9);
    for (int i = 0; i < TRIALS; i++) {
        search_space_values(&s, i, v);
        assert_true(v[0] >= 1e-4 && v[0] <= 1 && v[1] >= 3 && v[1] <= 9 && v[1] == rint(v[1]));
        char *text = search_value_text(v[0]);
        assert_true(strtod(text, NULL) == v[0]);
        free(text);
        logs += log10(v[0]) / TRIALS;
        epochs[(int)v[1]]++;
        small += v[2] == 8;
    }
    assert_true(fabs(logs + 2) < 0.1); /* the standard error is 0.026 */
    assert_true(abs(small - TRIALS / 2) < 120);
    assert_true(epochs[3] > 100 && epochs[6] > 230 &&
                epochs[9] > 100); /* the ends are half as wide */
    search_space_values(&s, 0, first);
    search_space_close(&s);
    search_space_open(&s, &r, 3, &(uint64_t){10});
    search_space_values(&s, 0, v);
    assert_true(v[0] != first[0]);
    search_space_close(&s);
}

static void paths_lead_to_numbers(void **state)
{
    (void)state;
    struct ftmrt_arg settings[] = SETTINGS;
    struct ftmrt_recipe r = recipe_of(settings, NULL);
    struct ftmrt_place lr, batch, epochs, other;
    settings[FTMRT_PARAM_finetune_phases - FTMRT_CALL_finetune * FTMRT_PARAM_LIMIT] =
        (struct ftmrt_arg)CALLS(2, phases);
    assert_true(ftmrt_recipe_find(&r, "thaw.optimizer.lr", &lr) && lr.arg == &sgd_args[0]);
    assert_true(ftmrt_recipe_find(&r, "batch", &batch) && batch.arg->integer == 32);
    assert_true(ftmrt_recipe_find(&r, "head.epochs", &epochs) && epochs.arg->integer == 2);
    static const char *const wrong[] = {"batches", "batch.x",       "optimizer.rate",
                                        "thaw",    "thaw.batch",    "head.optimizer.lr.x",
                                        "",        "optimizer.lr.", ".lr"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(ftmrt_recipe_find(&r, wrong[i], &other));
    struct trial_recipe t;
    trial_recipe_open(&t, &r);
    trial_recipe_set(&t, &lr, 0.5);
    trial_recipe_set(&t, &batch, 16);
    trial_recipe_set(&t, &epochs, 6);
    struct phase p[2];
    assert_int_equal(phases_epochs(&t.recipe), 9);
    assert_true(phases_plan(&t.recipe, 9, -1, 10, 0.1, p));
    assert_true(p[1].lr == 0.5 && ftmrt_call_number(p[0].optimizer, FTMRT_PARAM_sgd_lr) == 0.25);
    assert_true(p[0].epochs == 6 && p[1].epochs == 3);
    assert_int_equal(ftmrt_call_integer(&t.recipe.finetune, FTMRT_PARAM_finetune_batch), 16);
    trial_recipe_close(&t);
    assert_true(batch.arg->integer == 32 && lr.arg->number == 0.25);
}

static void trials_are_read_back_and_ranked(void **state)
{
    (void)state;
    const struct ftmrt_call overs[] = {OVER("optimizer.lr", "log", NUMBERS(1e-4, 1)),
                                       OVER("batch", "list", NUMBERS(8, 16))};
    const struct ftmrt_call search = {
        FTMRT_CALL_search, (const struct ftmrt_arg[]){AT(search, over) = CALLS(2, overs),
                                                      AT(search, trials) = INTEGER(5),
                                                      AT(search, halving) = INTEGER(2),
                                                      AT(search, seed) = {.kind = FTMRT_ARG_NONE}}};
    struct ftmrt_arg settings[] = SETTINGS;
    const struct ftmrt_recipe r = recipe_of(settings, &search);
    struct search_space s;
    search_space_open(&s, &r, 0, NULL);
    static const double figures[5][2] = {{0.5, 1}, {0.75, 2}, {NAN, 0}, {0.75, 1.5}, {0.5, 1}};
    struct trial trials[5];
    for (int i = 0; i < 5; i++) {
        double values[2];
        struct trial t = {.number = i + 1,
                          .values = values,
                          .round = 1 + (i == 4),
                          .failure = i == 2 ? (char[]){"it broke"} : NULL,
                          .epoch = 3,
                          .score = figures[i][0] / 3,
                          .loss = figures[i][1],
                          .accuracy = NAN,
                          .seconds = 1};
        search_space_values(&s, i, values);
        json_t *line = trial_json(&t, &s);
        assert_true(trial_read(&trials[i], line, &s, 1 + (i == 4), i + 1));
        assert_true(i == 2 || (trials[i].score == figures[i][0] / 3 && isnan(trials[i].accuracy)));
        struct trial wrong;
        assert_false(trial_read(&wrong, line, &s, 1 + (i == 4), i + 2));
        trial_free(&wrong);
        assert_false(trial_read(&wrong, line, &s, 3, i + 1));
        trial_free(&wrong);
        json_decref(line);
    }
    qsort(trials, 5, sizeof *trials, trial_compare);
    static const int order[] = {5, 4, 2, 1, 3};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(trials[i].number, order[i]);
        trial_free(&trials[i]);
    }
    search_space_close(&s);
}

static void figures_are_means(void **state)
{
    (void)state;
    struct trial t = {0};
    trial_add(&t, &(struct trial_run){0, 3, 0.5, 1, 0.5, 2});
    trial_settle(&t);
    assert_true(t.score == 0.5 && t.epoch == 3 && isnan(t.deviation));
    t.seconds = 0;
    trial_add(&t, &(struct trial_run){1, 5, 0.75, 2, 0.75, 2});
    trial_add(&t, &(struct trial_run){2, 5, 1, 3, 1, 2});
    trial_settle(&t);
    assert_true(t.score == 0.75 && t.loss == 2 && t.accuracy == 0.75 && t.epoch == 3);
    assert_true(t.deviation == 0.25 && t.seconds == 6);
    trial_free(&t);
}

static void check_next(const struct search_rounds *r, const struct trial *results, int64_t done,
                       int64_t round, int64_t number)
{
    int64_t next_round, next;
    assert_true(search_rounds_next(r, results, done, &next_round, &next) == (number > 0));
    assert_int_equal(next, number);
    assert_true(!number || next_round == round);
}

static void the_best_go_on(void **state)
{
    (void)state;
    const struct search_rounds once = search_rounds_of(9, 0, 10), r = search_rounds_of(9, 3, 10);
    assert_int_equal(once.count, 1);
    assert_int_equal(search_round_epochs(&once, 1, 10), 10);
    assert_int_equal(r.count, 3);
    assert_int_equal(search_rounds_of(9, 3, 8).count, 2);
    assert_int_equal(search_rounds_of(2, 3, 8).count, 1);
    static const int64_t sizes[] = {9, 3, 1}, epochs[] = {1, 3, 10};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(search_round_size(&r, i + 1), sizes[i]);
        assert_int_equal(search_round_epochs(&r, i + 1, 10), epochs[i]);
    }
    static const double scores[] = {5, 1, 9, 2, 8, 3, 7, 0, 4, 1, 2, 0, 6};
    static const int order[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 5, 7, 5};
    struct trial results[13];
    for (int i = 0; i < 13; i++) {
        const int round = i < 9 ? 1 : i < 12 ? 2 : 3;
        check_next(&r, results, i, round, order[i]);
        results[i] = (struct trial){.number = order[i], .round = round, .score = scores[i]};
    }
    check_next(&r, results, 13, 0, 0);
    struct trial *last;
    assert_int_equal(search_rounds_last(results, 13, &last), 9);
    qsort(last, 9, sizeof *last, trial_compare);
    assert_true(last[0].number == 5 && last[1].number == 3 && last[2].number == 7);
    assert_true(last[3].number == 1 && last[8].number == 8);
    free(last);
    /* What fails goes no further: with two that have figures, two go on; and it keeps those of an earlier round. */
    for (int i = 0; i < 7; i++)
        results[i].failure = (char[]){"it broke"};
    check_next(&r, results, 9, 2, 9);
    results[9] = (struct trial){.number = 9, .round = 2, .failure = (char[]){"it broke"}};
    check_next(&r, results, 10, 2, 8);
    results[10] = (struct trial){.number = 8, .round = 2, .failure = (char[]){"it broke"}};
    check_next(&r, results, 11, 0, 0);
    assert_int_equal(search_rounds_last(results, 11, &last), 9);
    qsort(last, 9, sizeof *last, trial_compare);
    assert_true(last[0].number == 9 && !last[0].failure && last[1].number == 8 && last[2].failure);
    free(last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grid_is_in_its_order), cmocka_unit_test(ranges_are_drawn),
        cmocka_unit_test(paths_lead_to_numbers),  cmocka_unit_test(trials_are_read_back_and_ranked),
        cmocka_unit_test(figures_are_means),      cmocka_unit_test(the_best_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

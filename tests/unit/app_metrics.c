/* link: ftmrt_app m */
/* Evaluation figures against numbers computed by hand, and by scikit-learn: data/class_figures.txt, which
 * tools/make_class_figures_reference.py wrote. */
#include "calibration.h"
#include "metrics.h"
#include "rejection.h"
#include "sampling.h"
#include "thresholds.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void figures_of_three_classes(void **state)
{
    (void)state;
    const float logits[] = {2, 1, 0, 0, 3, 1, 1, 2, 0, 0, 0, 5, 4, 0, 0};
    const int32_t labels[] = {0, 1, 0, 2, 2};
    struct metrics m;
    metrics_init(&m, &(struct config){.classes = 3, .output_count = 3}, 5);
    metrics_add(&m, logits, labels, 0.5, 1, 2);
    metrics_add(&m, logits + 6, labels + 2, 1.5, 2, 3);
    assert_float_equal(metrics_accuracy(&m), 0.6, 1e-12);
    assert_float_equal(metrics_precision(&m, 0), 0.5, 1e-12);
    assert_float_equal(metrics_recall(&m, 0), 0.5, 1e-12);
    assert_float_equal(metrics_precision(&m, 1), 0.5, 1e-12);
    assert_float_equal(metrics_recall(&m, 1), 1, 1e-12);
    assert_float_equal(metrics_f1(&m, 2), 2.0 / 3, 1e-12);
    assert_int_equal(m.top5, 5);
    assert_float_equal(metrics_loss(&m), (2 * 0.5 + 2 * 3 * 1.5) / 8, 1e-12);
    double first = log(exp(2) + exp(1) + 1) - 2;
    struct metrics one;
    metrics_init(&one, &(struct config){.classes = 3, .output_count = 3}, 1);
    metrics_add(&one, logits, labels, 0, 1, 1);
    assert_float_equal(metrics_nll(&one), first, 1e-12);
    metrics_free(&one);
    metrics_free(&m);
}

/* Two classes; the first has equal logits at the second and third rank, the second no yes. */
static void figures_of_labels(void **state)
{
    (void)state;
    const float logits[] = {3, -1, 1, 1, 1, -2, -4, -1}, shares[] = {0, 0, 1, 0, 0, 0, 1, 0};
    struct metrics m;
    metrics_init(&m, &(struct config){.task = TASK_LABELS, .classes = 2, .output_count = 2}, 4);
    metrics_add(&m, logits, shares, 0.5, 1, 4);
    assert_float_equal(metrics_precision(&m, 0), 1.0 / 3, 1e-12);
    assert_float_equal(metrics_recall(&m, 0), 0.5, 1e-12);
    assert_float_equal(metrics_f1(&m, 0), 0.4, 1e-12);
    assert_float_equal(metrics_macro_f1(&m), 0.2, 1e-12); /* an answer of the second is wrong */
    assert_float_equal(label_metrics_average_precision(&m.ranks, 0), (1.0 / 3 + 2.0 / 4) / 2,
                       1e-12);
    assert_true(isnan(label_metrics_average_precision(&m.ranks, 1)));
    metrics_free(&m);
}

/* A yes at 3, -1 and -3 of five: F1 is 2/4, 2/5, 4/6, 4/7 and 6/8 behind each. Without a yes the threshold stays. */
static void thresholds_have_the_best_f1(void **state)
{
    (void)state;
    const float logits[] = {3, 3, 1, 2, -1, 1, -2, 0, -3, -1},
                shares[] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0};
    struct config c = {.task = TASK_LABELS, .classes = 2, .output_count = 2};
    struct metrics m;
    metrics_init(&m, &c, 5);
    metrics_add(&m, logits, shares, 0.5, 1, 5);
    assert_float_equal(metrics_f1(&m, 0), 0.4, 1e-12);
    assert_float_equal(label_metrics_best_f1(&m.ranks, 0), -4, 0);
    assert_float_equal(label_metrics_best_f1(&m.ranks, 1), 0, 0);
    thresholds_choose(&c, &m);
    assert_float_equal(metrics_f1(&m, 0), 0.75, 1e-12);
    assert_int_equal(m.correct, 3 + 2);
    char *text = thresholds_text(&c);
    assert_string_equal(text, "0.0179862101, 0.5");
    thresholds_take(&c, NULL);
    assert_null(c.thresholds);
    thresholds_take(&c, text);
    assert_float_equal(config_threshold(&c, 0), -4, 1e-6);
    static const char *const bad[] = {"", "0.5", "0.5, 0.5, 0.5", "0.5, 2", "0.5, nan", "0.5, x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        thresholds_take(&c, bad[i]);
        assert_null(c.thresholds);
    }
    free(text);
    metrics_free(&m);
}

static void confident_mistakes_have_a_finite_loss(void **state)
{
    (void)state;
    const float logits[] = {0, 2000};
    const int32_t label = 0;
    struct metrics m;
    metrics_init(&m, &(struct config){.classes = 2, .output_count = 2}, 1);
    metrics_add(&m, logits, &label, 0, 1, 1);
    assert_float_equal(metrics_nll(&m), 2000, 1e-9);
    metrics_free(&m);
}

static void names_are_cut_and_aligned_by_columns(void **state)
{
    (void)state;
    char *labels[] = {"caf\u00e9", "\u65e5\u672c", "golden retriever of a very long name"};
    struct config c = {.classes = 3, .output_count = 3, .labels = labels};
    const float logits[] = {2, 1, 0};
    const int32_t label = 0;
    struct metrics m;
    metrics_init(&m, &c, 1);
    metrics_add(&m, logits, &label, 0, 1, 1);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    metrics_print(&m, &c, out);
    fclose(out);
    assert_non_null(strstr(text, "\n                            caf\u00e9  1.0000     1.0000"));
    assert_non_null(strstr(text, "\n                            \u65e5\u672c  0.0000"));
    assert_non_null(strstr(text, "\ngolden retriever of a very long   0.0000"));
    assert_non_null(strstr(text, "   caf\u00e9   \u65e5\u672c golden\n"));
    free(text);
    metrics_free(&m);
}

/* Answers with the probabilities 0.9, 0.8, 0.8, 0.7 and 0.6, of which those of 0.8, one, and 0.6 are wrong. */
static void measure_five(struct metrics *m, double temperature)
{
    static const double p[] = {0.9, 0.8, 0.8, 0.7, 0.6};
    const int32_t right[] = {0, 0, 1, 0, 1};
    float logits[10];
    for (int i = 0; i < 5; i++) {
        logits[2 * i] = (float)log(p[i] / (1 - p[i]));
        logits[2 * i + 1] = 0;
    }
    metrics_init(m, &(struct config){.classes = 2, .output_count = 2, .temperature = temperature},
                 5);
    metrics_add(m, logits, right, 0, 1, 5);
}

static void a_threshold_answers_most_at_a_precision(void **state)
{
    (void)state;
    struct metrics m;
    struct rejection r;
    measure_five(&m, 1);
    assert_true(rejection_choose(&m, 0.75, &r));
    assert_float_equal(r.threshold, 0.7, 1e-6);
    assert_int_equal(r.answered, 4);
    assert_int_equal(r.right, 3);
    const struct rejection again = rejection_at(&m, r.threshold);
    assert_true(again.answered == 4 &&
                again.right == 3); /* the threshold is not above its sample */
    assert_true(rejection_choose(&m, 0.99, &r));
    assert_int_equal(r.answered, 1);
    assert_true(rejection_choose(&m, 0.6, &r));
    assert_int_equal(r.answered, 5);
    m.labels[0] = 1;
    assert_false(rejection_choose(&m, 0.99, &r));
    metrics_free(&m);
}

static void a_temperature_changes_probabilities_alone(void **state)
{
    (void)state;
    struct metrics m, plain;
    measure_five(&m, 2);
    measure_five(&plain, 1);
    assert_float_equal(m.confidence[0], 1 / (1 + exp(-log(9) / 2)), 1e-6);
    assert_float_equal(m.plain_confidence[0], 0.9, 1e-6);
    assert_float_equal(metrics_nll(&m), metrics_nll(&plain), 0);
    assert_float_equal(calibration_nll(&m, 1), metrics_nll(&plain), 1e-6);
    assert_true(m.correct == plain.correct);
    metrics_free(&m);
    metrics_free(&plain);
}

/* Where all are right no temperature is too small. */
static void what_is_always_right_has_no_temperature(void **state)
{
    (void)state;
    struct metrics m;
    const float logits[] = {1, 0, 0, 1, 2, 0};
    const int32_t right[] = {0, 1, 0};
    metrics_init(&m, &(struct config){.classes = 2, .output_count = 2}, 3);
    metrics_add(&m, logits, right, 0, 1, 3);
    assert_float_equal(calibration_fit(&m), 1, 0);
    metrics_free(&m);
}

static void shuffles_are_permutations_of_seed_and_epoch(void **state)
{
    (void)state;
    int64_t a[100], b[100], c[100];
    int seen[100] = {0}, moved = 0;
    shuffle_order(a, 100, 1, 1);
    shuffle_order(b, 100, 1, 1);
    shuffle_order(c, 100, 1, 2);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(a[i], b[i]);
        seen[a[i]]++;
        moved += a[i] != c[i];
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > 80);
}

/* ---- scikit-learn ---- */

enum { MOST_CLASSES = 8, MOST_SAMPLES = 64 };

static char *const names[MOST_CLASSES] = {"a", "b", "c", "d", "e", "f", "g", "h"};

/* The next case, measured; false where there is none. */
static bool read_case(FILE *f, struct config *c, struct metrics *m)
{
    char name[32];
    int classes, count;
    float logits[MOST_SAMPLES * MOST_CLASSES];
    int32_t labels[MOST_SAMPLES];
    if (fscanf(f, "%31s %d %d", name, &classes, &count) != 3)
        return false;
    assert_true(classes <= MOST_CLASSES && count <= MOST_SAMPLES);
    for (int i = 0; i < count; i++) {
        assert_int_equal(fscanf(f, "%d", &labels[i]), 1);
        for (int k = 0; k < classes; k++)
            assert_int_equal(fscanf(f, "%f", &logits[i * classes + k]), 1);
    }
    *c = (struct config){
        .classes = classes, .output_count = classes, .labels = (char **)(uintptr_t)names};
    metrics_init(m, c, count);
    metrics_add(m, logits, labels, 0, 1, count);
    return true;
}

/* A figure by its name in JSON, or, with a class's number behind it, that of the class. */
static double figure_of(const json_t *told, char *name)
{
    char *number = strrchr(name, '_');
    if (!number || strspn(number + 1, "0123456789") == 0)
        return json_number_value(json_object_get(told, name));
    *number = '\0';
    const json_t *row = json_array_get(json_object_get(told, "classes"), (size_t)atoi(number + 1));
    return json_number_value(json_object_get(row, name));
}

/* Compares the lines up to an empty one; returns how many there are. */
static int check_figures(FILE *f, const json_t *told, double temperature)
{
    char line[128], name[64];
    int count = 0;
    assert_non_null(fgets(line, sizeof line, f)); /* the end of the last sample */
    while (fgets(line, sizeof line, f) && *line != '\n') {
        double wanted;
        assert_int_equal(sscanf(line, "%63s %lf", name, &wanted), 2);
        if (!strcmp(name, "fitted_temperature"))
            assert_float_equal(temperature, wanted, 1e-6);
        else
            assert_float_equal(figure_of(told, name), wanted, 1e-7);
        count++;
    }
    return count;
}

static void figures_are_those_of_scikit_learn(void **state)
{
    (void)state;
    FILE *f = fopen("unit/data/class_figures.txt", "r");
    if (!f) {
        fail();
        return;
    }
    struct config c;
    struct metrics m;
    int figures = 0;
    while (read_case(f, &c, &m)) {
        json_t *told = metrics_json(&m, &c);
        figures += check_figures(f, told, calibration_fit(&m));
        json_decref(told);
        metrics_free(&m);
    }
    fclose(f);
    assert_int_equal(figures, 6 * 6 + 2 * (2 + 5 + 3 + 3 + 3 + 3));
}

/* The third sample has no answer, and is ranked behind all others: two of three pairs of the first class are right. */
static void a_class_without_samples_has_no_area(void **state)
{
    (void)state;
    char *labels[] = {"a", "b", "c"};
    struct config c = {.classes = 3, .output_count = 3, .labels = labels};
    const float logits[] = {3, 1, 0, 2, 1, 0, 0, 2, NAN, 1, 3, 0};
    const int32_t right[] = {0, 0, 0, 1};
    struct metrics m;
    metrics_init(&m, &c, 4);
    metrics_add(&m, logits, right, 0, 1, 4);
    json_t *told = metrics_json(&m, &c);
    assert_float_equal(json_number_value(json_object_get(told, "roc_auc")), 5.0 / 6, 1e-12);
    assert_true(json_is_null(
        json_object_get(json_array_get(json_object_get(told, "classes"), 2), "roc_auc")));
    json_decref(told);
    metrics_free(&m);
}

/* Three of a probability above 0.8, two of them right, and one of about a half. */
static void bins_say_how_often_answers_are_right(void **state)
{
    (void)state;
    char *labels[] = {"a", "b"};
    struct config c = {.classes = 2, .output_count = 2, .labels = labels};
    const float sure = (float)log(0.85 / 0.15), half = (float)log(0.52 / 0.48),
                logits[] = {sure, 0, sure, 0, 0, sure, half, 0};
    const int32_t right[] = {0, 0, 0, 0};
    struct metrics m;
    metrics_init(&m, &c, 4);
    metrics_add(&m, logits, right, 0, 1, 4);
    json_t *told = metrics_json(&m, &c), *bins = json_object_get(told, "calibration");
    assert_float_equal(json_number_value(json_object_get(told, "ece")),
                       (3 * 0.85 - 2 + 1 - 0.52) / 4, 1e-6);
    assert_int_equal(json_array_size(bins), 2);
    const json_t *last = json_array_get(bins, 1);
    assert_float_equal(json_number_value(json_object_get(last, "from")), 12.0 / 15, 1e-12);
    assert_float_equal(json_number_value(json_object_get(last, "accuracy")), 2.0 / 3, 1e-6);
    assert_float_equal(json_number_value(json_object_get(last, "confidence")), 0.85, 1e-6);
    json_decref(told);
    metrics_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_of_three_classes),
        cmocka_unit_test(figures_of_labels),
        cmocka_unit_test(thresholds_have_the_best_f1),
        cmocka_unit_test(confident_mistakes_have_a_finite_loss),
        cmocka_unit_test(names_are_cut_and_aligned_by_columns),
        cmocka_unit_test(figures_are_those_of_scikit_learn),
        cmocka_unit_test(a_class_without_samples_has_no_area),
        cmocka_unit_test(bins_say_how_often_answers_are_right),
        cmocka_unit_test(a_threshold_answers_most_at_a_precision),
        cmocka_unit_test(a_temperature_changes_probabilities_alone),
        cmocka_unit_test(what_is_always_right_has_no_temperature),
        cmocka_unit_test(shuffles_are_permutations_of_seed_and_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

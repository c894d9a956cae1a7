/* link: ftmrt_app m */
/* Evaluation figures against numbers computed by hand. */
#include "metrics.h"
#include "sampling.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_of_three_classes),
        cmocka_unit_test(figures_of_labels),
        cmocka_unit_test(confident_mistakes_have_a_finite_loss),
        cmocka_unit_test(names_are_cut_and_aligned_by_columns),
        cmocka_unit_test(shuffles_are_permutations_of_seed_and_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

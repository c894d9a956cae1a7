/* link: ftmrt_app m */
/* Learning rates beside those of torch.optim.lr_scheduler, step by step: data/schedules.txt, which tools/make_schedule_reference.py
 * wrote. */
#include "lr_schedule.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "read_file.h"

enum { EPOCHS = 24, STEPS = 5 };

#define LR 0.25

#define NUMBER(v)  {.kind = FTMRT_ARG_NUMBER, .number = (v)}
#define INTEGER(v) {.kind = FTMRT_ARG_INTEGER, .integer = (v)}
#define WORD(v)    {.kind = FTMRT_ARG_TEXT, .text = (v)}
#define NUMBERS(n, ...)                                                                            \
    {                                                                                              \
        .kind = FTMRT_ARG_NUMBERS, .count = (n), .numbers = (const double[]) { __VA_ARGS__ }       \
    }
#define CALL(name, ...)                                                                            \
    {                                                                                              \
        FTMRT_CALL_##name, (const struct ftmrt_arg[]) { __VA_ARGS__ }                              \
    }

static const struct ftmrt_call parts[] = {
    CALL(linear_lr, NUMBER(0.1), NUMBER(1), NUMBER(2)),
    CALL(constant, NUMBER(0)),
    CALL(cosine, NUMBER(0)),
};

static const struct reference {
    const char *name;
    struct ftmrt_call call;
} references[] = {
    {"linear", CALL(linear_lr, NUMBER(0.1), NUMBER(0.8), NUMBER(2))},
    {"cosine", CALL(cosine, NUMBER(0))},
    {"restarts", CALL(cosine_warm_restarts, NUMBER(4), INTEGER(1), NUMBER(0.01), NUMBER(0))},
    {"restarts_longer", CALL(cosine_warm_restarts, NUMBER(2), INTEGER(2), NUMBER(0), NUMBER(0))},
    {"one_cycle", CALL(one_cycle, NUMBER(0.3), WORD("cos"), NUMBER(25), NUMBER(10000))},
    {"one_cycle_linear", CALL(one_cycle, NUMBER(0.2), WORD("linear"), NUMBER(10), NUMBER(100))},
    {"sequential",
     CALL(sequential, {.kind = FTMRT_ARG_CALLS, .count = 3, .calls = parts}, NUMBERS(2, 2, 6))},
    {"step", CALL(step, INTEGER(3), NUMBER(0.5), NUMBER(0))},
    {"multi_step", CALL(multi_step, NUMBERS(3, 9, 5, 5), NUMBER(0.5), NUMBER(0))},
    {"exponential", CALL(exponential, NUMBER(0.9), NUMBER(0))},
    {"polynomial", CALL(polynomial, INTEGER(12), NUMBER(1.5), NUMBER(0))},
};

static const struct reference plateaus[] = {
    {"plateau", CALL(plateau, NUMBER(0.5), INTEGER(2), NUMBER(1e-4), WORD("rel"), INTEGER(0),
                     NUMBER(0), NUMBER(1e-8), NUMBER(0))},
    {"plateau_abs", CALL(plateau, NUMBER(0.1), INTEGER(1), NUMBER(0.15), WORD("abs"), INTEGER(2),
                         NUMBER(0.004), NUMBER(1e-8), NUMBER(0))},
};

/* The numbers behind a name of the file. */
static void read_rates(const char *name, double *rates, int count)
{
    static unsigned char text[65536];
    const size_t size = read_file("unit/data/schedules.txt", text, sizeof text - 1);
    const size_t length = strlen(name);
    assert_true(size > 0 && size < sizeof text - 1);
    text[size] = '\0';
    char *line = (char *)text;
    while (strncmp(line, name, length) != 0 || line[length] != ' ')
        line = strchr(line, '\n') + 1;
    line += length;
    for (int i = 0; i < count; i++)
        rates[i] = strtod(line, &line);
    assert_int_equal(*line, '\n');
}

static void check_close(double a, double b) { assert_true(fabs(a - b) <= 1e-14); }

static double at(const struct ftmrt_call *call, int64_t step)
{
    const struct progress p = progress_start();
    return lr_schedule_rate(&(struct lr_schedule){call, LR, STEPS, EPOCHS * STEPS, 0}, &p, step);
}

static void all_are_those_of_pytorch(void **state)
{
    (void)state;
    double want[EPOCHS * STEPS];
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        read_rates(references[i].name, want, EPOCHS * STEPS);
        for (int step = 0; step < EPOCHS * STEPS; step++)
            check_close(at(&references[i].call, step), want[step]);
    }
}

static void plateau_is_that_of_pytorch(void **state)
{
    (void)state;
    static const double losses[EPOCHS] = {1,    0.9,  0.9,  0.95, 0.899999, 0.7,  0.71, 0.72,
                                          0.73, 0.74, 0.75, 0.6,  0.65,     0.66, 0.67, 0.68,
                                          0.69, 0.61, 0.62, 0.63, 0.5,      0.6,  0.6,  0.6};
    double want[EPOCHS];
    for (size_t i = 0; i < sizeof plateaus / sizeof *plateaus; i++) {
        const struct lr_schedule s = {&plateaus[i].call, LR, STEPS, EPOCHS * STEPS, 0};
        struct progress p = progress_start();
        p.plateau_lr = LR;
        read_rates(plateaus[i].name, want, EPOCHS);
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            lr_schedule_note(&s, &p, losses[epoch]);
            check_close(lr_schedule_rate(&s, &p, (epoch + 1) * STEPS), want[epoch]);
        }
    }
}

/* Half an epoch is two and a half steps: behind them a schedule is where it would be without, later by as much. */
static void a_warmup_is_before_any(void **state)
{
    (void)state;
    const struct ftmrt_call cosine = CALL(cosine, NUMBER(2)),
                            constant = CALL(constant, NUMBER(0.5)),
                            exponential = CALL(exponential, NUMBER(0.9), NUMBER(2)),
                            without = CALL(exponential, NUMBER(0.9), NUMBER(0));
    check_close(at(&cosine, 0), LR / (2 * STEPS));
    check_close(at(&cosine, 2 * STEPS - 1), LR);
    check_close(at(&cosine, 2 * STEPS), LR);
    check_close(at(&cosine, (2 + EPOCHS) * STEPS / 2), LR / 2);
    check_close(at(&cosine, EPOCHS * STEPS), 0);
    check_close(at(&constant, 1), LR * 2 / 2.5);
    check_close(at(&constant, 3), LR);
    check_close(at(&exponential, STEPS), LR * (STEPS + 1) / (2 * STEPS));
    for (int64_t step = 0; step < 20 * STEPS; step++)
        check_close(at(&exponential, step + 2 * STEPS), at(&without, step));
}

/* A cycle of one step, or one that goes up in less than a step, has no line to divide by. */
static void short_ones_are_numbers(void **state)
{
    (void)state;
    const struct ftmrt_call cycle = CALL(one_cycle, NUMBER(1), WORD("cos"), NUMBER(25), NUMBER(1)),
                            down = CALL(one_cycle, NUMBER(0), WORD("cos"), NUMBER(25), NUMBER(1)),
                            none = CALL(linear_lr, NUMBER(0.1), NUMBER(0.5), NUMBER(0));
    const struct progress p = progress_start();
    for (int64_t total = 1; total < 4; total++)
        for (int64_t step = 0; step < total; step++) {
            const double up =
                lr_schedule_rate(&(struct lr_schedule){&cycle, LR, STEPS, total, 0}, &p, step);
            const double fall =
                lr_schedule_rate(&(struct lr_schedule){&down, LR, STEPS, total, 0}, &p, step);
            assert_true(up >= 0 && up <= LR && fall >= 0 && fall <= LR);
        }
    check_close(at(&none, 0), LR / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_those_of_pytorch),
        cmocka_unit_test(plateau_is_that_of_pytorch),
        cmocka_unit_test(a_warmup_is_before_any),
        cmocka_unit_test(short_ones_are_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

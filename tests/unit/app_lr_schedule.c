/* link: ftmrt_app m */
/* Learning rates against PyTorch's recurrences, computed here epoch by epoch: get_lr() of torch.optim.lr_scheduler, which
 * multiplies the last epoch's rate. */
#include "lr_schedule.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { EPOCHS = 40, STEPS = 7 };

static struct ftmrt_arg number(double v)
{
    return (struct ftmrt_arg){.kind = FTMRT_ARG_NUMBER, .number = v};
}

static struct ftmrt_arg integer(int64_t v)
{
    return (struct ftmrt_arg){.kind = FTMRT_ARG_INTEGER, .integer = v};
}

static void check_close(double a, double b) { assert_true(fabs(a - b) <= 1e-12); }

/* Every step of an epoch has that epoch's rate, `factor(epoch)` times the last one's. */
static void check_by_epoch(const struct ftmrt_call *call, double (*factor)(int64_t epoch))
{
    const struct lr_schedule s = {call, 0.25, STEPS, EPOCHS * STEPS};
    double want = 0.25;
    for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
        want *= epoch ? factor(epoch) : 1;
        for (int64_t step = 0; step < STEPS; step++)
            check_close(lr_schedule_rate(&s, epoch * STEPS + step), want);
    }
}

static double constant_factor(int64_t epoch)
{
    (void)epoch;
    return 1;
}

static void constant_stays(void **state)
{
    (void)state;
    check_by_epoch(&(struct ftmrt_call){FTMRT_CALL_constant, NULL}, constant_factor);
}

/* CosineAnnealingLR(T_max = steps behind the warm-up), stepped per batch. */
static void cosine_warms_up_and_ends_at_zero(void **state)
{
    (void)state;
    const struct ftmrt_arg args[] = {number(2)};
    const struct lr_schedule s = {&(struct ftmrt_call){FTMRT_CALL_cosine, args}, 0.25, STEPS,
                                  EPOCHS * STEPS};
    check_close(lr_schedule_rate(&s, 0), 0.25 / (2 * STEPS));
    check_close(lr_schedule_rate(&s, 2 * STEPS - 1), 0.25);
    check_close(lr_schedule_rate(&s, 2 * STEPS), 0.25);
    check_close(lr_schedule_rate(&s, (2 + EPOCHS) * STEPS / 2), 0.125);
    check_close(lr_schedule_rate(&s, EPOCHS * STEPS), 0);
}

/* StepLR: lr *= gamma if epoch % step_size == 0. */
static double step_factor(int64_t epoch) { return epoch % 3 == 0 ? 0.5 : 1; }

static void step_is_steplr(void **state)
{
    (void)state;
    const struct ftmrt_arg args[] = {integer(3), number(0.5)};
    check_by_epoch(&(struct ftmrt_call){FTMRT_CALL_step, args}, step_factor);
}

/* MultiStepLR: lr *= gamma ** (how often the epoch is among the milestones). */
static double multi_step_factor(int64_t epoch) { return epoch == 5 ? 0.25 : epoch == 9 ? 0.5 : 1; }

static void multi_step_is_multisteplr(void **state)
{
    (void)state;
    static const double milestones[] = {9, 5, 5};
    const struct ftmrt_arg args[] = {{.kind = FTMRT_ARG_NUMBERS, .count = 3, .numbers = milestones},
                                     number(0.5)};
    check_by_epoch(&(struct ftmrt_call){FTMRT_CALL_multi_step, args}, multi_step_factor);
}

/* ExponentialLR: lr *= gamma. */
static double exponential_factor(int64_t epoch)
{
    (void)epoch;
    return 0.9;
}

static void exponential_is_exponentiallr(void **state)
{
    (void)state;
    const struct ftmrt_arg args[] = {number(0.9)};
    check_by_epoch(&(struct ftmrt_call){FTMRT_CALL_exponential, args}, exponential_factor);
}

/* PolynomialLR: lr *= ((1 - epoch / total_iters) / (1 - (epoch - 1) / total_iters)) ** power, until it is 0. */
static double polynomial_factor(int64_t epoch)
{
    const double left = 1 - (double)epoch / 12, before = 1 - (double)(epoch - 1) / 12;
    return epoch > 12 ? 1 : pow(left / before, 1.5);
}

static void polynomial_is_polynomiallr(void **state)
{
    (void)state;
    const struct ftmrt_arg args[] = {integer(12), number(1.5)};
    check_by_epoch(&(struct ftmrt_call){FTMRT_CALL_polynomial, args}, polynomial_factor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_stays),
        cmocka_unit_test(cosine_warms_up_and_ends_at_zero),
        cmocka_unit_test(step_is_steplr),
        cmocka_unit_test(multi_step_is_multisteplr),
        cmocka_unit_test(exponential_is_exponentiallr),
        cmocka_unit_test(polynomial_is_polynomiallr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

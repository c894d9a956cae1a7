/* link: ftmrt_app */
/* The queue of batches: the same batches for any number of workers and threads, bad samples met in the order of samples, and an
 * end at any time. */
#include "loader_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { COUNT = 43, BATCH = 6, SIDE = 3, AREA = SIDE * SIDE, MOST_WORKERS = 4, SECONDS = 60 };

/* A source whose sample i is made of the number i; those of `bad` cannot be read, and the first of them is slow to find out. */
struct numbers {
    const int64_t *bad;
    int64_t bad_count;
};

static void pause_a_moment(void) { nanosleep(&(struct timespec){0, 20000000}, NULL); }

static bool read_number(const struct source *s, int64_t i, enum field_role field,
                        struct buffer *buffer, union field_value *out)
{
    const struct numbers *n = s->state;
    for (int64_t k = 0; k < n->bad_count; k++)
        if (n->bad[k] == i) {
            if (k == 0)
                pause_a_moment();
            return report_error("sample %lld is bad", (long long)i);
        }
    if (field == FIELD_LABEL) {
        out->index = i;
        return true;
    }
    float *values = (void *)buffer_need(buffer, AREA * sizeof(float));
    for (int k = 0; k < AREA; k++)
        values[k] = (float)(i * AREA + k);
    out->tensor = values;
    return true;
}

static const struct config_input input = {
    .channels = 1, .height = SIDE, .width = SIDE, .labels = FTMRT_LABEL_INDEX, .classes = COUNT};

static struct source source_of(const struct numbers *n)
{
    return (struct source){
        .name = (char *)(uintptr_t)"numbers",
        .count = COUNT,
        .fields = {{"image", FIELD_TENSOR}, {"class", FIELD_INDEX}},
        .read = read_number,
        .state = (void *)(uintptr_t)n,
    };
}

/* Every third sample, backwards. */
static int64_t order[COUNT];

static int fill_order(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++)
        order[i] = (COUNT - 1 - i) * 3 % COUNT;
    alarm(SECONDS); /* ends a test that hangs */
    return 0;
}

static struct loader_plan plan_of(const struct source *s, int threads, int workers)
{
    return (struct loader_plan){.loader = loader_of(s, &input, 1, 1),
                                .indices = order,
                                .first = 2,
                                .end = COUNT,
                                .batch = BATCH,
                                .threads = threads,
                                .workers = workers};
}

static void check_sample(const struct loaded_batch *b, int64_t k, int64_t sample)
{
    const float *values = b->batch.inputs + k * AREA;
    assert_int_equal(b->samples[k], sample);
    assert_int_equal(((const int32_t *)b->batch.labels)[k], sample);
    for (int j = 0; j < AREA; j++)
        assert_int_equal((int)values[j], sample * AREA + j);
}

static void batches_come_in_order(void **state)
{
    (void)state;
    const struct source s = source_of(&(struct numbers){NULL, 0});
    for (int threads = 1; threads <= 3; threads++)
        for (int workers = 0; workers <= MOST_WORKERS; workers++) {
            const struct loader_plan plan = plan_of(&s, threads, workers);
            struct loader_queue *q = loader_queue_open(&plan);
            struct loaded_batch b;
            int64_t at = plan.first;
            while (loader_queue_next(q, &b) == LOADED_BATCH) {
                assert_int_equal(b.batch.n, at + BATCH < COUNT ? BATCH : COUNT - at);
                assert_int_equal(b.positions, b.batch.n);
                for (int64_t k = 0; k < b.batch.n; k++)
                    check_sample(&b, k, order[at++]);
            }
            assert_int_equal(at, COUNT);
            loader_queue_close(q);
        }
}

/* What is written to stderr while messages are caught. */
static char messages[4096];

static int catch_messages(void)
{
    const int saved = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    if (saved < 0 || !file || dup2(fileno(file), STDERR_FILENO) < 0)
        abort();
    fclose(file);
    return saved;
}

static void read_messages(int saved)
{
    if (saved < 0)
        abort();
    const ssize_t n = pread(STDERR_FILENO, messages, sizeof messages - 1, 0);
    messages[n > 0 ? n : 0] = '\0';
    dup2(saved, STDERR_FILENO);
    close(saved);
}

static void a_bad_sample_is_met_in_the_order_of_samples(void **state)
{
    (void)state;
    const int64_t bad[] = {order[9], order[10], order[COUNT - 1]};
    const struct numbers numbers = {bad, 3};
    const struct source s = source_of(&numbers);
    char expected[40];
    snprintf(expected, sizeof expected, "sample %lld is bad\n", (long long)bad[0]);
    for (int workers = 0; workers <= MOST_WORKERS; workers++) {
        const struct loader_plan plan = plan_of(&s, 2, workers);
        const int saved = catch_messages();
        struct loader_queue *q = loader_queue_open(&plan);
        struct loaded_batch b;
        const enum loaded first = loader_queue_next(q, &b), second = loader_queue_next(q, &b);
        loader_queue_close(q);
        read_messages(saved);
        assert_int_equal(first, LOADED_BATCH);
        assert_int_equal(second, LOADED_FAILED);
        const char *said = strstr(messages, "sample ");
        assert_non_null(said);
        assert_string_equal(said, expected);
    }
}

static bool is_among(const int64_t *numbers, int64_t count, int64_t number)
{
    bool among = false;
    for (int64_t i = 0; i < count; i++)
        among = among || numbers[i] == number;
    return among;
}

static void bad_samples_can_be_left_out(void **state)
{
    (void)state;
    int64_t bad[BATCH + 2];
    for (int i = 0; i < BATCH; i++) /* all of the second batch */
        bad[i] = order[2 + BATCH + i];
    bad[BATCH] = order[2];
    bad[BATCH + 1] = order[COUNT - 2];
    const struct numbers numbers = {bad, BATCH + 2};
    const struct source s = source_of(&numbers);
    for (int workers = 0; workers <= MOST_WORKERS; workers++) {
        struct loader_plan plan = plan_of(&s, 2, workers);
        plan.skip = true;
        const int saved = catch_messages();
        struct loader_queue *q = loader_queue_open(&plan);
        struct loaded_batch b;
        int64_t at = plan.first, seen = 0;
        while (loader_queue_next(q, &b) == LOADED_BATCH) {
            const int64_t end = at + b.positions;
            for (int64_t k = 0; at < end; at++)
                if (!is_among(bad, numbers.bad_count, order[at])) {
                    check_sample(&b, k++, order[at]);
                    seen++;
                }
        }
        loader_queue_close(q);
        read_messages(saved);
        assert_int_equal(at, COUNT);
        assert_int_equal(seen, COUNT - plan.first - numbers.bad_count);
        int lines = 0;
        for (const char *c = messages; *c; c++)
            lines += *c == '\n';
        assert_int_equal(lines, numbers.bad_count);
        assert_non_null(strstr(messages, "is bad\n"));
    }
}

static void it_can_be_closed_at_any_time(void **state)
{
    (void)state;
    const struct source s = source_of(&(struct numbers){NULL, 0});
    for (int workers = 0; workers <= MOST_WORKERS; workers++)
        for (int batches = 0; batches <= 8; batches++) {
            const struct loader_plan plan = plan_of(&s, 2, workers);
            struct loader_queue *q = loader_queue_open(&plan);
            struct loaded_batch b;
            for (int i = 0; i < batches; i++)
                loader_queue_next(q, &b);
            if (batches == 1)
                pause_a_moment(); /* until it is full */
            loader_queue_close(q);
        }
    loader_queue_close(NULL);
}

static void nothing_is_a_queue_too(void **state)
{
    (void)state;
    const struct source s = source_of(&(struct numbers){NULL, 0});
    for (int workers = 0; workers <= 1; workers++) {
        struct loader_plan plan = plan_of(&s, 1, workers);
        struct loaded_batch b;
        plan.first = plan.end = 0;
        struct loader_queue *q = loader_queue_open(&plan);
        assert_int_equal(loader_queue_next(q, &b), LOADED_END);
        loader_queue_close(q);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_come_in_order),
        cmocka_unit_test(a_bad_sample_is_met_in_the_order_of_samples),
        cmocka_unit_test(bad_samples_can_be_left_out),
        cmocka_unit_test(it_can_be_closed_at_any_time),
        cmocka_unit_test(nothing_is_a_queue_too),
    };
    return cmocka_run_group_tests(tests, fill_order, NULL);
}

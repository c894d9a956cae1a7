/* link: ftmrt_app */
/* Kept pictures: the same batches with and without them, however much is kept, and each read once where all of it fits. */
#include "picture_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "loader_queue.h"

enum { COUNT = 30, BATCH = 4, HEIGHT = 12, WIDTH = 10, SIDE = 6, EPOCHS = 3, SECONDS = 60 };

static _Atomic int reads;

static unsigned char pixel(int64_t i, int k) { return (unsigned char)(i * 37 + k * 11); }

static bool read_picture(const struct source *s, int64_t i, enum field_role field,
                         struct buffer *buffer, union field_value *out)
{
    (void)s;
    if (field == FIELD_LABEL) {
        out->index = i;
        return true;
    }
    unsigned char *pixels = buffer_need(buffer, HEIGHT * WIDTH);
    for (int k = 0; k < HEIGHT * WIDTH; k++)
        pixels[k] = pixel(i, k);
    out->picture = (struct ftmrt_picture){HEIGHT, WIDTH, 1, false, pixels};
    reads++;
    return true;
}

static const char *name(const struct source *s, int64_t i)
{
    (void)i;
    return s->name;
}

static const struct source source = {
    .name = (char *)(uintptr_t)"pictures",
    .count = COUNT,
    .fields = {{"picture", FIELD_PICTURE}, {"class", FIELD_INDEX}},
    .read = read_picture,
    .sample_name = name,
};

static const struct ftmrt_arg half = {.kind = FTMRT_ARG_NUMBER, .number = 0.5};
static const struct ftmrt_arg size[] = {{.kind = FTMRT_ARG_INTEGER, .integer = SIDE},
                                        {.kind = FTMRT_ARG_INTEGER, .integer = SIDE}};
/* One step that is the same each time, and a random one; or the other way round. */
static const struct ftmrt_call fixed_first[] = {{FTMRT_CALL_center_crop, size},
                                                {FTMRT_CALL_random_horizontal_flip, &half}};
static const struct ftmrt_call random_first[] = {{FTMRT_CALL_random_horizontal_flip, &half},
                                                 {FTMRT_CALL_center_crop, size}};

struct run {
    int64_t budget; /* bytes; 0: nothing is kept */
    int workers;
    const struct ftmrt_call *steps;
    float out[EPOCHS][COUNT][SIDE * SIDE];
};

static void load_epoch(struct run *r, struct picture_cache *cache, const struct config_input *input,
                       int epoch)
{
    struct loader_plan plan = {.loader = loader_of(&source, input, 9, (uint64_t)epoch),
                               .end = COUNT,
                               .batch = BATCH,
                               .threads = 2,
                               .workers = r->workers};
    plan.loader.table = picture_cache_table(cache, &source, &input->transform);
    assert_int_equal(plan.loader.table != NULL, r->budget > 0);
    struct loader_queue *q = loader_queue_open(&plan);
    struct loaded_batch b;
    while (loader_queue_next(q, &b) == LOADED_BATCH)
        for (int64_t k = 0; k < b.batch.n; k++)
            memcpy(r->out[epoch][b.samples[k]], b.batch.inputs + k * SIDE * SIDE,
                   sizeof r->out[0][0]);
    loader_queue_close(q);
}

/* How many pictures were read. */
static int load(struct run *r)
{
    const struct config_input input = {.channels = 1,
                                       .height = SIDE,
                                       .width = SIDE,
                                       .transform = {r->steps, 2},
                                       .labels = FTMRT_LABEL_INDEX,
                                       .classes = COUNT};
    struct picture_cache *cache = picture_cache_open(r->budget);
    reads = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++)
        load_epoch(r, cache, &input, epoch);
    picture_cache_close(cache);
    return reads;
}

static void what_is_kept_changes_nothing(void **state)
{
    (void)state;
    static struct run none, some, all;
    for (int order = 0; order < 2; order++) {
        const struct ftmrt_call *steps = order ? random_first : fixed_first;
        none = (struct run){.steps = steps};
        assert_int_equal(load(&none), EPOCHS * COUNT);
        assert_memory_not_equal(none.out[0], none.out[1], sizeof none.out[0]);
        for (int workers = 0; workers <= 4; workers++) {
            some = (struct run){.budget = 5 * 200, .workers = workers, .steps = steps};
            all = (struct run){.budget = 1000000, .workers = workers, .steps = steps};
            assert_in_range(load(&some), COUNT + 1, EPOCHS * COUNT - 1);
            assert_int_equal(load(&all), COUNT);
            assert_memory_equal(none.out, some.out, sizeof none.out);
            assert_memory_equal(none.out, all.out, sizeof none.out);
        }
    }
}

static void steps_before_the_first_random_one_are_kept(void **state)
{
    (void)state;
    const struct ftmrt_pipeline first = {fixed_first, 2}, last = {random_first, 2};
    struct picture_cache *cache = picture_cache_open(1000);
    struct picture_table *t = picture_cache_table(cache, &source, &first),
                         *u = picture_cache_table(cache, &source, &last);
    assert_int_equal(picture_table_steps(t), 1);
    assert_int_equal(picture_table_steps(u), 0);
    assert_ptr_equal(picture_cache_table(cache, &source, &first), t);
    struct source in_memory = source;
    in_memory.sample_name = NULL;
    assert_null(picture_cache_table(cache, &in_memory, &first));
    picture_cache_close(cache);
    assert_null(picture_cache_open(0));
    assert_null(picture_cache_table(NULL, &source, &first));
    picture_cache_close(NULL);
}

static int begin(void **state)
{
    (void)state;
    alarm(SECONDS); /* ends a test that hangs */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_changes_nothing),
        cmocka_unit_test(steps_before_the_first_random_one_are_kept),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}

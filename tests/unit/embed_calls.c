/* link: ftmrt_embed ftmrt_files */
/* The library's functions on a program made by hand: what they compute, and every misuse, which is refused and changes nothing. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "embed_program.h"
#include "packed.h"

static _Alignas(64) unsigned char memory[2][1 << 16];
static ftmx_model model;

static const float images[EMBED_BATCH * EMBED_IN] = {
    1,    0, 0, 0.5F, 0, 1,    0, 0, 0.25F, 0, 1,    0.5F, 1, 1, 0, 0,
    0.5F, 0, 1, 0,    0, 0.5F, 1, 1, 1,     0, 0.5F, 0,    0, 0, 0, 1,
};
static const int32_t labels[EMBED_BATCH] = {0, 1, 2, 0, 1, 2, 0, 1};

static ftmx_context *context_with(unsigned char *workspace, const ftmx_options *options)
{
    ftmx_context *c = NULL;
    assert_true(ftmx_workspace_size(&model, options) <= sizeof memory[0]);
    assert_int_equal(ftmx_init(&model, options, workspace, sizeof memory[0], &c), FTMX_OK);
    return c;
}

static ftmx_context *new_context(void)
{
    ftmx_options options = FTMX_OPTIONS;
    options.threads = 1;
    return context_with(memory[0], &options);
}

static int open_model(void **state)
{
    (void)state;
    return ftmx_model_open(&model, FTMX_ABI_VERSION, NULL, 0) != FTMX_OK;
}

static int close_model(void **state)
{
    (void)state;
    ftmx_model_close(&model);
    return 0;
}

static void train(ftmx_context *c, int steps)
{
    for (int i = 0; i < steps; i++)
        assert_int_equal(ftmx_train_step(c, images, labels, EMBED_BATCH / 2, NULL), FTMX_OK);
}

/* ---- models ---- */

static void models_are_opened_and_refused(void **state)
{
    (void)state;
    ftmx_model other;
    const _Alignas(64) unsigned char no_file[128] = {1};
    assert_string_equal(ftmx_class_name(&model, 2), embed_classes[2]);
    assert_null(ftmx_class_name(&model, 3));
    assert_null(ftmx_class_name(&model, -1));
    assert_null(ftmx_class_name(NULL, 0));
    assert_int_equal(ftmx_model_open(NULL, FTMX_ABI_VERSION, NULL, 0), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_model_open(&other, FTMX_ABI_VERSION + 1, NULL, 0), FTMX_ERROR_ABI);
    assert_null(ftmx_class_name(&other, 0)); /* which it is not open for */
    assert_int_equal(ftmx_model_open(&other, FTMX_ABI_VERSION, no_file, 0), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_model_open(&other, FTMX_ABI_VERSION, NULL, 5), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_model_open(&other, FTMX_ABI_VERSION, no_file, sizeof no_file),
                     FTMX_ERROR_FORMAT);
    assert_int_equal(ftmx_model_open(&other, FTMX_ABI_VERSION, no_file + 1, 64),
                     FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_model_map(&other, FTMX_ABI_VERSION, "no/such/file"), FTMX_ERROR_IO);
    assert_int_equal(ftmx_model_map(&other, FTMX_ABI_VERSION, "unit/embed_calls.c"),
                     FTMX_ERROR_FORMAT);
    assert_int_equal(ftmx_model_map(&other, FTMX_ABI_VERSION, NULL), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_abi_version(), FTMX_ABI_VERSION);
    assert_string_equal(ftmx_status_text(FTMX_OK), "success");
}

/* Weights in a file: another scale, other names. */
struct packed_file {
    struct packed_header head;
    char names[12];
    _Alignas(PACKED_ALIGNMENT) float blob[16];
};

static void make_packed(struct packed_file *f)
{
    struct ftmrt_program p = ftmx_program;
    memset(f, 0, sizeof *f);
    f->blob[0] = 3;
    memcpy(f->names, "one\0two\0six", sizeof f->names);
    p.blob = (const unsigned char *)f->blob;
    p.identity.weights = 22;
    f->head = packed_header_of(&p, f->names, sizeof f->names, 3);
}

static float scale_of(const ftmx_model *m)
{
    float scale = 0;
    ftmx_context *c = NULL;
    assert_int_equal(ftmx_init(m, NULL, memory[0], sizeof memory[0], &c), FTMX_OK);
    assert_int_equal(ftmx_get_parameter(c, "scale", &scale, 1), FTMX_OK);
    return scale;
}

static void weights_may_lie_in_a_file(void **state)
{
    (void)state;
    static _Alignas(PACKED_ALIGNMENT) struct packed_file f;
    char path[] = "/tmp/ftm-packed-XXXXXX";
    ftmx_model other;
    make_packed(&f);
    assert_int_equal(f.head.blob_at, offsetof(struct packed_file, blob));
    assert_int_equal(ftmx_model_open(&other, FTMX_ABI_VERSION, &f, sizeof f), FTMX_OK);
    assert_string_equal(ftmx_class_name(&other, 2), "six");
    assert_null(ftmx_class_name(&other, 3));
    assert_float_equal(scale_of(&other), 3, 0);
    ftmx_model_close(&other);
    assert_null(ftmx_class_name(&other, 0));
    const int out = mkstemp(path);
    assert_true(out >= 0 && write(out, &f, sizeof f) == (ssize_t)sizeof f && close(out) == 0);
    assert_int_equal(ftmx_model_map(&other, FTMX_ABI_VERSION, path), FTMX_OK);
    assert_int_equal(remove(path), 0);
    assert_float_equal(scale_of(&other), 3, 0);
    assert_string_equal(ftmx_class_name(&other, 1), "two");
    ftmx_model_close(&other);
    assert_int_equal(ftmx_model_open(&other, FTMX_ABI_VERSION, &f, sizeof f - 4),
                     FTMX_ERROR_FORMAT);
    f.blob[5] = 1;
    assert_int_equal(ftmx_model_open(&other, FTMX_ABI_VERSION, &f, sizeof f), FTMX_ERROR_FORMAT);
    make_packed(&f);
    f.head.interface++;
    assert_int_equal(ftmx_model_open(&other, FTMX_ABI_VERSION, &f, sizeof f), FTMX_ERROR_MISMATCH);
}

/* ---- contexts ---- */

static void contexts_are_made_and_refused(void **state)
{
    (void)state;
    ftmx_options options = FTMX_OPTIONS;
    ftmx_context *c = NULL;
    const size_t bytes = ftmx_workspace_size(&model, &options);
    assert_true(bytes > 0);
    assert_int_equal(ftmx_init(&model, &options, memory[0], bytes - 1, &c), FTMX_ERROR_WORKSPACE);
    assert_int_equal(ftmx_init(&model, &options, memory[0] + 8, bytes, &c), FTMX_ERROR_WORKSPACE);
    assert_int_equal(ftmx_init(&model, &options, NULL, bytes, &c), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_init(NULL, &options, memory[0], bytes, &c), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_init(&model, &options, memory[0], bytes, NULL), FTMX_ERROR_ARGUMENT);
    options.threads = -1;
    assert_int_equal(ftmx_init(&model, &options, memory[0], bytes, &c), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_workspace_size(&model, &options), 0);
    options = (ftmx_options)FTMX_OPTIONS;
    options.abi++;
    assert_int_equal(ftmx_init(&model, &options, memory[0], bytes, &c), FTMX_ERROR_ABI);
    options.abi--;
    options.size -= 8;
    assert_int_equal(ftmx_init(&model, &options, memory[0], bytes, &c), FTMX_ERROR_ABI);
    assert_null(c);
    assert_int_equal(ftmx_predict(NULL, images, 1, NULL), FTMX_ERROR_ARGUMENT);
    memset(memory[1], 0, sizeof memory[1]);
    void *none = memory[1];
    assert_int_equal(ftmx_set_lr(none, 1), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_snapshot_size(NULL), 0);
    ftmx_cancel(NULL);
    assert_string_equal(ftmx_error(NULL), "not a context that ftmx_init made");
}

static void a_seed_makes_the_first_values(void **state)
{
    (void)state;
    ftmx_options options = FTMX_OPTIONS;
    float own[12], recipe[12], seven[12];
    ftmx_context *c = context_with(memory[0], &options);
    assert_int_equal(ftmx_get_parameter(c, "fc.weight", own, 12), FTMX_OK);
    c = context_with(memory[0], NULL);
    assert_int_equal(ftmx_get_parameter(c, "fc.weight", recipe, 12), FTMX_OK);
    options.seed = 7;
    c = context_with(memory[0], &options);
    assert_int_equal(ftmx_get_parameter(c, "fc.weight", seven, 12), FTMX_OK);
    assert_memory_equal(recipe, seven, sizeof seven); /* the recipe's, where there are no options */
    assert_memory_not_equal(own, seven, sizeof seven);
}

/* ---- prediction ---- */

static void prediction_refuses_what_it_cannot_take(void **state)
{
    (void)state;
    ftmx_context *c = new_context();
    float out[EMBED_BATCH * EMBED_OUT], both[EMBED_IN * 2];
    const void *odd = (const char *)images + 1;
    assert_int_equal(ftmx_predict(c, images, 0, out), FTMX_ERROR_ARGUMENT);
    assert_string_equal(ftmx_error(c), "a batch of 0 images: from 1 to 8 are taken");
    assert_int_equal(ftmx_predict(c, images, 9, out), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_predict(c, images, -1, out), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_predict(c, NULL, 1, out), FTMX_ERROR_ARGUMENT);
    assert_string_equal(ftmx_error(c), "input is NULL, where 4 elements are wanted");
    assert_int_equal(ftmx_predict(c, images, 1, NULL), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_predict(c, odd, 1, out), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_predict(c, both, 1, both + 3), FTMX_ERROR_ARGUMENT);
    assert_string_equal(ftmx_error(c), "input and output overlap");
    assert_int_equal(ftmx_predict(c, images, EMBED_BATCH, out), FTMX_OK);
    assert_string_equal(ftmx_error(c), "");
}

static void probabilities_are_those_of_the_task(void **state)
{
    (void)state;
    ftmx_context *c = new_context();
    float out[2 * EMBED_OUT];
    assert_int_equal(ftmx_predict(c, images, 2, out), FTMX_OK);
    const double top =
        exp((double)out[4]) / (exp((double)out[3]) + exp((double)out[4]) + exp((double)out[5]));
    assert_int_equal(ftmx_probabilities(c, out, 2, out), FTMX_OK);
    assert_float_equal(out[4], top, 1e-6);
    assert_float_equal(out[0] + out[1] + out[2], 1, 1e-6);
    assert_int_equal(ftmx_probabilities(c, NULL, 2, out), FTMX_ERROR_ARGUMENT);
}

/* ---- training ---- */

static void training_learns(void **state)
{
    (void)state;
    ftmx_context *c = new_context();
    float before, after;
    int64_t correct;
    assert_int_equal(ftmx_eval(c, images, labels, 4, &before, NULL), FTMX_OK);
    train(c, 50);
    assert_int_equal(ftmx_eval(c, images, labels, 4, &after, &correct), FTMX_OK);
    assert_true(after < before / 2);
    assert_int_equal(correct, 4);
    assert_int_equal(ftmx_eval(c, images, labels, 4, NULL, NULL), FTMX_OK);
    float steps;
    assert_int_equal(ftmx_get_parameter(c, "steps", &steps, 1), FTMX_OK);
    assert_float_equal(steps, 50, 0);
}

/* All that training changes, to see that nothing did. */
struct kept {
    unsigned char bytes[512];
};

static struct kept keep(ftmx_context *c)
{
    struct kept k = {{0}};
    assert_true(ftmx_snapshot_size(c) <= sizeof k.bytes);
    assert_int_equal(ftmx_snapshot(c, k.bytes, sizeof k.bytes), FTMX_OK);
    return k;
}

static void training_refuses_and_changes_nothing(void **state)
{
    (void)state;
    ftmx_context *c = new_context();
    float bad[EMBED_IN] = {0, 0, NAN, 0}, loss = -1;
    const int32_t none[] = {0, 3}, negative[] = {-1};
    train(c, 2);
    const struct kept before = keep(c);
    assert_int_equal(ftmx_train_step(c, images, none, 2, &loss), FTMX_ERROR_ARGUMENT);
    assert_string_equal(ftmx_error(c),
                        "label 3 of image 1 is not a class; the network has 3 classes (0 to 2)");
    assert_int_equal(ftmx_train_step(c, images, negative, 1, &loss), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_train_step(c, images, NULL, 1, &loss), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_train_step(c, images, labels, 5, &loss), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_train_step(c, bad, labels, 1, &loss), FTMX_ERROR_NOT_FINITE);
    assert_string_equal(ftmx_error(c),
                        "image 0 of the batch has a value that is not finite, element 2 of input; "
                        "nothing was learned from the batch");
    assert_int_equal(ftmx_eval(c, images, none, 2, &loss, NULL), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_set_lr(c, -1), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_set_lr(c, (double)NAN), FTMX_ERROR_ARGUMENT);
    assert_float_equal(loss, -1, 0);
    const struct kept after = keep(c);
    assert_memory_equal(before.bytes, after.bytes, sizeof after.bytes);
}

static void lost_weights_are_not_used(void **state)
{
    (void)state;
    ftmx_context *c = new_context();
    float out[EMBED_OUT], loss;
    const struct kept good = keep(c);
    assert_int_equal(ftmx_set_lr(c, 3e38), FTMX_OK);
    ftmx_status status = FTMX_OK;
    for (int i = 0; i < 9 && status == FTMX_OK; i++)
        status = ftmx_train_step(c, images, labels, 4, &loss);
    assert_int_equal(status, FTMX_ERROR_NOT_FINITE);
    assert_int_equal(ftmx_predict(c, images, 1, out), FTMX_ERROR_NOT_FINITE);
    assert_int_equal(ftmx_train_step(c, images, labels, 1, NULL), FTMX_ERROR_NOT_FINITE);
    assert_int_equal(ftmx_snapshot(c, memory[1], sizeof memory[1]), FTMX_ERROR_NOT_FINITE);
    assert_int_equal(ftmx_restore(c, good.bytes, sizeof good.bytes), FTMX_OK);
    assert_int_equal(ftmx_predict(c, images, 1, out), FTMX_OK);
    train(c, 1); /* with the rate of the snapshot */
}

static void snapshots_are_checked(void **state)
{
    (void)state;
    ftmx_context *c = new_context();
    struct kept k = keep(c);
    const size_t size = ftmx_snapshot_size(c);
    assert_int_equal(ftmx_snapshot(c, k.bytes, size - 1), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_snapshot(c, NULL, size), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_restore(c, k.bytes, size - 1), FTMX_ERROR_ARGUMENT);
    k.bytes[8] ^= 1;
    assert_int_equal(ftmx_restore(c, k.bytes, size), FTMX_ERROR_MISMATCH);
    k.bytes[0] ^= 1;
    assert_int_equal(ftmx_restore(c, k.bytes, size), FTMX_ERROR_FORMAT);
}

/* ---- cancelling ---- */

static void a_call_is_cancelled_once(void **state)
{
    (void)state;
    ftmx_context *c = new_context();
    float out[EMBED_OUT];
    const struct kept before = keep(c);
    ftmx_cancel(c);
    assert_int_equal(ftmx_train_step(c, images, labels, 1, NULL), FTMX_ERROR_CANCELLED);
    const struct kept after = keep(c);
    assert_memory_equal(before.bytes, after.bytes, sizeof after.bytes);
    assert_int_equal(ftmx_predict(c, images, 1, out), FTMX_OK);
}

/* The loop of a product that cancels its context from inside. */
static void cancelling_loop(void *user, ftmx_piece *piece, const void *work, int64_t units)
{
    ftmx_context **c = user;
    ftmx_cancel(*c);
    piece(work, 0, units, 0);
}

static void a_step_that_has_begun_is_finished(void **state)
{
    (void)state;
    ftmx_context *c = NULL;
    ftmx_options options = FTMX_OPTIONS;
    float out[EMBED_OUT], steps;
    options.threads = 1;
    options.parallel_for = cancelling_loop;
    options.parallel_user = &c;
    c = context_with(memory[0], &options);
    assert_int_equal(ftmx_train_step(c, images, labels, 1, NULL), FTMX_OK);
    assert_int_equal(ftmx_get_parameter(c, "steps", &steps, 1), FTMX_ERROR_CANCELLED);
    assert_int_equal(ftmx_get_parameter(c, "steps", &steps, 1), FTMX_OK);
    assert_float_equal(steps, 1, 0);
    assert_int_equal(ftmx_predict(c, images, 1, out), FTMX_ERROR_CANCELLED);
    assert_int_equal(ftmx_eval(c, images, labels, 1, NULL, NULL), FTMX_ERROR_CANCELLED);
}

/* ---- loops of the caller's ---- */

enum mistake { NO_MISTAKE, LEFT_OUT, TWICE, TOO_FAR, UNKNOWN_WORKER };

static void wrong_loop(void *user, ftmx_piece *piece, const void *work, int64_t units)
{
    const enum mistake m = *(enum mistake *)user;
    piece(work, 0, 0, 0);
    piece(work, m == LEFT_OUT, m == TOO_FAR ? units + 1 : units, m == UNKNOWN_WORKER ? 2 : 1);
    if (m == TWICE)
        piece(work, 0, units, 0);
}

static void a_loop_that_is_wrong_is_noticed(void **state)
{
    (void)state;
    enum mistake m = NO_MISTAKE;
    ftmx_options options = FTMX_OPTIONS;
    float out[EMBED_OUT];
    options.threads = 2;
    options.parallel_for = wrong_loop;
    options.parallel_user = &m;
    ftmx_context *c = context_with(memory[0], &options);
    assert_int_equal(ftmx_predict(c, images, 1, out), FTMX_OK);
    for (m = LEFT_OUT; m <= UNKNOWN_WORKER; m++) {
        assert_int_equal(ftmx_predict(c, images, 1, out), FTMX_ERROR_ARGUMENT);
        assert_string_equal(ftmx_error(c),
                            "parallel_for has not run each unit once by a worker from 0 to 1");
    }
    m = NO_MISTAKE;
    assert_int_equal(ftmx_predict(c, images, 1, out), FTMX_OK);
}

static void keep_text(void *user, ftmx_status status, const char *text)
{
    assert_int_equal(status, FTMX_ERROR_ARGUMENT);
    strncpy(user, text, 99);
}

static void failures_are_logged(void **state)
{
    (void)state;
    char said[100] = "";
    ftmx_options options = FTMX_OPTIONS;
    options.log = keep_text;
    options.log_user = said;
    ftmx_context *c = context_with(memory[0], &options);
    assert_int_equal(ftmx_set_lr(c, -1), FTMX_ERROR_ARGUMENT);
    assert_string_equal(said, ftmx_error(c));
}

/* ---- parameters ---- */

static void parameters_by_name(void **state)
{
    (void)state;
    ftmx_context *c = new_context();
    ftmx_parameter p;
    float weight[12], scale, bias[3] = {1, 2, 3}, bad[3] = {0, INFINITY, 0};
    assert_int_equal(ftmx_parameter_at(&model, 1, &p), FTMX_OK);
    assert_string_equal(p.name, "fc.weight");
    assert_true(p.rank == 2 && p.shape[0] == 3 && p.shape[1] == 4 && p.count == 12 && p.open);
    assert_int_equal(ftmx_parameter_at(&model, 0, &p), FTMX_OK);
    assert_false(p.open);
    assert_int_equal(ftmx_parameter_at(&model, 5, &p), FTMX_ERROR_NOT_FOUND); /* no slots */
    assert_int_equal(ftmx_parameter_at(&model, -1, &p), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_parameter_at(&model, 0, NULL), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_get_parameter(c, "scale", &scale, 1), FTMX_OK);
    assert_float_equal(scale, 2, 0);
    assert_int_equal(ftmx_get_parameter(c, "fc", weight, 12), FTMX_ERROR_NOT_FOUND);
    assert_int_equal(ftmx_get_parameter(c, "fc.bias.momentum", bias, 3), FTMX_ERROR_NOT_FOUND);
    assert_int_equal(ftmx_get_parameter(c, "fc.weight", weight, 11), FTMX_ERROR_ARGUMENT);
    assert_string_equal(ftmx_error(c), "fc.weight has 12 elements, not 11");
    assert_int_equal(ftmx_get_parameter(c, NULL, weight, 12), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_get_parameter(c, "fc.weight", NULL, 12), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_set_parameter(c, "scale", &scale, 1), FTMX_ERROR_FROZEN);
    assert_int_equal(ftmx_set_parameter(c, "fc.bias", bad, 3), FTMX_ERROR_NOT_FINITE);
    assert_int_equal(ftmx_set_parameter(c, "fc.bias", bias, 3), FTMX_OK);
    assert_int_equal(ftmx_set_parameter(c, "steps", bias, 1), FTMX_OK);
    assert_int_equal(ftmx_get_parameter(c, "fc.bias", weight, 3), FTMX_OK);
    assert_memory_equal(weight, bias, sizeof bias);
    assert_int_equal(ftmx_get_parameter(c, "steps", weight, 1), FTMX_OK);
    assert_float_equal(weight[0], 1, 0);
}

/* ---- side by side ---- */

static void *train_alone(void *context)
{
    train(context, 40);
    return NULL;
}

static void two_contexts_train_at_once(void **state)
{
    (void)state;
    ftmx_options options = FTMX_OPTIONS;
    options.threads = 1;
    ftmx_context *alone = context_with(memory[0], &options);
    train(alone, 40);
    const struct kept expected = keep(alone);
    ftmx_context *a = context_with(memory[0], &options), *b = context_with(memory[1], &options);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, train_alone, a), 0);
    train(b, 40);
    pthread_join(thread, NULL);
    const struct kept by_a = keep(a), by_b = keep(b);
    assert_memory_equal(expected.bytes, by_a.bytes, sizeof expected.bytes);
    assert_memory_equal(expected.bytes, by_b.bytes, sizeof expected.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_are_opened_and_refused),
        cmocka_unit_test(weights_may_lie_in_a_file),
        cmocka_unit_test(contexts_are_made_and_refused),
        cmocka_unit_test(a_seed_makes_the_first_values),
        cmocka_unit_test(prediction_refuses_what_it_cannot_take),
        cmocka_unit_test(probabilities_are_those_of_the_task),
        cmocka_unit_test(training_learns),
        cmocka_unit_test(training_refuses_and_changes_nothing),
        cmocka_unit_test(lost_weights_are_not_used),
        cmocka_unit_test(snapshots_are_checked),
        cmocka_unit_test(a_call_is_cancelled_once),
        cmocka_unit_test(a_step_that_has_begun_is_finished),
        cmocka_unit_test(a_loop_that_is_wrong_is_noticed),
        cmocka_unit_test(failures_are_logged),
        cmocka_unit_test(parameters_by_name),
        cmocka_unit_test(two_contexts_train_at_once),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}

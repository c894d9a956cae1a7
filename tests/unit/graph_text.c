/* link: ftm_graph ftm_ops ftm_base */
/* The text form: printing and reading are inverse; errors have a place; no text makes the reader
 * crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "graph_support.h"
#include "verify.h"

/* Exactly as the printer writes it. */
static const char sample[] =
    "program digits batch 32 shards 4 {\n"
    "  state @conv.weight : f32[32, 3, 3, 3] parameter layout conv source 7 fan_in 27 layer "
    "\"conv\" kind \"conv2d\"\n"
    "  state @fc.weight : f32[10, 32, 1, 1] parameter trainable added layout conv file [10, 32] "
    "init normal "
    "init_arg 0.01 fan_in 32 layer \"fc\" kind \"linear\"\n"
    "  state @fc.weight/momentum : f32[10, 32, 1, 1] slot mutable layout conv\n"
    "  state @\"odd \\\"name\\\"\" : f32[32] buffer mutable layout vector\n"
    "  state @bn.running_var : f32[32] buffer mutable init ones\n"
    "  optimizer sgd {lr = 0.03, momentum = 0.9, weight_decay = 1e-05, nesterov = true}\n"
    "  func predict {\n"
    "    %0 = input {label = \"image\"} : f32[N, 3, 64, 64]\n"
    "    %1 = state @conv.weight : f32[32, 3, 3, 3] conv\n"
    "    %2 = state @\"odd \\\"name\\\"\" : f32[32] vector\n"
    "    %3 = conv2d(%0, %1) {stride = [2, 2], padding = [0, 0, 1, 1], dilation = [1, 1], groups = "
    "1} then bias_add(%2) "
    "then relu6 : f32[N, 32, 32, 32] blocked at \"features.0\"\n"
    "    %4 = bn_stats(%3) : f32[2, 32] vector\n"
    "    %5 = bn_apply(%3, %4, %2, %2) {eps = 1e-05} : f32[N, 32, 32, 32] blocked\n"
    "    output \"features\" = %5\n"
    "  }\n"
    "  func train.1 training {\n"
    "    %0 = input {label = \"x\"} : f32[2, 32]\n"
    "    %1 = input {label = \"label\"} : i32[N]\n"
    "    %2 = constant {value = 0.5, shape = [32]} : f32[32]\n"
    "    %3 = state @\"odd \\\"name\\\"\" : f32[32] vector\n"
    "    %4 = state @bn.running_var : f32[32]\n"
    "    %5 = bn_update(%3, %4, %0) {in_size = [8, 8], momentum = 0.1} : f32[32]\n"
    "    output \"half\" = %2\n"
    "    output \"label\" = %1\n"
    "  }\n"
    "}\n";

static void round_trip(void **state)
{
    struct fixture *f = *state;
    struct program *p = read_text(f, sample);
    if (!p) {
        diag_print(&f->diag, stderr);
        fail();
        return;
    }
    assert_string_equal(printed(f, p), sample);
    const struct state *fc = &p->states.at[1];
    assert_true(fc->trainable && fc->mutable && fc->added);
    assert_int_equal(fc->source, -1);
    assert_int_equal(fc->file_shape.rank, 2);
    assert_int_equal(p->states.at[0].source, 7);
    assert_int_equal(p->states.at[2].kind, FTMRT_STATE_SLOT);
    assert_true(p->optimizer.op == OP_sgd && p->optimizer.attrs.nesterov);
    assert_true(p->optimizer.values[1] == 0.9 && p->optimizer.values[2] == 1e-05);
    assert_int_equal(p->functions.at[0]->nodes.at[3].step_count, 2);
    assert_true(p->functions.at[1]->kind == FTMRT_ENTRY_TRAIN);
}

static void special_numbers(void **state)
{
    struct fixture *f = *state;
    static const char *const values[] = {"0.1",  "-0",  "1e+300",   "inf",
                                         "-inf", "nan", "-1.5e-07", "3"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const char *text =
            arena_printf(&f->arena,
                         "program p batch 1 shards 1 {\n  optimizer sgd\n  func f {\n"
                         "    %%0 = constant {value = %s, shape = []} : f32[]\n  }\n}\n",
                         values[i]);
        struct program *p = read_text(f, text);
        assert_non_null(p);
        assert_string_equal(printed(f, p), text);
    }
}

static void short_forms(void **state)
{
    struct fixture *f = *state;
    struct program *p = read_text(
        f, "# a comment\n"
           "program \"two words\" batch 1 shards 1 {\n"
           "  state @w : f32[4, 3, 1, 1] parameter\n"
           "  func f { %image = input {label = \"x\"} : f32[N, 3, 2, 2]\n"
           "    %w = state @w %y = conv2d(%image, %w) then relu output \"y\" = %y } # end\n"
           "}");
    assert_non_null(p);
    assert_string_equal(p->name, "two words");
    const struct node *conv = &p->functions.at[0]->nodes.at[2];
    assert_int_equal(conv->attrs->stride[0], 1);
    assert_int_equal(conv->attrs->dilation[1], 1);
    assert_int_equal(conv->attrs->groups, 1);
    assert_int_equal(conv->type.shape.dim[1], 4);
}

static void errors(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to; /* the sample with this replaced */
        uint32_t line, column;
        const char *text;
    } cases[] = {
        {"program digits", "model digits", 1, 1, "expected program, not 'model'"},
        {"batch 32", "batch 0", 1, 22, "the batch must be from 1 to 1048576"},
        {"shards 4", "shards 65", 1, 32, "the number of shards must be from 1 to 64"},
        {"batch 32", "batch 99999999999999999999", 1, 22, "the batch must be from 1 to 1048576"},
        {"batch 32", "batch 3x", 1, 22, "expected an integer, not '3x'"},
        {"f32[32, 3, 3, 3] parameter", "f33[32, 3, 3, 3] parameter", 2, 24,
         "no data type is called 'f33'"},
        {"f32[32, 3, 3, 3] parameter", "f32[32, 3, 3, 3] param", 2, 41,
         "expected parameter, buffer or slot, not 'param'"},
        {"f32[32, 3, 3, 3] parameter", "f32[32, 3, 3, 3, 1, 1, 3] parameter", 2, 47,
         "expected at most 6 sizes, not '3'"},
        {"f32[32, 3, 3, 3] parameter", "f32[32, 0, 3, 3] parameter", 2, 32,
         "a size must be from 1 to 1099511627776"},
        {"f32[32, 3, 3, 3] parameter", "f32[32, 1000000000, 1000, 30] parameter", 2, 9,
         "state conv.weight has more than 2^40 elements: [32, 1000000000, 1000, 30]"},
        {"state @fc.weight ", "state @conv.weight ", 3, 9, "conv.weight is defined twice"},
        {"layout conv file", "layout convt file", 3, 73, "no layout is called 'convt'"},
        {"init normal", "init norm", 3, 97, "expected an initial value, not 'norm'"},
        {"optimizer sgd", "optimizer sdg", 7, 13, "no optimizer is called 'sdg'"},
        {"{lr = 0.03", "{rate = 0.03", 7, 18, "no value of the optimizer is called 'rate'"},
        {"{lr = 0.03", "{lr = 0.03.1", 7, 23, "expected a number, not '0.03.1'"},
        {"func predict", "func train.1", 17, 8, "train.1 is defined twice"},
        {"= bn_stats(%3)", "= bn_stat(%3)", 13, 10, "no operation is called 'bn_stat'"},
        {"= bn_stats(%3)", "= bn_stats(%3, %0)", 13, 10, "bn_stats takes 1 operands, not 2"},
        {"= bn_stats(%3)", "= bn_stats(%5)", 13, 19, "%5 is not defined before its use"},
        {"%4 = bn_stats", "%3 = bn_stats", 13, 5, "%3 is defined twice"},
        {"f32[2, 32] vector", "f32[2, 33] vector", 13, 25,
         "the type of the result is F32[2, 32], not F32[2, 33]"},
        {"{eps = 1e-05}", "{epsilon = 1e-05}", 14, 36, "bn_apply has no attribute 'epsilon'"},
        {"then relu6", "then bn_stats", 12, 121,
         "bn_stats cannot be a step: it is not element-wise"},
        {"%1 = state @conv.weight", "%1 = state @conv.weigh", 10, 16,
         "no state is called 'conv.weigh'"},
        {"\"features\" = %5", "\"features\" = %6", 15, 25, "%6 is not defined before its use"},
        {"input {label = \"image\"}", "input {label = \"image}", 9, 25,
         "expected a string, not '\"image} : f32[N, 3, 64, 64]'"},
        {"output \"label\"", "output \"half\"", 0, 0,
         "the program breaks a rule of graphs: train.1: the names of outputs differ: half"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *fresh;
        fixture_setup(&fresh);
        struct fixture *f = fresh;
        const char *at = strstr(sample, cases[i].from);
        assert_non_null(at);
        assert_null(read_text(f, arena_printf(&f->arena, "%.*s%s%s", (int)(at - sample), sample,
                                              cases[i].to, at + strlen(cases[i].from))));
        assert_int_equal(f->diag.items.len, 1);
        const struct diag_item *item = &f->diag.items.at[0];
        if (strcmp(item->text, cases[i].text) != 0 || item->span.line != cases[i].line ||
            item->span.column != cases[i].column)
            fail_msg("%s: %u:%u: %s", cases[i].to, item->span.line, item->span.column, item->text);
        fixture_teardown(&fresh);
    }
}

static void suggestions(void **state)
{
    struct fixture *f = *state;
    assert_null(read_text(f, "program p batch 1 shards 1 { func f { %0 = conv2 } }"));
    assert_string_equal(f->diag.items.at[0].notes.at[0], "did you mean 'conv2d'?");
}

/* The caret stands below the word. */
static void error_text(void **state)
{
    struct fixture *f = *state;
    assert_null(read_text(f, "program p batch 1 shards 1 {\n  func f {\n    %0 = rely\n  }\n}\n"));
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    diag_print(&f->diag, out);
    fclose(out);
    assert_string_equal(text, "test.ftg:3:10: error[E0702]: no operation is called 'rely'\n"
                              "  3 |     %0 = rely\n"
                              "    |          ^~~~\n"
                              "  note: did you mean 'relu'?\n"
                              "1 error\n");
    free(text);
}

/* ---- robustness ---- */

static void accept_or_report(const char *text, size_t size)
{
    void *fresh;
    fixture_setup(&fresh);
    struct fixture *f = fresh;
    struct program *p = read_bytes(f, text, size);
    assert_int_equal(p == NULL, f->diag.errors > 0);
    if (p) { /* what was accepted prints and reads again */
        struct program *again = read_text(f, printed(f, p));
        assert_non_null(again);
        assert_string_equal(printed(f, again), printed(f, p));
    }
    fixture_teardown(&fresh);
}

static void truncated_texts(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof sample; size++)
        accept_or_report(sample, size);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Replaces, removes, repeats and swaps pieces of the sample. */
static size_t mutate(char *text, size_t size, size_t room, uint32_t *seed)
{
    static const char *const pieces[] = {
        "%0", "-1", "99999999999999999999",  "[",     "}",   "then relu", "N",        "\"", "@",
        "0",  "{",  "state @x : f32[] slot", "1e999", "\\x", "blocked",   ": f32[1]", "#"};
    const char *piece = pieces[next_random(seed) % (sizeof pieces / sizeof *pieces)];
    size_t at = next_random(seed) % size, length = strlen(piece), cut = next_random(seed) % 20;
    if (cut > size - at)
        cut = size - at;
    switch (next_random(seed) % 4) {
    case 0: text[at] = (char)next_random(seed); return size;
    case 1: memmove(text + at, text + at + cut, size - at - cut); return size - cut;
    case 2:
        if (size + cut > room)
            return size;
        memmove(text + at + cut, text + at, size - at);
        return size + cut;
    default:
        if (length > size - at)
            return size;
        memcpy(text + at, piece, length); /* NOLINT(bugprone-not-null-terminated-result) */
        return size;
    }
}

static void mutated_texts(void **state)
{
    (void)state;
    uint32_t seed = 2463534242U;
    char text[2 * sizeof sample];
    for (int round = 0; round < 4000; round++) {
        size_t size = sizeof sample - 1;
        memcpy(text, sample, size);
        for (uint32_t k = next_random(&seed) % 4 + 1; k > 0 && size > 0; k--)
            size = mutate(text, size, sizeof text, &seed);
        accept_or_report(text, size);
    }
}

static void garbage(void **state)
{
    (void)state;
    uint32_t seed = 88675123U;
    char text[256];
    for (int round = 0; round < 500; round++) {
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)(next_random(&seed) >> 24);
        accept_or_report(text, next_random(&seed) % sizeof text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(round_trip, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(special_numbers, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(short_forms, fixture_setup, fixture_teardown),
        cmocka_unit_test(errors),
        cmocka_unit_test_setup_teardown(suggestions, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(error_text, fixture_setup, fixture_teardown),
        cmocka_unit_test(truncated_texts),
        cmocka_unit_test(mutated_texts),
        cmocka_unit_test(garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* link: ftm_bind ftm_lang ftm_weights ftm_graph ftm_ops ftm_base */
/* Binding and lowering of a small network: conv, batch norm, relu, pool,
 * linear. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bind.h"
#include "front_fixture.h"
#include "lang.h"

static bool bind_net(struct fixture *f)
{
    return bind_weights(&f->arena, &f->diag, &f->net, &f->recipe, &f->weights, &f->binding);
}

static bool lower_models(struct fixture *f, const struct program_model *models, uint32_t count,
                         struct program **p)
{
    return lower_program(&f->arena, &f->diag, &f->recipe, models, count, p);
}

static struct program_model own_model(const struct fixture *f)
{
    return (struct program_model){
        .scope = "", .net = &f->net, .binding = f->binding, .trained = true};
}

static struct program *lower_net(struct fixture *f)
{
    struct program *p = NULL;
    assert_true(bind_net(f));
    const struct program_model own = own_model(f);
    assert_true(lower_models(f, &own, 1, &p));
    return p;
}

static void assert_report(const struct fixture *f, uint32_t index, enum diag_id id)
{
    assert_true(index < f->diag.items.len);
    assert_int_equal(f->diag.items.at[index].id, id);
}

static void expect_binding(void **state)
{
    struct fixture *f = *state;
    add_all_tensors(f);
    assert_true(bind_net(f));
    assert_int_equal(f->diag.items.len, 0);
    assert_int_equal(f->binding->params.len, 8);
    assert_string_equal(f->binding->params.at[0].name, "conv.weight");
    assert_int_equal(f->binding->params.at[0].param->fan_in, 18);
    assert_string_equal(f->binding->params.at[5].name, "bn.num_batches_tracked");
    assert_int_equal(f->binding->params.at[5].source, -1);
    assert_int_equal(f->binding->tensors.len, 7);
    assert_int_equal(f->binding->tensors.at[2].dtype, FTMRT_F16);
}

static void expect_reports_of_both_sides(void **state)
{
    struct fixture *f = *state;
    add_tensor(f, "conv.weight", FTMRT_F32, shape_4d(4, 3, 3, 3));
    add_tensor(f, "bn.weight", FTMRT_I32, shape_1d(4));
    add_tensor(f, "bn.bais", FTMRT_F32, shape_1d(4));
    add_tensor(f, "bn.running_mean", FTMRT_F32, shape_1d(4));
    add_tensor(f, "bn.running_var", FTMRT_F32, shape_1d(4));
    add_tensor(f, "fc.weight", FTMRT_F32, shape_2d(3, 4));
    add_tensor(f, "fc.bias", FTMRT_F32, shape_1d(3));
    assert_false(bind_net(f));
    assert_int_equal(f->diag.items.len, 3);
    assert_report(f, 0, DIAG_WEIGHT_SHAPE);
    assert_report(f, 1, DIAG_WEIGHT_DTYPE);
    assert_report(f, 2, DIAG_WEIGHT_MISSING);
    assert_non_null(strstr(f->diag.items.at[2].notes.at[0], "bn.bais"));
    assert_int_equal(f->binding->uses.at[0].fate, TENSOR_MISFIT);
    assert_int_equal(f->binding->uses.at[2].fate, TENSOR_NO_PARAMETER);
}

static void expect_new_layer_takes_nothing(void **state)
{
    struct fixture *f = *state;
    add_all_tensors(f);
    f->net.layers.at[FC].added = true;
    assert_true(bind_net(f));
    assert_int_equal(f->diag.items.len, 0);
    assert_int_equal(f->binding->params.at[6].source, -1);
    assert_int_equal(f->binding->uses.at[5].fate, TENSOR_REPLACED);
}

static void expect_leftover_and_not_finite_warned(void **state)
{
    struct fixture *f = *state;
    const float inf[4] = {1, INFINITY, 2, 3};
    add_all_tensors(f);
    f->weights.tensors.at[1].data = (const unsigned char *)inf;
    add_tensor(f, "extra.weight", FTMRT_F32, shape_1d(4));
    assert_true(bind_net(f));
    assert_int_equal(f->diag.items.len, 2);
    assert_report(f, 0, DIAG_WEIGHT_NOT_FINITE);
    assert_report(f, 1, DIAG_WEIGHT_LEFTOVER);
    assert_int_equal(f->binding->uses.at[7].fate, TENSOR_NO_LAYER);
}

static void expect_frozen_random_warned(void **state)
{
    struct fixture *f = *state;
    f->net.layers.at[CONV].params[0].trainable = false;
    f->net.layers.at[CONV].frozen = true;
    assert_true(bind_weights(&f->arena, &f->diag, &f->net, &f->recipe, NULL, &f->binding));
    assert_int_equal(f->diag.items.len, 1);
    assert_report(f, 0, DIAG_FROZEN_RANDOM);
}

static const struct node *find_node(const struct graph *g, enum op op)
{
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        if (g->nodes.at[i].op == op && !g->nodes.at[i].dead)
            return &g->nodes.at[i];
    }
    return NULL;
}

static void expect_functions(void **state)
{
    struct fixture *f = *state;
    add_all_tensors(f);
    struct program *p = lower_net(f);
    assert_int_equal(p->functions.len, 3);
    assert_int_equal(p->states.len, 8);
    assert_int_equal(p->max_batch, 8);
    const struct graph *train = program_find_function(p, "train");
    assert_true(find_node(train, OP_batch_norm)->attrs->training);
    assert_non_null(find_node(train, OP_count_update));
    assert_true(value_valid(graph_find_input(train, "weight_decay")));
    const struct graph *eval = program_find_function(p, "eval");
    assert_false(find_node(eval, OP_batch_norm)->attrs->training);
    assert_null(find_node(eval, OP_count_update));
    assert_true(value_valid(graph_find_output(eval, "loss")));
    const struct graph *predict = program_find_function(p, "predict");
    assert_false(value_valid(graph_find_input(predict, "label")));
    assert_int_equal(graph_shape(predict, graph_find_output(predict, "logits"))->dim[1], 3);
    assert_true(p->states.at[3].mutable && !p->states.at[3].trainable);
}

/* TensorFlow on 8 rows and 5 columns, kernel 3, stride 2: 4 and 3 places that reach 9 and 7. */
static void expect_same_padding(void **state)
{
    struct fixture *f = *state;
    add_all_tensors(f);
    f->net.layers.at[IMAGE].type.shape.dim[2] = 8;
    const struct program *p = lower_net(f);
    const struct node *conv = find_node(program_find_function(p, "predict"), OP_conv2d);
    const int64_t expected[4] = {0, 1, 1,
                                 1}; /* 8 rows: reach 9, the odd one behind; 5 columns: reach 7 */
    assert_memory_equal(conv->attrs->padding, expected, sizeof expected);
}

static void expect_frozen_batch_norm_is_constant(void **state)
{
    struct fixture *f = *state;
    add_all_tensors(f);
    struct layer *bn = &f->net.layers.at[BN];
    bn->frozen = true;
    bn->params[0].trainable = bn->params[1].trainable = false;
    const struct program *p = lower_net(f);
    const struct graph *train = program_find_function(p, "train");
    assert_false(find_node(train, OP_batch_norm)->attrs->training);
    assert_null(find_node(train, OP_count_update));
    for (uint32_t i = 1; i < 6; i++)
        assert_true(state_constant(&p->states.at[i]));
}

/* Two phases, the first of which trains no batch norm and the second no convolution, and a second model that is not
 * trained: a function of each kind for each, over one set of states per model. */
static void expect_phases_and_scopes(void **state)
{
    struct fixture *f = *state;
    add_all_tensors(f);
    f->recipe.phases = 2;
    f->net.layers.at[CONV].params[0].trainable = 1;
    f->net.layers.at[CONV].frozen = 2;
    struct layer *bn = &f->net.layers.at[BN], *fc = &f->net.layers.at[FC];
    bn->params[0].trainable = bn->params[1].trainable = 2;
    bn->frozen = bn->stats_frozen = 1;
    fc->params[0].trainable = fc->params[1].trainable = 3;
    assert_true(bind_net(f));
    struct program_model models[2] = {own_model(f), own_model(f)};
    models[1].scope = "teacher";
    models[1].trained = false;
    struct program *p = NULL;
    assert_true(lower_models(f, models, 2, &p));
    static const char *const names[] = {"predict",   "eval",   "train",   "teacher.predict",
                                        "predict.1", "eval.1", "train.1", "teacher.predict.1"};
    assert_int_equal(p->functions.len, 8);
    for (uint32_t i = 0; i < 8; i++) {
        const struct graph *g = p->functions.at[i];
        assert_string_equal(g->name, names[i]);
        assert_int_equal(g->phase, i / 4);
        assert_string_equal(g->scope, i % 4 == 3 ? "teacher" : "");
    }
    const struct graph *first = p->functions.at[2], *second = p->functions.at[6];
    assert_false(find_node(first, OP_batch_norm)->attrs->training);
    assert_true(find_node(second, OP_batch_norm)->attrs->training);
    assert_int_equal(p->states.len, 16);
    const struct state *conv = &p->states.at[0], *teachers = &p->states.at[8];
    assert_true(conv->trainable && state_trained(conv, 0) && !state_trained(conv, 1));
    assert_true(state_trained(&p->states.at[6], 0) && state_trained(&p->states.at[6], 1));
    assert_true(p->states.at[3].mutable); /* the running mean, in the second phase */
    assert_string_equal(teachers->name, "teacher/conv.weight");
    assert_int_equal(teachers->source, 7);
    for (uint32_t i = 8; i < 16; i++)
        assert_true(state_constant(&p->states.at[i]));
    assert_int_equal(find_node(p->functions.at[3], OP_state)->attrs->state, 8);
}

static void expect_class_count_checked(void **state)
{
    struct fixture *f = *state;
    struct program *p = NULL;
    add_all_tensors(f);
    recipe_setting(&f->recipe, FTMRT_PARAM_finetune_classes)->integer = 10;
    assert_true(bind_net(f));
    const struct program_model own = own_model(f);
    assert_false(lower_models(f, &own, 1, &p));
    assert_report(f, 0, DIAG_OUTPUT_CLASSES);
}

static void expect_identity_head(void **state)
{
    struct fixture *f = *state;
    add_all_tensors(f);
    assert_true(read_recipe(f, "finetune test {\n"
                               "    model = tiny()\n"
                               "    weights = \"tiny.pth\"\n"
                               "    replace fc with linear(3, init = identity)\n"
                               "    transform eval = resize(7, 5)\n"
                               "}\n"));
    const struct program *p = lower_net(f);
    assert_int_equal(p->states.at[6].init, FTMRT_INIT_IDENTITY);
    assert_int_equal(p->states.at[7].init, FTMRT_INIT_ZEROS);
    assert_true(p->states.at[6].added);
    assert_int_equal(p->states.at[2].init, FTMRT_INIT_ZEROS);
    assert_int_equal(p->states.at[4].init, FTMRT_INIT_ONES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(expect_binding),
        TEST(expect_reports_of_both_sides),
        TEST(expect_new_layer_takes_nothing),
        TEST(expect_leftover_and_not_finite_warned),
        TEST(expect_frozen_random_warned),
        TEST(expect_functions),
        TEST(expect_same_padding),
        TEST(expect_frozen_batch_norm_is_constant),
        TEST(expect_phases_and_scopes),
        TEST(expect_class_count_checked),
        TEST(expect_identity_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

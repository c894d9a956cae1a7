/* link: ftm_graph ftm_ops ftm_base */
/* The verifier: a good program passes; each way to break one invariant is found and named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph_support.h"
#include "verify.h"

static const char good[] = "program p batch 4 shards 2 {\n"
                           "  state @w : f32[4, 3, 1, 1] parameter trainable\n"
                           "  state @b : f32[4] parameter\n"
                           "  state @mean : f32[4] buffer mutable\n"
                           "  state @var : f32[4] buffer mutable\n"
                           "  state @count : i64[] buffer mutable\n"
                           "  func train training {\n"
                           "    %0 = input {label = \"x\"} : f32[N, 3, 2, 2]\n"
                           "    %1 = input {label = \"lr\"} : f32[]\n"
                           "    %2 = state @w\n"
                           "    %3 = state @b\n"
                           "    %4 = state @mean\n"
                           "    %5 = state @var\n"
                           "    %6 = state @count\n"
                           "    %7 = conv2d(%0, %2) then bias_add(%3) then relu\n"
                           "    %8 = bn_stats(%7)\n"
                           "    %9 = reshape(%2) {shape = [4, 3, 1, 1]}\n"
                           "    %10 = sgd_plain(%9, %2, %1, %1)\n"
                           "    %11 = bn_update(%4, %5, %8) {momentum = 0.1, in_size = [2, 2]}\n"
                           "    %12 = count_update(%6)\n"
                           "    %13 = split(%7) {sizes = [1, 3]}\n"
                           "    %14 = part(%13) {index = 1}\n"
                           "    %15 = relu(%14)\n"
                           "    output \"y\" = %7\n"
                           "    output \"stats\" = %8\n"
                           "  }\n"
                           "}\n";

static struct program *program;
static struct graph *train;

static struct node *node(uint32_t i) { return &train->nodes.at[i]; }

/* What nothing but a test may do: writing past the functions that keep the uses. */
static void set_operand(uint32_t n, uint32_t i, uint32_t v)
{
    ((value_id *)node(n)->inputs)[i].i = v;
}
static struct step *step(uint32_t n, uint32_t i) { return (struct step *)node(n)->steps + i; }

#define SET_ATTR(n, field, value)                                                                  \
    do {                                                                                           \
        struct attrs changed_ = *node(n)->attrs;                                                   \
        changed_.field = (value);                                                                  \
        graph_set_attrs(train, (value_id){n}, &changed_);                                          \
    } while (0)

/* ---- one change each ---- */

static void no_batch(void) { program->max_batch = 0; }
static void no_shards(void) { program->shards = 0; }
static void two_functions(void) { program_add_function(program, "train", FTMRT_ENTRY_TRAIN); }
static void two_states(void) { program->states.at[1].name = "w"; }
static void empty_state(void) { program->states.at[1].type.shape.dim[0] = 0; }
static void deep_state(void) { program->states.at[1].type.shape.rank = 9; }
static void file_shape(void) { program->states.at[0].file_shape = shape_1d(5); }
static void state_layout(void) { program->states.at[1].form.layout = FTMRT_LAYOUT_CONV; }
static void count_layout(void) { program->states.at[4].form.layout = FTMRT_LAYOUT_VECTOR; }
static void state_stored(void) { program->states.at[1].form.stored = FTMRT_BF16; }
static void immutable_trainable(void) { program->states.at[0].mutable = false; }
static void input_role(void) { SET_ATTR(0, role, FTMRT_ROLE_LOSS); }
static void output_role(void) { train->outputs.at[0].role = FTMRT_ROLE_LABEL; }
static void add_group(const char *name, double lr)
{
    const struct optimizer_group group = {.name = name, .lr = lr, .weight_decay = 1};
    vec_push(program->arena, &program->optimizer.groups, group);
}
static void two_groups(void)
{
    add_group("head", 1);
    add_group("head", 2);
}
static void negative_factor(void) { add_group("head", -1); }
static void unknown_group(void) { program->states.at[0].group = "head"; }
static void phase(void) { train->phase = GRAPH_MAX_PHASES; }
static void greatest_n(void) { train->max_n = 5; }
static void operand_range(void) { set_operand(8, 0, 99); }
static void operand_none(void) { set_operand(8, 0, VALUE_NONE.i); }
static void operand_dead(void) { node(3)->dead = true; }
static void operand_order(void) { set_operand(7, 0, 8); }
static void operand_itself(void) { set_operand(8, 0, 8); }
static void effect_read(void) { set_operand(11, 0, 10); }
static void parts_together(void) { set_operand(15, 0, 13); }
static void parts_as_output(void) { train->outputs.at[0].value.i = 13; }
static void part_index(void) { SET_ATTR(14, index, 2); }
static void operand_count(void) { node(8)->input_count = 0; }
static void step_operands(void) { step(7, 0)->extra = 0; }
static void step_claims(void) { step(7, 1)->extra = 9; }
static void step_class(void) { step(7, 1)->op = OP_global_avg_pool; }
static void step_behind_view(void)
{
    static struct step relu;
    relu = (struct step){.op = OP_relu, .attrs = node(15)->attrs};
    node(9)->steps = &relu;
    node(9)->step_count = 1;
}
static void state_index(void) { SET_ATTR(3, state, 77); }
static void no_label(void) { SET_ATTR(0, label, NULL); }
static void reshape_shape(void) { SET_ATTR(9, shape.dim[0], 0); }
static void node_shape(void) { node(0)->type.shape.dim[3] = 0; }
static void node_type(void) { node(8)->type.shape.dim[1] = 5; }
static void node_rule(void) { SET_ATTR(7, groups, 3); }
static void node_layout(void) { node(8)->form.layout = FTMRT_LAYOUT_CONV; }
static void node_stored(void) { node(8)->form.stored = FTMRT_F16; }
static void relayout_layout(void)
{
    node(9)->op = OP_relayout;
    SET_ATTR(9, to, FTMRT_LAYOUT_CONV);
}
static void leaf_layout(void) { program->states.at[2].form.layout = FTMRT_LAYOUT_VECTOR; }
static void view_layout(void) { node(9)->form.layout = FTMRT_LAYOUT_CONV; }
static void two_inputs(void) { SET_ATTR(1, label, "x"); }
static void two_outputs(void) { train->outputs.at[1].name = "y"; }
static void output_missing(void) { train->outputs.at[0].value.i = 50; }
static void output_effect(void) { train->outputs.at[0].value.i = 12; }
static void two_leaves(void) { SET_ATTR(5, state, 2); }
static void effect_in_predict(void) { train->kind = FTMRT_ENTRY_EVAL; }
static void effect_of_value(void) { set_operand(10, 1, 9); }
static void effect_frozen(void)
{
    program->states.at[0].trainable = program->states.at[0].mutable = false;
}
static void written_twice(void) { set_operand(11, 0, node(11)->inputs[1].i); }
static void read_after_write(void) { graph_append(train, node(9)); }
/* The effect moves before a reader of a view of what it writes. */
static void view_after_write(void)
{
    graph_set_input(train, (value_id){10}, 0, (value_id){2});
    graph_set_input(train, graph_append(train, node(9)), 0, (value_id){9});
}
static void output_written(void) { train->outputs.at[1].value.i = 9; }

/* The lists of uses: an entry of another value, a wrong count, a missing entry. */
static void use_elsewhere(void)
{
    struct use *u = node(7)->uses;
    node(7)->uses = NULL;
    node(4)->uses->next = u;
}
static void use_count(void) { node(7)->use_count++; }
static void use_missing(void)
{
    node(7)->uses = node(7)->uses->next;
    node(7)->use_count--;
}
static void use_of_another(void) { node(8)->reads[0].operand = 1; }

static void breaks(void **state)
{
    (void)state;
    static const struct {
        void (*apply)(void);
        const char *rule; /* how the message ends */
    } cases[] = {
        {no_batch, "the batch is at least 1"},
        {no_shards, "there is at least one shard"},
        {input_role, "an input has a role of inputs"},
        {output_role, "output y has a role of outputs"},
        {phase, "there are 32 phases at most"},
        {two_groups, "two groups are called head"},
        {negative_factor, "group head: factors are numbers from 0 on"},
        {unknown_group, "its group is one of the optimizer's"},
        {greatest_n, "the batch of a function is at most the program's"},
        {two_functions, "two functions are called train"},
        {two_states, "two states are called w"},
        {empty_state, "state b: a shape of positive sizes"},
        {deep_state, "state b: a shape of positive sizes"},
        {file_shape, "state w: its shape in files has as many elements"},
        {state_layout, "state b: the layout fits the type"},
        {count_layout, "state count: the layout fits the type"},
        {state_stored, "state b: it is stored as its type"},
        {immutable_trainable, "state w: what is trained is mutable"},
        {operand_range, "operand 1 exists"},
        {operand_none, "operand 1 exists"},
        {operand_dead, "operand 3 exists"},
        {operand_order, "operand 1 comes before its user"},
        {operand_itself, "operand 1 comes before its user"},
        {effect_read, "nothing reads the result of an effect"},
        {parts_together, "several results are read one by one"},
        {parts_as_output, "output y is one result"},
        {part_index, "part expects index from 0 to 1, it is 2"},
        {operand_count, "bn_stats takes 1 operands"},
        {step_operands, "conv2d takes 2 operands"},
        {step_claims, "conv2d takes 2 operands"},
        {step_class, "steps are element-wise"},
        {step_behind_view, "no steps stand behind reshape"},
        {state_index, "the state exists"},
        {no_label, "an input has a name"},
        {reshape_shape, "a shape has positive sizes"},
        {node_shape, "the result's shape has positive sizes"},
        {node_type, "the inferred shape is [2, 4]"},
        {node_rule, "conv2d cannot divide 4 output channels into 3 groups"},
        {node_layout, "the layout fits the type"},
        {node_stored, "a value is stored as its type"},
        {relayout_layout, "a relayout has the layout that it makes"},
        {leaf_layout, "a mutable state is read in its layout"},
        {view_layout, "a view has the layout of what it views"},
        {two_inputs, "the names of inputs differ"},
        {two_outputs, "the names of outputs differ: y"},
        {output_missing, "output y has a value"},
        {output_effect, "output y is not an effect"},
        {two_leaves, "a state has one leaf in a function"},
        {effect_in_predict, "only a training function writes states"},
        {effect_of_value, "operand 2 is a state"},
        {effect_frozen, "a state that is written is mutable"},
        {written_twice, "a state is written once"},
        {read_after_write, "states are read before they are written"},
        {view_after_write, "states are read before they are written"},
        {output_written, "output stats is not a state that is written"},
        {use_elsewhere, "a value knows its uses"},
        {use_count, "a value knows its uses"},
        {use_of_another, "a value knows its uses"},
        {use_missing, "every use is in a list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512] = "";
        void *fresh;
        fixture_setup(&fresh);
        program = read_text(fresh, good);
        assert_non_null(program);
        train = program->functions.at[0];
        assert_true(program_verify(program, text, sizeof text));
        cases[i].apply();
        if (program_verify(program, text, sizeof text))
            fail_msg("not found: %s", cases[i].rule);
        size_t length = strlen(text), rule = strlen(cases[i].rule);
        if (length < rule || strcmp(text + length - rule, cases[i].rule) != 0)
            fail_msg("%s: %s", cases[i].rule, text);
        assert_int_equal(program->diag->errors, 0); /* the verifier reports nothing to the user */
        fixture_teardown(&fresh);
    }
}

static void the_message_shows_the_node(void **state)
{
    struct fixture *f = *state;
    char text[512];
    program = read_text(f, good);
    train = program->functions.at[0];
    set_operand(8, 0, 99);
    assert_false(program_verify(program, text, sizeof text));
    assert_string_equal(text, "train: %8 = bn_stats(%99) : f32[2, 4]: operand 1 exists");
    assert_false(program_verify(program, text, 10)); /* a short buffer is filled, not overrun */
    assert_string_equal(text, "train: %8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(breaks),
        cmocka_unit_test_setup_teardown(the_message_shows_the_node, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

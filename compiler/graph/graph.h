/* The graph IR: a program is a table of states and a list of functions over them.
 *
 *   program   states (named parameters, buffers, optimizer slots), and functions over them
 *             ("predict", "eval", "train")
 *   function  named inputs, nodes in execution order (SSA: one node, one value), named outputs
 *   node      an operation of ops.def, its operands, its attributes, and fused steps
 *
 * A value id is the index of its node in the function's array. The array moves when it grows, so
 * pointers to nodes do not survive an append; ids do, until graph_sort() renumbers. A pass that
 * rewrites appends replacements at the end, redirects uses, kills what they replace and sorts once
 * it is done; dead nodes are skipped by everything.
 *
 * What a node has in any number lies outside it: operands, steps and, shared by all nodes that have
 * the same, attributes. Each value knows its uses: the operands of live nodes and the outputs that
 * read it. Operands are therefore written through the functions below only.
 *
 * State is explicit: a `state` node reads a state as it is when the function starts; only nodes of
 * the class EFFECT write states, and they come after every reader of what they write (the verifier
 * checks it).
 *
 * Shapes and types are logical. How a value lies in memory and as what it is stored is its form (form.h): the layout is
 * assigned by the layout pass, before which every value is plain. */
#ifndef FTM_GRAPH_GRAPH_H
#define FTM_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "diag.h"
#include "form.h"
#include "map.h"
#include "vec.h"

enum op {
#define FTM_OP(name, operands, shape, cls, flags, diff, attrs, meaning) OP_##name,
#include "ops.def"
#undef FTM_OP
    OP_COUNT
};

/* The value of a node; a typed handle. */
typedef struct {
    uint32_t i;
} value_id;

#define VALUE_NONE ((value_id){UINT32_MAX})

static inline bool value_same(value_id a, value_id b) { return a.i == b.i; }
static inline bool value_valid(value_id v) { return v.i != UINT32_MAX; }

/* An index that no label has: torch's default of ignore_index. */
enum { NO_IGNORE_INDEX = -100 };

/* Numbers of any count; they live as long as the program. */
struct int_list {
    uint32_t count;
    const int64_t *at;
};

/* Attributes of an operation; which ones an op has is in its row (ATTR_ bits of attrs.def). Unused
 * ones are zero. */
struct attrs {
#define FTM_ATTR_INT(name)    int64_t name;
#define FTM_ATTR_INT2(name)   int64_t name[2];
#define FTM_ATTR_INT4(name)   int64_t name[4];
#define FTM_ATTR_LIST(name)   struct int_list name;
#define FTM_ATTR_FLOAT(name)  double name;
#define FTM_ATTR_FLOAT2(name) double name[2];
#define FTM_ATTR_BOOL(name)   bool name;
#define FTM_ATTR_STRING(name) const char *name;
#define FTM_ATTR_SHAPE(name)  struct shape name;
#define FTM_ATTR_LAYOUT(name) enum ftmrt_layout name;
#define FTM_ATTR_ROLE(name)   enum ftmrt_role name;
#define FTM_ATTR_STATE(name)  uint32_t name;
#include "attrs.def"
};

/* The attributes of a program, each set once: of two nodes of one op those with equal attributes
 * have the same pointer (attrs.c). */
struct attrs_table {
    VEC(const struct attrs *) all;
    uint32_t *slots; /* index in `all` + 1 by hash; 0 is free */
    uint32_t slot_count;
};

/* An element-wise operation fused behind a node: its first operand is the value so far, its further
 * operands (if any) are `extra` inputs of the node, taken in order after the anchor's own. */
struct step {
    enum op op;
    uint32_t extra;
    const struct attrs *attrs; /* interned; never NULL */
};

/* One reader of a value: operand `operand` of node `user`, or output `operand` if user is
 * USE_OUTPUT. */
struct use {
    uint32_t user, operand;
    struct use *next, *prev; /* of the same value, newest first */
};

#define USE_OUTPUT UINT32_MAX

/* What fusing makes: so many steps and operands at most. What is written by hand may have more. */
enum { FUSED_MAX_STEPS = 6, FUSED_MAX_INPUTS = 12 };

struct node {
    enum op op;
    struct form form;     /* of its value */
    uint32_t input_count; /* anchor's operands, then those of the steps */
    uint32_t step_count;
    const value_id *inputs; /* written by graph_set_input() */
    const struct step *steps;
    const struct attrs *attrs; /* interned, written by graph_set_attrs(); never NULL */
    const char *variant;       /* which of its op's kernels computes it, set by select; NULL: the
                                  only one, or not chosen yet */
    struct type type;          /* of the result (an EFFECT's is the state's it writes first) */
    struct use *reads;         /* by operand: its place in the list of uses of what it reads */
    struct use *uses;          /* of this node's value: see for_uses */
    uint32_t use_count;
    bool dead;
    const char *name; /* label path of the layer it came from, or NULL */
    struct span span;
};

struct named_value {
    const char *name;
    enum ftmrt_role role; /* FTMRT_ROLE_NONE: follows from the name; see graph_output_role */
    value_id value;       /* written by graph_set_output() */
    struct use *use;      /* its place in the list of uses of the value */
};

struct graph {
    struct program *program;
    const char *name; /* "predict", "eval", "train" */
    enum ftmrt_entry_kind kind;
    uint32_t phase;         /* of the training; states are trained in the phases that they name */
    const char *scope;      /* the model that it belongs to; "": the program's own */
    int64_t max_n;          /* greatest n, if less than the program's greatest batch; else 0 */
    VEC(struct node) nodes; /* execution order, once graph_sort() has run */
    VEC(struct named_value) outputs; /* inputs are the OP_input nodes, in order */
    VEC(value_id) leaves;            /* by state: its `state` node, or VALUE_NONE */
};

struct state {
    const char *name; /* state dict key; slots: "fc.weight/momentum" */
    enum ftmrt_state_kind kind;
    struct type type;        /* shape that the graph uses */
    struct shape file_shape; /* shape in files; same elements, same order */
    struct form form;        /* in the workspace */
    bool trainable;          /* updated by the optimizer in some phase */
    uint32_t phases;         /* bit p: in phase p; 0: in every phase */
    bool mutable;            /* written by some function (trainable implies mutable), or kept */
    bool kept;               /* nothing here writes it, but whoever runs the program may */
    bool learnt;             /* a constant here, which the recipe's own training would write */
    bool added;              /* belongs to a layer that the recipe added */
    bool grows;     /* its rows are classes, of which more may come while the program runs */
    int32_t source; /* index in the weight file's table, or -1 */
    enum ftmrt_init init;
    double init_arg;
    int64_t fan_in;
    const char *group;      /* of a parameter: a name among the optimizer's groups, or NULL */
    const char *layer;      /* label path of its layer */
    const char *layer_kind; /* "conv2d", "linear", "batch_norm" */
    struct span span;
};

enum { OPTIMIZER_MAX_SLOTS = 4, OPTIMIZER_MAX_SCALARS = 12 };

/* Parameters whose learning rate and weight decay are factors of the optimizer's, as those of torch.optim's groups would be
 * written: so the schedule moves all alike. */
struct optimizer_group {
    const char *name;
    double lr, weight_decay; /* at least 0; 1: as the others */
};

/* How parameters follow their gradients; the op's rule (optimizer.h) names the values. */
struct optimizer {
    enum op op;                           /* of the class UPDATE; OP_COUNT: there is none */
    struct attrs attrs;                   /* those that the op has */
    double values[OPTIMIZER_MAX_SCALARS]; /* defaults of the run-time scalars */
    double clip_norm,
        clip_value; /* what gradients are brought to before; 0: they are as they are */
    VEC(struct optimizer_group) groups;
};

/* Which frozen prefixes of the training become entries of their own (passes/prefix.c). */
enum prefix_cut {
    PREFIX_NEVER,
    PREFIX_SMALL, /* those whose features can be kept: they take no more memory than the inputs */
    PREFIX_ALWAYS,
    PREFIX_CUT_COUNT
};

struct program {
    struct arena *arena;
    struct diag *diag;
    const char *name;
    int64_t max_batch;
    int64_t shards; /* fixed cut of the batch for every reduction over it */
    VEC(struct state) states;
    struct map state_names; /* index in `states` + 1 */
    VEC(struct graph *) functions;
    struct attrs_table attrs;
    enum prefix_cut cut_prefix;
    bool folded; /* the pass `fold` has put constants together */
    struct optimizer optimizer;
};

/* A program without states, functions and optimizer, with 4 shards. Everything in it lives in the arena, which owns it; name
 * is kept, not copied. max_batch: the greatest n, at least 1. */
struct program *program_new(struct arena *arena, struct diag *diag, const char *name,
                            int64_t max_batch);
/* Appends a function of phase 0, of the program's own scope, for all batches. */
struct graph *program_add_function(struct program *p, const char *name, enum ftmrt_entry_kind kind);
struct graph *program_find_function(const struct program *p, const char *name);

/* Appends a state, which is stored as its type; returns its index. */
uint32_t program_add_state(struct program *p, struct state s);
/* The greatest n of a function. */
int64_t graph_max_n(const struct graph *g);

enum { GRAPH_MAX_PHASES = 32 };
/* Whether training in a phase updates a state. */
bool state_trained(const struct state *s, uint32_t phase);

/* Index of a state by name, or UINT32_MAX. */
uint32_t program_find_state(const struct program *p, const char *name);
/* Whether a state is a compile-time constant: neither trainable nor mutable in any function. */
bool state_constant(const struct state *s);

/* The one set of attributes in the program that agrees with a in those that op has, the others
 * being zero. a may be NULL: all are zero. Strings and lists are kept, not copied. */
const struct attrs *program_attrs(struct program *p, enum op op, const struct attrs *a);

static inline struct node *graph_node(const struct graph *g, value_id v)
{
    return &g->nodes.at[v.i];
}
static inline const struct shape *graph_shape(const struct graph *g, value_id v)
{
    return &g->nodes.at[v.i].type.shape;
}

/* Appends a node, inferring its type by the op's shape rule. On a shape error reports it at span
 * (if the op's rule finds one) and returns VALUE_NONE. Any VALUE_NONE operand gives VALUE_NONE
 * silently. */
value_id graph_add(struct graph *g, enum op op, const value_id *inputs, uint32_t input_count,
                   const struct attrs *attrs, struct span span, const char *name);

/* graph_add without a place; operands as a list: graph_op(g, OP_add, NULL, a, b). A shape error is
 * a bug. */
#define graph_op(g, op, attrs, ...)                                                                \
    graph_op_((g), (op), (attrs), (const value_id[]){__VA_ARGS__},                                 \
              (uint32_t)(sizeof((const value_id[]){__VA_ARGS__}) / sizeof(value_id)))
value_id graph_op_(struct graph *g, enum op op, const struct attrs *attrs, const value_id *inputs,
                   uint32_t count);

/* Leaves. A state has one leaf per function: a second call returns the first. */
value_id graph_input(struct graph *g, const char *name, struct type type);
value_id graph_state(struct graph *g, uint32_t state);
value_id graph_constant(struct graph *g, double value, struct type type);
/* The output of an explanation that is the map: before the backward pass its values [N, C, H, W], behind it a number for each place. */
#define EXPLAINED_MAP "map"

/* The same with a role, which otherwise follows from name and type: that of the role whose word the
 * name is (role.def), HYPER for other scalars, INPUT for the rest. */
value_id graph_input_as(struct graph *g, const char *name, struct type type, enum ftmrt_role role);
/* Whether inputs, or outputs, can have a role. */
bool role_fits(enum ftmrt_role role, bool input);
enum ftmrt_role graph_input_role(const struct node *input);
/* The leaf of a state, or VALUE_NONE. */
value_id graph_find_state(const struct graph *g, uint32_t state);
/* An input by name, or VALUE_NONE. */
value_id graph_find_input(const struct graph *g, const char *name);

/* Names a value as a result of the function; name is kept, not copied. A value may have several names, but no name two values:
 * not checked here, the verifier does. */
void graph_output(struct graph *g, const char *name, value_id v);
value_id graph_find_output(const struct graph *g, const char *name);

/* The same with a role, which otherwise is that of the role whose word the name is, or NONE. */
void graph_output_as(struct graph *g, const char *name, value_id v, enum ftmrt_role role);
enum ftmrt_role graph_output_role(const struct named_value *output);
/* The first output with a role, or VALUE_NONE. */
value_id graph_find_role(const struct graph *g, enum ftmrt_role role);

/* Appends a node as it is, its type included; operands and steps are copied, attributes interned.
 * Operands must exist. */
value_id graph_append(struct graph *g, const struct node *n);

/* Gives a value another node, as graph_append would append it; its uses stay. */
void graph_set_node(struct graph *g, value_id v, const struct node *n);

/* Operands of the node proper: those before the extra operands of its steps (0 if the steps claim
 * more than there are). */
uint32_t node_anchor_inputs(const struct node *n);

/* What operand i of a node, or an output, reads; the attributes of a node. */
void graph_set_input(struct graph *g, value_id node, uint32_t i, value_id v);
void graph_set_output(struct graph *g, uint32_t output, value_id v);
void graph_set_attrs(struct graph *g, value_id v, const struct attrs *a);

/* Replaces every use of `from` (operands and outputs) by `to`, except in the node `except` itself.
 */
void graph_replace_uses(struct graph *g, value_id from, value_id to, value_id except);

/* Takes a node out: it no longer uses its operands. Its own value must have lost its uses by the
 * time of the next graph_sort(). */
void graph_kill(struct graph *g, value_id v);

/* Uses by live nodes and outputs. */
static inline uint32_t graph_use_count(const struct graph *g, value_id v)
{
    return g->nodes.at[v.i].use_count;
}

/* Loops over the uses of a value, newest first; the body must not change them. */
#define for_uses(g, v, u)                                                                          \
    for (const struct use *(u) = graph_node((g), (v))->uses; (u); (u) = (u)->next)

/* Reorders so that operands come before users (stable), effects last in their order; renumbers;
 * drops dead nodes. */
void graph_sort(struct graph *g);

/* Type inference of one node by its op's rule; reports at the node's span. The value is then stored as its type: whoever wants
 * another stored type sets it afterwards. */
bool graph_infer(struct graph *g, struct node *n);

#endif

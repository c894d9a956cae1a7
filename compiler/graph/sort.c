/* Sorting: a depth-first walk in list order that puts operands before their user, so that a list
 * that is already in order stays as it is; inputs come first and effects last, each in their order.
 */
#include "graph.h"
#include "op.h"

enum { UNSEEN = 0, OPEN, PLACED };

struct sorter {
    const struct graph *g;
    unsigned char *mark;
    uint32_t *place; /* new index by old index */
    uint32_t *order; /* old index by new index */
    uint32_t *stack; /* nodes whose operands are being placed */
    uint32_t *next;  /* next operand to look at, by old index */
    uint32_t placed;
};

/* Pushes the next operand of a node that is not placed yet; false if there is none. */
static bool push_operand(struct sorter *s, uint32_t *depth)
{
    uint32_t i = s->stack[*depth - 1];
    const struct node *n = &s->g->nodes.at[i];
    while (s->next[i] < n->input_count) {
        uint32_t operand = n->inputs[s->next[i]++].i;
        FTM_BUG_ON(operand >= s->g->nodes.len || s->g->nodes.at[operand].dead,
                   "%s reads a value that does not exist", op_info(n->op)->name);
        FTM_BUG_ON(s->mark[operand] == OPEN, "%s depends on itself", op_info(n->op)->name);
        if (s->mark[operand] == UNSEEN) {
            s->mark[operand] = OPEN;
            s->stack[(*depth)++] = operand;
            return true;
        }
    }
    return false;
}

static void place_with_operands(struct sorter *s, uint32_t root)
{
    if (s->mark[root] != UNSEEN)
        return;
    uint32_t depth = 0;
    s->mark[root] = OPEN;
    s->stack[depth++] = root;
    while (depth > 0) {
        if (push_operand(s, &depth))
            continue;
        uint32_t i = s->stack[--depth];
        s->mark[i] = PLACED;
        s->place[i] = s->placed;
        s->order[s->placed++] = i;
    }
}

/* Group of a node in the order: inputs, everything else, effects. */
static int sort_group(const struct node *n)
{
    if (n->op == OP_input)
        return 0;
    return op_info(n->op)->cls == OP_CLASS_EFFECT ? 2 : 1;
}

/* Gives the operands of a node, and their uses, the new numbers. */
static void renumber_operands(const struct sorter *s, const struct node *n, uint32_t i)
{
    value_id *inputs = (value_id *)n->inputs; /* the lists of uses stay as they are */
    for (uint32_t k = 0; k < n->input_count; k++) {
        inputs[k].i = s->place[inputs[k].i];
        n->reads[k].user = i;
    }
}

static void renumber(struct graph *g, const struct sorter *s)
{
    struct node *nodes = arena_array(g->program->arena, struct node, s->placed);
    for (uint32_t i = 0; i < s->placed; i++) {
        nodes[i] = g->nodes.at[s->order[i]];
        renumber_operands(s, &nodes[i], i);
    }
    for (uint32_t i = 0; i < g->leaves.len; i++) {
        value_id *leaf = &g->leaves.at[i];
        bool live = value_valid(*leaf) && !g->nodes.at[leaf->i].dead;
        *leaf = live ? (value_id){s->place[leaf->i]} : VALUE_NONE;
    }
    g->nodes.at = nodes;
    g->nodes.len = g->nodes.cap = s->placed;
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        uint32_t old = g->outputs.at[i].value.i;
        g->outputs.at[i].value.i = s->place[old];
    }
}

void graph_sort(struct graph *g)
{
    struct arena scratch;
    arena_init(&scratch, "sort");
    uint32_t count = g->nodes.len;
    struct sorter s = {.g = g};
    s.mark = arena_array(&scratch, unsigned char, count);
    s.place = arena_array(&scratch, uint32_t, count);
    s.order = arena_array(&scratch, uint32_t, count);
    s.stack = arena_array(&scratch, uint32_t, count);
    s.next = arena_array(&scratch, uint32_t, count);
    for (int group = 0; group < 3; group++)
        for (uint32_t i = 0; i < count; i++)
            if (!g->nodes.at[i].dead && sort_group(&g->nodes.at[i]) == group)
                place_with_operands(&s, i);
    for (uint32_t i = 0; i < g->outputs.len; i++)
        FTM_BUG_ON(g->outputs.at[i].value.i >= count || s.mark[g->outputs.at[i].value.i] != PLACED,
                   "output %s has no value", g->outputs.at[i].name);
    renumber(g, &s);
    arena_clear(&scratch);
}

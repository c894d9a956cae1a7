/* Equality of nodes and constness of values.
 *
 * Attributes are compared by the op's row, field by field: struct attrs has padding and fields an
 * op does not use. */
#include "query.h"

#include <string.h>

#include "op.h"

static bool strings_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Bitwise, so that 0 and -0 differ and a NaN equals itself. */
static bool doubles_equal(double a, double b)
{
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

bool attrs_equal(enum op op, const struct attrs *a, const struct attrs *b)
{
    uint64_t has = op_info(op)->attrs;
#define HAS(name) (has >> ATTR_INDEX_##name & 1U)
#define FTM_ATTR_INT(name)                                                                         \
    if (HAS(name) && a->name != b->name)                                                           \
        return false;
#define FTM_ATTR_INT2(name)                                                                        \
    if (HAS(name) && memcmp(a->name, b->name, sizeof(a->name)) != 0)                               \
        return false;
#define FTM_ATTR_INT4(name) FTM_ATTR_INT2(name)
#define FTM_ATTR_FLOAT(name)                                                                       \
    if (HAS(name) && !doubles_equal(a->name, b->name))                                             \
        return false;
#define FTM_ATTR_BOOL(name) FTM_ATTR_INT(name)
#define FTM_ATTR_STRING(name)                                                                      \
    if (HAS(name) && !strings_equal(a->name, b->name))                                             \
        return false;
#define FTM_ATTR_SHAPE(name)                                                                       \
    if (HAS(name) && !shape_equal(&a->name, &b->name))                                             \
        return false;
#define FTM_ATTR_LAYOUT(name) FTM_ATTR_INT(name)
#define FTM_ATTR_STATE(name)  FTM_ATTR_INT(name)
#include "attrs.def"
#undef HAS
    return true;
}

bool node_steps_equal(const struct node *a, const struct node *b)
{
    if (a->step_count != b->step_count)
        return false;
    for (uint32_t i = 0; i < a->step_count; i++) {
        const struct step *x = &a->steps[i], *y = &b->steps[i];
        if (x->op != y->op || x->extra != y->extra || !attrs_equal(x->op, &x->attrs, &y->attrs))
            return false;
    }
    return true;
}

bool node_equal(const struct node *a, const struct node *b)
{
    if (a->op != b->op || a->input_count != b->input_count || a->layout != b->layout)
        return false;
    for (uint32_t i = 0; i < a->input_count; i++)
        if (!value_same(a->inputs[i], b->inputs[i]))
            return false;
    return type_equal(&a->type, &b->type) && attrs_equal(a->op, &a->attrs, &b->attrs) &&
           node_steps_equal(a, b);
}

uint32_t node_anchor_inputs(const struct node *n)
{
    uint32_t count = n->input_count;
    for (uint32_t i = 0; i < n->step_count; i++)
        count -= n->steps[i].extra < count ? n->steps[i].extra : count;
    return count;
}

bool graph_value_constant(const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    if (n->op == OP_state)
        return state_constant(&g->program->states.at[n->attrs.state]);
    if (!(op_info(n->op)->traits & OP_TRAIT_CONST) || n->step_count)
        return false;
    for (uint32_t i = 0; i < n->input_count; i++)
        if (!graph_value_constant(g, n->inputs[i]))
            return false;
    return n->input_count > 0;
}

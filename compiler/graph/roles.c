/* What inputs and outputs are for: stated, or what their name and type say. */
#include <string.h>

#include "graph.h"

static const struct {
    const char *word;
    bool input, output;
} roles[] = {
#define FTMRT_ROLE(name, word, input, output, meaning) {word, input, output},
#include "role.def"
#undef FTMRT_ROLE
};

bool role_fits(enum ftmrt_role role, bool input)
{
    return role < FTMRT_ROLE_COUNT && (input ? roles[role].input : roles[role].output);
}

static enum ftmrt_role input_default(const char *name, const struct type *type)
{
    for (int i = 0; name && i < FTMRT_ROLE_COUNT; i++)
        if (roles[i].input && strcmp(roles[i].word, name) == 0)
            return (enum ftmrt_role)i;
    return type->shape.rank == 0 ? FTMRT_ROLE_HYPER : FTMRT_ROLE_INPUT;
}

static enum ftmrt_role output_default(const char *name)
{
    for (int i = 0; i < FTMRT_ROLE_COUNT; i++)
        if (roles[i].output && strcmp(roles[i].word, name) == 0)
            return (enum ftmrt_role)i;
    return FTMRT_ROLE_NONE;
}

value_id graph_input_as(struct graph *g, const char *name, struct type type, enum ftmrt_role role)
{
    struct attrs a = {.label = arena_strdup(g->program->arena, name)};
    a.role = role == input_default(name, &type) ? FTMRT_ROLE_NONE : role;
    return graph_append(
        g, &(struct node){.op = OP_input, .attrs = &a, .type = type, .form = form_plain(&type)});
}

value_id graph_input(struct graph *g, const char *name, struct type type)
{
    return graph_input_as(g, name, type, input_default(name, &type));
}

enum ftmrt_role graph_input_role(const struct node *input)
{
    enum ftmrt_role stated = input->attrs->role;
    return stated != FTMRT_ROLE_NONE ? stated : input_default(input->attrs->label, &input->type);
}

void graph_output_as(struct graph *g, const char *name, value_id v, enum ftmrt_role role)
{
    graph_output(g, name, v);
    g->outputs.at[g->outputs.len - 1].role = role == output_default(name) ? FTMRT_ROLE_NONE : role;
}

enum ftmrt_role graph_output_role(const struct named_value *output)
{
    return output->role != FTMRT_ROLE_NONE ? output->role : output_default(output->name);
}

value_id graph_find_role(const struct graph *g, enum ftmrt_role role)
{
    for (uint32_t i = 0; i < g->outputs.len; i++)
        if (graph_output_role(&g->outputs.at[i]) == role)
            return g->outputs.at[i].value;
    return VALUE_NONE;
}

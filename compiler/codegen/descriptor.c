/* Builds the tables of struct ftmrt_program in memory: what the blob is made from and tables.c
 * prints. */
#include "descriptor.h"

#include <ctype.h>
#include <string.h>

#include "blob.h"
#include "fingerprint.h"
#include "identity.h"
#include "op.h"

/* ---- names ---- */

static bool is_keyword(const char *name)
{
    static const char *const keywords[] = {
        "auto",    "break",  "case",     "char",   "const",    "continue", "default",
        "do",      "double", "else",     "enum",   "extern",   "float",    "for",
        "goto",    "if",     "inline",   "int",    "long",     "register", "restrict",
        "return",  "short",  "signed",   "sizeof", "static",   "struct",   "switch",
        "typedef", "union",  "unsigned", "void",   "volatile", "while",    "main"};
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (strcmp(name, keywords[i]) == 0)
            return true;
    return false;
}

/* The program's name as a C identifier: other characters become '_', keywords and leading digits
 * get one. */
static char *descriptor_symbol(struct arena *arena, const char *name)
{
    char *s = arena_printf(arena, "%s%s%s", isdigit((unsigned char)name[0]) ? "_" : "", name,
                           is_keyword(name) || name[0] == '\0' ? "_" : "");
    for (char *p = s; *p; p++)
        if (!isalnum((unsigned char)*p))
            *p = '_';
    if (strlen(s) > 100) /* symbols stay readable */
        s[100] = '\0';
    return s;
}

char *descriptor_entry_symbol(struct arena *arena, const struct descriptor *d, const char *function)
{
    char *s = arena_printf(arena, "%s_%s", d->symbol, function);
    for (char *p = s; *p; p++)
        if (!isalnum((unsigned char)*p))
            *p = '_';
    return s;
}

char *descriptor_blob_symbol(struct arena *arena, const struct descriptor *d)
{
    return arena_printf(arena, "%s_blob", d->symbol);
}

/* ---- the tables in memory ---- */

static void copy_shape(const struct shape *s, uint32_t *rank, int64_t *dim)
{
    *rank = s->rank;
    for (uint32_t i = 0; i < s->rank; i++)
        dim[i] = s->dim[i];
}

/* Tensors that some state takes, in order of states; source_index[i] is the table index of source
 * i. */
static struct ftmrt_tensor *make_tensors(struct arena *arena, const struct descriptor_input *in,
                                         int32_t *source_index,
                                         const struct descriptor_source **data, uint32_t *count)
{
    const struct program *p = in->schedule->program;
    struct ftmrt_tensor *tensors = arena_array(arena, struct ftmrt_tensor, in->source_count);
    for (uint32_t i = 0; i < in->source_count; i++)
        source_index[i] = -1;
    for (uint32_t i = 0; i < p->states.len; i++) {
        int32_t source = p->states.at[i].source;
        if (source < 0 || (uint32_t)source >= in->source_count || source_index[source] >= 0)
            continue;
        const struct descriptor_source *s = &in->sources[source];
        source_index[source] = (int32_t)*count;
        data[*count] = s;
        struct ftmrt_tensor *t = &tensors[(*count)++];
        *t = (struct ftmrt_tensor){.name = s->name,
                                   .dtype = s->dtype,
                                   .rank = s->rank,
                                   .bytes = s->bytes,
                                   .origin = s->origin};
        memcpy(t->dim, s->dim, sizeof t->dim);
    }
    return tensors;
}

/* Marks the tensors that only constants are computed from: where no trained file is written, the blob has no need of them. */
static void mark_hashed(const struct descriptor_input *in, const int32_t *source_index,
                        struct ftmrt_tensor *tensors, uint32_t count)
{
    const struct program *p = in->schedule->program;
    for (uint32_t i = 0; i < count; i++)
        tensors[i].hashed = in->infer;
    for (uint32_t i = 0; i < p->states.len; i++) {
        const struct state *s = &p->states.at[i];
        if (s->source >= 0 && (uint32_t)s->source < in->source_count && !state_constant(s))
            tensors[source_index[s->source]].hashed = 0;
    }
}

static uint32_t state_flags(const struct state *s)
{
    uint32_t flags = 0;
    if (s->trainable)
        flags |= FTMRT_TRAINABLE;
    if (!state_constant(s))
        flags |= FTMRT_MUTABLE;
    if (s->added)
        flags |= FTMRT_NEW;
    if (s->grows)
        flags |= FTMRT_GROWS;
    return flags;
}

static struct ftmrt_state *make_states(struct arena *arena, const struct descriptor_input *in,
                                       const int32_t *source_index)
{
    const struct program *p = in->schedule->program;
    struct ftmrt_state *states = arena_array(arena, struct ftmrt_state, p->states.len);
    for (uint32_t i = 0; i < p->states.len; i++) {
        const struct state *s = &p->states.at[i];
        struct ftmrt_state *t = &states[i];
        *t = (struct ftmrt_state){
            .name = s->name, .kind = (uint32_t)s->kind, .dtype = (uint32_t)s->type.dtype};
        t->flags = state_flags(s);
        copy_shape(&s->file_shape, &t->rank, t->dim);
        copy_shape(&s->type.shape, &t->layout_rank, t->layout_dim);
        t->layout = (uint32_t)s->form.layout;
        t->offset = t->flags & FTMRT_MUTABLE ? in->schedule->state_offset[i] : 0;
        bool sourced = s->source >= 0 && (uint32_t)s->source < in->source_count;
        t->source = sourced ? source_index[s->source] : -1;
        t->init = (uint32_t)s->init;
        t->init_arg = s->init_arg;
        t->fan_in = s->fan_in;
    }
    return states;
}

/* What a node that moves running statistics says of them: known by its attributes, a share and the size of a map. */
static void note_statistics(struct ftmrt_state *states, const struct graph *g, const struct node *n)
{
    const struct op_info *info = op_info(n->op);
    if (n->dead || info->cls != OP_CLASS_EFFECT || !(info->attrs >> ATTR_INDEX_momentum & 1U) ||
        !(info->attrs >> ATTR_INDEX_in_size & 1U))
        return;
    for (uint32_t i = 0; i < n->input_count; i++) {
        if (!op_writes(n->op, i))
            continue;
        struct ftmrt_state *s = &states[graph_node(g, n->inputs[i])->attrs->state];
        s->momentum = n->attrs->momentum;
        s->places = n->attrs->in_size[0] * n->attrs->in_size[1];
    }
}

static void note_all_statistics(struct ftmrt_state *states, const struct schedule *s)
{
    for (uint32_t i = 0; i < s->functions.len; i++) {
        const struct graph *g = s->functions.at[i].graph;
        for (uint32_t k = 0; k < g->nodes.len; k++)
            note_statistics(states, g, &g->nodes.at[k]);
    }
}

static struct ftmrt_derive *make_derives(struct arena *arena, const struct schedule *s,
                                         uint64_t constants_at)
{
    struct ftmrt_derive *derives = arena_array(arena, struct ftmrt_derive, s->derives.len);
    for (uint32_t i = 0; i < s->derives.len; i++) {
        derives[i] = s->derives.at[i];
        if (derives[i].stored)
            derives[i].offset += constants_at;
    }
    return derives;
}

/* The caller's memory is row-major; the kernels that touch it bring it into their own layout. */
static struct ftmrt_value make_value(const char *name, enum ftmrt_role role, const struct node *n)
{
    struct ftmrt_value v = {.name = name,
                            .role = (uint32_t)role,
                            .dtype = (uint32_t)n->type.dtype,
                            .stored = (uint32_t)n->form.stored,
                            .layout = (uint32_t)n->form.layout};
    copy_shape(&n->type.shape, &v.rank, v.dim);
    return v;
}

/* What a prefix depends on beside its inputs: by this its results are known from one program to the next. */
static void add_dependencies(struct arena *arena, const struct graph *g, struct ftmrt_entry *e)
{
    uint32_t *reads = arena_array(arena, uint32_t, g->nodes.len);
    for (uint32_t i = 0; i < g->nodes.len; i++)
        if (g->nodes.at[i].op == OP_state && !g->nodes.at[i].dead)
            reads[e->read_count++] = g->nodes.at[i].attrs->state;
    e->reads = reads;
    e->hash = identity_graph(g);
}

static struct ftmrt_entry make_entry(struct arena *arena, const struct graph *g)
{
    struct ftmrt_value *inputs = arena_array(arena, struct ftmrt_value, g->nodes.len);
    struct ftmrt_value *outputs = arena_array(arena, struct ftmrt_value, g->outputs.len);
    struct ftmrt_entry e = {.name = g->name,
                            .kind = (uint32_t)g->kind,
                            .phase = g->phase,
                            .scope = g->scope,
                            .max_n = graph_max_n(g),
                            .inputs = inputs,
                            .outputs = outputs,
                            .output_count = g->outputs.len};
    for (uint32_t i = 0; i < g->nodes.len; i++)
        if (g->nodes.at[i].op == OP_input && !g->nodes.at[i].dead)
            inputs[e.input_count++] = make_value(
                g->nodes.at[i].attrs->label, graph_input_role(&g->nodes.at[i]), &g->nodes.at[i]);
    for (uint32_t i = 0; i < g->outputs.len; i++)
        outputs[i] = make_value(g->outputs.at[i].name, graph_output_role(&g->outputs.at[i]),
                                graph_node(g, g->outputs.at[i].value));
    if (g->kind == FTMRT_ENTRY_PREFIX)
        add_dependencies(arena, g, &e);
    return e;
}

struct descriptor *descriptor_new(struct arena *arena, const struct descriptor_input *in)
{
    const struct schedule *s = in->schedule;
    struct descriptor *d = arena_new(arena, struct descriptor);
    d->name = descriptor_symbol(arena, s->program->name);
    d->library = in->library;
    d->symbol = in->library ? "entry" : d->name;
    d->program_symbol = in->library ? "ftmx_program" : arena_printf(arena, "%s_program", d->symbol);
    d->blob = in->blob;
    struct ftmrt_program *p = &d->program;
    *p = (struct ftmrt_program){.abi_version = FTMRT_ABI_VERSION,
                                .name = s->program->name,
                                .compiler = in->compiler,
                                .compiler_hash = in->compiler_hash,
                                .cpu = in->cpu->name,
                                .max_batch = s->program->max_batch,
                                .workspace_size = s->workspace_size,
                                .arena_size = s->arena_size,
                                .recipe = in->recipe,
                                .resolved = in->resolved,
                                .training = in->training,
                                .source = in->source};
    int32_t *source_index = arena_array(arena, int32_t, in->source_count);
    const struct descriptor_source **data =
        arena_array(arena, const struct descriptor_source *, in->source_count);
    struct ftmrt_tensor *tensors = make_tensors(arena, in, source_index, data, &p->tensor_count);
    mark_hashed(in, source_index, tensors, p->tensor_count);
    d->constants_at = blob_place_tensors(tensors, p->tensor_count);
    p->tensors = tensors;
    struct ftmrt_state *states = make_states(arena, in, source_index);
    note_all_statistics(states, s);
    p->states = states;
    p->state_count = s->program->states.len;
    p->derives = make_derives(arena, s, d->constants_at);
    p->derive_count = s->derives.len;
    struct ftmrt_entry *entries = arena_array(arena, struct ftmrt_entry, s->functions.len);
    for (uint32_t i = 0; i < s->functions.len; i++)
        entries[i] = make_entry(arena, s->functions.at[i].graph);
    p->entries = entries;
    p->entry_count = s->functions.len;
    p->blob_size = d->constants_at + s->constants_size;
    p->blob = blob_make(arena, p, data);
    struct ftmrt_selftest *selftest = arena_new(arena, struct ftmrt_selftest);
    if (in->selftest)
        *selftest = *in->selftest;
    selftest->blob_hash = fingerprint_blocks(p->blob, p->blob_size);
    p->selftest = selftest;
    p->identity = identity_of(p, in->network);
    return d;
}

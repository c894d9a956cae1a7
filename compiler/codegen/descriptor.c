/* Builds the tables of struct ftmrt_program in memory and writes them as LLVM constants.
 *
 * LLVM's unpacked structs are laid out by the target's data layout; every emitted struct is
 * compared field by field with the offsets that the C compiler gave ours, so that a change of
 * ftmrt.h cannot go unnoticed. */
#include "descriptor.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "blob.h"

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
        *t = (struct ftmrt_tensor){
            .name = s->name, .dtype = s->dtype, .rank = s->rank, .bytes = s->bytes};
        memcpy(t->dim, s->dim, sizeof t->dim);
    }
    return tensors;
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
        t->layout = (uint32_t)s->layout;
        t->offset = t->flags & FTMRT_MUTABLE ? in->schedule->state_offset[i] : 0;
        bool sourced = s->source >= 0 && (uint32_t)s->source < in->source_count;
        t->source = sourced ? source_index[s->source] : -1;
        t->init = (uint32_t)s->init;
        t->init_arg = s->init_arg;
        t->fan_in = s->fan_in;
    }
    return states;
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

static struct ftmrt_value make_value(const char *name, const struct type *type)
{
    struct ftmrt_value v = {.name = name, .dtype = (uint32_t)type->dtype};
    copy_shape(&type->shape, &v.rank, v.dim);
    return v;
}

static struct ftmrt_entry make_entry(struct arena *arena, const struct graph *g)
{
    struct ftmrt_value *inputs = arena_array(arena, struct ftmrt_value, g->nodes.len);
    struct ftmrt_value *outputs = arena_array(arena, struct ftmrt_value, g->outputs.len);
    struct ftmrt_entry e = {
        .name = g->name, .inputs = inputs, .outputs = outputs, .output_count = g->outputs.len};
    for (uint32_t i = 0; i < g->nodes.len; i++)
        if (g->nodes.at[i].op == OP_input && !g->nodes.at[i].dead)
            inputs[e.input_count++] = make_value(g->nodes.at[i].attrs->label, &g->nodes.at[i].type);
    for (uint32_t i = 0; i < g->outputs.len; i++)
        outputs[i] =
            make_value(g->outputs.at[i].name, &graph_node(g, g->outputs.at[i].value)->type);
    return e;
}

struct descriptor *descriptor_new(struct arena *arena, const struct descriptor_input *in)
{
    const struct schedule *s = in->schedule;
    struct descriptor *d = arena_new(arena, struct descriptor);
    d->symbol = descriptor_symbol(arena, s->program->name);
    struct ftmrt_program *p = &d->program;
    *p = (struct ftmrt_program){.abi_version = FTMRT_ABI_VERSION,
                                .name = s->program->name,
                                .compiler = in->compiler,
                                .cpu = in->cpu->name,
                                .max_batch = s->program->max_batch,
                                .workspace_size = s->workspace_size,
                                .arena_size = s->arena_size,
                                .recipe = in->recipe,
                                .resolved = in->resolved};
    int32_t *source_index = arena_array(arena, int32_t, in->source_count);
    const struct descriptor_source **data =
        arena_array(arena, const struct descriptor_source *, in->source_count);
    struct ftmrt_tensor *tensors = make_tensors(arena, in, source_index, data, &p->tensor_count);
    d->constants_at = blob_place_tensors(tensors, p->tensor_count);
    p->tensors = tensors;
    p->states = make_states(arena, in, source_index);
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
    return d;
}

/* ---- the tables as constants ---- */

enum { MAX_FIELDS = 24 };

/* A struct under construction: values with the offsets that C gives them. */
struct record {
    struct ir *ir;
    LLVMValueRef value[MAX_FIELDS];
    size_t offset[MAX_FIELDS];
    uint32_t count;
};

static void field(struct record *r, size_t offset, LLVMValueRef v)
{
    FTM_BUG_ON(r->count >= MAX_FIELDS, "a record of more than %d fields", MAX_FIELDS);
    r->offset[r->count] = offset;
    r->value[r->count++] = v;
}

static LLVMValueRef record_end(struct record *r, size_t size)
{
    LLVMValueRef v = LLVMConstStructInContext(r->ir->context, r->value, r->count, false);
    LLVMTargetDataRef layout = LLVMGetModuleDataLayout(r->ir->module);
    LLVMTypeRef type = LLVMTypeOf(v);
    FTM_BUG_ON(LLVMABISizeOfType(layout, type) != size, "size of an emitted struct");
    for (uint32_t i = 0; i < r->count; i++)
        FTM_BUG_ON(LLVMOffsetOfElement(layout, type, i) != r->offset[i],
                   "field %u of an emitted struct", i);
    return v;
}

static LLVMValueRef u32(struct ir *ir, uint32_t v) { return LLVMConstInt(ir->i32, v, false); }

static LLVMValueRef u64(struct ir *ir, uint64_t v) { return LLVMConstInt(ir->i64, v, false); }

static LLVMValueRef f64(struct ir *ir, double v) { return LLVMConstReal(ir->f64, v); }

static LLVMValueRef private_constant(struct ir *ir, LLVMValueRef value, bool unnamed)
{
    LLVMValueRef global = LLVMAddGlobal(ir->module, LLVMTypeOf(value), "");
    LLVMSetInitializer(global, value);
    LLVMSetGlobalConstant(global, true);
    LLVMSetLinkage(global, LLVMPrivateLinkage);
    if (unnamed)
        LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
    return global;
}

static LLVMValueRef string(struct ir *ir, const char *text)
{
    if (!text)
        return LLVMConstNull(ir->ptr);
    return private_constant(ir, LLVMConstStringInContext2(ir->context, text, strlen(text), false),
                            true);
}

static LLVMValueRef dims(struct ir *ir, const int64_t *dim)
{
    LLVMValueRef v[FTMRT_MAX_RANK];
    for (int i = 0; i < FTMRT_MAX_RANK; i++)
        v[i] = u64(ir, (uint64_t)dim[i]);
    return LLVMConstArray2(ir->i64, v, FTMRT_MAX_RANK);
}

/* A private array of records; NULL if empty. */
static LLVMValueRef table(struct ir *ir, LLVMValueRef *records, uint32_t count)
{
    if (count == 0)
        return LLVMConstNull(ir->ptr);
    return private_constant(ir, LLVMConstArray2(LLVMTypeOf(records[0]), records, count), false);
}

#define FIELD(type, name, v) field(&r, offsetof(struct type, name), (v))

static LLVMValueRef emit_tensor(struct ir *ir, const struct ftmrt_tensor *t)
{
    struct record r = {.ir = ir};
    FIELD(ftmrt_tensor, name, string(ir, t->name));
    FIELD(ftmrt_tensor, dtype, u32(ir, t->dtype));
    FIELD(ftmrt_tensor, rank, u32(ir, t->rank));
    FIELD(ftmrt_tensor, dim, dims(ir, t->dim));
    FIELD(ftmrt_tensor, offset, u64(ir, t->offset));
    FIELD(ftmrt_tensor, bytes, u64(ir, t->bytes));
    return record_end(&r, sizeof *t);
}

static LLVMValueRef emit_state(struct ir *ir, const struct ftmrt_state *s)
{
    struct record r = {.ir = ir};
    FIELD(ftmrt_state, name, string(ir, s->name));
    FIELD(ftmrt_state, kind, u32(ir, s->kind));
    FIELD(ftmrt_state, dtype, u32(ir, s->dtype));
    FIELD(ftmrt_state, flags, u32(ir, s->flags));
    FIELD(ftmrt_state, rank, u32(ir, s->rank));
    FIELD(ftmrt_state, dim, dims(ir, s->dim));
    FIELD(ftmrt_state, layout, u32(ir, s->layout));
    FIELD(ftmrt_state, layout_rank, u32(ir, s->layout_rank));
    FIELD(ftmrt_state, layout_dim, dims(ir, s->layout_dim));
    FIELD(ftmrt_state, offset, u64(ir, s->offset));
    FIELD(ftmrt_state, source, u32(ir, (uint32_t)s->source));
    FIELD(ftmrt_state, init, u32(ir, s->init));
    FIELD(ftmrt_state, init_arg, f64(ir, s->init_arg));
    FIELD(ftmrt_state, fan_in, u64(ir, (uint64_t)s->fan_in));
    return record_end(&r, sizeof *s);
}

static LLVMValueRef emit_derive(struct ir *ir, const struct ftmrt_derive *d)
{
    struct record r = {.ir = ir};
    LLVMValueRef in[3];
    for (int i = 0; i < 3; i++)
        in[i] = u32(ir, (uint32_t)d->in[i]);
    FIELD(ftmrt_derive, op, u32(ir, d->op));
    FIELD(ftmrt_derive, in, LLVMConstArray2(ir->i32, in, 3));
    FIELD(ftmrt_derive, eps, f64(ir, d->eps));
    FIELD(ftmrt_derive, rank, u32(ir, d->rank));
    FIELD(ftmrt_derive, dim, dims(ir, d->dim));
    FIELD(ftmrt_derive, layout, u32(ir, d->layout));
    FIELD(ftmrt_derive, offset, u64(ir, d->offset));
    FIELD(ftmrt_derive, stored, u32(ir, d->stored));
    return record_end(&r, sizeof *d);
}

static LLVMValueRef emit_value_record(struct ir *ir, const struct ftmrt_value *v)
{
    struct record r = {.ir = ir};
    FIELD(ftmrt_value, name, string(ir, v->name));
    FIELD(ftmrt_value, dtype, u32(ir, v->dtype));
    FIELD(ftmrt_value, rank, u32(ir, v->rank));
    FIELD(ftmrt_value, dim, dims(ir, v->dim));
    return record_end(&r, sizeof *v);
}

static LLVMValueRef emit_values(struct ir *ir, const struct ftmrt_value *values, uint32_t count)
{
    enum { MAX_VALUES = 64 };
    LLVMValueRef records[MAX_VALUES];
    FTM_BUG_ON(count > MAX_VALUES, "an entry with %u values", count);
    for (uint32_t i = 0; i < count; i++)
        records[i] = emit_value_record(ir, &values[i]);
    return table(ir, records, count);
}

static LLVMValueRef emit_entry(struct ir *ir, struct arena *arena, const struct descriptor *d,
                               const struct ftmrt_entry *e)
{
    struct record r = {.ir = ir};
    FIELD(ftmrt_entry, name, string(ir, e->name));
    FIELD(ftmrt_entry, run,
          LLVMGetNamedFunction(ir->module, descriptor_entry_symbol(arena, d, e->name)));
    FIELD(ftmrt_entry, input_count, u32(ir, e->input_count));
    FIELD(ftmrt_entry, output_count, u32(ir, e->output_count));
    FIELD(ftmrt_entry, inputs, emit_values(ir, e->inputs, e->input_count));
    FIELD(ftmrt_entry, outputs, emit_values(ir, e->outputs, e->output_count));
    return record_end(&r, sizeof *e);
}

static LLVMValueRef emit_program(struct ir *ir, struct arena *arena, const struct descriptor *d)
{
    const struct ftmrt_program *p = &d->program;
    uint32_t longest = p->state_count + p->tensor_count + p->derive_count + p->entry_count;
    LLVMValueRef *records = arena_array(arena, LLVMValueRef, longest);
    LLVMValueRef states, tensors, derives, entries;
    for (uint32_t i = 0; i < p->state_count; i++)
        records[i] = emit_state(ir, &p->states[i]);
    states = table(ir, records, p->state_count);
    for (uint32_t i = 0; i < p->tensor_count; i++)
        records[i] = emit_tensor(ir, &p->tensors[i]);
    tensors = table(ir, records, p->tensor_count);
    for (uint32_t i = 0; i < p->derive_count; i++)
        records[i] = emit_derive(ir, &p->derives[i]);
    derives = table(ir, records, p->derive_count);
    for (uint32_t i = 0; i < p->entry_count; i++)
        records[i] = emit_entry(ir, arena, d, &p->entries[i]);
    entries = table(ir, records, p->entry_count);
    struct record r = {.ir = ir};
    FIELD(ftmrt_program, abi_version, u32(ir, p->abi_version));
    FIELD(ftmrt_program, name, string(ir, p->name));
    FIELD(ftmrt_program, compiler, string(ir, p->compiler));
    FIELD(ftmrt_program, cpu, string(ir, p->cpu));
    FIELD(ftmrt_program, max_batch, u64(ir, (uint64_t)p->max_batch));
    FIELD(ftmrt_program, workspace_size, u64(ir, p->workspace_size));
    FIELD(ftmrt_program, arena_size, u64(ir, p->arena_size));
    FIELD(ftmrt_program, recipe, string(ir, p->recipe));
    FIELD(ftmrt_program, resolved, string(ir, p->resolved));
    FIELD(ftmrt_program, state_count, u32(ir, p->state_count));
    FIELD(ftmrt_program, tensor_count, u32(ir, p->tensor_count));
    FIELD(ftmrt_program, derive_count, u32(ir, p->derive_count));
    FIELD(ftmrt_program, entry_count, u32(ir, p->entry_count));
    FIELD(ftmrt_program, states, states);
    FIELD(ftmrt_program, tensors, tensors);
    FIELD(ftmrt_program, derives, derives);
    FIELD(ftmrt_program, entries, entries);
    FIELD(ftmrt_program, blob, LLVMGetNamedGlobal(ir->module, descriptor_blob_symbol(arena, d)));
    FIELD(ftmrt_program, blob_size, u64(ir, p->blob_size));
    return record_end(&r, sizeof *p);
}

void descriptor_emit(struct ir *ir, const struct descriptor *d)
{
    struct arena arena;
    arena_init(&arena, "descriptor");
    LLVMValueRef value = emit_program(ir, &arena, d);
    LLVMValueRef global =
        LLVMAddGlobal(ir->module, LLVMTypeOf(value), arena_printf(&arena, "%s_program", d->symbol));
    LLVMSetInitializer(global, value);
    LLVMSetGlobalConstant(global, true);
    arena_clear(&arena);
}

/* The entry functions: straight-line code, one call of ftmrt_parallel per kernel call and phase, in
 * a body that ftmrt_run gives a team of threads.
 *
 * All addresses are the workspace, the blob or a caller's pointer plus a constant. They are put
 * into one array on the stack, in the order in which the kernel wants them: operands, result,
 * scratch, numbers. The task that the kernels get is on the stack, too: only the array's contents change. */
#include "entry.h"

#include "abi.h"
#include "facts.h"
#include "geometry.h"
#include "op.h"

struct entry {
    struct ir *ir;
    struct arena *arena;
    const struct schedule *schedule;
    const struct code *codes;
    const struct descriptor *descriptor;
    LLVMValueRef workspace, inputs, outputs, n; /* of the call */
    LLVMValueRef task; /* struct ftmrt_task on the stack: what all its kernels see alike */
    LLVMValueRef blob; /* its address in the call */
    LLVMValueRef own_blob, parallel, run, merge, clock;
    LLVMValueRef buffers; /* pointers on the stack, as many as the widest call wants */
    LLVMTypeRef parallel_type, run_type, kernel_type, merge_type, clock_type;
};

char *entry_kernel_symbol(struct arena *arena, const struct descriptor *d, const struct kernel *k)
{
    return arena_printf(arena, "%s.%s", d->symbol, k->name);
}

static LLVMValueRef pointer_slot(struct ir *ir, LLVMValueRef array, uint64_t i)
{
    LLVMValueRef index = ir_i64(ir, (int64_t)i);
    return LLVMBuildInBoundsGEP2(ir->b, ir->ptr, array, &index, 1, "");
}

static LLVMValueRef offset_by(struct ir *ir, LLVMValueRef base, uint64_t bytes)
{
    LLVMValueRef index = ir_i64(ir, (int64_t)bytes);
    return LLVMBuildInBoundsGEP2(ir->b, ir->i8, base, &index, 1, "");
}

static LLVMValueRef address(struct entry *e, const struct place *p)
{
    struct ir *ir = e->ir;
    switch (p->kind) {
    case PLACE_NONE:
    case PLACE_IMMEDIATE: return LLVMConstNull(ir->ptr);
    case PLACE_WORKSPACE: return offset_by(ir, e->workspace, p->offset);
    case PLACE_BLOB: return offset_by(ir, e->blob, e->descriptor->constants_at + p->offset);
    case PLACE_INPUT:
        return LLVMBuildLoad2(ir->b, ir->ptr, pointer_slot(ir, e->inputs, p->offset), "");
    case PLACE_OUTPUT:
        return LLVMBuildLoad2(ir->b, ir->ptr, pointer_slot(ir, e->outputs, p->offset), "");
    }
    FTM_BUG("no such place");
}

static void set_buffer(struct entry *e, uint32_t i, const struct place *p)
{
    LLVMBuildStore(e->ir->b, address(e, p), pointer_slot(e->ir, e->buffers, i));
}

/* fixed + per_group * ceil(n / images). */
static LLVMValueRef unit_count(struct entry *e, const struct kernel_units *u)
{
    struct ir *ir = e->ir;
    if (u->per_group == 0)
        return ir_i64(ir, u->fixed);
    LLVMValueRef groups = ir_div_const(ir, ir_add_const(ir, e->n, u->images - 1), u->images);
    return ir_add_const(ir, ir_mul_const(ir, groups, u->per_group), u->fixed);
}

/* The function of a kernel with that behind its name. */
static LLVMValueRef kernel_function(struct entry *e, const struct kernel *k, const char *part)
{
    char *name =
        arena_printf(e->arena, "%s%s", entry_kernel_symbol(e->arena, e->descriptor, k), part);
    LLVMValueRef fn = LLVMGetNamedFunction(e->ir->module, name);
    if (fn)
        return fn;
    fn = LLVMAddFunction(e->ir->module, name, e->kernel_type);
    LLVMSetVisibility(fn, LLVMHiddenVisibility);
    return fn;
}

/* The numbers that a call's kernel reads, as a constant. */
static void set_numbers(struct entry *e, const struct graph *g, const struct node *n,
                        const struct call *c)
{
    struct ir *ir = e->ir;
    kernel_numbers all = kernel_call_numbers(e->arena, g, n, &e->codes[c->kernel].asked);
    if (all.len == 0)
        return;
    LLVMValueRef *values = arena_array(e->arena, LLVMValueRef, all.len);
    for (uint32_t i = 0; i < all.len; i++)
        values[i] = ir_i64(ir, all.at[i]);
    LLVMBuildStore(ir->b, ir_table(ir, ir->i64, values, all.len),
                   pointer_slot(ir, e->buffers, n->input_count + 2));
}

static void set_buffers(struct entry *e, const struct graph *g, const struct node *n,
                        const struct call *c)
{
    for (uint32_t i = 0; i < n->input_count; i++)
        if (c->in[i].kind != PLACE_NONE && c->in[i].kind != PLACE_IMMEDIATE)
            set_buffer(e, i, &c->in[i]);
    if (c->out.kind != PLACE_NONE)
        set_buffer(e, n->input_count, &c->out);
    if (c->scratch.kind != PLACE_NONE)
        set_buffer(e, n->input_count + 1, &c->scratch);
    set_numbers(e, g, n, c);
}

/* The address of the blob, as the descriptor says. */
static LLVMValueRef blob_address(struct entry *e, LLVMValueRef context)
{
    struct ir *ir = e->ir;
    if (e->descriptor->blob == DESCRIPTOR_BLOB_OWN)
        return e->own_blob;
    LLVMValueRef given = abi_load_context(ir, context, CONTEXT_BLOB);
    if (e->descriptor->blob == DESCRIPTOR_BLOB_CONTEXT)
        return given;
    LLVMValueRef none = LLVMBuildICmp(ir->b, LLVMIntEQ, given, LLVMConstNull(ir->ptr), "");
    return LLVMBuildSelect(ir->b, none, e->own_blob, given, "blob");
}

static void emit_parallel(struct entry *e, LLVMValueRef function, LLVMValueRef units)
{
    LLVMValueRef args[] = {function, e->task, units};
    LLVMBuildCall2(e->ir->b, e->parallel_type, e->parallel, args, 3, "");
}

/* Tells the clock that a kernel begins or ends. */
static void emit_clock(struct entry *e, const struct kernel *k, int end)
{
    struct ir *ir = e->ir;
    LLVMValueRef args[] = {e->task, ir_text(ir, k->name),
                           LLVMConstInt(ir->i32, (unsigned)end, false)};
    LLVMBuildCall2(ir->b, e->clock_type, e->clock, args, 3, "");
}

/* Every reduction over the batch passes here, and nothing else does. */
static void emit_merge(struct entry *e, const struct graph *g, const struct call *c)
{
    struct ir *ir = e->ir;
    const struct node *n = graph_node(g, c->node);
    const enum ftmrt_merge_kind kind = kernel_merges(g, n);
    const bool effect = op_info(n->op)->cls == OP_CLASS_EFFECT;
    FTM_BUG_ON((kind != FTMRT_MERGE_NONE) != (!effect && kernel_reduces(g, n)),
               "%s: the facts of the kernel do not say whether it adds up over images",
               op_info(n->op)->name);
    if (kind == FTMRT_MERGE_NONE)
        return;
    struct geometry q = geometry_of(g, n->inputs[0]);
    const int64_t floats = form_elements(n->form, &n->type.shape);
    LLVMValueRef args[] = {e->task, LLVMConstInt(ir->i32, kind, false), address(e, &c->out),
                           ir_i64(ir, floats), ir_i64(ir, q.pixels)};
    LLVMBuildCall2(ir->b, e->merge_type, e->merge, args, 5, "");
}

static void emit_call(struct entry *e, const struct graph *g, const struct call *c)
{
    const struct node *n = graph_node(g, c->node);
    const struct kernel_family *family = kernel_family(g, n);
    const struct kernel *kernel = &e->schedule->kernels.at[c->kernel];
    const struct kernel *code = &e->schedule->kernels.at[e->codes[c->kernel].kernel];
    set_buffers(e, g, n, c);
    emit_clock(e, kernel, 0);
    uint32_t phases = family->phases(g, n, e->ir->cpu);
    for (uint32_t phase = 0; phase < phases; phase++) {
        struct kernel_units units = family->units(g, n, e->ir->cpu, phase);
        const char *part = phase ? arena_printf(e->arena, ".%u", phase) : "";
        emit_parallel(e, kernel_function(e, code, part), unit_count(e, &units));
    }
    emit_merge(e, g, c);
    if (family->finish)
        emit_parallel(e, kernel_function(e, code, ".finish"), ir_i64(e->ir, 1));
    emit_clock(e, kernel, 1);
}

/* Returns ERROR_ARGUMENT unless 1 <= n <= max_n. */
static void check_batch(struct entry *e, const struct graph *g)
{
    struct ir *ir = e->ir;
    LLVMValueRef index = LLVMBuildSub(ir->b, e->n, ir_i64(ir, 1), "");
    LLVMValueRef max = ir_i64(ir, graph_max_n(g));
    struct ir_if s = ir_if_begin(ir, LLVMBuildICmp(ir->b, LLVMIntUGE, index, max, ""));
    LLVMBasicBlockRef good = s.otherwise;
    LLVMBuildRet(ir->b, LLVMConstInt(ir->i32, FTMRT_ERROR_ARGUMENT, false));
    LLVMDeleteBasicBlock(s.join); /* the other branch goes on to the function's end */
    LLVMPositionBuilderAtEnd(ir->b, good);
}

/* Buffers of the widest call; room for what fusing makes in any case. */
static uint32_t most_buffers(const struct schedule_function *f)
{
    uint32_t most = FUSED_MAX_INPUTS;
    for (uint32_t i = 0; i < f->calls.len; i++) {
        uint32_t count = graph_node(f->graph, f->calls.at[i].node)->input_count;
        most = count > most ? count : most;
    }
    return most + 3;
}

/* The fields that all kernels of the call see alike. */
static void fill_task(struct entry *e, LLVMValueRef context)
{
    struct ir *ir = e->ir;
    LLVMValueRef given = abi_load_context(ir, context, CONTEXT_STEP_IMAGES);
    LLVMValueRef none = LLVMBuildICmp(ir->b, LLVMIntEQ, given, ir_i64(ir, 0), "");
    const LLVMValueRef fields[] = {
        [TASK_CONTEXT] = context,
        [TASK_BUFFERS] = e->buffers,
        [TASK_N] = e->n,
        [TASK_STEP_IMAGES] = LLVMBuildSelect(ir->b, none, e->n, given, ""),
        [TASK_FIRST_IMAGE] = abi_load_context(ir, context, CONTEXT_FIRST_IMAGE),
        [TASK_FIRST_SHARD] = abi_load_context(ir, context, CONTEXT_FIRST_SHARD),
    };
    for (int i = 0; i < TASK_BEGIN; i++)
        LLVMBuildStore(ir->b, fields[i], abi_task_field(ir, e->task, (enum task_field)i));
}

/* The calls, as a function of its own that ftmrt_run runs with a team of threads. */
static LLVMValueRef emit_body(struct entry *e, const struct schedule_function *f, LLVMTypeRef type)
{
    struct ir *ir = e->ir;
    char *name = arena_printf(e->arena, "%s.body.%s", e->descriptor->symbol, f->graph->name);
    LLVMValueRef fn = ir_function(ir, name, type, true);
    LLVMValueRef context = LLVMGetParam(fn, 0);
    e->inputs = LLVMGetParam(fn, 1);
    e->outputs = LLVMGetParam(fn, 2);
    e->n = LLVMGetParam(fn, 3);
    e->buffers = LLVMBuildAlloca(ir->b, LLVMArrayType2(ir->ptr, most_buffers(f)), "buffers");
    e->task = LLVMBuildAlloca(ir->b, abi_task_type(ir), "task");
    e->workspace = abi_load_context(ir, context, CONTEXT_WORKSPACE);
    e->blob = blob_address(e, context);
    fill_task(e, context);
    for (uint32_t i = 0; i < f->calls.len; i++)
        emit_call(e, f->graph, &f->calls.at[i]);
    LLVMBuildRetVoid(ir->b);
    return fn;
}

static void emit_entry(struct entry *e, const struct schedule_function *f)
{
    struct ir *ir = e->ir;
    LLVMTypeRef params[] = {ir->ptr, ir->ptr, ir->ptr, ir->i64};
    LLVMValueRef body = emit_body(e, f, LLVMFunctionType(ir->void_type, params, 4, false));
    const char *name = descriptor_entry_symbol(e->arena, e->descriptor, f->graph->name);
    LLVMValueRef fn = ir_function(ir, name, LLVMFunctionType(ir->i32, params, 4, false), false);
    e->n = LLVMGetParam(fn, 3);
    check_batch(e, f->graph);
    LLVMValueRef args[] = {body, LLVMGetParam(fn, 0), LLVMGetParam(fn, 1), LLVMGetParam(fn, 2),
                           e->n};
    LLVMBuildCall2(ir->b, e->run_type, e->run, args, 5, "");
    LLVMBuildRet(ir->b, LLVMConstInt(ir->i32, FTMRT_OK, false));
}

static void declare_blob(struct entry *e)
{
    struct ir *ir = e->ir;
    if (e->descriptor->blob == DESCRIPTOR_BLOB_CONTEXT)
        return;
    e->own_blob =
        LLVMAddGlobal(ir->module, ir->i8, descriptor_blob_symbol(e->arena, e->descriptor));
    LLVMSetGlobalConstant(e->own_blob, true);
    LLVMSetVisibility(e->own_blob, LLVMHiddenVisibility);
    LLVMSetAlignment(e->own_blob, 64);
}

static LLVMValueRef declare(struct ir *ir, const char *name, LLVMTypeRef *type, LLVMTypeRef *params,
                            unsigned count)
{
    *type = LLVMFunctionType(ir->void_type, params, count, false);
    return LLVMAddFunction(ir->module, name, *type);
}

/* What the entries call of the core. */
static void declare_core(struct entry *e)
{
    struct ir *ir = e->ir;
    LLVMTypeRef parallel[] = {ir->ptr, ir->ptr, ir->i64},
                run[] = {ir->ptr, ir->ptr, ir->ptr, ir->ptr, ir->i64},
                merge[] = {ir->ptr, ir->i32, ir->ptr, ir->i64, ir->i64},
                clock[] = {ir->ptr, ir->ptr, ir->i32};
    e->kernel_type = LLVMFunctionType(ir->void_type, &ir->ptr, 1, false);
    e->parallel = declare(ir, "ftmrt_parallel", &e->parallel_type, parallel, 3);
    e->run = declare(ir, "ftmrt_run", &e->run_type, run, 5);
    e->merge = declare(ir, "ftmrt_merge", &e->merge_type, merge, 5);
    e->clock = declare(ir, "ftmrt_clock", &e->clock_type, clock, 3);
}

void entry_emit_all(struct ir *ir, const struct schedule *s, const struct code *codes,
                    const struct descriptor *d)
{
    struct arena arena;
    arena_init(&arena, "entries");
    struct entry e = {.ir = ir, .arena = &arena, .schedule = s, .codes = codes, .descriptor = d};
    declare_core(&e);
    declare_blob(&e);
    for (uint32_t i = 0; i < s->functions.len; i++)
        emit_entry(&e, &s->functions.at[i]);
    arena_clear(&arena);
}

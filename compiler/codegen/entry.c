/* The entry functions: straight-line code, one call of ftmrt_parallel per kernel call and phase, in
 * a body that ftmrt_run gives a team of threads.
 *
 * All addresses are the workspace, the blob or a caller's pointer plus a constant. They are put
 * into one array on the stack, in the order in which the kernel wants them: operands, result,
 * scratch. The task that the kernels get is on the stack, too: only the array's contents change. */
#include "entry.h"

#include "abi.h"
#include "kernel.h"

struct entry {
    struct ir *ir;
    struct arena *arena;
    const struct schedule *schedule;
    const struct descriptor *descriptor;
    LLVMValueRef workspace, inputs, outputs, n; /* of the call */
    LLVMValueRef task; /* struct ftmrt_task on the stack: what all its kernels see alike */
    LLVMValueRef blob, parallel, run;
    LLVMValueRef buffers; /* pointers on the stack, as many as the widest call wants */
    LLVMTypeRef parallel_type, run_type, kernel_type;
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

static LLVMValueRef kernel_function(struct entry *e, const struct kernel *k, uint32_t phase)
{
    char *name = entry_kernel_symbol(e->arena, e->descriptor, k);
    if (phase > 0)
        name = arena_printf(e->arena, "%s.%u", name, phase);
    LLVMValueRef fn = LLVMGetNamedFunction(e->ir->module, name);
    if (fn)
        return fn;
    fn = LLVMAddFunction(e->ir->module, name, e->kernel_type);
    LLVMSetVisibility(fn, LLVMHiddenVisibility);
    return fn;
}

static void emit_call(struct entry *e, const struct graph *g, const struct call *c)
{
    const struct node *n = graph_node(g, c->node);
    const struct kernel_family *family = kernel_family(g, n);
    const struct kernel *kernel = &e->schedule->kernels.at[c->kernel];
    for (uint32_t i = 0; i < n->input_count; i++)
        if (c->in[i].kind != PLACE_NONE && c->in[i].kind != PLACE_IMMEDIATE)
            set_buffer(e, i, &c->in[i]);
    if (c->out.kind != PLACE_NONE)
        set_buffer(e, n->input_count, &c->out);
    if (c->scratch.kind != PLACE_NONE)
        set_buffer(e, n->input_count + 1, &c->scratch);
    uint32_t phases = family->phases(g, n, e->ir->cpu);
    for (uint32_t phase = 0; phase < phases; phase++) {
        struct kernel_units units = family->units(g, n, e->ir->cpu, phase);
        LLVMValueRef args[] = {kernel_function(e, kernel, phase), e->task, unit_count(e, &units)};
        LLVMBuildCall2(e->ir->b, e->parallel_type, e->parallel, args, 3, "");
    }
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
    return most + 2;
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
    e->blob = LLVMAddGlobal(ir->module, ir->i8, descriptor_blob_symbol(e->arena, e->descriptor));
    LLVMSetGlobalConstant(e->blob, true);
    LLVMSetVisibility(e->blob, LLVMHiddenVisibility);
    LLVMSetAlignment(e->blob, 64);
}

void entry_emit_all(struct ir *ir, const struct schedule *s, const struct descriptor *d)
{
    struct arena arena;
    arena_init(&arena, "entries");
    struct entry e = {.ir = ir, .arena = &arena, .schedule = s, .descriptor = d};
    LLVMTypeRef parallel[] = {ir->ptr, ir->ptr, ir->i64};
    e.kernel_type = LLVMFunctionType(ir->void_type, &ir->ptr, 1, false);
    e.parallel_type = LLVMFunctionType(ir->void_type, parallel, 3, false);
    e.parallel = LLVMAddFunction(ir->module, "ftmrt_parallel", e.parallel_type);
    LLVMTypeRef run[] = {ir->ptr, ir->ptr, ir->ptr, ir->ptr, ir->i64};
    e.run_type = LLVMFunctionType(ir->void_type, run, 5, false);
    e.run = LLVMAddFunction(ir->module, "ftmrt_run", e.run_type);
    declare_blob(&e);
    for (uint32_t i = 0; i < s->functions.len; i++)
        emit_entry(&e, &s->functions.at[i]);
    arena_clear(&arena);
}

/* From a node to the functions of its kernel: finds the family, opens a function per phase, loads
 * the task and the addresses of the buffers once (LLVM cannot move those loads over the kernels' stores by
 * itself). */
#include "kernel.h"

#include "abi.h"
#include "facts.h"
#include "geometry.h"
#include "op.h"

static const struct kernel_family *const families[KERNEL_COUNT] = {
    [KERNEL_elementwise] = &kernel_elementwise,
    [KERNEL_mean_loss] = &kernel_mean_loss,
    [KERNEL_update] = &kernel_update,
#define FTM_KERNEL(op, variant, facts, family) [KERNEL_##op##_##variant] = &kernel_##family,
#include "kernel.def"
#undef FTM_KERNEL
};

const struct kernel_family *kernel_family(const struct graph *g, const struct node *n)
{
    const struct kernel_family *family = families[kernel_of(g, n)];
    FTM_BUG_ON(!family, "no kernel computes this %s", op_info(n->op)->name);
    return family;
}

/* What buffer i is stored as; scratch is f32. */
static enum ftmrt_dtype stored_as(const struct kernel_build *k, uint32_t i)
{
    const struct node *n = k->node;
    if (i < n->input_count)
        return graph_node(k->graph, n->inputs[i])->form.stored;
    return i == n->input_count ? n->form.stored : FTMRT_F32;
}

static LLVMValueRef load_buffer(struct kernel_build *k, uint32_t i)
{
    struct ir *ir = k->ir;
    LLVMValueRef index = ir_i64(ir, i);
    LLVMValueRef slot = LLVMBuildInBoundsGEP2(ir->b, ir->ptr, k->buffers, &index, 1, "");
    return LLVMBuildLoad2(ir->b, ir->ptr, slot, "");
}

static LLVMValueRef load_number(struct kernel_build *k, uint32_t i)
{
    struct ir *ir = k->ir;
    LLVMValueRef index = ir_i64(ir, i);
    LLVMValueRef at = LLVMBuildInBoundsGEP2(ir->b, ir->i64, k->numbers, &index, 1, "");
    return LLVMBuildLoad2(ir->b, ir->i64, at, "");
}

/* Constants, unless the code is for any size. */
static void load_sizes(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    int64_t sizes[SIZE_COUNT];
    kernel_sizes(k->graph, k->node, sizes);
    k->any_size = kernel_any_size(k->graph, k->node);
    k->numbers = load_buffer(k, k->node->input_count + 2);
    for (uint32_t i = 0; i < SIZE_COUNT; i++)
        k->size[i] = k->any_size ? load_number(k, i) : ir_i64(ir, sizes[i]);
    k->blocks = k->any_size ? k->size[SIZE_BLOCKS] : NULL;
    k->pixels = k->any_size ? k->size[SIZE_PIXELS] : NULL;
}

/* Behind the load of the numbers' address, in the entry block: LLVM cannot move the load over the kernel's stores. */
LLVMValueRef kernel_number(struct kernel_build *k, int64_t v)
{
    struct ir *ir = k->ir;
    LLVMBasicBlockRef here = LLVMGetInsertBlock(ir->b);
    LLVMValueRef next = LLVMGetNextInstruction(k->numbers);
    if (next)
        LLVMPositionBuilderBefore(ir->b, next);
    const uint32_t i = k->list->len + (k->any_size ? SIZE_COUNT : 0);
    vec_push(k->arena, k->list, v);
    LLVMValueRef loaded = load_number(k, i);
    if (v > 0)
        ir_positive(ir, loaded);
    LLVMPositionBuilderAtEnd(ir->b, here);
    return loaded;
}

void kernel_number_result(struct kernel_build *k)
{
    struct geometry q = geometry_of_shape(&k->node->type.shape);
    k->blocks = kernel_number(k, q.blocks);
    k->pixels = kernel_number(k, q.pixels);
}

kernel_numbers kernel_call_numbers(struct arena *arena, const struct graph *g, const struct node *n,
                                   const kernel_numbers *asked)
{
    kernel_numbers all = {0};
    int64_t sizes[SIZE_COUNT];
    kernel_sizes(g, n, sizes);
    for (int i = 0; i < SIZE_COUNT && kernel_any_size(g, n); i++)
        vec_push(arena, &all, sizes[i]);
    for (uint32_t i = 0; i < asked->len; i++)
        vec_push(arena, &all, asked->at[i]);
    return all;
}

/* Whether the node or one of its steps draws random numbers. */
static bool draws(const struct node *n)
{
    uint32_t flags = op_info(n->op)->flags;
    for (uint32_t i = 0; i < n->step_count; i++)
        flags |= op_info(n->steps[i].op)->flags;
    return flags & OP_RANDOM;
}

static void load_draw_keys(struct kernel_build *k, LLVMValueRef task)
{
    LLVMValueRef context = abi_load_task(k->ir, task, TASK_CONTEXT);
    k->first_image = abi_load_task(k->ir, task, TASK_FIRST_IMAGE);
    k->seed = abi_load_context(k->ir, context, CONTEXT_SEED);
    k->step = abi_load_context(k->ir, context, CONTEXT_STEP);
}

static void emit_function(struct kernel_build *k, void (*emit)(struct kernel_build *k),
                          const char *name)
{
    struct ir *ir = k->ir;
    LLVMValueRef fn =
        ir_function(ir, name, LLVMFunctionType(ir->void_type, &ir->ptr, 1, false), false);
    LLVMSetVisibility(fn, LLVMHiddenVisibility);
    LLVMValueRef task = LLVMGetParam(fn, 0);
    k->buffers = abi_load_task(ir, task, TASK_BUFFERS);
    k->n = abi_load_task(ir, task, TASK_N);
    k->step_images = abi_load_task(ir, task, TASK_STEP_IMAGES); /* unused ones disappear */
    k->begin = abi_load_task(ir, task, TASK_BEGIN);
    k->end = abi_load_task(ir, task, TASK_END);
    if (draws(k->node))
        load_draw_keys(k, task);
    for (uint32_t i = 0; i < k->node->input_count + 2; i++)
        k->buffer[i] = address_of(load_buffer(k, i), stored_as(k, i));
    load_sizes(k);
    emit(k);
    LLVMBuildRetVoid(ir->b);
}

void kernel_emit(struct ir *ir, const struct graph *g, value_id node, const char *name,
                 struct arena *list_arena, kernel_numbers *numbers)
{
    const struct node *n = graph_node(g, node);
    const struct kernel_family *family = kernel_family(g, n);
    uint32_t phases = family->phases(g, n, ir->cpu);
    struct arena arena;
    arena_init(&arena, "kernel");
    struct address *buffers = arena_array(&arena, struct address, n->input_count + 2);
    struct kernel_build k = {
        .ir = ir, .graph = g, .node = n, .buffer = buffers, .arena = list_arena, .list = numbers};
    for (k.phase = 0; k.phase < phases; k.phase++)
        emit_function(&k, family->emit,
                      arena_printf(&arena, k.phase ? "%s.%u" : "%s", name, k.phase));
    if (family->finish)
        emit_function(&k, family->finish, arena_printf(&arena, "%s.finish", name));
    arena_clear(&arena);
}

value_id kernel_self(const struct kernel_build *k)
{
    return (value_id){(uint32_t)(k->node - k->graph->nodes.at)};
}

LLVMValueRef kernel_immediate(const struct kernel_build *k, uint32_t i)
{
    const struct node *v = graph_node(k->graph, k->node->inputs[i]);
    return v->op == OP_constant ? ir_vec_const(k->ir, v->attrs->value) : NULL;
}

struct address kernel_buffer(struct kernel_build *k, uint32_t i) { return k->buffer[i]; }

void kernel_shard(struct kernel_build *k, LLVMValueRef shard, LLVMValueRef *lo, LLVMValueRef *hi)
{
    struct ir *ir = k->ir;
    int64_t max = k->graph->program->max_batch, shards = k->graph->program->shards;
    LLVMValueRef from = ir_div_const(ir, ir_mul_const(ir, shard, max), shards);
    LLVMValueRef to = ir_div_const(ir, ir_mul_const(ir, ir_add_const(ir, shard, 1), max), shards);
    *lo = ir_min(ir, from, k->n);
    *hi = ir_min(ir, to, k->n);
}

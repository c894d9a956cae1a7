#include "abi.h"

#include <stddef.h>

#include "ftmrt.h"

/* The orders above are those of the structs: where each field lies in the compiler's own layout. */
#define FOLLOWS(type, field, before) (offsetof(struct type, field) > offsetof(struct type, before))
_Static_assert(
    offsetof(struct ftmrt_context, workspace) == 0 &&
        FOLLOWS(ftmrt_context, step_images, workspace) &&
        FOLLOWS(ftmrt_context, first_image, step_images) &&
        FOLLOWS(ftmrt_context, first_shard, first_image) &&
        FOLLOWS(ftmrt_context, threads, first_shard) && FOLLOWS(ftmrt_context, parallel, threads) &&
        FOLLOWS(ftmrt_context, parallel_user, parallel) &&
        FOLLOWS(ftmrt_context, team, parallel_user) && FOLLOWS(ftmrt_context, merge, team) &&
        FOLLOWS(ftmrt_context, merge_user, merge) && FOLLOWS(ftmrt_context, clock, merge_user) &&
        FOLLOWS(ftmrt_context, clock_user, clock) && FOLLOWS(ftmrt_context, seed, clock_user) &&
        FOLLOWS(ftmrt_context, step, seed) && FOLLOWS(ftmrt_context, blob, step),
    "the order of context_field");
_Static_assert(offsetof(struct ftmrt_task, context) == 0 && FOLLOWS(ftmrt_task, buffers, context) &&
                   FOLLOWS(ftmrt_task, n, buffers) && FOLLOWS(ftmrt_task, step_images, n) &&
                   FOLLOWS(ftmrt_task, first_image, step_images) &&
                   FOLLOWS(ftmrt_task, first_shard, first_image) &&
                   FOLLOWS(ftmrt_task, begin, first_shard) && FOLLOWS(ftmrt_task, end, begin) &&
                   FOLLOWS(ftmrt_task, worker, end),
               "the order of task_field");

static LLVMTypeRef task_field_type(struct ir *ir, enum task_field field)
{
    return field == TASK_CONTEXT || field == TASK_BUFFERS ? ir->ptr : ir->i64;
}

LLVMTypeRef abi_task_type(struct ir *ir)
{
    LLVMTypeRef fields[TASK_FIELDS];
    for (int i = 0; i < TASK_FIELDS; i++)
        fields[i] = task_field_type(ir, (enum task_field)i);
    return LLVMStructTypeInContext(ir->context, fields, TASK_FIELDS, false);
}

LLVMValueRef abi_task_field(struct ir *ir, LLVMValueRef task, enum task_field field)
{
    return LLVMBuildStructGEP2(ir->b, abi_task_type(ir), task, (unsigned)field, "");
}

LLVMValueRef abi_load_task(struct ir *ir, LLVMValueRef task, enum task_field field)
{
    return LLVMBuildLoad2(ir->b, task_field_type(ir, field), abi_task_field(ir, task, field), "");
}

static LLVMTypeRef context_field_type(struct ir *ir, enum context_field field)
{
    const bool count = field == CONTEXT_STEP_IMAGES || field == CONTEXT_FIRST_IMAGE ||
                       field == CONTEXT_FIRST_SHARD || field == CONTEXT_SEED ||
                       field == CONTEXT_STEP;
    return count ? ir->i64 : field == CONTEXT_THREADS ? ir->i32 : ir->ptr;
}

LLVMValueRef abi_load_context(struct ir *ir, LLVMValueRef context, enum context_field field)
{
    LLVMTypeRef fields[CONTEXT_FIELDS];
    for (int i = 0; i < CONTEXT_FIELDS; i++)
        fields[i] = context_field_type(ir, (enum context_field)i);
    LLVMTypeRef type = LLVMStructTypeInContext(ir->context, fields, CONTEXT_FIELDS, false);
    LLVMValueRef at = LLVMBuildStructGEP2(ir->b, type, context, (unsigned)field, "");
    return LLVMBuildLoad2(ir->b, fields[field], at, "");
}

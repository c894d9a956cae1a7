/* The structs of ftmrt.h that generated code reads and writes: struct ftmrt_context and struct ftmrt_task as LLVM types, whose
 * layout is the target's, and the order of their fields. */
#ifndef FTM_CODEGEN_ABI_H
#define FTM_CODEGEN_ABI_H

#include "ir.h"

/* The fields of a context; those between FIRST_SHARD and SEED are the runtime's. */
enum context_field {
    CONTEXT_WORKSPACE,
    CONTEXT_STEP_IMAGES,
    CONTEXT_FIRST_IMAGE,
    CONTEXT_FIRST_SHARD,
    CONTEXT_THREADS,
    CONTEXT_PARALLEL,
    CONTEXT_PARALLEL_USER,
    CONTEXT_TEAM,
    CONTEXT_MERGE,
    CONTEXT_MERGE_USER,
    CONTEXT_CLOCK,
    CONTEXT_CLOCK_USER,
    CONTEXT_SEED,
    CONTEXT_STEP,
    CONTEXT_BLOB,
    CONTEXT_FIELDS
};

enum task_field {
    TASK_CONTEXT,
    TASK_BUFFERS,
    TASK_N,
    TASK_STEP_IMAGES,
    TASK_FIRST_IMAGE,
    TASK_FIRST_SHARD,
    TASK_BEGIN,
    TASK_END,
    TASK_WORKER,
    TASK_FIELDS
};

LLVMTypeRef abi_task_type(struct ir *ir);

/* The address of a field. */
LLVMValueRef abi_task_field(struct ir *ir, LLVMValueRef task, enum task_field field);

/* The value of a field. */
LLVMValueRef abi_load_task(struct ir *ir, LLVMValueRef task, enum task_field field);
LLVMValueRef abi_load_context(struct ir *ir, LLVMValueRef context, enum context_field field);

#endif

/* The LLVM C API behind a small builder: EVERY LLVM quirk lives here (see codegen/README.md).
 *
 * One struct ir is one context and one module. Values are LLVM's; loops are opened and closed like braces. Mutable
 * local variables are allocas at the function's entry, which LLVM turns into registers. */
#ifndef FTM_CODEGEN_IR_H
#define FTM_CODEGEN_IR_H

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>
#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

/* What LLVM does for a module: code that goes over data gets all that pays, code that runs once per call nothing. */
enum ir_effort { IR_SPEED, IR_NONE };

struct ir {
    enum ir_effort effort;
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef b;
    LLVMTargetMachineRef machine;
    const struct cpu *cpu;
    LLVMTypeRef f32, f64, i1, i8, i32, i64, ptr, void_type;
    LLVMTypeRef vec; /* cpu->lanes x f32 */
    LLVMValueRef fn; /* function under construction */
};

/* A module for a level; NULL if LLVM cannot make the target machine (a bug or a missing target). */
struct ir *ir_new(const char *name, const struct cpu *cpu, enum ir_effort effort);
void ir_free(struct ir *ir);

/* Constants; v is rounded to f32. */
LLVMValueRef ir_i64(struct ir *ir, int64_t v);
LLVMValueRef ir_f32(struct ir *ir, double v);
/* A constant of a type of integers, in every lane if it is one of vectors. */
LLVMValueRef ir_int_const(LLVMTypeRef type, uint64_t v);
/* The address of a text, which ends with a 0; equal ones are one. */
LLVMValueRef ir_text(struct ir *ir, const char *text);

/* Tells LLVM that a load of an i64 gives at least 1: a loop that counts to it runs. */
void ir_positive(struct ir *ir, LLVMValueRef load);

/* The address of a table of constants of one type; equal ones are one. */
LLVMValueRef ir_table(struct ir *ir, LLVMTypeRef type, LLVMValueRef *values, uint32_t count);
/* Its element i, an i64. */
LLVMValueRef ir_table_load(struct ir *ir, LLVMTypeRef type, LLVMValueRef table, LLVMValueRef i);

/* Starts a function of that type: entry block, nounwind; pointer parameters are noalias if asked. */
LLVMValueRef ir_function(struct ir *ir, const char *name, LLVMTypeRef type, bool internal);

/* Ends the block with a jump to a new one, where building goes on; returns the block left. */
LLVMBasicBlockRef ir_split(struct ir *ir);
/* Moves to the end of a block that is complete, before its jump; returns the block left. */
LLVMBasicBlockRef ir_move_before_end(struct ir *ir, LLVMBasicBlockRef block);

/* for (i = lo; i < hi; i += step) { ... }: the body is built between begin and end; i is loop.i. */
struct ir_loop {
    LLVMValueRef i;
    LLVMValueRef step;
    LLVMBasicBlockRef head, exit;
};
struct ir_loop ir_loop_begin(struct ir *ir, LLVMValueRef lo, LLVMValueRef hi, int64_t step);
void ir_loop_end(struct ir *ir, struct ir_loop *loop);

/* if (cond) { ... } [else { ... }] */
struct ir_if {
    LLVMBasicBlockRef otherwise, join;
    bool has_else;
};
struct ir_if ir_if_begin(struct ir *ir, LLVMValueRef cond);
void ir_if_else(struct ir *ir, struct ir_if *s);
void ir_if_end(struct ir *ir, struct ir_if *s);

/* A local variable in a register. */
LLVMValueRef ir_local(struct ir *ir, LLVMTypeRef type);
LLVMValueRef ir_get(struct ir *ir, LLVMTypeRef type, LLVMValueRef local);
void ir_set(struct ir *ir, LLVMValueRef local, LLVMValueRef value);

/* Whether any lane of a comparison of vectors is true. */
LLVMValueRef ir_any(struct ir *ir, LLVMValueRef lanes);

/* A vector of one value, or of one constant: insertelement + shufflevector, never 0 + x. */
LLVMValueRef ir_splat(struct ir *ir, LLVMValueRef scalar);
LLVMValueRef ir_vec_const(struct ir *ir, double v);

/* a * b + c: llvm.fma where the level has FMA, multiply and add elsewhere (there llvm.fma would be a libcall). */
LLVMValueRef ir_fma(struct ir *ir, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c);
LLVMValueRef ir_sqrt(struct ir *ir, LLVMValueRef a);

/* Integer arithmetic with folding of constants left to LLVM. */
LLVMValueRef ir_add(struct ir *ir, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef ir_sub(struct ir *ir, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef ir_mul(struct ir *ir, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef ir_mul_const(struct ir *ir, LLVMValueRef a, int64_t b);
LLVMValueRef ir_add_const(struct ir *ir, LLVMValueRef a, int64_t b);
LLVMValueRef ir_div_const(struct ir *ir, LLVMValueRef a, int64_t b); /* non-negative a */
LLVMValueRef ir_rem_const(struct ir *ir, LLVMValueRef a, int64_t b); /* non-negative a */
/* By a number that is known at run time, of at least 1; both below 2^32, where a division is fast. */
LLVMValueRef ir_div(struct ir *ir, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef ir_rem(struct ir *ir, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef ir_min(struct ir *ir, LLVMValueRef a, LLVMValueRef b); /* signed */
LLVMValueRef ir_max(struct ir *ir, LLVMValueRef a, LLVMValueRef b);

/* Runs the optimisation pipeline; then the text of the module's IR or assembly, or an object file.
 * On failure false and *error is LLVM's text (LLVMDisposeMessage). */
bool ir_optimize(struct ir *ir, char **error);
bool ir_write_object(struct ir *ir, const char *path, char **error);
bool ir_write_assembly(struct ir *ir, const char *path, char **error);

/* Writes a file; *error as above. */
bool ir_write_file(const char *path, const char *data, size_t size, char **error);

#endif

/* The builder over the LLVM C API. Three rules that every function here keeps:
 *
 * - Floating point: no fast-math flags anywhere. LLVM may not reassociate or contract, so the bits
 *   are those of the order that a kernel was written in; fused multiply-add is asked for by name.
 * - Loops: the kernels are blocked by hand, so the pipeline has no vectoriser and no unroller.
 * - Vector width: x86-64-v4 alone makes LLVM prefer 256-bit registers; function attributes ask for
 *   the full width. */
#include "ir.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include "diag.h"
#include "ftmrt.h"

/* Once: it writes to LLVM's lists of targets and options, which other threads may be reading.
 *
 * No loop strength reduction: what licm and the addressing modes make of the kernels' addresses has inner loops as short without
 * it, with fewer registers spilled, and it takes a quarter of the time of code generation. */
static void initialize(void)
{
    static const char *const options[] = {"ftmc", "-disable-lsr"};
    LLVMParseCommandLineOptions(sizeof options / sizeof options[0], options, "");
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser(); /* inline asm, even an empty one, is parsed */
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
}

static LLVMTargetMachineRef machine_new(const struct cpu *cpu, enum ir_effort effort)
{
    const char *triple = cpu->target->triple;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialize);
    LLVMTargetRef target;
    char *error = NULL;
    if (LLVMGetTargetFromTriple(triple, &target, &error)) {
        LLVMDisposeMessage(error);
        return NULL;
    }
    LLVMCodeGenOptLevel level =
        effort == IR_NONE ? LLVMCodeGenLevelNone : LLVMCodeGenLevelAggressive;
    return LLVMCreateTargetMachine(target, triple, cpu->llvm_name, "", level, LLVMRelocPIC,
                                   LLVMCodeModelDefault);
}

static void make_types(struct ir *ir)
{
    LLVMContextRef c = ir->context;
    ir->f32 = LLVMFloatTypeInContext(c);
    ir->f64 = LLVMDoubleTypeInContext(c);
    ir->i1 = LLVMInt1TypeInContext(c);
    ir->i8 = LLVMInt8TypeInContext(c);
    ir->i32 = LLVMInt32TypeInContext(c);
    ir->i64 = LLVMInt64TypeInContext(c);
    ir->ptr = LLVMPointerTypeInContext(c, 0);
    ir->void_type = LLVMVoidTypeInContext(c);
    ir->vec = LLVMVectorType(ir->f32, ir->cpu->lanes);
}

struct ir *ir_new(const char *name, const struct cpu *cpu, enum ir_effort effort)
{
    LLVMTargetMachineRef machine = machine_new(cpu, effort);
    struct ir *ir = calloc(1, sizeof *ir);
    if (!machine || !ir) {
        free(ir);
        return NULL;
    }
    ir->effort = effort;
    ir->cpu = cpu;
    ir->machine = machine;
    ir->context = LLVMContextCreate();
    ir->module = LLVMModuleCreateWithNameInContext(name, ir->context);
    ir->b = LLVMCreateBuilderInContext(ir->context);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
    LLVMSetModuleDataLayout(ir->module, layout);
    LLVMDisposeTargetData(layout);
    char *triple = LLVMGetTargetMachineTriple(machine);
    LLVMSetTarget(ir->module, triple);
    LLVMDisposeMessage(triple);
    make_types(ir);
    return ir;
}

void ir_free(struct ir *ir)
{
    LLVMDisposeBuilder(ir->b);
    LLVMDisposeModule(ir->module);
    LLVMContextDispose(ir->context);
    LLVMDisposeTargetMachine(ir->machine);
    free(ir);
}

LLVMValueRef ir_i64(struct ir *ir, int64_t v) { return LLVMConstInt(ir->i64, (uint64_t)v, true); }

LLVMValueRef ir_f32(struct ir *ir, double v) { return LLVMConstReal(ir->f32, v); }

LLVMValueRef ir_int_const(LLVMTypeRef type, uint64_t v)
{
    LLVMValueRef lanes[FTMRT_CB];
    if (LLVMGetTypeKind(type) != LLVMVectorTypeKind)
        return LLVMConstInt(type, v, false);
    const unsigned count = LLVMGetVectorSize(type);
    for (unsigned i = 0; i < count; i++)
        lanes[i] = LLVMConstInt(LLVMGetElementType(type), v, false);
    return LLVMConstVector(lanes, count);
}

LLVMValueRef ir_text(struct ir *ir, const char *text)
{
    LLVMValueRef global = LLVMBuildGlobalString(ir->b, text, "text");
    LLVMSetLinkage(global, LLVMPrivateLinkage);
    return global; /* LLVM's constmerge makes equal ones one */
}

void ir_positive(struct ir *ir, LLVMValueRef load)
{
    static const char name[] = "range";
    LLVMMetadataRef range[] = {LLVMValueAsMetadata(ir_i64(ir, 1)),
                               LLVMValueAsMetadata(ir_i64(ir, INT64_MAX))};
    LLVMMetadataRef node = LLVMMDNodeInContext2(ir->context, range, 2);
    unsigned kind = LLVMGetMDKindIDInContext(ir->context, name, sizeof name - 1);
    LLVMSetMetadata(load, kind, LLVMMetadataAsValue(ir->context, node));
}

LLVMValueRef ir_table(struct ir *ir, LLVMTypeRef type, LLVMValueRef *values, uint32_t count)
{
    LLVMValueRef all = LLVMConstArray2(type, values, count);
    LLVMValueRef global = LLVMAddGlobal(ir->module, LLVMTypeOf(all), "table");
    LLVMSetInitializer(global, all);
    LLVMSetGlobalConstant(global, true);
    LLVMSetLinkage(global, LLVMPrivateLinkage);
    LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
    return global;
}

LLVMValueRef ir_table_load(struct ir *ir, LLVMTypeRef type, LLVMValueRef table, LLVMValueRef i)
{
    return LLVMBuildLoad2(ir->b, type, LLVMBuildInBoundsGEP2(ir->b, type, table, &i, 1, ""), "");
}

static void add_attribute(struct ir *ir, LLVMValueRef fn, const char *key, const char *value)
{
    LLVMAttributeRef a = LLVMCreateStringAttribute(ir->context, key, (unsigned)strlen(key), value,
                                                   (unsigned)strlen(value));
    LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, a);
}

static void add_enum_attribute(struct ir *ir, LLVMValueRef fn, const char *name)
{
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(ir->context, kind, 0));
}

LLVMValueRef ir_function(struct ir *ir, const char *name, LLVMTypeRef type, bool internal)
{
    LLVMValueRef fn = LLVMAddFunction(ir->module, name, type);
    LLVMSetLinkage(fn, internal ? LLVMInternalLinkage : LLVMExternalLinkage);
    add_enum_attribute(ir, fn, "nounwind");
#ifdef FTM_SANITIZE_THREAD
    add_enum_attribute(ir, fn, "sanitize_thread");
#endif
    if (ir->cpu->lanes == 16) {
        add_attribute(ir, fn, "prefer-vector-width", "512");
        add_attribute(ir, fn, "min-legal-vector-width", "512");
    }
    LLVMPositionBuilderAtEnd(ir->b, LLVMAppendBasicBlockInContext(ir->context, fn, "entry"));
    ir->fn = fn;
    return fn;
}

/* ---- control flow ---- */

static LLVMBasicBlockRef block_new(struct ir *ir, const char *name)
{
    return LLVMAppendBasicBlockInContext(ir->context, ir->fn, name);
}

LLVMBasicBlockRef ir_split(struct ir *ir)
{
    LLVMBasicBlockRef left = LLVMGetInsertBlock(ir->b), next = block_new(ir, "next");
    LLVMBuildBr(ir->b, next);
    LLVMPositionBuilderAtEnd(ir->b, next);
    return left;
}

LLVMBasicBlockRef ir_move_before_end(struct ir *ir, LLVMBasicBlockRef block)
{
    LLVMBasicBlockRef here = LLVMGetInsertBlock(ir->b);
    LLVMPositionBuilderBefore(ir->b, LLVMGetBasicBlockTerminator(block));
    return here;
}

struct ir_loop ir_loop_begin(struct ir *ir, LLVMValueRef lo, LLVMValueRef hi, int64_t step)
{
    struct ir_loop loop = {.step = ir_i64(ir, step), .head = block_new(ir, "loop"), .exit = NULL};
    LLVMBasicBlockRef before = LLVMGetInsertBlock(ir->b);
    LLVMBasicBlockRef body = block_new(ir, "body");
    loop.exit = block_new(ir, "done");
    LLVMBuildBr(ir->b, loop.head);
    LLVMPositionBuilderAtEnd(ir->b, loop.head);
    loop.i = LLVMBuildPhi(ir->b, ir->i64, "i");
    LLVMAddIncoming(loop.i, &lo, &before, 1);
    LLVMBuildCondBr(ir->b, LLVMBuildICmp(ir->b, LLVMIntSLT, loop.i, hi, ""), body, loop.exit);
    LLVMPositionBuilderAtEnd(ir->b, body);
    return loop;
}

void ir_loop_end(struct ir *ir, struct ir_loop *loop)
{
    LLVMBasicBlockRef last = LLVMGetInsertBlock(ir->b);
    LLVMValueRef next = LLVMBuildNSWAdd(ir->b, loop->i, loop->step, "");
    LLVMAddIncoming(loop->i, &next, &last, 1);
    LLVMBuildBr(ir->b, loop->head);
    LLVMMoveBasicBlockAfter(loop->exit, last);
    LLVMPositionBuilderAtEnd(ir->b, loop->exit);
}

struct ir_if ir_if_begin(struct ir *ir, LLVMValueRef cond)
{
    LLVMBasicBlockRef then = block_new(ir, "then");
    struct ir_if s = {
        .otherwise = block_new(ir, "else"), .join = block_new(ir, "join"), .has_else = false};
    LLVMBuildCondBr(ir->b, cond, then, s.otherwise);
    LLVMPositionBuilderAtEnd(ir->b, then);
    return s;
}

void ir_if_else(struct ir *ir, struct ir_if *s)
{
    LLVMBuildBr(ir->b, s->join);
    LLVMMoveBasicBlockAfter(s->otherwise, LLVMGetInsertBlock(ir->b));
    LLVMPositionBuilderAtEnd(ir->b, s->otherwise);
    s->has_else = true;
}

void ir_if_end(struct ir *ir, struct ir_if *s)
{
    if (!s->has_else)
        ir_if_else(ir, s);
    LLVMBuildBr(ir->b, s->join);
    LLVMMoveBasicBlockAfter(s->join, LLVMGetInsertBlock(ir->b));
    LLVMPositionBuilderAtEnd(ir->b, s->join);
}

/* ---- variables ---- */

LLVMValueRef ir_local(struct ir *ir, LLVMTypeRef type)
{
    LLVMBasicBlockRef here = LLVMGetInsertBlock(ir->b);
    LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(ir->fn);
    LLVMValueRef first = LLVMGetFirstInstruction(entry);
    if (first)
        LLVMPositionBuilderBefore(ir->b, first);
    else
        LLVMPositionBuilderAtEnd(ir->b, entry);
    LLVMValueRef local = LLVMBuildAlloca(ir->b, type, "");
    LLVMPositionBuilderAtEnd(ir->b, here);
    return local;
}

LLVMValueRef ir_get(struct ir *ir, LLVMTypeRef type, LLVMValueRef local)
{
    return LLVMBuildLoad2(ir->b, type, local, "");
}

void ir_set(struct ir *ir, LLVMValueRef local, LLVMValueRef value)
{
    LLVMBuildStore(ir->b, value, local);
}

LLVMValueRef ir_any(struct ir *ir, LLVMValueRef lanes)
{
    LLVMTypeRef bits = LLVMIntTypeInContext(ir->context, LLVMGetVectorSize(LLVMTypeOf(lanes)));
    return LLVMBuildIsNotNull(ir->b, LLVMBuildBitCast(ir->b, lanes, bits, ""), "");
}

LLVMValueRef ir_splat(struct ir *ir, LLVMValueRef scalar)
{
    LLVMTypeRef mask = LLVMVectorType(ir->i32, ir->cpu->lanes);
    LLVMValueRef none = LLVMGetPoison(ir->vec);
    LLVMValueRef v =
        LLVMBuildInsertElement(ir->b, none, scalar, LLVMConstInt(ir->i32, 0, false), "");
    return LLVMBuildShuffleVector(ir->b, v, none, LLVMConstNull(mask), "");
}

LLVMValueRef ir_vec_const(struct ir *ir, double v)
{
    LLVMValueRef lanes[FTMRT_CB];
    for (uint32_t i = 0; i < ir->cpu->lanes; i++)
        lanes[i] = ir_f32(ir, v);
    return LLVMConstVector(lanes, ir->cpu->lanes);
}

/* ---- arithmetic ---- */

/* Calls the intrinsic of that name for the type of its operands (f32 or ir->vec). */
static LLVMValueRef intrinsic(struct ir *ir, const char *name, LLVMValueRef *args, unsigned count)
{
    LLVMTypeRef type = LLVMTypeOf(args[0]);
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    FTM_BUG_ON(id == 0, "LLVM has no %s", name);
    LLVMValueRef fn = LLVMGetIntrinsicDeclaration(ir->module, id, &type, 1);
    LLVMTypeRef fn_type = LLVMIntrinsicGetType(ir->context, id, &type, 1);
    return LLVMBuildCall2(ir->b, fn_type, fn, args, count, "");
}

LLVMValueRef ir_fma(struct ir *ir, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c)
{
    if (!ir->cpu->fma)
        return LLVMBuildFAdd(ir->b, LLVMBuildFMul(ir->b, a, b, ""), c, "");
    return intrinsic(ir, "llvm.fma", (LLVMValueRef[]){a, b, c}, 3);
}

LLVMValueRef ir_sqrt(struct ir *ir, LLVMValueRef a) { return intrinsic(ir, "llvm.sqrt", &a, 1); }

LLVMValueRef ir_add(struct ir *ir, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildNSWAdd(ir->b, a, b, "");
}

LLVMValueRef ir_sub(struct ir *ir, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildNSWSub(ir->b, a, b, "");
}

LLVMValueRef ir_mul(struct ir *ir, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildNSWMul(ir->b, a, b, "");
}

LLVMValueRef ir_mul_const(struct ir *ir, LLVMValueRef a, int64_t b)
{
    return b == 1 ? a : ir_mul(ir, a, ir_i64(ir, b));
}

LLVMValueRef ir_add_const(struct ir *ir, LLVMValueRef a, int64_t b)
{
    return b == 0 ? a : ir_add(ir, a, ir_i64(ir, b));
}

LLVMValueRef ir_div_const(struct ir *ir, LLVMValueRef a, int64_t b)
{
    return b == 1 ? a : LLVMBuildUDiv(ir->b, a, ir_i64(ir, b), "");
}

LLVMValueRef ir_rem_const(struct ir *ir, LLVMValueRef a, int64_t b)
{
    return b == 1 ? ir_i64(ir, 0) : LLVMBuildURem(ir->b, a, ir_i64(ir, b), "");
}

static LLVMValueRef narrow(struct ir *ir, LLVMValueRef a)
{
    return LLVMBuildTrunc(ir->b, a, ir->i32, "");
}

LLVMValueRef ir_div(struct ir *ir, LLVMValueRef a, LLVMValueRef b)
{
    LLVMValueRef quotient = LLVMBuildUDiv(ir->b, narrow(ir, a), narrow(ir, b), "");
    return LLVMBuildZExt(ir->b, quotient, ir->i64, "");
}

LLVMValueRef ir_rem(struct ir *ir, LLVMValueRef a, LLVMValueRef b)
{
    LLVMValueRef rest = LLVMBuildURem(ir->b, narrow(ir, a), narrow(ir, b), "");
    return LLVMBuildZExt(ir->b, rest, ir->i64, "");
}

LLVMValueRef ir_min(struct ir *ir, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildSelect(ir->b, LLVMBuildICmp(ir->b, LLVMIntSLT, a, b, ""), a, b, "");
}

LLVMValueRef ir_max(struct ir *ir, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildSelect(ir->b, LLVMBuildICmp(ir->b, LLVMIntSGT, a, b, ""), a, b, "");
}

/* ---- output ---- */

/* What the kernels need of the middle end: variables in registers, address arithmetic shared,
 * folded and out of the loops. Of the code that default<O3> makes it reaches the same speed
 * (tests/bench/kernels.c) in less than half of the time. */
#define SPEED_PASSES                                                                               \
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"                 \
    "loop-mssa(loop-rotate,licm),indvars,gvn,instcombine<no-verify-fixpoint>,simplifycfg,"         \
    "dce)"

#ifdef FTM_SANITIZE_THREAD
/* The compiler's own thread-sanitized build makes kernels whose accesses are checked, those of
 * at most 16 bytes: the tests compile for 4 lanes. */
#define CHECK_PASSES "tsan-module,function(tsan)"
static const char *const passes[] = {[IR_SPEED] = SPEED_PASSES "," CHECK_PASSES,
                                     [IR_NONE] = CHECK_PASSES};
#else
static const char *const passes[] = {[IR_SPEED] = SPEED_PASSES, [IR_NONE] = NULL};
#endif

bool ir_optimize(struct ir *ir, char **error)
{
#ifndef NDEBUG
    if (LLVMVerifyModule(ir->module, LLVMReturnStatusAction, error))
        return false;
    LLVMDisposeMessage(*error);
    *error = NULL;
#endif
    if (!passes[ir->effort])
        return true;
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef failure = LLVMRunPasses(ir->module, passes[ir->effort], ir->machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (!failure)
        return true;
    char *text = LLVMGetErrorMessage(failure);
    *error = LLVMCreateMessage(text);
    LLVMDisposeErrorMessage(text);
    return false;
}

bool ir_write_file(const char *path, const char *data, size_t size, char **error)
{
    FILE *out = fopen(path, "wb");
    bool ok = out && fwrite(data, 1, size, out) == size;
    int code = errno;
    if (out && fclose(out) != 0 && ok) {
        ok = false;
        code = errno;
    }
    if (!ok)
        *error = LLVMCreateMessage(strerror(code));
    return ok;
}

/* By way of memory: LLVM ends the process if a file cannot be written. */
static bool emit_file(struct ir *ir, const char *path, LLVMCodeGenFileType type, char **error)
{
    LLVMMemoryBufferRef buffer;
    if (LLVMTargetMachineEmitToMemoryBuffer(ir->machine, ir->module, type, error, &buffer))
        return false;
    bool ok = ir_write_file(path, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer), error);
    LLVMDisposeMemoryBuffer(buffer);
    return ok;
}

bool ir_write_object(struct ir *ir, const char *path, char **error)
{
    return emit_file(ir, path, LLVMObjectFile, error);
}

bool ir_write_assembly(struct ir *ir, const char *path, char **error)
{
    return emit_file(ir, path, LLVMAssemblyFile, error);
}

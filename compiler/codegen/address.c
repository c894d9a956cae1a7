/* The stored types, and loads and stores: see address.h. */
#include "address.h"

#include "diag.h"

/* ---- stored types ---- */

/* Between memory and f32; of one element, or of a vector. NULL in a row: nothing computes with the type. */
typedef LLVMValueRef convert_fn(struct ir *ir, LLVMValueRef v);

struct stored_type {
    LLVMTypeRef (*element)(LLVMContextRef context);
    convert_fn *widen, *round;
};

static LLVMValueRef keep(struct ir *ir, LLVMValueRef v)
{
    (void)ir;
    return v;
}

/* An element's type, or a vector of as many as v has. */
static LLVMTypeRef type_like(LLVMTypeRef element, LLVMValueRef v)
{
    LLVMTypeRef type = LLVMTypeOf(v);
    if (LLVMGetTypeKind(type) != LLVMVectorTypeKind)
        return element;
    return LLVMVectorType(element, LLVMGetVectorSize(type));
}

/* An i32, in as many lanes as v has. */
static LLVMValueRef i32_like(struct ir *ir, LLVMValueRef v, uint32_t value)
{
    return ir_int_const(type_like(ir->i32, v), value);
}

/* A bf16 is the upper half of an f32. */
static LLVMValueRef widen_bf16(struct ir *ir, LLVMValueRef v)
{
    LLVMValueRef bits = LLVMBuildZExt(ir->b, v, type_like(ir->i32, v), "");
    bits = LLVMBuildShl(ir->b, bits, i32_like(ir, v, 16), "");
    return LLVMBuildBitCast(ir->b, bits, type_like(ir->f32, v), "");
}

/* To nearest even; denormals become zeros of their sign, NaNs quiet: as VCVTNEPS2BF16 does, on every level. */
static LLVMValueRef round_bf16(struct ir *ir, LLVMValueRef v)
{
    LLVMBuilderRef b = ir->b;
    LLVMValueRef bits = LLVMBuildBitCast(b, v, type_like(ir->i32, v), "");
    LLVMValueRef upper = LLVMBuildLShr(b, bits, i32_like(ir, v, 16), "");
    LLVMValueRef odd = LLVMBuildAnd(b, upper, i32_like(ir, v, 1), "");
    LLVMValueRef half = LLVMBuildAdd(b, odd, i32_like(ir, v, 0x7fff), "");
    LLVMValueRef near = LLVMBuildLShr(b, LLVMBuildAdd(b, bits, half, ""), i32_like(ir, v, 16), "");
    LLVMValueRef quiet = LLVMBuildOr(b, upper, i32_like(ir, v, 0x40), "");
    LLVMValueRef zero = LLVMBuildAnd(b, upper, i32_like(ir, v, 0x8000), "");
    LLVMValueRef exponent = LLVMBuildAnd(b, bits, i32_like(ir, v, 0x7f800000), "");
    LLVMValueRef small = LLVMBuildICmp(b, LLVMIntEQ, exponent, i32_like(ir, v, 0), "");
    LLVMValueRef nan = LLVMBuildFCmp(b, LLVMRealUNO, v, v, "");
    near = LLVMBuildSelect(b, small, zero, LLVMBuildSelect(b, nan, quiet, near, ""), "");
    return LLVMBuildTrunc(b, near, type_like(LLVMInt16TypeInContext(ir->context), v), "");
}

static const struct stored_type rows[FTMRT_DTYPE_COUNT] = {
    [FTMRT_F32] = {LLVMFloatTypeInContext, keep, keep},
    [FTMRT_F64] = {LLVMDoubleTypeInContext, NULL, NULL},
    [FTMRT_F16] = {LLVMInt16TypeInContext, NULL, NULL},
    [FTMRT_BF16] = {LLVMInt16TypeInContext, widen_bf16, round_bf16},
    [FTMRT_I8] = {LLVMInt8TypeInContext, NULL, NULL},
    [FTMRT_I16] = {LLVMInt16TypeInContext, NULL, NULL},
    [FTMRT_I32] = {LLVMInt32TypeInContext, NULL, NULL},
    [FTMRT_I64] = {LLVMInt64TypeInContext, NULL, NULL},
    [FTMRT_U8] = {LLVMInt8TypeInContext, NULL, NULL},
    [FTMRT_BOOL] = {LLVMInt8TypeInContext, NULL, NULL},
};

static LLVMTypeRef element(struct ir *ir, struct address a)
{
    return rows[a.stored].element(ir->context);
}

static const struct stored_type *computed(struct address a)
{
    FTM_BUG_ON(!rows[a.stored].widen, "arithmetic with what is stored as %s",
               ftmrt_dtype_name(a.stored));
    return &rows[a.stored];
}

/* ---- addresses ---- */

struct address ir_at(struct ir *ir, struct address a, LLVMValueRef i)
{
    a.p = LLVMBuildInBoundsGEP2(ir->b, element(ir, a), a.p, &i, 1, "");
    return a;
}

struct address ir_at_const(struct ir *ir, struct address a, int64_t i)
{
    return i == 0 ? a : ir_at(ir, a, ir_i64(ir, i));
}

struct address ir_launder(struct ir *ir, struct address a)
{
    LLVMTypeRef type = LLVMFunctionType(ir->ptr, &ir->ptr, 1, false);
    LLVMValueRef nothing =
        LLVMGetInlineAsm(type, "", 0, "=r,0", 4, true, false, LLVMInlineAsmDialectATT, false);
    a.p = LLVMBuildCall2(ir->b, type, nothing, &a.p, 1, "");
    return a;
}

void ir_prefetch(struct ir *ir, struct address a, LLVMValueRef i)
{
    enum { READ = 0, EVERY_CACHE = 3, DATA = 1 };
    static const char name[] = "llvm.prefetch";
    const unsigned id = LLVMLookupIntrinsicID(name, sizeof name - 1);
    LLVMTypeRef i32 = LLVMInt32TypeInContext(ir->context);
    LLVMValueRef args[] = {LLVMBuildGEP2(ir->b, element(ir, a), a.p, &i, 1, ""),
                           LLVMConstInt(i32, READ, false), LLVMConstInt(i32, EVERY_CACHE, false),
                           LLVMConstInt(i32, DATA, false)};
    LLVMValueRef fn = LLVMGetIntrinsicDeclaration(ir->module, id, &ir->ptr, 1);
    LLVMBuildCall2(ir->b, LLVMIntrinsicGetType(ir->context, id, &ir->ptr, 1), fn, args, 4, "");
}

struct address ir_stack(struct ir *ir, int64_t count)
{
    enum { ALIGN = 64 };
    LLVMValueRef room = ir_local(ir, LLVMArrayType2(ir->f32, (uint64_t)count));
    LLVMSetAlignment(room, ALIGN);
    return address_of(room, FTMRT_F32);
}

/* ---- loads and stores ---- */

static void mark_unchanging(struct ir *ir, LLVMValueRef load)
{
    static const char name[] = "invariant.load";
    LLVMMetadataRef node = LLVMMDNodeInContext2(ir->context, NULL, 0);
    unsigned kind = LLVMGetMDKindIDInContext(ir->context, name, sizeof name - 1);
    LLVMSetMetadata(load, kind, LLVMMetadataAsValue(ir->context, node));
}

/* In bytes, of `count` elements or, 0, of one. */
static unsigned alignment(struct address a, uint32_t count)
{
    return (unsigned)ftmrt_dtype_size(a.stored) * (count && !a.loose ? count : 1);
}

/* `count` elements side by side, as they lie in memory; 0: one, which is no vector. */
static LLVMValueRef load(struct ir *ir, struct address a, uint32_t count)
{
    LLVMTypeRef type = element(ir, a);
    LLVMValueRef v = LLVMBuildLoad2(ir->b, count ? LLVMVectorType(type, count) : type, a.p, "");
    LLVMSetAlignment(v, alignment(a, count));
    if (a.unchanging)
        mark_unchanging(ir, v);
    return v;
}

static void store(struct ir *ir, LLVMValueRef v, struct address a, uint32_t count)
{
    LLVMSetAlignment(LLVMBuildStore(ir->b, v, a.p), alignment(a, count));
}

LLVMValueRef ir_load_f32(struct ir *ir, struct address a)
{
    return computed(a)->widen(ir, load(ir, a, 0));
}

LLVMValueRef ir_load_vec(struct ir *ir, struct address a)
{
    return computed(a)->widen(ir, load(ir, a, ir->cpu->lanes));
}

void ir_store_f32(struct ir *ir, LLVMValueRef v, struct address a)
{
    store(ir, computed(a)->round(ir, v), a, 0);
}

void ir_store_vec(struct ir *ir, LLVMValueRef v, struct address a)
{
    store(ir, computed(a)->round(ir, v), a, ir->cpu->lanes);
}

LLVMValueRef ir_load_int(struct ir *ir, struct address a) { return load(ir, a, 0); }

void ir_store_int(struct ir *ir, LLVMValueRef v, struct address a) { store(ir, v, a, 0); }

void ir_clear(struct ir *ir, struct address a) { store(ir, LLVMConstNull(element(ir, a)), a, 0); }

void ir_copy(struct ir *ir, struct address from, struct address to)
{
    if (from.stored == to.stored)
        store(ir, load(ir, from, 0), to, 0);
    else
        ir_store_f32(ir, ir_load_f32(ir, from), to);
}

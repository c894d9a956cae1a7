/* One function per row of emit.def. */
#include "lanes.h"

#include "vmath.h"

emit_value build_constant(struct emit *e, double value)
{
    return lanes_wrap(ir_vec_const(lanes_ir(e), value));
}

emit_value build_add(struct emit *e, emit_value a, emit_value b)
{
    return lanes_wrap(LLVMBuildFAdd(lanes_ir(e)->b, lanes_llvm(a), lanes_llvm(b), ""));
}

emit_value build_sub(struct emit *e, emit_value a, emit_value b)
{
    return lanes_wrap(LLVMBuildFSub(lanes_ir(e)->b, lanes_llvm(a), lanes_llvm(b), ""));
}

emit_value build_mul(struct emit *e, emit_value a, emit_value b)
{
    return lanes_wrap(LLVMBuildFMul(lanes_ir(e)->b, lanes_llvm(a), lanes_llvm(b), ""));
}

emit_value build_div(struct emit *e, emit_value a, emit_value b)
{
    return lanes_wrap(LLVMBuildFDiv(lanes_ir(e)->b, lanes_llvm(a), lanes_llvm(b), ""));
}

emit_value build_fma(struct emit *e, emit_value a, emit_value b, emit_value c)
{
    return lanes_wrap(ir_fma(lanes_ir(e), lanes_llvm(a), lanes_llvm(b), lanes_llvm(c)));
}

/* Lane by lane a OP b ? c : d. */
static emit_value choose(struct emit *e, LLVMRealPredicate op, emit_value a, emit_value b,
                         emit_value c, emit_value d)
{
    LLVMBuilderRef builder = lanes_ir(e)->b;
    LLVMValueRef holds = LLVMBuildFCmp(builder, op, lanes_llvm(a), lanes_llvm(b), "");
    return lanes_wrap(LLVMBuildSelect(builder, holds, lanes_llvm(c), lanes_llvm(d), ""));
}

/* Ordered comparisons with the second operand chosen on true: one maxps or minps, and NaN in a
 * passes through. */
emit_value build_max(struct emit *e, emit_value a, emit_value b)
{
    return choose(e, LLVMRealOLT, a, b, b, a);
}

emit_value build_min(struct emit *e, emit_value a, emit_value b)
{
    return choose(e, LLVMRealOGT, a, b, b, a);
}

emit_value build_select_gt(struct emit *e, emit_value a, emit_value b, emit_value c, emit_value d)
{
    return choose(e, LLVMRealOGT, a, b, c, d);
}

emit_value build_select_ge(struct emit *e, emit_value a, emit_value b, emit_value c, emit_value d)
{
    return choose(e, LLVMRealOGE, a, b, c, d);
}

emit_value build_neg(struct emit *e, emit_value a)
{
    return lanes_wrap(LLVMBuildFNeg(lanes_ir(e)->b, lanes_llvm(a), ""));
}

emit_value build_sqrt(struct emit *e, emit_value a)
{
    return lanes_wrap(ir_sqrt(lanes_ir(e), lanes_llvm(a)));
}

emit_value build_abs(struct emit *e, emit_value a)
{
    return lanes_wrap(vmath_abs(lanes_ir(e), lanes_llvm(a)));
}

emit_value build_exp(struct emit *e, emit_value a)
{
    return lanes_wrap(vmath_exp(lanes_ir(e), lanes_llvm(a)));
}

emit_value build_log(struct emit *e, emit_value a)
{
    return lanes_wrap(vmath_log(lanes_ir(e), lanes_llvm(a)));
}

emit_value build_tanh(struct emit *e, emit_value a)
{
    return lanes_wrap(vmath_tanh(lanes_ir(e), lanes_llvm(a)));
}

emit_value build_erf(struct emit *e, emit_value a)
{
    return lanes_wrap(vmath_erf(lanes_ir(e), lanes_llvm(a)));
}

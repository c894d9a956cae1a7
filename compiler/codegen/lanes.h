/* The arithmetic of emission rules as vector IR: what builders over LLVM share, whatever their
 * operands are. */
#ifndef FTM_CODEGEN_LANES_H
#define FTM_CODEGEN_LANES_H

#include "emit.h"
#include "ir.h"

/* First member of such a builder's own structure. */
struct lanes {
    struct emit emit; /* first */
    struct ir *ir;
};

static inline struct ir *lanes_ir(struct emit *e) { return ((struct lanes *)e)->ir; }

/* A value of an emission rule is an LLVM value of type ir->vec. */
static inline emit_value lanes_wrap(LLVMValueRef v) { return (emit_value)v; }
static inline LLVMValueRef lanes_llvm(emit_value v) { return (LLVMValueRef)v; }

emit_value build_constant(struct emit *e, double value);
#define FTM_EMIT(name, operands, value, meaning)                                                   \
    emit_value build_##name(struct emit *e, EMIT_PARAMS_##operands);
#include "emit.def"
#undef FTM_EMIT

#endif

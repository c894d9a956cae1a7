/* Windows over the maps of channel blocks: what the kernels of pooling share. A unit is an (image,
 * channel block); everything that it writes belongs to it, so that gradients may scatter. Windows are
 * clipped by loop bounds: padding is never read. */
#ifndef FTM_CODEGEN_POOL_WINDOW_H
#define FTM_CODEGEN_POOL_WINDOW_H

#include "geometry.h"

struct pool_window {
    struct kernel_build *k;
    struct geometry in, out;
    const int64_t *kernel, *stride, *padding;
    int64_t dilation[2];
    bool clipped;             /* some window reaches over an edge, or they differ in size */
    bool backwards;           /* taps from the last to the first */
    LLVMValueRef row, column; /* output position */
    /* Where the window of output index `out` of an axis (0: rows) starts in the input, perhaps in the
     * padding, and which taps lo <= t < hi of it lie inside; tap t is t * dilation places on. */
    void (*range)(struct pool_window *w, int axis, LLVMValueRef out, LLVMValueRef *start,
                  LLVMValueRef *lo, LLVMValueRef *hi);
};

/* The windows of a node with attributes kernel, stride and padding, from `in` to `out`. */
struct pool_window pool_window_of(struct kernel_build *k, value_id in, value_id out);

/* Windows that cut a map `in` into as many parts an axis as `out` has pixels: part i of H places is
 * floor(i H / parts) .. ceil((i + 1) H / parts). */
struct pool_window pool_parts_of(struct kernel_build *k, value_id in, value_id out);

/* What is done with a tap: `pixel` is the input's. */
typedef void pool_tap_fn(struct pool_window *w, LLVMValueRef pixel, void *data);

/* Calls `tap` for the window's taps in row-major order, or backwards: unrolled where no window is clipped, else in
 * loops. */
void pool_each_tap(struct pool_window *w, pool_tap_fn *tap, void *data);

/* The loop over the outputs, which sets the window's row and column. */
struct pool_outputs {
    struct ir_loop rows, columns;
    LLVMValueRef pixel;
};
struct pool_outputs pool_outputs_begin(struct pool_window *w);
void pool_outputs_end(struct pool_window *w, struct pool_outputs *e);

/* Zeroes a slice (the map of an image's channel block). */
void pool_clear_slice(struct kernel_build *k, const struct geometry *q, struct address slice);

#endif

/* Windows over the maps of channel blocks: what the kernels of pooling share. A unit is an (image,
 * channel block); everything that it writes belongs to it, so that gradients may scatter. Windows are
 * clipped by loop bounds: padding is never read. Outputs whose windows lie inside the map, and parts of
 * maps that are cut into few columns, have their taps unrolled. */
#ifndef FTM_CODEGEN_POOL_WINDOW_H
#define FTM_CODEGEN_POOL_WINDOW_H

#include "geometry.h"

struct pool_window {
    struct kernel_build *k;
    struct geometry in, out;
    const int64_t *kernel, *stride, *padding;
    int64_t dilation[2];
    bool clipped;          /* some window reaches over an edge, or they differ in size */
    int64_t inside[2][2];  /* by axis (0: rows): outputs from .. before whose windows are whole */
    bool unrolled_columns; /* each column of the result has code of its own */
    LLVMValueRef row, column; /* output position */
    bool whole[2];            /* by axis: the window at hand is */
    bool fetches; /* the rows of the window below are asked for, of the slice `fetched` */
    struct address fetched;
    bool backwards; /* taps from the last to the first, for what is rare: in loops */
    /* Where the window of output index `out` of an axis starts in the input, perhaps in the
     * padding, and which taps lo <= t < hi of it lie inside; tap t is t * dilation places on. */
    void (*range)(struct pool_window *w, int axis, LLVMValueRef out, LLVMValueRef *start,
                  LLVMValueRef *lo, LLVMValueRef *hi);
};

/* The windows of a node with attributes kernel, stride and padding, from `in` to `out`. */
struct pool_window pool_window_of(struct kernel_build *k, value_id in, value_id out);

/* Windows that cut a map `in` into as many parts an axis as `out` has pixels: part i of H places is
 * floor(i H / parts) .. ceil((i + 1) H / parts). */
struct pool_window pool_parts_of(struct kernel_build *k, value_id in, value_id out);

/* Calls `output` for the outputs, with row and column set; `pixel` is the output's. Its code is made several times. */
typedef void pool_output_fn(struct pool_window *w, LLVMValueRef pixel, void *data);
void pool_each_output(struct pool_window *w, pool_output_fn *output, void *data);

/* What is done with a tap: `pixel` is the input's. */
typedef void pool_tap_fn(struct pool_window *w, LLVMValueRef pixel, void *data);

/* Calls `tap` for the taps of the window at hand in row-major order, or backwards. */
void pool_each_tap(struct pool_window *w, pool_tap_fn *tap, void *data);

/* Zeroes a slice (the map of an image's channel block). */
void pool_clear_slice(struct kernel_build *k, const struct geometry *q, struct address slice);

#endif

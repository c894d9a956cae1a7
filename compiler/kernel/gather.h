/* The geometry of convolutions as the kernels see it: every output gathers its taps.
 *
 * Along one axis the outputs out_start + out_step * j (0 <= j < outs) take input stride * j + off0
 * + off_step * t with weight tap0 + tap_step * t, for 0 <= t < taps, where that input exists. A
 * forward convolution is one such axis; the gradient to the input of a convolution of stride s is s
 * of them, one for each remainder of the output index modulo s, because only the taps p with (index
 * + padding - p * dilation) divisible by s contribute. */
#ifndef FTM_KERNEL_GATHER_H
#define FTM_KERNEL_GATHER_H

#include "graph.h"
#include "rounding.h"

struct gather_axis {
    int64_t in;
    int64_t out_start, out_step, outs;
    int64_t stride, off0, off_step;
    int64_t tap0, tap_step, taps;
};

/* A conv2d or conv2d_grad_input node: which buffers, sizes, axes. */
struct gather {
    const struct attrs *attrs;
    bool backward;
    bool plain; /* the operand is row-major */
    int64_t in_channels, out_channels;
    int64_t in[2], out[2], kernel[2]; /* height, width */
};

struct gather gather_of(const struct graph *g, const struct node *n);

/* Number of axes along dimension d (0: height, 1: width), and one of them. */
int64_t gather_classes(const struct gather *q, int d);
struct gather_axis gather_axis(const struct gather *q, int d, int64_t class);

/* Whether tap t of output j exists. */
bool gather_exists(const struct gather_axis *a, int64_t j, int64_t t);

/* A run of equal tiles along an axis: outputs start + width * i for i < count. uniform: all outputs
 * of the tile have the same taps (only such tiles are put together). A tap begins and ends once
 * along an axis, so there are at most 4 segments per tap, and one; a kernel has at most 64 taps in a
 * row (calls.def), or covers the map (linear layers). */
struct gather_segment {
    int64_t start, width, count;
    bool uniform;
};
enum { GATHER_MAX_SEGMENTS = 320 };

/* Cuts an axis into tiles of at most `width` outputs, as equal as can be; returns the number of
 * segments. */
uint32_t gather_segments(const struct gather_axis *a, int64_t width, struct gather_segment *out);

/* A run of taps of a tile for which the same outputs exist: lo <= m < hi. */
struct gather_taps {
    int64_t first, count, lo, hi;
};
/* The runs of taps of the tile [start, start + width), without those that no output has. runs: at
 * least a->taps. */
uint32_t gather_tap_runs(const struct gather_axis *a, int64_t start, int64_t width,
                         struct gather_taps *runs);

/* Work units of one image: how many row bands so that a batch of one still has enough units. */
int64_t gather_bands(int64_t rows, int64_t units_without);

#endif

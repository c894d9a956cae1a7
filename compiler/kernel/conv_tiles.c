/* The cost model of dense convolutions: see conv_tiles.h. */
#include "conv_tiles.h"

#include "ftmrt.h"

enum { CB = FTMRT_CB, MAX_WIDTH = 28, IMAGES_PIXELS = 4 };

/* Widest tile that leaves registers for a row of weights and a broadcast (and a product, without
 * FMA). */
static int64_t widest(const struct cpu *cpu, int64_t vectors)
{
    int64_t registers = cpu->registers;
    int64_t width = cpu->fma ? (registers - 1 - vectors) / vectors : (registers - 3) / vectors;
    return width < MAX_WIDTH ? width : MAX_WIDTH;
}

/* Half cycles of one reduction step: two multiply-adds or two loads a cycle, a chain of four cycles
 * per accumulator; weights come from the second-level cache. */
static double step_cost(int64_t width, int64_t vectors)
{
    int64_t work = width * vectors, loads = width + vectors;
    int64_t most = work > loads ? work : loads;
    return (double)(most > 8 ? most : 8) + 0.5 * (double)vectors;
}

/* Cost of `outputs` outputs in tiles of at most `width`, as gather_segments cuts them. */
static double row_cost(int64_t outputs, int64_t width, int64_t vectors)
{
    int64_t tiles = ceil_div(outputs, width), wide = outputs % tiles;
    return (double)wide * step_cost(outputs / tiles + 1, vectors) +
           (double)(tiles - wide) * step_cost(outputs / tiles, vectors);
}

/* The same in tiles of exactly `width` and single outputs for the rest. */
static double images_cost(int64_t outputs, int64_t width, int64_t vectors)
{
    int64_t tiles = outputs / width, singles = outputs % width;
    return (double)tiles * step_cost(width, vectors) + (double)singles * step_cost(1, vectors);
}

struct choice {
    double cost;
    int64_t blocks, width, row;
};

static void consider(struct choice *best, double cost, int64_t blocks, int64_t width, int64_t row)
{
    if (best->blocks == 0 || cost < best->cost * 0.999)
        *best = (struct choice){cost, blocks, width, row};
}

/* A map that is one long row may be cut into rows of any divisor of its length. */
static void consider_rows(struct choice *best, const struct conv_tiles *p, bool flat,
                          int64_t blocks, int64_t widest_tile, int64_t vectors)
{
    int64_t pixels = p->q.out[0] * p->q.out[1], groups = ceil_div(p->q.out_channels, CB) / blocks;
    int64_t classes = gather_classes(&p->q, 1);
    if (!flat) {
        int64_t outs = ceil_div(p->q.out[1], classes);
        double cost =
            (double)(groups * p->q.out[0] * classes) * row_cost(outs, widest_tile, vectors);
        consider(best, cost, blocks, widest_tile, p->q.out[1]);
        return;
    }
    for (int64_t row = 1; row <= pixels && row <= 16 * widest_tile; row++)
        if (pixels % row == 0) {
            double overhead = 30.0 / (double)p->q.in_channels;
            int64_t rows = groups * (pixels / row);
            double cost = (double)rows * (row_cost(row, widest_tile, vectors) + overhead);
            consider(best, cost, blocks, widest_tile, row);
        }
}

static void consider_images(struct choice *best, const struct conv_tiles *p, int64_t max_batch,
                            int64_t blocks, int64_t widest_tile, int64_t vectors)
{
    int64_t groups = ceil_div(p->q.out_channels, CB) / blocks;
    for (int64_t width = 1; width <= widest_tile && width <= max_batch; width++)
        consider(best, (double)groups * images_cost(max_batch, width, vectors), blocks, width, 0);
}

static bool is_pointwise(const struct gather *q)
{
    const struct attrs *a = q->attrs;
    return q->kernel[0] == 1 && q->kernel[1] == 1 && a->stride[0] == 1 && a->stride[1] == 1 &&
           a->padding[0] == 0 && a->padding[1] == 0 && a->padding[2] == 0 && a->padding[3] == 0;
}

/* The gradient of a layer that sees the whole map: one input pixel, every output pixel has one tap.
 */
static bool is_one_tap_each(const struct gather *q)
{
    const struct attrs *a = q->attrs;
    return q->backward && q->in[0] == 1 && q->in[1] == 1 && q->out[0] == q->kernel[0] &&
           q->out[1] == q->kernel[1] && a->padding[0] == 0 && a->padding[1] == 0 &&
           a->dilation[0] == 1 && a->dilation[1] == 1;
}

/* Treats the map of a pointwise convolution as rows of another length. */
static void reshape_map(struct gather *q, int64_t row)
{
    int64_t pixels = q->out[0] * q->out[1];
    q->in[0] = q->out[0] = pixels / row;
    q->in[1] = q->out[1] = row;
}

struct conv_tiles conv_tiles_of(const struct graph *g, const struct node *n, const struct cpu *cpu)
{
    struct conv_tiles p = {.q = gather_of(g, n), .conv_groups = n->attrs->groups};
    p.q.in_channels /= p.conv_groups;
    p.q.out_channels /= p.conv_groups;
    int64_t parts = FTMRT_CB / cpu->lanes, out_blocks = ceil_div(p.q.out_channels, CB);
    p.per_tap = is_one_tap_each(&p.q);
    bool flat = is_pointwise(&p.q);
    p.mode = p.per_tap || p.q.out[0] * p.q.out[1] <= IMAGES_PIXELS ? CONV_IMAGES : CONV_ROWS;
    struct choice best = {0};
    for (int64_t blocks = 1; blocks <= out_blocks && blocks * parts <= 8; blocks++) {
        int64_t vectors = blocks * parts, width = widest(cpu, vectors);
        if (out_blocks % blocks != 0 || width < 1)
            continue;
        if (p.mode == CONV_IMAGES)
            consider_images(&best, &p, g->program->max_batch, blocks, width, vectors);
        else
            consider_rows(&best, &p, flat, blocks, width, vectors);
    }
    FTM_BUG_ON(best.blocks == 0 || (p.mode == CONV_ROWS && best.row == 0), "no tile fits %s",
               cpu->name);
    if (p.mode == CONV_ROWS && flat)
        reshape_map(&p.q, best.row);
    p.blocks = best.blocks;
    p.vectors = best.blocks * parts;
    p.width = best.width;
    p.groups = p.conv_groups * (out_blocks / best.blocks);
    p.bands = p.mode == CONV_ROWS ? gather_bands(p.q.out[0], p.groups) : 1;
    int64_t taps = p.q.kernel[0] * p.q.kernel[1];
    int64_t weight_bytes =
        p.conv_groups * out_blocks * ceil_div(p.q.in_channels, CB) * taps * CB * CB * 4;
    /* What comes from beyond the cache for an image: its input once for each group, or all weights and the input. */
    int64_t image_bytes = p.conv_groups * p.q.in_channels * p.q.in[0] * p.q.in[1] * 4;
    p.groups_outer = weight_bytes > cpu->l2 && p.groups * image_bytes < weight_bytes + image_bytes;
    return p;
}

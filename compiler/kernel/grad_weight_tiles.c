/* The cost model of the weights' gradient: see grad_weight_tiles.h. */
#include "grad_weight_tiles.h"

#include "ftmrt.h"
#include "gather.h"

enum { CB = FTMRT_CB, CHAIN = 256 };
/* Most tiles on a stack and in a unit; see choose_unit. */
enum { STACK_TILES = 128, UNIT_TILES = 32, FEWEST_UNITS = 24 };

bool grad_weight_shards_inside(const struct node *n)
{
    enum { TILES = 64 };
    const int64_t *dim = n->type.shape.dim;
    return n->attrs->groups == 1 && ceil_div(dim[0], CB) * ceil_div(dim[1], CB) >= TILES;
}

/* Half cycles per multiply-add of one output, as in conv_tiles.c; lines of x and dy come from
 * the second level. */
static double tile_cost(int64_t rows, int64_t vectors, int64_t blocks)
{
    int64_t work = rows * vectors, loads = rows + vectors;
    int64_t most = work > loads ? work : loads;
    return ((double)(most > 8 ? most : 8) + 0.5 * (double)(1 + blocks)) / (double)work;
}

static bool fits(const struct cpu *cpu, int64_t rows, int64_t vectors)
{
    return rows * vectors <= GRAD_WEIGHT_MAX_ACC &&
           rows * vectors + vectors + (cpu->fma ? 1 : 2) <= cpu->registers;
}

/* Rows divide the channel block, or the channels of a row-major operand. */
static void choose_tile(struct grad_weight_tiles *p, const struct cpu *cpu)
{
    int64_t whole = p->plain ? p->in_channels : CB, parts = CB / cpu->lanes;
    double best = 0;
    for (int64_t rows = 1; rows <= whole; rows++)
        for (int64_t blocks = 1; blocks <= p->out_blocks; blocks++) {
            if (whole % rows != 0 || p->out_blocks % blocks != 0 ||
                !fits(cpu, rows, blocks * parts))
                continue;
            double padded =
                (double)(ceil_div(p->in_channels, rows) * rows) / (double)p->in_channels;
            double cost = tile_cost(rows, blocks * parts, blocks) * padded;
            if (p->rows == 0 || cost < best) {
                best = cost;
                p->rows = rows;
                p->blocks = blocks;
            }
        }
    FTM_BUG_ON(p->rows == 0, "no tile fits %s", cpu->name);
    p->vectors = p->blocks * parts;
    p->chunks = ceil_div(p->in_channels, p->rows);
    p->groups = p->conv_groups * (p->out_blocks / p->blocks);
}

static bool is_pointwise(const struct node *n, const struct grad_weight_tiles *p)
{
    const struct attrs *a = n->attrs;
    return p->kernel[0] * p->kernel[1] == 1 && a->stride[0] == 1 && a->stride[1] == 1 &&
           a->padding[0] == 0 && a->padding[1] == 0 && p->in[0] == p->out[0] &&
           p->in[1] == p->out[1];
}

int64_t grad_weight_units(const struct grad_weight_tiles *p, int64_t shards)
{
    int64_t taps = p->kernel[0] * p->kernel[1];
    return p->groups * (p->chunks / p->unit_chunks) * (taps / p->unit_taps) *
           (p->inside ? 1 : shards);
}

/* What a unit does: all taps if the partial results of all shards fit on its stack, and (of large
 * maps) as many chunks of input channels as leave enough units for the threads. */
static void choose_unit(struct grad_weight_tiles *p, int64_t shards)
{
    int64_t taps = p->kernel[0] * p->kernel[1],
            most = p->inside ? STACK_TILES / shards : UNIT_TILES;
    p->unit_taps = !p->inside || taps <= most ? taps : p->kernel[1] <= most ? p->kernel[1] : 1;
    p->unit_chunks = 1;
    for (int64_t chunks = 2; !p->chained && chunks * p->unit_taps <= most; chunks++) {
        struct grad_weight_tiles q = *p;
        q.unit_chunks = chunks;
        if (p->chunks % chunks == 0 && grad_weight_units(&q, shards) >= FEWEST_UNITS)
            p->unit_chunks = chunks;
    }
}

/* Rows whose x and dy take a quarter of the second-level cache; the whole map if nothing is read
 * twice. */
static void choose_band(struct grad_weight_tiles *p, const struct cpu *cpu)
{
    int64_t lines = p->blocks + ceil_div(p->rows * p->unit_chunks, CB) * p->in[0] * p->in[1] /
                                    (p->out[0] * p->out[1]);
    int64_t rows = cpu->l2 / 4 / (p->out[1] * lines * CB * (int64_t)sizeof(float));
    p->band = p->unit_taps * p->unit_chunks == 1 || rows > p->out[0] ? p->out[0]
              : rows < 1                                             ? 1
                                                                     : rows;
}

struct grad_weight_tiles grad_weight_tiles_of(const struct graph *g, const struct node *n,
                                              const struct cpu *cpu)
{
    const struct node *x = graph_node(g, n->inputs[0]), *dy = graph_node(g, n->inputs[1]);
    const int64_t *in = x->type.shape.dim, *out = dy->type.shape.dim, *w = n->type.shape.dim;
    int64_t max = g->program->max_batch, shards = g->program->shards;
    struct grad_weight_tiles p = {
        .plain = x->form.layout == FTMRT_LAYOUT_PLAIN,
        .inside = grad_weight_shards_inside(n),
        .chained = out[2] * out[3] * ceil_div(max, shards) <= CHAIN,
        .conv_groups = n->attrs->groups,
        .in_channels = in[1] / n->attrs->groups,
        .in_blocks = ceil_div(in[1] / n->attrs->groups, CB),
        .out_blocks = ceil_div(out[1] / n->attrs->groups, CB),
        .in = {in[2], in[3]},
        .out = {out[2], out[3]},
        .kernel = {w[2], w[3]},
    };
    FTM_BUG_ON(p.plain && p.in_blocks > 1, "a row-major operand of %lld channels",
               (long long)in[1]);
    choose_tile(&p, cpu);
    choose_unit(&p, shards);
    choose_band(&p, cpu);
    if (is_pointwise(n, &p) && p.band == p.out[0]) {
        p.in[1] = p.out[1] = p.in[0] * p.in[1];
        p.in[0] = p.out[0] = p.band = 1;
    }
    return p;
}

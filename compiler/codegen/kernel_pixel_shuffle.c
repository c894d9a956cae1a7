/* pixel_shuffle and pixel_unshuffle. At a pixel of the small map, r * r vectors of channels behind each other are as many vectors of
 * the large map, one for each place of the pixel's block: those of every r * r'th channel. So registers are shuffled and nothing is
 * gathered. A unit is an (image, channel block) of the large map, which has fewer channels. */
#include "geometry.h"

enum { CB = FTMRT_CB, MAX_VECTORS = 256 };

struct shuffle {
    struct kernel_build *k;
    struct geometry large, small;
    int64_t r, vectors;        /* r * r */
    LLVMValueRef image, block; /* the unit */
    struct address slice;      /* of the large map */
    LLVMValueRef row, column;  /* of the small map */
};

static bool met_before(const int64_t *from, int64_t l)
{
    int64_t i = 0;
    while (from[i] != from[l])
        i++;
    return i < l;
}

/* Lane l is lane `lane[l]` of vector `from[l]`: a shuffle for each vector. */
static LLVMValueRef pick(struct ir *ir, const LLVMValueRef *v, const int64_t *from,
                         const int64_t *lane)
{
    const int64_t lanes = ir->cpu->lanes;
    LLVMValueRef out = LLVMGetPoison(ir->vec), mask[CB];
    for (int64_t i = 0; i < lanes; i++) {
        if (met_before(from, i))
            continue;
        for (int64_t l = 0; l < lanes; l++) {
            int64_t at = from[l] == from[i] ? lanes + lane[l] : l;
            mask[l] = LLVMConstInt(ir->i32, (unsigned long long)at, false);
        }
        LLVMValueRef lanes_of = LLVMConstVector(mask, (unsigned)lanes);
        out = LLVMBuildShuffleVector(ir->b, out, v[from[i]], lanes_of, "");
    }
    return out;
}

/* Address of place i of the block of the pixel at hand in the large map. */
static struct address large_vector(struct shuffle *s, int64_t i, uint32_t part)
{
    struct ir *ir = s->k->ir;
    LLVMValueRef row = ir_add_const(ir, ir_mul_const(ir, s->row, s->r), i / s->r),
                 column = ir_add_const(ir, ir_mul_const(ir, s->column, s->r), i % s->r);
    LLVMValueRef pixel = ir_add(ir, ir_mul_const(ir, row, s->large.width), column);
    return geometry_pixel(ir, s->slice, pixel, part);
}

/* Vector i behind the unit's first channel in the small map: its address, and whether it may lie past the last block; then *exists
 * says so at run time, and where it does not exist the address is that of another. */
static struct address small_vector(struct shuffle *s, struct address base, int64_t i,
                                   LLVMValueRef *exists)
{
    struct ir *ir = s->k->ir;
    int64_t parts = geometry_parts(ir), last = s->small.blocks - 1, more = i / parts;
    LLVMValueRef block = ir_add_const(ir, ir_mul_const(ir, s->block, s->vectors), more);
    *exists = NULL;
    if ((s->large.blocks - 1) * s->vectors + more > last) {
        *exists = LLVMBuildICmp(ir->b, LLVMIntSLE, block, ir_i64(ir, last), "");
        block = ir_min(ir, block, ir_i64(ir, last));
    }
    LLVMValueRef pixel = ir_add(ir, ir_mul_const(ir, s->row, s->small.width), s->column);
    return geometry_pixel(ir, geometry_slice(ir, &s->small, base, s->image, block), pixel,
                          (uint32_t)(i % parts));
}

/* To the large map: place i takes every r * r'th element, from i on, of the small map's vectors. */
static void spread(struct shuffle *s, uint32_t part)
{
    struct ir *ir = s->k->ir;
    int64_t lanes = ir->cpu->lanes, from[CB] = {0}, lane[CB] = {0};
    LLVMValueRef v[MAX_VECTORS];
    for (int64_t i = 0; i < s->vectors; i++) {
        LLVMValueRef exists;
        struct address p = small_vector(s, kernel_buffer(s->k, 0), part * s->vectors + i, &exists);
        v[i] = ir_load_vec(ir, p);
        if (exists)
            v[i] = LLVMBuildSelect(ir->b, exists, v[i], ir_vec_const(ir, 0), "");
    }
    for (int64_t i = 0; i < s->vectors; i++) {
        for (int64_t l = 0; l < lanes; l++) {
            from[l] = (i + l * s->vectors) / lanes;
            lane[l] = (i + l * s->vectors) % lanes;
        }
        ir_store_vec(ir, pick(ir, v, from, lane), large_vector(s, i, part));
    }
}

/* To the small map, whose elements take turns among the places. */
static void gather(struct shuffle *s, uint32_t part)
{
    struct ir *ir = s->k->ir;
    int64_t lanes = ir->cpu->lanes, from[CB] = {0}, lane[CB] = {0};
    LLVMValueRef v[MAX_VECTORS];
    for (int64_t i = 0; i < s->vectors; i++)
        v[i] = ir_load_vec(ir, large_vector(s, i, part));
    for (int64_t i = 0; i < s->vectors; i++) {
        for (int64_t l = 0; l < lanes; l++) {
            from[l] = (i * lanes + l) % s->vectors;
            lane[l] = (i * lanes + l) / s->vectors;
        }
        LLVMValueRef exists;
        struct address p = small_vector(s, kernel_result(s->k), part * s->vectors + i, &exists);
        struct ir_if only = {0};
        if (exists)
            only = ir_if_begin(ir, exists);
        ir_store_vec(ir, pick(ir, v, from, lane), p);
        if (exists)
            ir_if_end(ir, &only);
    }
}

/* large: the buffer of the large map. */
static void emit_units(struct kernel_build *k, const struct shape *small, const struct shape *large,
                       struct address buffer, void (*move)(struct shuffle *s, uint32_t part))
{
    struct ir *ir = k->ir;
    struct shuffle s = {.k = k,
                        .large = geometry_of_shape(large),
                        .small = geometry_of_shape(small),
                        .r = large->dim[2] / small->dim[2]};
    s.vectors = s.r * s.r;
    struct unit_loop u = unit_loop_begin(k, s.large.blocks);
    s.image = u.image;
    s.block = u.block;
    s.slice = geometry_slice(ir, &s.large, buffer, u.image, u.block);
    struct ir_loop rows = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s.small.height), 1);
    struct ir_loop columns = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s.small.width), 1);
    s.row = rows.i;
    s.column = columns.i;
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        move(&s, part);
    ir_loop_end(ir, &columns);
    ir_loop_end(ir, &rows);
    unit_loop_end(k, &u);
}

static void emit_shuffle(struct kernel_build *k)
{
    emit_units(k, graph_shape(k->graph, k->node->inputs[0]), &k->node->type.shape, kernel_result(k),
               spread);
}

static void emit_unshuffle(struct kernel_build *k)
{
    emit_units(k, &k->node->type.shape, graph_shape(k->graph, k->node->inputs[0]),
               kernel_buffer(k, 0), gather);
}

const struct kernel_family kernel_pixel_shuffle = {
    .name = "pixel_shuffle", .phases = one_phase, .units = units_of_result, .emit = emit_shuffle};
const struct kernel_family kernel_pixel_unshuffle = {.name = "pixel_unshuffle",
                                                     .phases = one_phase,
                                                     .units = units_of_operand,
                                                     .emit = emit_unshuffle};

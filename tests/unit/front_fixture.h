/* A small network that is built by hand, with a recipe and a weight file in memory, for the tests
 * of the front's later half. */
#ifndef FTM_TESTS_FRONT_FIXTURE_H
#define FTM_TESTS_FRONT_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "bind.h"
#include "lang.h"
#include "shape.h"

enum { IMAGE, CONV, BN, RELU, POOL, FLAT, FC };

struct fixture {
    struct arena arena;
    struct diag diag;
    struct net net;
    struct recipe recipe;
    struct weights weights;
    struct binding *binding;
    float data[64];
};

static inline struct layer *add(struct fixture *f, enum op op, const char *path, uint32_t input,
                                struct shape shape)
{
    struct layer *l = vec_add(&f->arena, &f->net.layers);
    *l = (struct layer){.op = op, .path = path, .type = {FTMRT_F32, shape}};
    l->inputs[0].i = input;
    l->input_count = op == OP_input ? 0 : 1;
    l->trainable_weight = l->trainable_bias = path != NULL;
    return l;
}

/* image[2,7,5] -> conv 3x3 stride 2 SAME -> [4,4,3] -> bn -> relu -> pool -> flatten -> fc[3] */
static inline void build_net(struct fixture *f)
{
    add(f, OP_input, NULL, 0, shape_4d(DIM_BATCH, 2, 7, 5))->attrs.label = "image";
    struct layer *conv = add(f, OP_conv2d, "conv", IMAGE, shape_4d(DIM_BATCH, 4, 4, 3));
    conv->out_channels = 4;
    conv->kernel[0] = conv->kernel[1] = 3;
    conv->attrs.stride[0] = conv->attrs.stride[1] = 2;
    conv->same_padding = true;
    struct layer *bn = add(f, OP_batch_norm, "bn", CONV, shape_4d(DIM_BATCH, 4, 4, 3));
    bn->attrs.eps = 1e-5;
    bn->attrs.momentum = 0.1;
    add(f, OP_relu, NULL, BN, shape_4d(DIM_BATCH, 4, 4, 3));
    add(f, OP_global_avg_pool, NULL, RELU, shape_4d(DIM_BATCH, 4, 1, 1));
    add(f, OP_flatten, NULL, POOL, shape_2d(DIM_BATCH, 4));
    struct layer *fc = add(f, OP_linear, "fc", FLAT, shape_2d(DIM_BATCH, 3));
    fc->out_channels = 3;
    fc->bias = true;
    f->net.output.i = FC;
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->arena, "test");
    diag_init(&f->diag, &f->arena);
    f->net.arena = &f->arena;
    f->net.diag = &f->diag;
    f->net.name = "tiny";
    build_net(f);
    f->recipe = (struct recipe){.name = "test", .classes = 3, .batch = 8, .shards = 4, .epochs = 1};
    f->recipe.optimizer = (struct optimizer){.momentum_used = true, .lr = 0.1, .momentum = 0.9};
    f->recipe.weights = "tiny.pth";
    f->weights = (struct weights){.arena = &f->arena, .path = "tiny.pth", .format = "test"};
    for (int i = 0; i < 64; i++)
        f->data[i] = (float)i;
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    arena_clear(&f->arena);
    free(f);
    return 0;
}

static inline struct weight_tensor *add_tensor(struct fixture *f, const char *name,
                                               enum ftmrt_dtype dtype, struct shape s)
{
    struct weight_tensor *t = vec_add(&f->arena, &f->weights.tensors);
    *t = (struct weight_tensor){.name = name, .dtype = dtype, .rank = s.rank, .contiguous = true};
    memcpy(t->dim, s.dim, sizeof s.dim);
    t->bytes = (uint64_t)shape_elements(&s, 1) * ftmrt_dtype_size(dtype);
    t->data = arena_alloc(&f->arena, t->bytes);
    if (dtype == FTMRT_F32 && t->bytes <= sizeof f->data)
        memcpy((void *)(uintptr_t)t->data, f->data, t->bytes);
    return t;
}

static inline void add_all_tensors(struct fixture *f)
{
    add_tensor(f, "conv.weight", FTMRT_F32, shape_4d(4, 2, 3, 3));
    add_tensor(f, "bn.weight", FTMRT_F32, shape_1d(4));
    add_tensor(f, "bn.bias", FTMRT_F16, shape_1d(4));
    add_tensor(f, "bn.running_mean", FTMRT_F32, shape_1d(4));
    add_tensor(f, "bn.running_var", FTMRT_F64, shape_1d(4));
    add_tensor(f, "fc.weight", FTMRT_F32, shape_2d(3, 4));
    add_tensor(f, "fc.bias", FTMRT_BF16, shape_1d(3));
}

#endif

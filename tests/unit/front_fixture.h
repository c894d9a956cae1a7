/* A small network with a recipe, read from a description, and a weight file in memory, for the tests
 * of what comes behind the language. */
#ifndef FTM_TESTS_FRONT_FIXTURE_H
#define FTM_TESTS_FRONT_FIXTURE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"
#include "lang.h"
#include "replace.h"
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

/* image[2,7,5] -> conv 3x3 stride 2 SAME -> [4,4,3] -> bn -> relu -> pool -> flatten -> fc[3] */
static const char tiny_model[] =
    "model tiny(image: f32[2, H, W], classes = 3) {\n"
    "    x = conv: conv2d(image, 4, kernel = 3, stride = 2, padding = same, bias = false)\n"
    "    x = bn: batch_norm(x)\n"
    "    output logits = fc: linear(flatten(global_avg_pool(relu(x))), classes)\n"
    "}\n";

static const char tiny_recipe[] = "finetune test {\n"
                                  "    model = tiny()\n"
                                  "    classes = 3\n"
                                  "    weights = \"tiny.pth\"\n"
                                  "    transform eval = resize(7, 5)\n"
                                  "    optimizer = sgd(lr = 0.1, momentum = 0.9)\n"
                                  "    epochs = 1\n"
                                  "    batch = 8\n"
                                  "}\n";

/* Reads the model with this recipe; whether there was no error. */
static inline bool read_recipe(struct fixture *f, const char *recipe)
{
    static const char *const nothing[] = {NULL};
    char dir[] = "/tmp/ftm-front-XXXXXX";
    struct net *net = NULL;
    struct recipe *read = NULL;
    if (!mkdtemp(dir))
        return false;
    const char *text = arena_printf(&f->arena, "%s%s", tiny_model, recipe);
    const struct lang_options o = {.path = arena_printf(&f->arena, "%s/tiny.ftm", dir),
                                   .include_dirs = nothing,
                                   .defines = nothing};
    const bool ok = replace_whole(o.path, text, strlen(text), NULL, 0) == FTMRT_OK &&
                    lang_read(&f->arena, &f->diag, &o, &net, &read);
    unlink(o.path);
    rmdir(dir);
    if (!ok)
        return false;
    f->net = *net;
    f->recipe = *read;
    return true;
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->arena, "test");
    diag_init(&f->diag, &f->arena);
    if (!read_recipe(f, tiny_recipe))
        return -1;
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

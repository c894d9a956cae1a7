/* What the rest of the compiler knows about kernels without their code: which of an op's kernels
 * applies to a node, the forms it takes and makes, its scratch, whether steps may be fused behind it,
 * its cost, its name.
 *
 * Facts follow from the geometry of a node alone: never from the level that code is made for, so
 * that the blob and the plan of the memory are the same for all levels; still less from the host. */
#ifndef FTM_KERNEL_FACTS_H
#define FTM_KERNEL_FACTS_H

#include "form_usual.h"
#include "str.h"

/* The sizes of a result that a kernel may read at run time instead of having them in its code. */
enum kernel_size {
    SIZE_CHANNELS, /* of an activation; elements of [C], columns of [R,C] */
    SIZE_BLOCKS,   /* of channels */
    SIZE_PIXELS,
    SIZE_GROUPS, /* of 16 floats, of what is no activation: all that it has in memory */
    SIZE_COUNT
};

/* A member that is NULL or 0 means what its comment says last. Operands are the node's own, without
 * those of its steps. */
struct kernel_facts {
    /* Whether steps may be fused behind it. */
    bool takes_steps;
    /* Operands (a bit each) that may also be an input image of fewer channels than a block, as the
     * caller has it: row-major. */
    uint32_t images;
    /* Operands (a bit each, the last one of all further ones) that may also be a constant, whose value
     * stands in the code. Element-wise nodes, steps and scalars take any. */
    uint32_t constants;
    /* How the weight lies that it reads or makes, as a state or a result. */
    enum ftmrt_layout weight;
    /* What its result is over the batch when the hook gets it (runtime/ftmrt.h); 0: nothing. Code that divides by the
     * number of images is behind the hook: kernel_family.finish. */
    enum ftmrt_merge_kind merges;
    /* Whether it can compute the node; NULL: any node of the op. */
    bool (*applies)(const struct graph *g, const struct node *n);
    /* How slow it is against the others of its op that apply; NULL: 0. */
    double (*cost)(const struct graph *g, const struct node *n);
    /* The form of an operand; NULL: as is usual for its type. */
    struct form (*wants)(const struct graph *g, const struct node *n, uint32_t operand);
    /* Bytes of scratch at the maximum batch; NULL: none. */
    uint64_t (*scratch)(const struct graph *g, const struct node *n);
    /* Whether the code follows from op, steps and attributes, and from forms and kinds of operands alone
     * (kernel_same_kind), whatever their sizes; NULL: never. */
    bool (*any_size)(const struct graph *g, const struct node *n);
    /* The value whose sizes it then reads: an operand; UINT32_MAX: the result. */
    uint32_t sized;
    /* What the kernel's name has behind that of the op: what its code depends on; NULL: channels and
     * map of the first operand, but nothing where any size will do. */
    void (*detail)(struct strbuf *b, const struct graph *g, const struct node *n);
};

enum kernel_id {
    KERNEL_none, /* leaves, views and compound ops: usual forms */
    KERNEL_elementwise,
    KERNEL_mean_loss,
    KERNEL_update,
#define FTM_KERNEL(op, variant, facts, family) KERNEL_##op##_##variant,
#include "kernel.def"
#undef FTM_KERNEL
    KERNEL_COUNT
};

/* The kernel that computes a node: the one that `select` chose, or would choose. */
enum kernel_id kernel_of(const struct graph *g, const struct node *n);
const struct kernel_facts *kernel_facts(enum kernel_id id);

/* The name of a kernel among those of its op; NULL if it is the only one. */
const char *kernel_variant(enum kernel_id id);
/* The kernel of an op by that name, or KERNEL_none. */
enum kernel_id kernel_by_variant(enum op op, const char *variant);
/* The kernels of an op that apply to a node: the cheapest; KERNEL_none if there is none. */
enum kernel_id kernel_choose(const struct graph *g, const struct node *n);

/* The facts of the kernel that computes a node. */
struct form kernel_wants(const struct graph *g, const struct node *n, uint32_t operand);
struct form kernel_gives(const struct graph *g, const struct node *n);
uint64_t kernel_scratch_bytes(const struct graph *g, const struct node *n);
bool kernel_takes_steps(const struct graph *g, const struct node *n);
/* Whether operand i may be a row-major image, see struct kernel_facts. */
bool kernel_takes_image(const struct graph *g, const struct node *n, uint32_t operand);
/* Whether operand i, those of steps included, may be a constant. */
bool kernel_takes_constant(const struct graph *g, const struct node *n, uint32_t operand);
/* What the node's result is over the batch; and whether its op adds up over images, as its types say: what is of a
 * batch goes in, what is not comes out. The two agree (codegen/entry.c, tests/numerics/whole_step.c). */
enum ftmrt_merge_kind kernel_merges(const struct graph *g, const struct node *n);
bool kernel_reduces(const struct graph *g, const struct node *n);
/* Whether the code of a node's kernel is for all sizes; and the sizes that it then reads. */
bool kernel_any_size(const struct graph *g, const struct node *n);
void kernel_sizes(const struct graph *g, const struct node *n, int64_t sizes[SIZE_COUNT]);
/* Whether a value that is broadcast into a result has one channel, or one pixel, for all of the
 * result's. */
bool kernel_one_channel(const struct shape *value, const struct shape *result);
bool kernel_one_pixel(const struct shape *value, const struct shape *result);
/* Whether two values are read in the same way where results x and y of any size are made of them: type,
 * layout and rank agree, and over which dimensions they are broadcast. */
bool kernel_same_kind(const struct node *a, const struct node *x, const struct node *b,
                      const struct node *y);
/* "conv2d_3x3s2_3x32_64x64_bias_add_relu6": op, detail and steps. */
void kernel_name(struct strbuf *b, const struct graph *g, const struct node *n);

/* Parts of names: "_32_64x64" (channels, map) of a shape; "s2", or "s2x1" where the axes differ, of
 * a pair with a prefix, nothing for 1. */
void kernel_name_shape(struct strbuf *b, const struct shape *s);
void kernel_name_pair(struct strbuf *b, const char *prefix, const int64_t pair[2]);

extern const struct kernel_facts facts_elementwise, facts_update;
#define FTM_KERNEL(op, variant, facts, family) extern const struct kernel_facts facts_##facts;
#include "kernel.def"
#undef FTM_KERNEL

#endif

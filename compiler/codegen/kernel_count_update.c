/* count_update: one more batch. */
#include "geometry.h"

static void emit(struct kernel_build *k)
{
    struct address address = kernel_buffer(k, 0);
    ir_store_int(k->ir, ir_add_const(k->ir, ir_load_int(k->ir, address), 1), address);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)g, (void)n, (void)cpu, (void)phase;
    return (struct kernel_units){.fixed = 1, .images = 1};
}

const struct kernel_family kernel_count_update = {
    .name = "count_update", .phases = one_phase, .units = units, .emit = emit};

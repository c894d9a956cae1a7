/* Snapshots: all that training changes, in one piece of the caller's memory.
 *
 * The states stand at the beginning of the workspace, before the activations. */
#include <string.h>

#include "embed.h"

/* In front of the states. A snapshot is of one build of one recipe: the compiler decides where states lie. */
struct snapshot {
    uint64_t magic;
    uint64_t graph; /* identity of the network */
    uint64_t bytes; /* of states */
    int64_t step;
    double lr;
    double temperature, threshold;
    int64_t classes; /* of a context whose classes are its own */
};

/* "ftmsnaps" */
static const uint64_t snapshot_magic = UINT64_C(0x7370616e736d7466);

static size_t whole_bytes(const ftmx_context *c)
{
    const struct ftmrt_program *p = &c->model->program;
    return sizeof(struct snapshot) + states_end(p) + classes_bytes(p);
}

size_t ftmx_snapshot_size(const ftmx_context *context)
{
    return context_is_made(context) ? whole_bytes(context) : 0;
}

static ftmx_status check_memory(ftmx_context *c, const void *memory, size_t bytes)
{
    if (!memory)
        return context_fail(c, FTMX_ERROR_ARGUMENT, "memory is NULL");
    if (bytes < whole_bytes(c))
        return context_fail(c, FTMX_ERROR_ARGUMENT, "%d bytes, where a snapshot has %d",
                            (int64_t)bytes, (int64_t)whole_bytes(c));
    return FTMX_OK;
}

ftmx_status ftmx_snapshot(ftmx_context *context, void *memory, size_t bytes)
{
    ftmx_status status = context_begin_sound(context);
    if (status == FTMX_OK)
        status = check_memory(context, memory, bytes);
    if (status != FTMX_OK)
        return status;
    const struct ftmrt_program *p = &context->model->program;
    const struct snapshot head = {snapshot_magic,     p->identity.graph,   states_end(p),
                                  context->call.step, context->lr,         context->temperature,
                                  context->threshold, context->class_count};
    unsigned char *to = memory;
    memcpy(to, &head, sizeof head);
    memcpy(to + sizeof head, context->call.workspace, head.bytes);
    classes_copy(context, to + sizeof head + head.bytes);
    return FTMX_OK;
}

ftmx_status ftmx_restore(ftmx_context *context, const void *memory, size_t bytes)
{
    ftmx_status status = context_begin(context);
    if (status == FTMX_OK)
        status = check_memory(context, memory, bytes);
    if (status != FTMX_OK)
        return status;
    struct snapshot head;
    memcpy(&head, memory, sizeof head);
    const struct ftmrt_program *p = &context->model->program;
    if (head.magic != snapshot_magic)
        return context_fail(context, FTMX_ERROR_FORMAT, "the memory holds no snapshot");
    if (head.graph != p->identity.graph || head.bytes != states_end(p) || head.classes < 0 ||
        head.classes > network_logits(p)->dim[1])
        return context_fail(context, FTMX_ERROR_MISMATCH, "the snapshot is of another network");
    const unsigned char *from = (const unsigned char *)memory + sizeof head;
    memcpy(context->call.workspace, from, head.bytes);
    classes_restore(context, from + head.bytes, head.classes);
    context->call.step = head.step;
    context->lr = head.lr;
    context->temperature = head.temperature;
    context->threshold = head.threshold;
    context->lost = false;
    return FTMX_OK;
}

/* Models: the tables of the recipe with weights. */
#include "embed.h"

#include <string.h>

/* Of an open model: "ftmmodel". */
static const uint64_t open_magic = UINT64_C(0x6c65646f6d6d7466);

const struct model *model_of(const ftmx_model *model)
{
    if (!model || (uintptr_t)model % _Alignof(ftmx_model) != 0)
        return NULL;
    const struct model *m = (const struct model *)model->opaque;
    return m->magic == open_magic ? m : NULL;
}

ftmx_status ftmx_model_open(ftmx_model *model, uint32_t abi, const void *packed, size_t bytes)
{
    if (!model || (uintptr_t)model % _Alignof(ftmx_model) != 0 || !packed != !bytes)
        return FTMX_ERROR_ARGUMENT;
    memset(model, 0, sizeof *model);
    if (abi != FTMX_ABI_VERSION || ftmx_program.abi_version != FTMRT_ABI_VERSION)
        return FTMX_ERROR_ABI;
    if (!ftmrt_cpu_supported(ftmx_program.cpu))
        return FTMX_ERROR_CPU;
    if (packed || !ftmx_program.blob || !ftmx_program.recipe)
        return FTMX_ERROR_MISMATCH;
    const struct model opened = {.magic = open_magic, .program = ftmx_program};
    memcpy(model, &opened, sizeof opened); /* other types than the caller's declaration has */
    return FTMX_OK;
}

void ftmx_model_close(ftmx_model *model)
{
    if (model_of(model))
        memset(model, 0, sizeof *model);
}

const char *ftmx_class_name(const ftmx_model *model, int64_t i)
{
    const struct model *m = model_of(model);
    const struct ftmrt_arg *names =
        m ? ftmrt_call_arg(&m->program.recipe->finetune, FTMRT_PARAM_finetune_labels) : NULL;
    return names && names->kind == FTMRT_ARG_TEXTS && i >= 0 && i < names->count ? names->texts[i]
                                                                                 : NULL;
}

/* Elements of a value for one image. */
static int64_t count_of(const struct ftmrt_value *v)
{
    return v ? ftmrt_elements(v->rank - 1, v->dim + 1) : 0;
}

int64_t model_input_count(const struct model *m, enum ftmrt_entry_kind kind)
{
    return count_of(network_input(&m->program, kind));
}

int64_t model_output_count(const struct model *m) { return count_of(network_logits(&m->program)); }

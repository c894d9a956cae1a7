/* Models: the tables of the recipe with weights. */
#include "embed.h"

#include <string.h>

#include "packed.h"

/* Of an open model: "ftmmodel". */
static const uint64_t open_magic = UINT64_C(0x6c65646f6d6d7466);

bool model_is_aligned(const ftmx_model *model)
{
    return model && (uintptr_t)model % _Alignof(ftmx_model) == 0;
}

const struct model *model_of(const ftmx_model *model)
{
    if (!model_is_aligned(model))
        return NULL;
    const struct model *m = (const struct model *)model->opaque;
    return m->magic == open_magic ? m : NULL;
}

void model_put(ftmx_model *model, const struct model *opened)
{
    memset(model, 0, sizeof *model);
    memcpy(model, opened, sizeof *opened); /* other types than the caller's declaration has */
}

/* ---- opening ---- */

static const struct ftmrt_arg *recipe_names(void)
{
    return ftmrt_call_arg(&ftmx_program.recipe->finetune, FTMRT_PARAM_finetune_labels);
}

static ftmx_status take_packed(struct model *m, const void *packed, size_t bytes)
{
    const struct ftmrt_arg *names = recipe_names();
    const uint32_t count = names->kind == FTMRT_ARG_TEXTS ? names->count : 0;
    struct packed_weights w;
    const enum ftmrt_status status = packed_open(&ftmx_program, count, packed, bytes, &w);
    if (status != FTMRT_OK)
        return status == FTMRT_ERROR_ARGUMENT   ? FTMX_ERROR_ARGUMENT
               : status == FTMRT_ERROR_MISMATCH ? FTMX_ERROR_MISMATCH
                                                : FTMX_ERROR_FORMAT;
    m->program.blob = w.blob;
    m->program.identity.weights = w.weights;
    m->program.identity.classes = w.classes;
    m->program.training = w.training;
    m->program.source = NULL;
    m->source = w.source;
    m->names = count ? w.names : NULL;
    return FTMX_OK;
}

ftmx_status model_make(struct model *model, uint32_t abi, const void *packed, size_t bytes)
{
    if (!packed != !bytes)
        return FTMX_ERROR_ARGUMENT;
    if (abi != FTMX_ABI_VERSION || ftmx_program.abi_version != FTMRT_ABI_VERSION)
        return FTMX_ERROR_ABI;
    if (!ftmrt_cpu_supported(ftmx_program.cpu))
        return FTMX_ERROR_CPU;
    *model = (struct model){.magic = open_magic, .program = ftmx_program};
    if (packed)
        return take_packed(model, packed, bytes);
    return ftmx_program.blob ? FTMX_OK : FTMX_ERROR_MISMATCH;
}

ftmx_status ftmx_model_open(ftmx_model *model, uint32_t abi, const void *packed, size_t bytes)
{
    struct model opened;
    if (!model_is_aligned(model))
        return FTMX_ERROR_ARGUMENT;
    const ftmx_status status = model_make(&opened, abi, packed, bytes);
    if (status == FTMX_OK)
        model_put(model, &opened);
    else
        memset(model, 0, sizeof *model); /* not the one that it may have been */
    return status;
}

void ftmx_model_close(ftmx_model *model)
{
    const struct model *m = model_of(model);
    if (!m)
        return;
    struct model closed = *m;
    memset(model, 0, sizeof *model);
    if (closed.release)
        closed.release(&closed);
}

/* ---- facts ---- */

const struct ftmrt_call *model_setting(const struct model *m, enum ftmrt_param param)
{
    return ftmrt_call_inner(&m->program.recipe->finetune, param);
}

bool model_source(const struct model *m, struct ftmrt_source *source)
{
    const char *text = m->source;
    if (!text && m->program.source)
        *source = *m->program.source;
    if (!text)
        return m->program.source != NULL;
#define FTMRT_SOURCE_FACT(name, key, meaning)                                                      \
    source->name = text;                                                                           \
    text = packed_text(text, 1);
#include "source_fact.def"
#undef FTMRT_SOURCE_FACT
    return true;
}

const char *model_class_name(const struct model *m, int64_t i)
{
    const struct ftmrt_arg *recipe = recipe_names();
    if (recipe->kind != FTMRT_ARG_TEXTS || i < 0 || i >= recipe->count)
        return NULL;
    return m->names ? packed_text(m->names, (uint32_t)i) : recipe->texts[i];
}

const char *ftmx_class_name(const ftmx_model *model, int64_t i)
{
    const struct model *m = model_of(model);
    return m ? model_class_name(m, i) : NULL;
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

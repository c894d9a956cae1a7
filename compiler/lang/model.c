/* The recipe's model: its inputs, which are its first parameters, those with types, and its outputs.
 *
 * The batch is implied: an input `f32[8]` has eight numbers for each image. One that is f32[channels, height, width] and comes
 * first is the image, whose sizes the transforms make; the sizes of the others are written, or names of the image's. */
#include "builder.h"

#include <string.h>

const struct param *model_image(const struct decl *model)
{
    const struct param *p = model->params->list.len ? &model->params->list.at[0] : NULL;
    return p && p->dtype && !strcmp(p->dtype, "f32") && p->dims->list.len == 3 ? p : NULL;
}

/* How many parameters are inputs; 0 after a report. */
static uint32_t count_inputs(struct builder *b, const struct decl *model)
{
    const struct params *params = model->params;
    uint32_t count = 0, typed = 0;
    for (uint32_t i = 0; i < params->list.len; i++) {
        typed += params->list.at[i].dtype != NULL;
        count += params->list.at[i].dtype && count == i;
    }
    if (count && count == typed)
        return count;
    diag_report(b->diag, model->span, DIAG_MODEL_INPUT, model->name);
    return 0;
}

/* ---- sizes ---- */

static const char *const image_dims[] = {"a channel count", "a height", "a width"};

/* "32, 32": the size of the image that the model declares, as far as it is written. */
static const char *size_text(struct builder *b, const struct exprs *dims)
{
    const struct expr *height = dims->list.at[1], *width = dims->list.at[2];
    return arena_printf(
        b->arena, "%s, %s",
        height->kind == EXPR_INT ? arena_printf(b->arena, "%lld", (long long)height->integer)
                                 : "height",
        width->kind == EXPR_INT ? arena_printf(b->arena, "%lld", (long long)width->integer)
                                : "width");
}

static void report_image_dim(struct builder *b, const struct expr *dim, uint32_t i, int64_t found,
                             int64_t made, const struct image_size *image, const char *wanted)
{
    static const char *const color = "to_grey() makes 1 channel, to_rgb() 3";
    if (made && i == 0 && image->counted.source) {
        diag_report(b->diag, image->counted, DIAG_INPUT_SIZE, image_dims[i], (long long)found,
                    image->transform, (long long)made);
        diag_note(b->diag, "%s", image->counted_advice);
        return;
    }
    if (made) {
        diag_report(b->diag, dim->span, DIAG_INPUT_SIZE, image_dims[i], (long long)found,
                    image->transform, (long long)made);
        diag_note(b->diag, "%s",
                  i == 0
                      ? color
                      : arena_printf(b->arena,
                                     "the last step of `transform %s` that changes sizes gives it: "
                                     "write resize(%s) there",
                                     image->transform, wanted));
        return;
    }
    diag_report(b->diag, dim->span, DIAG_UNKNOWN_SIZE, "number of channels", image->transform);
    diag_note(b->diag, "%s", color);
}

/* Dimension i of the image: the declared number, or what the pipeline makes; a name means that from now on. 0 after a
 * report. */
static int64_t image_dim(struct builder *b, struct frame *sizes, const struct exprs *dims,
                         uint32_t i, const struct image_size *image)
{
    const struct expr *dim = dims->list.at[i];
    const int64_t made = (const int64_t[]){image->channels, image->height, image->width}[i];
    if (dim->kind == EXPR_NAME && made && !frame_get(sizes, dim->text)) {
        frame_set(b, sizes, dim->text, value_int(made));
        return made;
    }
    const bool unknown = dim->kind == EXPR_NAME && !made;
    const struct value v = unknown ? value_int(0) : eval(b, sizes, dim);
    if (v.kind == VALUE_INT && v.integer > 0 && (!made || v.integer == made))
        return v.integer;
    if (v.kind == VALUE_INT && (made || unknown))
        report_image_dim(b, dim, i, v.integer, made, image, size_text(b, dims));
    else if (v.kind != VALUE_ERROR)
        diag_report(b->diag, dim->span, DIAG_WRONG_TYPE, image_dims[i],
                    "a positive integer or a name", value_text(b->arena, &v));
    return 0;
}

/* A dimension of another input. 0 after a report. */
static int64_t input_dim(struct builder *b, struct frame *sizes, const struct expr *dim,
                         const struct param *p)
{
    const struct value v = eval(b, sizes, dim);
    if (v.kind == VALUE_INT && v.integer > 0)
        return v.integer;
    if (v.kind != VALUE_ERROR)
        diag_report(b->diag, dim->span, DIAG_WRONG_TYPE,
                    arena_printf(b->arena, "a size of '%s'", p->name), "a positive integer",
                    value_text(b->arena, &v));
    return 0;
}

/* ---- inputs ---- */

/* The type of an input but for its sizes. */
static bool input_kind(struct builder *b, const struct param *p, struct type *type)
{
    const uint32_t dims = p->dims->list.len;
    if (!dtype_by_word(p->dtype, &type->dtype)) {
        diag_report(b->diag, p->span, DIAG_BAD_VALUE,
                    arena_printf(b->arena, "the type of '%s'", p->name),
                    "a type of numbers, as f32, i32 or u8", p->dtype);
        return false;
    }
    if (dims >= SHAPE_MAX_RANK) {
        diag_report(b->diag, p->span, DIAG_BAD_VALUE,
                    arena_printf(b->arena, "the dimensions of '%s'", p->name),
                    arena_printf(b->arena, "at most %d, as the batch is one", SHAPE_MAX_RANK - 1),
                    arena_printf(b->arena, "%u", (unsigned)dims));
        return false;
    }
    type->shape = (struct shape){.rank = dims + 1, .dim = {DIM_BATCH}};
    return true;
}

/* image: if p is the image, else NULL. sizes: the names of sizes so far. */
static struct value add_input(struct builder *b, struct frame *sizes, const struct param *p,
                              const struct image_size *image)
{
    struct layer l = {.input_name = p->name, .scope = "", .span = p->span};
    if (!input_kind(b, p, &l.type))
        return value_error();
    bool ok = true;
    for (uint32_t i = 0; i < p->dims->list.len; i++) {
        const struct expr *dim = p->dims->list.at[i];
        const int64_t size =
            image ? image_dim(b, sizes, p->dims, i, image) : input_dim(b, sizes, dim, p);
        l.type.shape.dim[i + 1] = size;
        ok = ok && size != 0;
    }
    const layer_id id = ok ? net_add(b, l) : LAYER_NONE;
    return id.i == LAYER_NONE.i ? value_error() : value_tensor(id);
}

/* The values of all inputs; NULL after reports. */
static struct value *add_inputs(struct builder *b, const struct decl *model, uint32_t count,
                                const struct image_size *image)
{
    struct value *inputs = arena_array(b->arena, struct value, count);
    struct frame sizes = {.decl = model, .scope = ""};
    bool ok = count > 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct param *p = &model->params->list.at[i];
        inputs[i] = add_input(b, &sizes, p, p == model_image(model) ? image : NULL);
        ok = ok && inputs[i].kind == VALUE_TENSOR;
    }
    return ok ? inputs : NULL;
}

/* ---- outputs ---- */

static bool add_output(struct builder *b, const struct decl *model, const char *name,
                       const struct value *v)
{
    if (v->kind == VALUE_TENSOR) {
        vec_push(b->arena, &b->net->outputs, (struct net_output){name, v->tensor});
        return true;
    }
    if (v->kind != VALUE_ERROR)
        diag_report(b->diag, model->span, DIAG_WRONG_TYPE, "output of the model", "a layer's value",
                    value_text(b->arena, v));
    return false;
}

/* The network's outputs from the model's result. */
static bool add_outputs(struct builder *b, const struct decl *model, const struct value *result)
{
    if (b->output_count < 2 || result->kind != VALUE_LIST || result->count != b->output_count)
        return add_output(b, model, b->output_count ? b->output_names[0] : "logits", result);
    bool ok = true;
    for (uint32_t i = 0; i < b->output_count; i++)
        ok = add_output(b, model, b->output_names[i], &result->items[i]) && ok;
    return ok;
}

bool build_model(struct builder *b, struct frame *scope, const struct decl *model,
                 const struct expr *call, const struct image_size *image)
{
    const uint32_t count = count_inputs(b, model);
    struct program *scratch = program_new(b->arena, b->diag, "scratch", 1);
    b->scratch = program_add_function(scratch, "scratch", FTMRT_ENTRY_PREDICT);
    const struct value *inputs = add_inputs(b, model, count, image);
    if (!inputs)
        return false;
    b->net->name = model->name;
    const struct value result = run_decl(b, scope, model, call, inputs, count);
    if (!add_outputs(b, model, &result))
        return false;
    net_sort(b, true);
    return true;
}

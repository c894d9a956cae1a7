/* `targets = standardize`: the units in which numbers are learnt. */
#include "recipe_reader.h"

#include <string.h>

#include "listing.h"

bool recipe_standardizes(const struct recipe *r)
{
    const struct ftmrt_call *data = recipe_call(r, FTMRT_PARAM_finetune_data);
    const char *word = data ? ftmrt_call_text(data, FTMRT_PARAM_data_targets) : NULL;
    return word && !strcmp(word, "standardize");
}

void settle_targets(struct recipe_reader *r, struct span span)
{
    const struct ftmrt_call *data = recipe_call(r->recipe, FTMRT_PARAM_finetune_data);
    struct ftmrt_arg *targets =
        block_arg(r->recipe, FTMRT_PARAM_finetune_data, FTMRT_PARAM_data_targets);
    const enum ftmrt_label_kind kind = ftmrt_data_labels(data);
    const bool numbers = kind == FTMRT_LABEL_VECTOR &&
                         ftmrt_loss_info(written_loss(r))->vector == FTMRT_VECTOR_NUMBERS;
    const struct ftmrt_call *train = ftmrt_call_inner(data, FTMRT_PARAM_data_train);
    if (numbers && train && listing_can(train) && !strcmp(targets->text, "auto"))
        targets->text = "standardize";
    if (numbers || !recipe_standardizes(r->recipe))
        return;
    diag_report(r->diag, span, DIAG_TARGETS_LABELS, ftmrt_call_info(written_loss(r))->name,
                ftmrt_label_word(kind));
    diag_note(r->diag, "leave `targets` out: labels are taken as they are");
}

bool add_target_scale(struct recipe_reader *r, struct frame *scope)
{
    struct net_output *output = &r->builder->net->outputs.at[0];
    const struct shape *s = &r->builder->net->layers.at[output->layer.i].type.shape;
    const int64_t classes = recipe_classes(r->recipe);
    if (!recipe_standardizes(r->recipe) || s->rank != 2 || (classes && s->dim[1] != classes))
        return true; /* what does not fit the labels is reported where it is compared with them */
    struct args none = {0};
    struct label label = {.span = r->recipe->span};
    vec_push(r->arena, &label.parts, (struct label_part){.text = TARGET_SCALE});
    const struct expr call = {.kind = EXPR_CALL,
                              .text = "target_scale",
                              .args = &none,
                              .label = &label,
                              .span = r->recipe->span};
    const struct value input = value_tensor(output->layer);
    const struct value made = eval_call(r->builder, scope, &call, &input);
    if (made.kind != VALUE_TENSOR)
        return false;
    r->builder->net->outputs.at[0].layer = made.tensor;
    return true;
}

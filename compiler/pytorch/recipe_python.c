/* What a recipe says beside its network: weights, data, transforms, loss, optimizer, schedule. */
#include <inttypes.h>
#include <string.h>

#include "writer.h"

static const struct ftmrt_call *setting(const struct writer *w, enum ftmrt_param param)
{
    return recipe_call(w->in->recipe, param);
}

/* ---- numbers and names ---- */

static void print_labels(struct strbuf *out, struct writer *w)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_finetune);
    const struct ftmrt_arg *labels =
        ftmrt_call_arg(&w->in->recipe->bound.finetune, FTMRT_PARAM_finetune_labels);
    const uint32_t at = (uint32_t)(labels - w->in->recipe->bound.finetune.args);
    const char *text =
        labels->kind == FTMRT_ARG_TEXTS ? python_value(w->arena, &info->params[at], labels) : NULL;
    const struct layer *output = &w->net->layers.at[w->net->outputs.at[0].layer.i];
    if (text)
        python_line(out, 0, arena_printf(w->arena, "LABELS = %s", text));
    else
        python_line(out, 0,
                    arena_printf(w->arena, "LABELS = [str(i) for i in range(%" PRId64 ")]",
                                 output->type.shape.dim[1]));
}

static void print_constants(struct strbuf *out, struct writer *w)
{
    const struct recipe *r = w->in->recipe;
    strbuf_addf(out, "HERE = pathlib.Path(__file__).resolve().parent%s%s\n",
                strcmp(w->in->base, ".") != 0 ? " / " : "",
                strcmp(w->in->base, ".") != 0 ? python_string(w->arena, w->in->base) : "");
    print_labels(out, w);
    static const struct {
        const char *name;
        enum ftmrt_param param;
    } numbers[] = {{"EPOCHS", FTMRT_PARAM_finetune_epochs},
                   {"BATCH", FTMRT_PARAM_finetune_batch},
                   {"SEED", FTMRT_PARAM_finetune_seed}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        strbuf_addf(out, "%s = %" PRId64 "\n", numbers[i].name,
                    recipe_integer(r, numbers[i].param));
    strbuf_addf(out, "SHUFFLE = %s\n",
                recipe_integer(r, FTMRT_PARAM_finetune_shuffle) ? "True" : "False");
}

/* ---- weights ---- */

/* The key of the file's tensor that a parameter takes, or NULL. */
static const char *source_key(const struct writer *w, uint32_t param)
{
    const struct binding *b = w->in->binding;
    for (uint32_t i = 0; i < b->uses.len; i++)
        if (b->uses.at[i].fate == TENSOR_USED && b->uses.at[i].param == param)
            return b->weights->tensors.at[i].name;
    return NULL;
}

/* What stands before the parameter's name in a key; NULL: the key does not end in it. */
static const char *prefix_of(struct writer *w, const char *key, const char *name)
{
    return str_ends_with(key, name) ? arena_strndup(w->arena, key, strlen(key) - strlen(name))
                                    : NULL;
}

/* What stands before all names in the file's keys; NULL: they differ in more. */
static const char *common_prefix(struct writer *w)
{
    const char *common = NULL;
    for (uint32_t i = 0; i < w->in->binding->params.len; i++) {
        const char *key = source_key(w, i);
        const char *prefix = key ? prefix_of(w, key, w->in->binding->params.at[i].name) : NULL;
        if (!key)
            continue;
        if (!prefix || (common && strcmp(common, prefix) != 0))
            return NULL;
        common = prefix;
    }
    return common ? common : "";
}

static void add_name(struct strbuf *out, struct writer *w, const char *name, const char *key)
{
    if (key && strcmp(name, key) != 0)
        strbuf_addf(out, "    %s: %s,\n", python_string(w->arena, name),
                    python_string(w->arena, key));
}

/* The names that tensors have in the pretrained file, or in trained ones, where they are others. */
static void print_key_names(struct strbuf *out, struct writer *w, bool trained)
{
    strbuf_addf(out, "%s = {\n", trained ? "TRAINED_NAMES" : "NAMES");
    for (uint32_t i = 0; i < w->in->binding->params.len; i++) {
        const char *name = w->in->binding->params.at[i].name;
        add_name(out, w, name,
                 trained ? bind_file_name(w->arena, w->in->binding, name) : source_key(w, i));
    }
    strbuf_add(out, "}\n");
    if (str_ends_with(out->text, "{\n}\n")) {
        out->len -= 3;
        out->text[out->len] = '\0';
        strbuf_add(out, "}\n");
    }
}

static void print_weights(struct strbuf *out, struct writer *w)
{
    const struct binding *b = w->in->binding;
    const char *file = recipe_text(w->in->recipe, FTMRT_PARAM_finetune_weights);
    parts_use(&w->parts, "weights");
    strbuf_add(out, "# What tensors are called in trained files, where it is another name.\n");
    print_key_names(out, w, true);
    if (!b->weights) {
        strbuf_add(out, "\n\ndef pretrained(model):\n"
                        "    \"\"\"The network as its layers begin: from random weights.\"\"\"\n"
                        "    return model\n");
        return;
    }
    const char *prefix = common_prefix(w);
    if (!prefix) {
        strbuf_add(out, "# What tensors are called in the pretrained file.\n");
        print_key_names(out, w, false);
    }
    strbuf_add(out,
               "\n\ndef pretrained(model):\n"
               "    \"\"\"The network with the weights of the file, but for what is new.\"\"\"\n");
    struct strbuf line;
    strbuf_init(&line, w->arena);
    strbuf_addf(&line, "tensors = read_weights(HERE / %s", python_string(w->arena, file));
    if (b->weights->dictionary && *b->weights->dictionary)
        strbuf_addf(&line, ", %s", python_string(w->arena, b->weights->dictionary));
    strbuf_addc(&line, ')');
    python_line(out, 1, line.text);
    python_line(out, 1,
                arena_printf(w->arena, "return take_weights(model, tensors, new=NEW%s%s)",
                             !prefix   ? ", names=NAMES"
                             : *prefix ? ", prefix="
                                       : "",
                             prefix && *prefix ? python_string(w->arena, prefix) : ""));
}

/* ---- functions of one line ---- */

static void print_function(struct strbuf *out, const char *head, const char *text,
                           const char *value)
{
    strbuf_addf(out, "\n\ndef %s:\n    \"\"\"%s\"\"\"\n", head, text);
    python_line(out, 1, arena_printf(out->arena, "return %s", value));
}

/* Settings that the loop of training.py does not follow; `search` is another command's. */
static bool check_settings(const struct writer *w)
{
    static const enum ftmrt_param others[] = {FTMRT_PARAM_finetune_patience,
                                              FTMRT_PARAM_finetune_ema};
    bool ok = true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (ftmrt_call_arg(&w->in->recipe->bound.finetune, others[i])->kind == FTMRT_ARG_NONE)
            continue;
        const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_finetune);
        diag_report(
            w->in->diag, w->in->recipe->span, DIAG_NO_COUNTERPART,
            arena_printf(w->arena, "`%s`", info->params[others[i] % FTMRT_PARAM_LIMIT].name));
        ok = false;
    }
    return ok;
}

/* What is done with gradients before a step. */
static void print_clip(struct strbuf *out, const struct writer *w)
{
    static const struct {
        enum ftmrt_param param;
        const char *name;
    } ways[] = {{FTMRT_PARAM_finetune_clip_norm, "CLIP_NORM"},
                {FTMRT_PARAM_finetune_clip_value, "CLIP_VALUE"}};
    strbuf_add(out,
               "\n\n# What gradients are brought to: their length together, and each number.\n");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const struct ftmrt_arg *a = ftmrt_call_arg(&w->in->recipe->bound.finetune, ways[i].param);
        strbuf_addf(out, "%s = ", ways[i].name);
        if (a->kind == FTMRT_ARG_NUMBER)
            strbuf_add_double(out, a->number);
        else
            strbuf_add(out, "None");
        strbuf_addc(out, '\n');
    }
}

/* "nn.MSELoss()", or a sum of losses with their factors. */
static const char *loss_text(struct writer *w)
{
    const struct ftmrt_arg *losses = recipe_losses(w->in->recipe);
    const struct part *sum = losses->count > 1 || recipe_loss_factor(w->in->recipe, 0) != 1
                                 ? parts_use(&w->parts, "sum_of_losses")
                                 : NULL;
    struct strbuf out;
    if (!sum)
        return shared_call(w, losses->calls, "loss", NULL);
    strbuf_init(&out, w->arena);
    for (uint32_t i = 0; i < losses->count; i++) {
        const char *loss = shared_call(w, &losses->calls[i], "loss", NULL);
        if (!loss)
            return NULL;
        strbuf_add(&out, i ? ", (" : "(");
        strbuf_add_double(&out, recipe_loss_factor(w->in->recipe, i));
        strbuf_addf(&out, ", %s)", loss);
    }
    return arena_printf(w->arena, "%s([%s])", sum->symbol, out.text);
}

static bool print_training_parts(struct strbuf *out, struct writer *w)
{
    if (!check_settings(w))
        return false;
    const struct ftmrt_call *optimizer = setting(w, FTMRT_PARAM_finetune_optimizer),
                            *schedule = setting(w, FTMRT_PARAM_finetune_schedule),
                            *mix = setting(w, FTMRT_PARAM_finetune_mix);
    const struct part *own = parts_use(
        &w->parts, arena_printf(w->arena, "schedule_%s", ftmrt_call_info(schedule->id)->name));
    const bool by_steps = own && part_takes(own, "steps");
    const char *loss = loss_text(w), *made = shared_call(w, optimizer, "optimizer", "parameters"),
               *rate = shared_call(w, schedule, "schedule",
                                   by_steps ? "optimizer, steps, steps_per_epoch" : "optimizer"),
               *mixed = mix ? shared_call(w, mix, "mix", NULL) : "None";
    if (!loss || !made || !rate || !mixed)
        return false;
    print_function(out, "make_loss()", "What training makes small.", loss);
    print_function(out, "make_optimizer(parameters)", "How parameters follow their gradients.",
                   made);
    print_function(out, "make_schedule(optimizer, steps, steps_per_epoch)",
                   "The learning rate over time.", rate);
    print_clip(out, w);
    strbuf_addf(out, "\n\n# What training makes of several pictures and their labels.\nMIX = %s\n",
                mixed);
    return true;
}

/* ---- data ---- */

/* Whether a term of the loss takes a class as its one-hot vector. */
static bool wants_one_hot(const struct writer *w)
{
    const struct ftmrt_call *data = setting(w, FTMRT_PARAM_finetune_data);
    const struct ftmrt_arg *losses = recipe_losses(w->in->recipe);
    bool wanted = setting(w, FTMRT_PARAM_finetune_mix);
    for (uint32_t i = 0; i < losses->count; i++)
        wanted =
            wanted || ftmrt_loss_info(losses->calls[i].id)->vector != FTMRT_VECTOR_DISTRIBUTION;
    return wanted && (!data || ftmrt_data_labels(data) == FTMRT_LABEL_INDEX);
}

static bool print_transform(struct strbuf *out, struct writer *w, const char *name,
                            enum ftmrt_param param, const struct net *net)
{
    const struct ftmrt_call *transform = setting(w, FTMRT_PARAM_finetune_transform);
    const struct ftmrt_arg *steps = transform ? ftmrt_call_arg(transform, param) : NULL;
    struct strbuf list;
    strbuf_init(&list, w->arena);
    strbuf_add(&list, "");
    for (uint32_t i = 0; steps && i < steps->count; i++) {
        const char *step = shared_call(w, &steps->calls[i], "transform", NULL);
        if (!step)
            return false;
        strbuf_addf(&list, "%s%s", i ? ", " : "", step);
    }
    python_line(out, 0,
                arena_printf(w->arena, "%s = Pipeline([%s], channels=%" PRId64 ")", name, list.text,
                             net->layers.at[0].type.shape.dim[1]));
    return true;
}

/* The keys of the block that say how pictures are read, as arguments of its part. */
static bool print_pictures(struct strbuf *out, struct writer *w, const struct ftmrt_call *data)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(data->id);
    struct ftmrt_arg *args = arena_array(w->arena, struct ftmrt_arg, info->param_count);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (info->params[i].type != FTMRT_TYPE_DATA && info->params[i].type != FTMRT_TYPE_SHARE &&
            info->params[i].type != FTMRT_TYPE_CACHE)
            args[i] = data->args[i];
    if (ftmrt_call_inner(data, FTMRT_PARAM_data_cache)->id == FTMRT_CALL_views) {
        diag_report(w->in->diag, w->in->recipe->span, DIAG_NO_COUNTERPART, "`cache = views()`");
        return false;
    }
    const struct ftmrt_call rest = {data->id, args};
    const char *call = shared_call(w, &rest, "block", NULL);
    if (call)
        python_line(out, 0, arena_printf(w->arena, "PICTURES = %s", call));
    return call != NULL;
}

static bool print_source(struct strbuf *out, struct writer *w, const char *function,
                         const char *text, const struct ftmrt_call *source, const char *transform)
{
    const char *call = source ? shared_call(w, source, "source", NULL) : "None";
    if (!call)
        return false;
    print_function(out, arena_printf(w->arena, "%s()", function), text,
                   source ? arena_printf(w->arena, "Samples(%s, %s)", call, transform) : call);
    return true;
}

static bool print_data(struct strbuf *out, struct writer *w)
{
    const struct ftmrt_call *data = setting(w, FTMRT_PARAM_finetune_data);
    const struct ftmrt_arg *validation =
        data ? ftmrt_call_arg(data, FTMRT_PARAM_data_validation) : NULL;
    const bool share = validation && validation->kind == FTMRT_ARG_NUMBER;
    parts_use(&w->parts, "samples");
    strbuf_addf(out,
                "\n\n# Whether a class is a vector to the loss: 1 for itself, 0 for the "
                "others.\nONE_HOT = %s\n",
                wants_one_hot(w) ? "True" : "False");
    strbuf_addf(out,
                "# Whether numbers are learnt as deviations from their mean.\nSTANDARDIZE = %s\n",
                recipe_standardizes(w->in->recipe) ? "True" : "False");
    strbuf_addf(out,
                "# Percent of the training data that choose the best epoch.\nVALIDATION = %g\n",
                share ? validation->number : 0);
    if (data && !print_pictures(out, w, data))
        return false;
    return print_transform(out, w, "TRAIN_TRANSFORM", FTMRT_PARAM_transform_train,
                           w->net->train ? w->net->train : w->net) &&
           print_transform(out, w, "EVAL_TRANSFORM", FTMRT_PARAM_transform_eval, w->net) &&
           print_source(out, w, "training_data", "What trains.",
                        data ? ftmrt_call_inner(data, FTMRT_PARAM_data_train) : NULL,
                        "TRAIN_TRANSFORM") &&
           print_source(out, w, "validation_data",
                        "What chooses the best epoch, if it is a source of its own.",
                        data && !share ? ftmrt_call_inner(data, FTMRT_PARAM_data_validation) : NULL,
                        "EVAL_TRANSFORM") &&
           print_source(out, w, "test_data", "What is measured in the end.",
                        data ? ftmrt_call_inner(data, FTMRT_PARAM_data_test) : NULL,
                        "EVAL_TRANSFORM");
}

/* A state dict has all tensors, in the types of the network. */
static bool check_save(struct writer *w)
{
    const struct recipe *r = w->in->recipe;
    if (ftmrt_call_word(&r->bound.finetune, FTMRT_PARAM_finetune_save) == 0)
        return true;
    diag_report(w->in->diag, r->span, DIAG_NO_COUNTERPART, "a `save` of finetune but `whole`");
    return false;
}

/* PyTorch's losses have numbers. */
static bool check_weight(struct writer *w)
{
    const struct ftmrt_arg *weight =
        ftmrt_call_named(setting(w, FTMRT_PARAM_finetune_loss), "weight");
    if (!weight || weight->kind != FTMRT_ARG_TEXT)
        return true;
    diag_report(w->in->diag, w->in->recipe->span, DIAG_NO_COUNTERPART,
                "`weight = balanced` of a loss");
    return false;
}

bool print_recipe(struct strbuf *out, struct writer *w)
{
    if (!check_save(w) || !check_weight(w))
        return false;
    if (w->in->recipe->groups.len) {
        diag_report(w->in->diag, w->in->recipe->span, DIAG_NO_COUNTERPART, "`group` here");
        return false;
    }
    if (w->in->recipe->teachers.len) {
        diag_report(w->in->diag, w->in->recipe->teachers.at[0].span, DIAG_NO_COUNTERPART,
                    "`teacher` here");
        return false;
    }
    if (w->in->recipe->phases > 1) {
        diag_report(w->in->diag, w->in->recipe->span, DIAG_NO_COUNTERPART,
                    "a training in several phases");
        return false;
    }
    strbuf_add(out, "\n\n");
    print_constants(out, w);
    print_frozen(out, w);
    print_weights(out, w);
    return print_training_parts(out, w) && print_data(out, w);
}

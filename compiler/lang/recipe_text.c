/* The resolved recipe: the finetune as .ftm text with every default filled in. It goes with every
 * run, so that what was trained can be read and repeated; parsing it gives the same recipe.
 *
 * Statements that order matters for (edits, freezing) are kept as written; settings are printed
 * from their values. */
#include "lang.h"

#include <inttypes.h>

#include "str.h"

static void add_string(struct strbuf *b, const char *s)
{
    strbuf_addc(b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            strbuf_addc(b, '\\');
        if (*s == '\n')
            strbuf_add(b, "\\n");
        else if (*s == '\t')
            strbuf_add(b, "\\t");
        else
            strbuf_addc(b, *s);
    }
    strbuf_addc(b, '"');
}

static void add_setting(struct strbuf *b, const char *name, double value)
{
    strbuf_addf(b, "%s = ", name);
    strbuf_add_double(b, value);
}

static void add_weights(struct strbuf *b, const struct recipe *r)
{
    strbuf_add(b, "    weights = ");
    if (!r->weights) {
        strbuf_add(b, "random\n");
        return;
    }
    add_string(b, r->weights);
    if (!r->strip && !r->renames.len && !r->skips.len) {
        strbuf_addc(b, '\n');
        return;
    }
    strbuf_add(b, " {\n");
    if (r->strip) {
        strbuf_add(b, "        strip ");
        add_string(b, r->strip);
        strbuf_addc(b, '\n');
    }
    for (uint32_t i = 0; i < r->renames.len; i++) {
        strbuf_add(b, "        rename ");
        add_string(b, r->renames.at[i].from);
        strbuf_add(b, " to ");
        add_string(b, r->renames.at[i].to);
        strbuf_addc(b, '\n');
    }
    for (uint32_t i = 0; i < r->skips.len; i++) {
        strbuf_add(b, "        skip ");
        add_string(b, r->skips.at[i].pattern);
        strbuf_addc(b, '\n');
    }
    strbuf_add(b, "    }\n");
}

static void add_source(struct strbuf *b, const char *name, const struct data_source *s)
{
    if (s->kind == DATA_NONE)
        return;
    strbuf_addf(b, "        %s = %s(images = ", name, s->kind == DATA_IDX ? "idx" : "npy");
    add_string(b, s->images);
    strbuf_add(b, ", labels = ");
    add_string(b, s->labels);
    strbuf_add(b, ")\n");
}

static void add_classes(struct strbuf *b, const struct recipe *r)
{
    strbuf_addf(b, "    classes = %" PRId64 "\n", r->classes);
    if (!r->labels.len)
        return;
    strbuf_add(b, "    labels = [");
    for (uint32_t i = 0; i < r->labels.len; i++) {
        strbuf_add(b, i ? ", " : "");
        add_string(b, r->labels.at[i].name);
    }
    strbuf_add(b, "]\n");
}

static void add_data(struct strbuf *b, const struct recipe *r)
{
    if (r->train.kind == DATA_NONE && r->test.kind == DATA_NONE && r->validation.kind == DATA_NONE)
        return;
    strbuf_add(b, "    data {\n");
    add_source(b, "train", &r->train);
    add_source(b, "test", &r->test);
    add_source(b, "validation", &r->validation);
    if (r->validation.kind == DATA_NONE && r->validation_percent > 0) {
        add_setting(b, "        validation", r->validation_percent);
        strbuf_add(b, "%\n");
    }
    strbuf_add(b, "    }\n");
}

static void add_list(struct strbuf *b, const char *name, const double *values, uint32_t count)
{
    strbuf_addf(b, "%s = [", name);
    for (uint32_t i = 0; i < count; i++) {
        strbuf_add(b, i ? ", " : "");
        strbuf_add_double(b, values[i]);
    }
    strbuf_addc(b, ']');
}

static void add_size(struct strbuf *b, const char *name, const int64_t size[2])
{
    strbuf_addf(b, "%s(%" PRId64, name, size[0]);
    if (size[1])
        strbuf_addf(b, ", %" PRId64, size[1]);
    strbuf_addc(b, ')');
}

static void add_normalize(struct strbuf *b, const struct transform *t)
{
    strbuf_add(b, "normalize(");
    add_list(b, "mean", t->mean, t->channels);
    strbuf_add(b, ", ");
    add_list(b, "std", t->std, t->channels);
    add_setting(b, ", scale", t->scale);
    strbuf_addc(b, ')');
}

static void add_transform(struct strbuf *b, const struct transform *t)
{
    switch (t->kind) {
    case TRANSFORM_RESIZE: add_size(b, "resize", t->size); return;
    case TRANSFORM_CENTER_CROP: add_size(b, "center_crop", t->size); return;
    case TRANSFORM_TO_GREY: strbuf_add(b, "to_grey()"); return;
    case TRANSFORM_TO_RGB: strbuf_add(b, "to_rgb()"); return;
    case TRANSFORM_NORMALIZE: add_normalize(b, t); return;
    }
}

static void add_pipeline(struct strbuf *b, const char *name, const struct transform *at,
                         uint32_t len)
{
    if (!len)
        return;
    strbuf_addf(b, "    transform %s = ", name);
    for (uint32_t i = 0; i < len; i++) {
        strbuf_add(b, i ? ", " : "");
        add_transform(b, &at[i]);
    }
    strbuf_addc(b, '\n');
}

static void add_training(struct strbuf *b, const struct recipe *r)
{
    add_setting(b, "    loss = cross_entropy(label_smoothing", r->label_smoothing);
    add_setting(b, ")\n    optimizer = sgd(lr", r->optimizer.lr);
    add_setting(b, ", momentum", r->optimizer.momentum);
    add_setting(b, ", weight_decay", r->optimizer.weight_decay);
    strbuf_addf(b, ", nesterov = %s)\n", r->optimizer.nesterov ? "true" : "false");
    if (r->schedule_cosine) {
        add_setting(b, "    schedule = cosine(warmup", r->warmup_epochs);
        strbuf_add(b, r->warmup_epochs == 1 ? " epoch)\n" : " epochs)\n");
    } else {
        strbuf_add(b, "    schedule = constant()\n");
    }
    strbuf_addf(b, "    epochs = %" PRId64 "\n    batch = %" PRId64 "\n    shards = %" PRId64 "\n",
                r->epochs, r->batch, r->shards);
    strbuf_addf(b, "    seed = %" PRIu64 "\n    shuffle = %s\n", r->seed,
                r->shuffle ? "true" : "false");
}

char *lang_resolved(struct arena *arena, const struct net *net, const struct recipe *r)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    for (uint32_t i = 0; i < r->imports.len; i++) {
        strbuf_add(&b, "import ");
        add_string(&b, r->imports.at[i]);
        strbuf_addc(&b, '\n');
    }
    strbuf_addf(&b, "%sfinetune %s {\n    model = %s\n", r->imports.len ? "\n" : "", r->name,
                r->model ? r->model : net->name);
    add_classes(&b, r);
    add_weights(&b, r);
    for (uint32_t i = 0; i < r->edits.len; i++)
        strbuf_addf(&b, "    %s\n", r->edits.at[i]);
    add_data(&b, r);
    add_pipeline(&b, "train", r->transform_train.at, r->transform_train.len);
    add_pipeline(&b, "eval", r->transform_eval.at, r->transform_eval.len);
    add_training(&b, r);
    strbuf_add(&b, "}\n");
    return b.text;
}

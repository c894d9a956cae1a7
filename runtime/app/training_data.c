/* The data of a recipe's training. */
#include "training_data.h"

#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"
#include "report.h"

/* Whether samples of the training data can validate: inputs that are taken as they are have the size of training. */
static bool check_split(const struct training_data *d, const struct config *c)
{
    const struct config_input *train = &c->input_train, *eval = &c->input_eval;
    if (!d->split.validation_count || d->train.fields[FIELD_INPUT].kind != FIELD_TENSOR ||
        !config_two_sizes(c))
        return true;
    return report_error("%s: float images are taken as they are, of %lld x %lld, and validation "
                        "takes %lld x %lld; name "
                        "a source of its own, `validation = npy(...)`, or give 8-bit images",
                        d->train.name, (long long)train->height, (long long)train->width,
                        (long long)eval->height, (long long)eval->width);
}

/* ---- unlabelled pictures ---- */

/* The source of sample *i, which becomes its number there. */
static const struct source *part_of(const struct source *all, int64_t *i)
{
    const struct training_data *d = all->state;
    if (*i < d->train.count)
        return &d->train;
    *i -= d->train.count;
    return &d->unlabelled;
}

static bool read_part(const struct source *all, int64_t i, enum field_role field,
                      struct buffer *buffer, union field_value *out)
{
    const struct training_data *d = all->state;
    const struct source *part = part_of(all, &i);
    if (part == &d->train || field != FIELD_LABEL)
        return part->read(part, i, field, buffer, out);
    out->index = d->no_label;
    return true;
}

static const char *part_name(const struct source *all, int64_t i)
{
    const struct source *part = part_of(all, &i);
    return part->sample_name ? part->sample_name(part, i) : part->name;
}

/* The samples of both, where those that train are a part. */
static void join_indices(struct training_data *d)
{
    const struct split *s = &d->split;
    free(d->all_indices);
    d->all_indices = NULL;
    if (!s->train || !d->unlabelled.count)
        return;
    d->all_indices =
        app_alloc((size_t)(s->train_count + d->unlabelled.count), sizeof *d->all_indices);
    memcpy(d->all_indices, s->train, (size_t)s->train_count * sizeof *s->train);
    for (int64_t i = 0; i < d->unlabelled.count; i++)
        d->all_indices[s->train_count + i] = d->train.count + i;
}

/* Puts what is unlabelled behind train. */
static bool join(struct training_data *d)
{
    const bool named = d->train.sample_name || d->unlabelled.sample_name;
    if (d->unlabelled.fields[FIELD_INPUT].kind != d->train.fields[FIELD_INPUT].kind)
        return report_error("%s and %s give samples of different kinds", d->train.name,
                            d->unlabelled.name);
    d->all = (struct source){.name = app_format("%s + %s", d->train.name, d->unlabelled.name),
                             .count = d->train.count + d->unlabelled.count,
                             .read = read_part,
                             .sample_name = named ? part_name : NULL,
                             .state = d};
    memcpy(d->all.fields, d->train.fields, sizeof d->all.fields);
    join_indices(d);
    return true;
}

static bool open_unlabelled(struct training_data *d, const struct config *c,
                            const struct source_want *want)
{
    struct source_want any = *want;
    if (!c->unlabelled)
        return true;
    any.unlabelled = true;
    d->no_label = *c->ignored;
    return source_open(&d->unlabelled, c->unlabelled, &any) && join(d);
}

/* ---- all of it ---- */

bool training_data_open(struct training_data *d, const struct config *c, const char *data_dir)
{
    const struct source_want want = config_want(c, &c->input_train, data_dir);
    const struct source_want validation = config_want(c, &c->input_eval, data_dir);
    *d = (struct training_data){0};
    if (!c->train)
        return report_error(
            "the recipe names no training data; add `train = ...` to its data block");
    if (!source_open(&d->train, c->train, &want))
        return false;
    const struct split_rule rule = config_split(c);
    const bool split = c->validation ? source_open(&d->validation, c->validation, &validation)
                                     : split_open(&d->split, &d->train, &rule) && check_split(d, c);
    return split && open_unlabelled(d, c, &want);
}

bool training_data_split(struct training_data *d, const struct config *c)
{
    const struct split_rule rule = config_split(c);
    split_free(&d->split);
    if (!c->validation && !split_open(&d->split, &d->train, &rule))
        return false;
    join_indices(d);
    return true;
}

void training_data_close(struct training_data *d)
{
    source_close(&d->train);
    source_close(&d->validation);
    split_free(&d->split);
    source_close(&d->unlabelled);
    source_close(&d->all);
    free(d->all_indices);
    d->all_indices = NULL;
}

struct subset training_data_train(const struct training_data *d)
{
    const struct split *s = &d->split;
    return s->train ? (struct subset){&d->train, s->train, s->train_count, 0}
                    : (struct subset){&d->train, NULL, d->train.count, 0};
}

struct subset training_data_all(const struct training_data *d)
{
    const struct subset train = training_data_train(d);
    return d->unlabelled.count
               ? (struct subset){&d->all, d->all_indices, train.count + d->unlabelled.count,
                                 d->unlabelled.count}
               : train;
}

struct subset training_data_validation(const struct training_data *d)
{
    const struct split *s = &d->split;
    return s->train ? (struct subset){&d->train, s->validation, s->validation_count, 0}
                    : (struct subset){&d->validation, NULL, d->validation.count, 0};
}

bool training_data_hash(const struct training_data *d, int threads,
                        struct training_data_hashes *hashes)
{
    const struct split *s = &d->split;
    *hashes = (struct training_data_hashes){0};
    if (!d->train.fingerprint(&d->train, threads, &hashes->data))
        return false;
    if (s->validation_count)
        hashes->split = fingerprint_bytes(
            s->validation, (size_t)s->validation_count * sizeof *s->validation, hashes->data);
    uint64_t unlabelled = 0;
    if (d->unlabelled.count && !d->unlabelled.fingerprint(&d->unlabelled, threads, &unlabelled))
        return false;
    if (d->unlabelled.count)
        hashes->data = fingerprint_bytes(&unlabelled, sizeof unlabelled, hashes->data);
    if (!d->validation.count)
        return true;
    if (!d->validation.fingerprint(&d->validation, threads, &hashes->split))
        return false;
    hashes->data = fingerprint_bytes(&hashes->split, sizeof hashes->split, hashes->data);
    return true;
}

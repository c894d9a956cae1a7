/* The data of a recipe's training. */
#include "training_data.h"

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
    if (c->validation)
        return source_open(&d->validation, c->validation, &validation);
    const struct split_rule rule = config_split(c);
    return split_open(&d->split, &d->train, &rule) && check_split(d, c);
}

void training_data_close(struct training_data *d)
{
    source_close(&d->train);
    source_close(&d->validation);
    split_free(&d->split);
}

struct subset training_data_train(const struct training_data *d)
{
    const struct split *s = &d->split;
    return s->train ? (struct subset){&d->train, s->train, s->train_count}
                    : (struct subset){&d->train, NULL, d->train.count};
}

struct subset training_data_validation(const struct training_data *d)
{
    const struct split *s = &d->split;
    return s->train ? (struct subset){&d->train, s->validation, s->validation_count}
                    : (struct subset){&d->validation, NULL, d->validation.count};
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
    if (!d->validation.count)
        return true;
    if (!d->validation.fingerprint(&d->validation, threads, &hashes->split))
        return false;
    hashes->data = fingerprint_bytes(&hashes->split, sizeof hashes->split, hashes->data);
    return true;
}

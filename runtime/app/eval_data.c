/* The labelled samples that `eval` measures. */
#include "eval_data.h"

#include <string.h>

#include "network_identity.h"
#include "report.h"

static const char *const parts[] = {"test", "validation"};

const char *eval_data_part(const struct eval_data *d)
{
    return d->foreign ? "all" : parts[d->validates];
}

static bool open_test(struct eval_data *d, const struct config *c, const char *data_dir)
{
    const struct source_want want = config_want(c, &c->input_eval, data_dir);
    if (!c->test)
        return report_error("the recipe names no test data; add `test = ...` to its data block, or "
                            "measure with --split validation");
    if (!source_open(&d->test, c->test, &want))
        return false;
    d->samples = (struct subset){&d->test, NULL, d->test.count, 0};
    return true;
}

/* A source of its own needs no training data beside it. */
static bool open_validation(struct eval_data *d, const struct config *c, const char *data_dir)
{
    const struct source_want want = config_want(c, &c->input_eval, data_dir);
    if (c->validation) {
        if (!source_open(&d->test, c->validation, &want))
            return false;
        d->samples = (struct subset){&d->test, NULL, d->test.count, 0};
        return true;
    }
    if (!training_data_open(&d->share, c, data_dir))
        return false;
    d->samples = training_data_validation(&d->share);
    return d->samples.count > 0 ||
           report_error("the recipe names no test data, and nothing validates; add `test = ...` or "
                        "`validation = 10%%` to its data block");
}

bool eval_data_open(struct eval_data *d, const struct config *c, const char *part,
                    const char *data_dir)
{
    *d = (struct eval_data){.validates = part ? !strcmp(part, parts[1]) : !c->test};
    if (part && !d->validates && strcmp(part, parts[0]) != 0)
        return report_error("--split takes test or validation, not '%s'", part);
    if (!d->validates)
        return open_test(d, c, data_dir);
    if (!c->validation && !c->train)
        return report_error("the recipe names no test data; add `test = ...` to its data block");
    return open_validation(d, c, data_dir);
}

bool eval_data_compare(struct eval_data *d, const char *data_hash, int threads)
{
    struct training_data_hashes hashes;
    if (!d->share.split.validation_count || !*data_hash)
        return true;
    if (!training_data_hash(&d->share, threads, &hashes))
        return false;
    if (!strcmp(data_hash, identity_hash_text(hashes.data).hash))
        return true;
    d->validates = false;
    d->foreign = true;
    d->samples = (struct subset){&d->share.train, NULL, d->share.train.count, 0};
    return true;
}

bool eval_data_hash(const struct eval_data *d, int threads, uint64_t *hash)
{
    struct training_data_hashes hashes;
    if (d->samples.source != &d->share.train)
        return d->test.fingerprint(&d->test, threads, hash);
    const bool ok = training_data_hash(&d->share, threads, &hashes);
    *hash = ok ? hashes.data : 0;
    return ok;
}

void eval_data_close(struct eval_data *d)
{
    source_close(&d->test);
    training_data_close(&d->share);
}

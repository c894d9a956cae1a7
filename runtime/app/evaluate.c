/* The command `eval`, and the evaluation that training uses too. */
#include "evaluate.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "report.h"

/* A batch that is in the session, labelled if there is an m to add it to. */
static bool evaluate_batch(struct session *s, struct metrics *m, int64_t n)
{
    float loss;
    if (!m)
        return session_predict(s, n);
    if (!session_evaluate(s, n, &loss))
        return false;
    metrics_add(m, s->logits, s->labels, (double)loss, n);
    return true;
}

bool evaluate(struct session *s, const struct subset *d, struct metrics *m, float *all_logits)
{
    int64_t most = s->program->max_batch, classes = s->config.classes;
    if (m)
        metrics_init(m, classes, d->count);
    for (int64_t first = 0; first < d->count; first += most) {
        int64_t n = d->count - first < most ? d->count - first : most;
        if (!dataset_batch(d->data, &s->config.transform_eval, &s->config, d->indices, first, n,
                           s->inputs, s->labels) ||
            !evaluate_batch(s, m, n)) {
            if (m)
                metrics_free(m);
            return false;
        }
        if (all_logits)
            memcpy(all_logits + first * classes, s->logits, (size_t)(n * classes) * sizeof(float));
    }
    return true;
}

/* The labelled data to evaluate: the test source, else the validation source. */
static bool load_eval_data(struct dataset *d, const struct config *c, const struct options *o)
{
    const struct data_config *source = c->test.kind ? &c->test : &c->validation;
    if (!source->kind)
        return report_error("the recipe names no test data; add `test = ...` to its data block");
    return dataset_load(d, source, c, o->data);
}

static bool print_results(struct session *s, const struct dataset *d, const struct options *o)
{
    struct metrics m;
    int64_t dims[2] = {d->count, s->config.classes};
    float *logits = o->logits ? app_alloc((size_t)(dims[0] * dims[1]), sizeof(float)) : NULL;
    bool ok = evaluate(s, &(struct subset){d, NULL, d->count}, &m, logits);
    if (ok && o->json) {
        ok = metrics_print_json(&m, &s->config, s->weights_from, stdout);
    } else if (ok) {
        printf("weights   %s\ndata      %s\n", s->weights_from, d->name);
        metrics_print(&m, &s->config, stdout);
    }
    if (ok) {
        metrics_free(&m);
        ok = !logits || array_write_npy(o->logits, logits, 2, dims);
    }
    free(logits);
    return ok;
}

int command_eval(const struct ftmrt_program *p, const struct options *o)
{
    struct session s;
    struct dataset d = {0};
    if (!session_open(&s, p, NULL))
        return EXIT_ERROR;
    char *runs = session_runs_folder(o->runs);
    bool ok = session_take_weights(&s, o->weights, runs) && load_eval_data(&d, &s.config, o) &&
              print_results(&s, &d, o);
    dataset_free(&d);
    session_close(&s);
    free(runs);
    return ok ? EXIT_OK : EXIT_ERROR;
}

/* Evaluation: for the command and for training. */
#include "evaluate.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loader_queue.h"
#include "report.h"

/* ---- mirrored ---- */

static void mirror(const struct session *s, float *inputs, int64_t n)
{
    const struct config_input *in = &s->config.input_eval;
    const int64_t width = in->width, rows = n * in->channels * in->height;
    for (int64_t i = 0; i < rows; i++)
        for (float *a = inputs + i * width, *b = a + width - 1; a < b; a++, b--) {
            const float kept = *a;
            *a = *b;
            *b = kept;
        }
}

/* Puts the logarithm of the mean probability in the place of logits; other: of the same samples. */
static void take_mean(struct session *s, const float *other, int64_t n)
{
    const int64_t classes = s->config.classes;
    double *p = app_alloc((size_t)(2 * classes), sizeof *p), *q = p + classes;
    for (int64_t i = 0; i < n; i++) {
        float *row = s->logits + i * classes;
        probabilities(row, classes, 1, p);
        probabilities(other + i * classes, classes, 1, q);
        for (int64_t k = 0; k < classes; k++) {
            const double mean = (p[k] + q[k]) / 2;
            row[k] = (float)log(mean < DBL_MIN ? DBL_MIN : mean); /* NaN stays what it is */
        }
    }
    free(p);
}

/* A batch in the session's inputs, as it is and mirrored. */
static bool evaluate_both(struct session *s, float *inputs, int64_t n, float *loss)
{
    const size_t values = (size_t)(n * s->config.output_count);
    float first, second, *logits = app_alloc(values, sizeof *logits);
    bool ok = session_evaluate(s, n, &first);
    memcpy(logits, s->logits, values * sizeof *logits);
    mirror(s, inputs, n);
    ok = ok && session_evaluate(s, n, &second);
    if (ok) {
        take_mean(s, logits, n);
        *loss = (first + second) / 2;
    }
    free(logits);
    return ok;
}

/* ---- batches ---- */

/* A batch that is in the session, labelled if there is an m to add it to; flipped: its inputs, to be mirrored, or NULL. */
static bool evaluate_batch(struct session *s, struct metrics *m, float *flipped, int64_t n)
{
    float loss;
    if (!m)
        return session_predict(s, n);
    if (!(flipped ? evaluate_both(s, flipped, n, &loss) : session_evaluate(s, n, &loss)))
        return false;
    metrics_add(m, s->logits, s->labels, (double)loss, s->weight ? (double)*s->weight : 1, n);
    return true;
}

/* All batches of a queue, one after the other. */
static bool evaluate_queue(struct session *s, const struct loader *l, struct loader_queue *q,
                           struct metrics *m, bool flipped, float *all_logits)
{
    const int64_t outputs = s->config.output_count;
    struct loaded_batch b;
    enum loaded loaded;
    while ((loaded = loader_queue_next(q, &b)) == LOADED_BATCH) {
        const int64_t values = b.batch.n * outputs;
        session_take(s, l, &b.batch, b.samples);
        if (!evaluate_batch(s, m, flipped ? b.batch.inputs : NULL, b.batch.n))
            return false;
        if (all_logits) {
            memcpy(all_logits, s->logits, (size_t)values * sizeof(float));
            all_logits += values;
        }
    }
    return loaded == LOADED_END;
}

static bool evaluate_all(struct session *s, const struct subset *d, struct metrics *m, bool flipped,
                         float *all_logits)
{
    if (m)
        metrics_init(m, &s->config, d->count);
    const struct loader l =
        session_loader(s, m ? FTMRT_ENTRY_EVAL : FTMRT_ENTRY_PREDICT, d->source, 0);
    struct loader_queue *q = loader_queue_open(&(struct loader_plan){.loader = l,
                                                                     .indices = d->indices,
                                                                     .end = d->count,
                                                                     .batch = s->program->max_batch,
                                                                     .threads = s->threads,
                                                                     .workers = s->workers});
    const bool ok = evaluate_queue(s, &l, q, m, flipped, all_logits);
    session_point(s, NULL, NULL);
    loader_queue_close(q);
    if (!ok && m)
        metrics_free(m);
    return ok;
}

bool evaluate(struct session *s, const struct subset *d, struct metrics *m, float *all_logits)
{
    return evaluate_all(s, d, m, false, all_logits);
}

bool evaluate_flipped(struct session *s, const struct subset *d, struct metrics *m,
                      float *all_logits)
{
    return evaluate_all(s, d, m, true, all_logits);
}

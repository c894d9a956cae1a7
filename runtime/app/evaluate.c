/* Evaluation: for the command and for training. */
#include "evaluate.h"

#include <string.h>

#include "loader_queue.h"

/* A batch that is in the session, labelled if there is an m to add it to. */
static bool evaluate_batch(struct session *s, struct metrics *m, int64_t n)
{
    float loss;
    if (!m)
        return session_predict(s, n);
    if (!session_evaluate(s, n, &loss))
        return false;
    metrics_add(m, s->logits, s->labels, (double)loss, s->weight ? (double)*s->weight : 1, n);
    return true;
}

/* All batches of a queue, one after the other. */
static bool evaluate_queue(struct session *s, const struct loader *l, struct loader_queue *q,
                           struct metrics *m, float *all_logits)
{
    const int64_t outputs = s->config.output_count;
    struct loaded_batch b;
    enum loaded loaded;
    while ((loaded = loader_queue_next(q, &b)) == LOADED_BATCH) {
        const int64_t values = b.batch.n * outputs;
        session_take(s, l, &b.batch, b.samples);
        if (!evaluate_batch(s, m, b.batch.n))
            return false;
        if (all_logits) {
            memcpy(all_logits, s->logits, (size_t)values * sizeof(float));
            all_logits += values;
        }
    }
    return loaded == LOADED_END;
}

bool evaluate(struct session *s, const struct subset *d, struct metrics *m, float *all_logits)
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
    const bool ok = evaluate_queue(s, &l, q, m, all_logits);
    session_point(s, NULL, NULL);
    loader_queue_close(q);
    if (!ok && m)
        metrics_free(m);
    return ok;
}

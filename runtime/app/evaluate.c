/* Evaluation: for the command and for training. */
#include "evaluate.h"

#include <string.h>

#include "loader.h"

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

bool evaluate(struct session *s, const struct subset *d, struct metrics *m, float *all_logits)
{
    const int64_t most = s->program->max_batch, outputs = s->config.output_count;
    const struct loader l = loader_of(d->source, &s->config.input_eval, s->config.seed, 0);
    const struct batch batch = {s->inputs, s->labels, s->threads, NULL};
    if (m)
        metrics_init(m, &s->config, d->count);
    for (int64_t first = 0; first < d->count; first += most) {
        int64_t n = d->count - first < most ? d->count - first : most;
        if (!loader_batch(&l, d->indices, first, n, &batch) || !evaluate_batch(s, m, n)) {
            if (m)
                metrics_free(m);
            return false;
        }
        if (all_logits)
            memcpy(all_logits + first * outputs, s->logits, (size_t)(n * outputs) * sizeof(float));
    }
    return true;
}

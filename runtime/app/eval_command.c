/* The command `eval`. */
#include <stdlib.h>

#include "array.h"
#include "command.h"
#include "evaluate.h"
#include "report.h"
#include "weights_choice.h"

/* The labelled data to evaluate: the test source, else the validation source. */
static bool open_eval_data(struct source *d, const struct config *c, const struct options *o)
{
    const struct ftmrt_call *source = c->test ? c->test : c->validation;
    const struct source_want want = config_want(c, &c->input_eval, o->data);
    if (!source)
        return report_error("the recipe names no test data; add `test = ...` to its data block");
    return source_open(d, source, &want);
}

static bool print_results(struct session *s, const struct source *d, const struct options *o)
{
    struct metrics m;
    const int64_t dims[2] = {d->count, s->config.output_count};
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
    struct source d = {0};
    if (!session_open(&s, p, app_threads(o), NULL))
        return EXIT_ERROR;
    s.workers = app_workers(o);
    bool ok = weights_take(&s, o) && open_eval_data(&d, &s.config, o) && print_results(&s, &d, o);
    source_close(&d);
    session_close(&s);
    return ok ? EXIT_OK : EXIT_ERROR;
}

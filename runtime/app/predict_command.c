/* The command `predict`: pictures, or an array of images; or names that come one by one. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file_bytes.h"
#include "loader_queue.h"
#include "picture_list.h"
#include "predict_output.h"
#include "report.h"
#include "session.h"
#include "weights_choice.h"
#include "why.h"

/* Samples `at` and those behind it, for which the batch stands: what was predicted, and what could not be. */
static bool add_batch(struct predict_output *out, const struct source *d, int64_t at,
                      const struct loaded_batch *b, const struct session *s)
{
    int64_t k = 0;
    bool ok = true;
    for (int64_t i = at; i < at + b->positions; i++) {
        const bool good = k < b->batch.n && b->samples[k] == i;
        char number[32];
        snprintf(number, sizeof number, "%lld", (long long)i);
        ok = predict_output_add(out, d->sample_name ? d->sample_name(d, i) : number,
                                good ? s->logits + k * s->config.output_count : NULL) &&
             good && ok;
        k += good;
    }
    fflush(stdout);
    return ok;
}

/* A bad sample does not spoil the answers for the others. */
static bool predict_queue(struct session *s, const struct source *d, struct loader_queue *q,
                          struct predict_output *out)
{
    struct loaded_batch b;
    bool ok = true;
    for (int64_t at = 0; loader_queue_next(q, &b) == LOADED_BATCH; at += b.positions) {
        session_point(s, b.batch.inputs, b.batch.labels);
        if (b.batch.n && !session_predict(s, b.batch.n))
            return false;
        ok = add_batch(out, d, at, &b, s) && ok;
    }
    return ok;
}

static bool predict_source(struct session *s, const struct source *d, struct predict_output *out)
{
    const int64_t most = s->program->max_batch;
    struct loader_queue *q = loader_queue_open(
        &(struct loader_plan){.loader = loader_of(d, &s->config.input_eval, s->config.seed, 0),
                              .end = d->count,
                              .batch = d->count < most ? d->count : most,
                              .threads = s->threads,
                              .workers = s->workers,
                              .skip = true});
    const bool ok = predict_queue(s, d, q, out);
    session_point(s, NULL, NULL);
    loader_queue_close(q);
    return ok;
}

static bool open_source(struct source *d, const struct config *c, const struct options *o)
{
    const struct source_want want = config_want(c, &c->input_eval, NULL);
    if (o->data && picture_list_folder(o->data))
        return picture_list_open(d, &o->data, 1, &c->pictures);
    return o->data ? source_open_array(d, o->data, &want)
                   : picture_list_open(d, o->files, o->file_count, &c->pictures);
}

/* A name of standard input; nothing else than a picture is meant by one. */
static bool predict_name(struct session *s, const char *name, struct predict_output *out)
{
    struct source d;
    const bool picture = *name && strcmp(name, "-") != 0 && !picture_list_folder(name);
    if (!picture)
        report_error("'%s' is no picture: --lines takes the name of one on each line", name);
    if (!picture || !picture_list_open(&d, &name, 1, &s->config.pictures)) {
        predict_output_add(out, name, NULL);
        return false;
    }
    const bool ok = predict_source(s, &d, out);
    source_close(&d);
    return ok;
}

/* One name in, one line out, until standard input ends; a name that makes no answer has a line, too. */
static bool predict_lines(struct session *s, struct predict_output *out)
{
    char *line = NULL;
    size_t size = 0;
    bool ok = true;
    s->workers = 0;
    session_expect(s, 1);
    for (ssize_t n; (n = getline(&line, &size, stdin)) >= 0;) {
        if (n && line[n - 1] == '\n')
            line[--n] = '\0';
        ok = predict_name(s, line, out) && ok;
    }
    free(line);
    return ok;
}

static bool predict(struct session *s, const struct options *o)
{
    const struct predict_forms forms = {.top = o->top_given ? o->top : 0,
                                        .json = o->json || o->lines,
                                        .lines = o->lines,
                                        .csv = o->csv,
                                        .logits = o->logits};
    if (o->lines) {
        struct predict_output *answers = predict_output_open(&s->config, &forms);
        const bool all = answers && predict_lines(s, answers);
        return answers && predict_output_close(answers) && all;
    }
    struct source d;
    if (!open_source(&d, &s->config, o))
        return false;
    if (o->why && d.count != 1) {
        report_error("--why draws one picture, and these are %lld", (long long)d.count);
        source_close(&d);
        return false;
    }
    session_expect(s, d.count);
    /* Of one batch nothing is made ahead: workers that nobody asked for would be in the network's way. */
    if (d.count <= s->program->max_batch && !o->workers_given)
        s->workers = 0;
    struct predict_output *out = predict_output_open(&s->config, &forms);
    bool ok = out && predict_source(s, &d, out);
    ok = out && predict_output_close(out) && ok;
    ok = ok && (!o->why || why_write(s, &d, 0, o->why_class, o->why));
    source_close(&d);
    return ok;
}

int command_predict(const struct ftmrt_program *p, const struct options *o)
{
    struct session s;
    if (o->lines && (o->file_count || o->data || o->csv || o->logits || o->why)) {
        report_error("--lines reads names from standard input and writes JSON alone");
        return EXIT_WRONG_USAGE;
    }
    if (o->why_class && !o->why) {
        report_error("--why-class says of which class --why FILE draws a map");
        return EXIT_WRONG_USAGE;
    }
    if (!o->lines && !o->file_count == !o->data) {
        report_error("name pictures to predict, a folder of them, `-` for standard input, or an "
                     "array with --data FILE");
        return EXIT_WRONG_USAGE;
    }
    if (!session_open(&s, p, app_threads(o), NULL))
        return EXIT_ERROR;
    s.workers = app_workers(o);
    config_say_pictures(&s.config);
    const bool ok = (!o->why || (why_check(&s, o->why_class) && file_can_be_written(o->why))) &&
                    weights_take(&s, o) && weights_say(&s) && predict(&s, o);
    session_close(&s);
    return ok ? EXIT_OK : EXIT_ERROR;
}

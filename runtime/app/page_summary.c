/* What is looked for first: how good it is, on how much, and how it ended. */
#include <math.h>
#include <string.h>

#include "html.h"
#include "progress_line.h"
#include "run_page.h"
#include "shares.h"

static void tile(FILE *out, const char *value, const char *what)
{
    html(out, "<div class=\"tile\"><b>%s</b><span>%s</span></div>\n", value, what);
}

/* Of samples that have a class: the share of right answers, how sure it is, and what is beside it. */
static void write_accuracy(const struct run_page *p)
{
    const struct class_answers *a = &p->answers;
    const struct interval sure = share_interval_95(a->right, a->all.count);
    char value[32], what[128];
    snprintf(value, sizeof value, "%.2f %%", 100 * (double)a->right / (double)a->all.count);
    snprintf(what, sizeof what, "accuracy in %s; 95 %% interval %.2f to %.2f %%",
             run_page_parts[p->part].name, 100 * sure.low, 100 * sure.high);
    tile(p->out, value, what);
    snprintf(value, sizeof value, "%.2f %%", 100 * class_answers_largest(a));
    tile(p->out, value, "reached by always naming the largest class");
    snprintf(value, sizeof value, "%lld", (long long)a->all.count);
    snprintf(what, sizeof what, "samples in %s, %lld of them answered wrong",
             run_page_parts[p->part].name, (long long)(a->all.count - a->right));
    tile(p->out, value, what);
}

/* Of other samples: the loss. */
static void write_loss(const struct run_page *p)
{
    const json_t *loss = json_object_get(p->figures[p->part], "loss");
    char value[32], what[64];
    if (!json_is_number(loss))
        return;
    snprintf(value, sizeof value, "%.4f", json_number_value(loss));
    snprintf(what, sizeof what, "loss in %s", run_page_parts[p->part].name);
    tile(p->out, value, what);
}

static void write_training(const struct run_page *p)
{
    const double seconds = run_record_number(&p->record, NULL, "seconds"),
                 samples = run_record_number(&p->record, NULL, "training_samples");
    char value[32], time[32];
    if (isfinite(samples)) {
        snprintf(value, sizeof value, "%.0f", samples);
        tile(p->out, value, "samples that train");
    }
    if (isfinite(seconds)) {
        progress_time_text(time, sizeof time, seconds);
        tile(p->out, time, "of training");
    }
}

/* "2026-11-27T19:22:51Z" for people. */
static void write_time(const struct run_page *p)
{
    const char *text = run_record_text(&p->record, "written");
    char date[sizeof "2026-11-27"], time[sizeof "19:22"];
    if (strlen(text) != sizeof "2026-11-27T19:22:51Z" - 1)
        return;
    snprintf(date, sizeof date, "%s", text);
    snprintf(time, sizeof time, "%s", text + sizeof date);
    html(p->out, ", %s %s UTC", date, time);
}

void page_summary(const struct run_page *p)
{
    const struct run_record *r = &p->record;
    const bool finished = !strcmp(r->outcome, "finished");
    html(p->out,
         "<h1><bdi>%s</bdi></h1>\n<p class=\"soft\">Recipe <bdi>%s</bdi>, model <bdi>%s</bdi>, "
         "weights <bdi>%s</bdi>; %s",
         p->name, run_record_text(r, "program"), run_record_text(r, "model"),
         run_record_text(r, "weights"), r->outcome);
    write_time(p);
    fputs("</p>\n", p->out);
    if (!finished)
        html(p->out,
             "<p class=\"bad\">This run did not end by itself: %s. Its figures are those "
             "of the epochs that were done.</p>\n",
             r->outcome);
    fputs("<div class=\"tiles\">\n", p->out);
    if (p->answers.all.count)
        write_accuracy(p);
    else
        write_loss(p);
    write_training(p);
    fputs("</div>\n", p->out);
}

#include "comparison_page.h"

#include <stdlib.h>

#include "chart.h"
#include "html.h"
#include "page_file.h"
#include "report.h"
#include "run_log.h"

/* ---- what they are ---- */

static void write_settings(const struct comparison *c, FILE *out)
{
    fputs("<h2>Settings in which they differ</h2>\n", out);
    if (!c->count)
        fputs("<p>Their recipes and options are the same.</p>\n", out);
    else
        html(out,
             "<div class=\"wide\"><table class=\"facts\">\n<tr><th></th><th class=\"left\">%s</th>"
             "<th class=\"left\">%s</th></tr>\n",
             c->a->name, c->b->name);
    for (size_t i = 0; i < c->count; i++) {
        const struct comparison_setting *s = &c->settings[i];
        html(out, "<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n", s->key, s->a, s->b);
    }
    if (c->count)
        fputs("</table></div>\n", out);
}

/* ---- curves ---- */

/* A figure of each epoch of a log. */
enum figure { TRAINING_LOSS, VALIDATION_LOSS, TRAINING_ACCURACY, VALIDATION_ACCURACY };

struct series {
    double *epoch, *values;
    int64_t count;
};

static struct series series_of(const struct run_log *l, enum figure figure)
{
    struct series s = {app_alloc((size_t)l->epoch_count + 1, sizeof(double)),
                       app_alloc((size_t)l->epoch_count + 1, sizeof(double)), l->epoch_count};
    for (int64_t i = 0; i < s.count; i++) {
        const struct run_log_epoch *e = &l->epochs[i];
        s.epoch[i] = e->epoch;
        s.values[i] = figure == TRAINING_LOSS       ? e->train_loss
                      : figure == VALIDATION_LOSS   ? e->validation_loss
                      : figure == TRAINING_ACCURACY ? e->train_accuracy
                                                    : e->validation_accuracy;
    }
    return s;
}

/* One figure of both, a line each. */
static void write_chart(const struct comparison *c, const struct run_log logs[2], const char *title,
                        enum figure figure, FILE *out)
{
    const struct run *const runs[2] = {c->a, c->b};
    struct series s[2];
    struct chart chart = {.title = title, .x_name = "epoch", .low = 1, .high = 0};
    chart.unit = figure >= TRAINING_ACCURACY ? 100 : 1;
    for (int i = 0; i < 2; i++) {
        s[i] = series_of(&logs[i], figure);
        chart.lines[chart.line_count++] = (struct chart_line){.name = runs[i]->name,
                                                              .x = s[i].epoch,
                                                              .y = s[i].values,
                                                              .count = s[i].count,
                                                              .dotted = s[i].count <= 60};
    }
    chart_write(out, &chart);
    for (int i = 0; i < 2; i++) {
        free(s[i].epoch);
        free(s[i].values);
    }
}

static void write_curves(const struct comparison *c, FILE *out)
{
    struct run_log logs[2];
    run_log_read(&logs[0], c->a->path);
    run_log_read(&logs[1], c->b->path);
    if (logs[0].epoch_count || logs[1].epoch_count) {
        fputs("<h2>Training</h2>\n<div class=\"charts\">\n", out);
        write_chart(c, logs, "Loss in validation", VALIDATION_LOSS, out);
        write_chart(c, logs, "Accuracy in validation, %", VALIDATION_ACCURACY, out);
        write_chart(c, logs, "Loss in training", TRAINING_LOSS, out);
        write_chart(c, logs, "Accuracy in training, %", TRAINING_ACCURACY, out);
        fputs("</div>\n", out);
    }
    run_log_free(&logs[0]);
    run_log_free(&logs[1]);
}

/* ---- what they answer ---- */

static void write_row(const struct paired *p, const char *name, FILE *out)
{
    const double n = p->count ? (double)p->count : 1, of_a = (double)(p->both + p->only_a) / n,
                 of_b = (double)(p->both + p->only_b) / n;
    html(out,
         "<tr><td><bdi>%s</bdi></td><td>%lld</td><td>%.2f %%</td><td>%.2f %%</td><td>%.2f</td>"
         "</tr>\n",
         name, (long long)p->count, 100 * of_a, 100 * of_b, 100 * (of_b - of_a));
}

static void write_pairs(const struct comparison *c, const struct comparison_pairs *p, FILE *out)
{
    html(out,
         "<h2>On the same samples: %s</h2>\n<p>%lld samples that both have with the same label; "
         "%lld of the first run's are left out.%s</p>\n",
         p->what, (long long)p->all.count, (long long)p->all.left_out,
         p->same_data ? "" : " Their data differ: samples are matched by their names.");
    html(out,
         "<div class=\"wide\"><table>\n<tr><th>label</th><th>samples</th><th>%s</th><th>%s</th>"
         "<th>points</th></tr>\n",
         c->a->name, c->b->name);
    write_row(&p->all, "all", out);
    for (size_t i = 0; i < p->count; i++)
        write_row(&p->labels[i].pairs, p->labels[i].name, out);
    html(out,
         "</table></div>\n<p>Both right %lld, only %s %lld, only %s %lld, neither %lld. If they "
         "were equally good, they would differ so much with probability <b>%.3g</b> (McNemar's "
         "exact test).</p>\n",
         (long long)p->all.both, c->a->name, (long long)p->all.only_a, c->b->name,
         (long long)p->all.only_b, (long long)p->all.neither, paired_probability(&p->all));
}

/* ---- the page ---- */

static void write_page(const void *context, FILE *out)
{
    const struct comparison *c = context;
    html(out, "<h1><bdi>%s</bdi> and <bdi>%s</bdi></h1>\n", c->a->name, c->b->name);
    write_settings(c, out);
    write_curves(c, out);
    for (int i = COMPARED_PARTS; i-- > 0;) /* the test data first, which chose nothing */
        if (c->parts[i].what)
            write_pairs(c, &c->parts[i], out);
}

bool comparison_page_write(const struct comparison *c, const char *path)
{
    char error[512];
    return page_file_write(path, "Two runs", write_page, c, error, sizeof error) ||
           report_error("%s", error);
}

#include "search_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "html.h"
#include "page_file.h"
#include "report.h"

struct search_page {
    FILE *out;
    const struct search_table *table;
    const struct trial *trials; /* [count], the best first */
    int64_t count;
    const json_t *record;
    const char *name; /* of the folder */
};

/* What trials are compared by, for people: the score, or the loss. */
static const char *figure_name(const struct search_page *p)
{
    return p->table->score ? p->table->score : "loss";
}

static double figure_of(const struct search_page *p, const struct trial *t)
{
    return t->failure ? NAN : p->table->score ? p->table->unit * t->score : t->loss;
}

/* ---- the winner ---- */

static void write_winner(const struct search_page *p)
{
    const struct search_space *space = p->table->space;
    const struct trial *best = &p->trials[0];
    if (best->failure) {
        fputs("<p class=\"bad\">Every trial failed.</p>\n", p->out);
        return;
    }
    html(p->out,
         "<p>The best is trial <b>%lld</b>, with %s <b>%.4g%s</b> in validation:</p>\n<pre>",
         (long long)best->number, figure_name(p), figure_of(p, best), p->table->score ? " %" : "");
    fputs("ftmc RECIPE.ftm", p->out);
    for (uint32_t i = 0; i < space->count; i++) {
        char *value = search_value_text(best->values[i]);
        html(p->out, " -D %s=%s", space->axes[i].path, value);
        free(value);
    }
    fputs("</pre>\n", p->out);
}

/* What the winner did on test data, which chose nothing. */
static void write_test(const struct search_page *p)
{
    const json_t *test = json_object_get(p->record, "test"),
                 *accuracy = json_object_get(test, "accuracy"),
                 *loss = json_object_get(test, "loss");
    if (!json_is_number(loss))
        return;
    html(p->out, "<p>On the test data, which nothing was chosen by: loss <b>%.4f</b>",
         json_number_value(loss));
    if (json_is_number(accuracy))
        html(p->out, ", accuracy <b>%.2f %%</b>", 100 * json_number_value(accuracy));
    html(p->out, " (%lld samples).</p>\n",
         (long long)json_integer_value(json_object_get(test, "samples")));
}

/* ---- charts ---- */

static double shown_value(const struct search_axis *a, double v)
{
    return a->draw == DRAW_LOG ? log10(v) : v;
}

/* A dot for each trial over the values of one axis. */
static void write_axis(const struct search_page *p, uint32_t axis)
{
    const struct search_axis *a = &p->table->space->axes[axis];
    double *x = app_alloc((size_t)p->count + 1, sizeof *x),
           *y = app_alloc((size_t)p->count + 1, sizeof *y);
    for (int64_t i = 0; i < p->count; i++) {
        x[i] = shown_value(a, p->trials[i].values[axis]);
        y[i] = figure_of(p, &p->trials[i]);
    }
    char *title =
        app_format("%s over %s%s", figure_name(p), a->draw == DRAW_LOG ? "log10 of " : "", a->path);
    struct chart c = {.title = title, .x_name = a->path, .low = 1, .high = 0};
    c.lines[c.line_count++] = (struct chart_line){
        .name = "trials", .x = x, .y = y, .count = p->count, .dotted = true, .loose = true};
    chart_write(p->out, &c);
    free(title);
    free(x);
    free(y);
}

static void write_charts(const struct search_page *p)
{
    fputs("<h2>What each value came to</h2>\n<p class=\"soft\">A dot is a trial; what it had "
          "elsewhere differs.</p>\n<div class=\"charts\">\n",
          p->out);
    for (uint32_t i = 0; i < p->table->space->count; i++)
        write_axis(p, i);
    fputs("</div>\n", p->out);
}

/* ---- the table ---- */

static void write_head(const struct search_page *p)
{
    const struct search_space *space = p->table->space;
    fputs("<h2>Trials</h2>\n<div class=\"wide\"><table>\n<tr><th>trial</th>", p->out);
    for (uint32_t i = 0; i < space->count; i++)
        html(p->out, "<th>%s</th>", space->axes[i].path);
    if (p->table->rounds)
        fputs("<th>round</th>", p->out);
    fputs("<th>epoch</th>", p->out);
    if (p->table->score)
        html(p->out, "<th>%s</th>", p->table->score);
    fputs("<th>loss</th>", p->out);
    if (space->repeat > 1)
        fputs("<th>deviation</th>", p->out);
    fputs("<th>time, s</th></tr>\n", p->out);
}

static void write_figures(const struct search_page *p, const struct trial *t)
{
    html(p->out, "<td>%lld / %lld</td>", (long long)t->epoch, (long long)t->epochs);
    if (p->table->score)
        html(p->out, "<td>%.2f %%</td>", figure_of(p, t));
    html(p->out, "<td>%.4g</td>", t->loss);
    if (p->table->space->repeat > 1)
        html(p->out, "<td>%.4g</td>",
             p->table->score ? p->table->unit * t->deviation : t->deviation);
    html(p->out, "<td>%.1f</td>", t->seconds);
}

static void write_trial(const struct search_page *p, const struct trial *t)
{
    html(p->out, "<tr><td>%lld</td>", (long long)t->number);
    for (uint32_t i = 0; i < p->table->space->count; i++) {
        char *value = search_value_text(t->values[i]);
        html(p->out, "<td>%s</td>", value);
        free(value);
    }
    if (p->table->rounds)
        html(p->out, "<td>%lld</td>", (long long)t->round);
    if (t->failure)
        html(p->out, "<td class=\"left bad\" colspan=\"5\">failed: %s</td>", t->failure);
    else
        write_figures(p, t);
    fputs("</tr>\n", p->out);
}

static void write_page(const void *context, FILE *out)
{
    struct search_page p = *(const struct search_page *)context;
    p.out = out;
    html(out,
         "<h1><bdi>%s</bdi></h1>\n<p class=\"soft\">%lld trials, by their best epoch in "
         "validation.</p>\n",
         p.name, (long long)p.count);
    write_winner(&p);
    write_test(&p);
    write_head(&p);
    for (int64_t i = 0; i < p.count; i++)
        write_trial(&p, &p.trials[i]);
    fputs("</table></div>\n", out);
    write_charts(&p);
}

void search_page_write(const char *folder, const struct search_table *t, const struct trial *trials,
                       int64_t count, const json_t *record)
{
    const char *slash = strrchr(folder, '/');
    const struct search_page p = {NULL, t, trials, count, record, slash ? slash + 1 : folder};
    char *path = app_format("%s/search.html", folder), error[512];
    if (count && !page_file_write(path, p.name, write_page, &p, error, sizeof error))
        report_note("the page of the search could not be written: %s", error);
    free(path);
}

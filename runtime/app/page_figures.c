/* All figures of the run, and what each stands on. */
#include <math.h>

#include "html.h"
#include "metrics.h"
#include "run_page.h"

/* A figure of a part; what an old run has of validation is in its record. NaN: there is none. */
static double figure(const struct run_page *p, int part, const char *key)
{
    const json_t *value = json_object_get(p->figures[part], key);
    char in_record[64];
    if (json_is_number(value))
        return json_number_value(value);
    snprintf(in_record, sizeof in_record, "validation_%s", key);
    return part == PART_OF_VALIDATION ? run_record_number(&p->record, "best", in_record) : NAN;
}

static void write_cell(FILE *out, double v, bool percent)
{
    if (!isfinite(v))
        fputs("<td>-</td>", out);
    else if (percent)
        html(out, "<td>%.2f %%</td>", 100 * v);
    else if (v == floor(v) && fabs(v) < 1e9 && fabs(v) > 1)
        html(out, "<td>%.0f</td>", v);
    else
        html(out, fabs(v) < 1000 ? "<td>%.4f</td>" : "<td>%.6g</td>", v);
}

static bool has(const struct run_page *p, int part)
{
    return p->figures[part] || isfinite(figure(p, part, "loss"));
}

static void write_row(const struct run_page *p, const struct metrics_title *row)
{
    bool any = false;
    for (int part = 0; part < RUN_PAGE_PARTS; part++)
        any = any || isfinite(figure(p, part, row->name));
    if (!any)
        return;
    html(p->out, "<tr><td>%s <span class=\"note\">%s</span></td>", row->title, row->note);
    for (int part = 0; part < RUN_PAGE_PARTS; part++)
        if (has(p, part))
            write_cell(p->out, figure(p, part, row->name), row->percent);
    fputs("</tr>\n", p->out);
}

/* What the samples of a part are, and what may be concluded from them. */
static void say_part(const struct run_page *p, int part)
{
    static const char *const words[] = {
        [PART_OF_VALIDATION] = "were kept out of training, and chose the epoch: new samples will "
                               "do somewhat worse",
        [PART_OF_TEST] = "were measured when training was over, and chose nothing"};
    const double samples = figure(p, part, "samples"), count = isfinite(samples) ? samples
                                                               : part == p->part
                                                                   ? (double)p->answers.all.count
                                                                   : NAN;
    const char *data = json_string_value(json_object_get(p->figures[part], "data"));
    html(p->out, "<li><b>%s</b>: ", run_page_parts[part].name);
    if (count > 0)
        html(p->out, "%.0f ", count);
    html(p->out, "samples that %s", words[part]);
    if (data)
        html(p->out, "; <bdi>%s</bdi>", data);
    fputs(".</li>\n", p->out);
}

void page_figures(const struct run_page *p)
{
    const double trained = run_record_number(&p->record, NULL, "training_samples");
    if (!has(p, PART_OF_VALIDATION) && !has(p, PART_OF_TEST))
        return;
    fputs("<ul>\n", p->out);
    if (isfinite(trained))
        html(p->out, "<li><b>training</b>: %.0f samples.</li>\n", trained);
    for (int part = 0; part < RUN_PAGE_PARTS; part++)
        if (has(p, part))
            say_part(p, part);
    if (!has(p, PART_OF_TEST))
        fputs("<li><b>test</b>: not measured yet; where the recipe names <code>test</code> data, "
              "<code>eval</code> measures it and renews this page.</li>\n",
              p->out);
    fputs("</ul>\n<div class=\"wide\"><table>\n<tr><th></th>", p->out);
    for (int part = 0; part < RUN_PAGE_PARTS; part++)
        if (has(p, part))
            html(p->out, "<th>%s</th>", run_page_parts[part].name);
    fputs("</tr>\n", p->out);
    struct metrics_title row;
    for (int i = 0; metrics_title(i, &row); i++)
        write_row(p, &row);
    write_row(p, &(struct metrics_title){"likely_wrong_labels", "labels probably wrong",
                                         "confident learning", false});
    fputs("</table></div>\n", p->out);
}

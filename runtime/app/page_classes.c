/* What each class, or each output that is a number, came to. */
#include <math.h>
#include <stdlib.h>

#include "html.h"
#include "report.h"
#include "run_page.h"
#include "shares.h"

enum { MOST_ROWS = 200 };

/* ---- classes of samples ---- */

struct class_row {
    int64_t class;
    double recall;
};

static int worst_first(const void *a, const void *b)
{
    const struct class_row *x = a, *y = b;
    return x->recall != y->recall ? (x->recall < y->recall ? -1 : 1)
                                  : (x->class > y->class) - (x->class < y->class);
}

/* A share with its interval; "-" of nothing. */
static void write_share(FILE *out, int64_t right, int64_t of)
{
    const struct interval sure = share_interval_95(right, of);
    if (of)
        html(out, "<td>%.1f %% <span class=\"note range\">%.1f to %.1f</span></td>",
             100 * (double)right / (double)of, 100 * sure.low, 100 * sure.high);
    else
        fputs("<td>-</td>", out);
}

static void write_class(const struct run_page *p, int64_t k)
{
    const struct class_answers *a = &p->answers;
    const int64_t both = a->samples_of[k] + a->predicted_as[k];
    html(p->out, "<tr><td><bdi>%s</bdi></td><td>%lld</td>", a->names[k],
         (long long)a->samples_of[k]);
    write_share(p->out, a->right_of[k], a->samples_of[k]);
    write_share(p->out, a->right_of[k], a->predicted_as[k]);
    html(p->out, "<td>%.3f</td></tr>\n", both ? 2 * (double)a->right_of[k] / (double)both : 0);
}

static void write_classes(const struct run_page *p)
{
    const struct class_answers *a = &p->answers;
    struct class_row *rows = app_alloc((size_t)a->classes + 1, sizeof *rows);
    for (int64_t k = 0; k < a->classes; k++)
        rows[k] = (struct class_row){
            k, a->samples_of[k] ? (double)a->right_of[k] / (double)a->samples_of[k] : 2};
    qsort(rows, (size_t)a->classes, sizeof *rows, worst_first);
    html(p->out,
         "<p class=\"soft\">In %s, the lowest recall first, with 95 %% intervals (Wilson). Recall: "
         "of the samples with the label, those that are right; precision: of the answers.</p>\n",
         run_page_parts[p->part].name);
    fputs("<div class=\"wide\"><table>\n<tr><th>class</th><th>samples</th><th>recall</th>"
          "<th>precision</th><th>F1</th></tr>\n",
          p->out);
    for (int64_t k = 0; k < a->classes && k < MOST_ROWS; k++)
        write_class(p, rows[k].class);
    fputs("</table></div>\n", p->out);
    if (a->classes > MOST_ROWS)
        html(p->out, "<p class=\"soft\">and %lld classes with a higher recall.</p>\n",
             (long long)(a->classes - MOST_ROWS));
    free(rows);
}

/* ---- what the figures have of labels and numbers ---- */

static void write_value(FILE *out, const json_t *value)
{
    if (json_is_integer(value))
        html(out, "<td>%lld</td>", (long long)json_integer_value(value));
    else if (json_is_real(value))
        html(out, "<td>%.4g</td>", json_real_value(value));
    else
        fputs("<td>-</td>", out);
}

/* The columns are those of the first row; its first key names what the rows are. */
static void write_table(const struct run_page *p, const json_t *list)
{
    const char *key;
    json_t *first = json_array_get(list, 0), *value;
    html(p->out, "<p class=\"soft\">In %s.</p>\n<div class=\"wide\"><table>\n<tr>",
         run_page_parts[p->part].name);
    json_object_foreach(first, key, value) html(p->out, "<th>%s</th>", key);
    fputs("</tr>\n", p->out);
    for (size_t i = 0; i < json_array_size(list) && i < MOST_ROWS; i++) {
        fputs("<tr>", p->out);
        json_object_foreach(json_array_get(list, i), key, value)
        {
            if (json_is_string(value))
                html(p->out, "<td><bdi>%s</bdi></td>", json_string_value(value));
            else
                write_value(p->out, value);
        }
        fputs("</tr>\n", p->out);
    }
    fputs("</table></div>\n", p->out);
}

void page_classes(const struct run_page *p)
{
    const json_t *figures = p->figures[p->part], *classes = json_object_get(figures, "classes"),
                 *list = classes ? classes : json_object_get(figures, "outputs");
    if (p->answers.all.count)
        write_classes(p);
    else if (json_array_size(list))
        write_table(p, list);
}

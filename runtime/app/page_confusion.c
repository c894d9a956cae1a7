/* Which classes are taken for which: a matrix where it can be read, and the most frequent pairs. */
#include <stdlib.h>

#include "html.h"
#include "report.h"
#include "run_page.h"

enum { MATRIX_CLASSES = 30, PAIRS = 12 };

/* A cell is as dark as its share of its row. */
static void write_cell(FILE *out, int64_t count, int64_t of, bool right)
{
    const double share = of ? (double)count / (double)of : 0;
    html(out, "<td class=\"%s%s\" style=\"--share: %.2f\">", right ? "right" : "",
         share > 0.6 ? " strong" : "", count ? 0.08 + 0.92 * share : 0);
    if (count)
        html(out, "%lld", (long long)count);
    fputs("</td>", out);
}

static void write_matrix(const struct run_page *p)
{
    const struct class_answers *a = &p->answers;
    const int64_t n = a->classes;
    int64_t *cells = app_alloc((size_t)(n * n), sizeof *cells);
    for (int64_t i = 0; i < a->all.count; i++)
        if (a->predicted[i] != NO_ANSWER)
            cells[a->label[i] * n + a->predicted[i]]++;
    fputs("<figure><p class=\"soft\">Rows are labels, columns answers, in the same order; a colour "
          "is a "
          "share of its row.</p>\n<div class=\"wide\"><table class=\"matrix\">\n<tr><th></th>",
          p->out);
    for (int64_t k = 0; k < n; k++)
        html(p->out, "<th title=\"%s\">%lld</th>", a->names[k], (long long)k + 1);
    fputs("</tr>\n", p->out);
    for (int64_t i = 0; i < n; i++) {
        html(p->out, "<tr><th>%lld <bdi>%s</bdi></th>", (long long)i + 1, a->names[i]);
        for (int64_t k = 0; k < n; k++)
            write_cell(p->out, cells[i * n + k], a->samples_of[i], i == k);
        fputs("</tr>\n", p->out);
    }
    fputs("</table></div></figure>\n", p->out);
    free(cells);
}

static void write_pairs(const struct run_page *p)
{
    const struct class_answers *a = &p->answers;
    int64_t kinds;
    struct confusion_count *at = class_answers_confusions(a, &kinds);
    if (kinds)
        fputs("<figure><p class=\"soft\">The most frequent mistakes:</p>\n<div "
              "class=\"wide\"><table>\n<tr><th>label</th>"
              "<th class=\"left\">answer</th><th>samples</th><th>of the label</th></tr>\n",
              p->out);
    for (int64_t i = 0; i < kinds && i < PAIRS; i++)
        html(p->out,
             "<tr><td><bdi>%s</bdi></td><td class=\"left\"><bdi>%s</bdi></td><td>%lld</td>"
             "<td>%.1f %%</td></tr>\n",
             a->names[at[i].label], a->names[at[i].predicted], (long long)at[i].count,
             100 * (double)at[i].count / (double)a->samples_of[at[i].label]);
    if (kinds)
        fputs("</table></div></figure>\n", p->out);
    free(at);
}

void page_confusion(const struct run_page *p)
{
    if (!p->answers.all.count)
        return;
    html(p->out, "<p>%s, %lld samples.</p>\n",
         p->part == PART_OF_TEST ? "On the test data" : "In validation",
         (long long)p->answers.all.count);
    fputs("<div class=\"side\">\n", p->out);
    if (p->answers.classes <= MATRIX_CLASSES)
        write_matrix(p);
    write_pairs(p);
    fputs("</div>\n", p->out);
}

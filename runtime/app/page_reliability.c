/* Whether answers are right as often as their probabilities say. */
#include <math.h>

#include "html.h"
#include "run_page.h"

enum { BINS = 15, WIDTH = 360, HEIGHT = 260, LEFT = 36, TOP = 10, BOTTOM = 34 };

struct bin {
    int64_t samples, right;
    double confidence; /* summed */
};

/* Returns how many answers have a probability. */
static int64_t fill(struct bin bins[BINS], const struct class_answers *a)
{
    int64_t count = 0;
    for (int64_t i = 0; i < a->all.count; i++) {
        const double confidence = a->all.at[i].confidence;
        if (a->predicted[i] == NO_ANSWER || !(confidence >= 0 && confidence <= 1))
            continue;
        const int k = (int)(confidence * (double)BINS);
        struct bin *b = &bins[k < BINS ? k : BINS - 1];
        b->samples++;
        b->right += a->predicted[i] == a->label[i];
        b->confidence += confidence;
        count++;
    }
    return count;
}

static double error_of(const struct bin bins[BINS], int64_t count)
{
    double sum = 0;
    for (int i = 0; i < BINS; i++)
        sum += fabs((double)bins[i].right - bins[i].confidence);
    return sum / (double)count;
}

static double x_of(double share) { return (double)LEFT + share * (double)(WIDTH - LEFT - 8); }
static double y_of(double share)
{
    return (double)TOP + (1 - share) * (double)(HEIGHT - TOP - BOTTOM);
}

static void write_axes(FILE *out)
{
    for (int i = 0; i <= 4; i++)
        html(out,
             "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
             "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>"
             "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>\n",
             x_of(0), x_of(1), y_of(i / 4.0), y_of(i / 4.0), LEFT - 6, y_of(i / 4.0) + 4, 25 * i,
             x_of(i / 4.0) - (i == 4 ? 8 : 0), HEIGHT - BOTTOM + 15, 25 * i);
    html(out,
         "<line class=\"ideal\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n"
         "<text class=\"name\" x=\"%.1f\" y=\"%d\" text-anchor=\"end\">probability, %%</text>\n",
         x_of(0), y_of(0), x_of(1), y_of(1), x_of(1), HEIGHT - 4);
}

/* A bar is as opaque as its share of the samples. */
static void write_bars(FILE *out, const struct bin bins[BINS], int64_t count)
{
    for (int i = 0; i < BINS; i++) {
        const struct bin *b = &bins[i];
        if (!b->samples)
            continue;
        const double accuracy = (double)b->right / (double)b->samples,
                     begin = x_of((double)i / (double)BINS),
                     end = x_of((double)(i + 1) / (double)BINS);
        html(out,
             "<rect class=\"bar c0\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
             "opacity=\"%.2f\"><title>%lld samples: probability %.1f %%, right %.1f %%</title>"
             "</rect>\n",
             begin + 1, y_of(accuracy), end - begin - 2, y_of(0) - y_of(accuracy),
             0.35 + 0.65 * sqrt((double)b->samples / (double)count), (long long)b->samples,
             100 * b->confidence / (double)b->samples, 100 * accuracy);
    }
}

static void write_table(FILE *out, const struct bin bins[BINS])
{
    fputs("<figure><div class=\"wide\"><table>\n<tr><th>probability, %</th><th>samples</th>"
          "<th>mean</th><th>right</th></tr>\n",
          out);
    for (int i = 0; i < BINS; i++)
        if (bins[i].samples)
            html(out,
                 "<tr><td>%.0f to %.0f</td><td>%lld</td><td>%.1f %%</td><td>%.1f %%</td></tr>\n",
                 100.0 * i / (double)BINS, 100.0 * (i + 1) / (double)BINS,
                 (long long)bins[i].samples, 100 * bins[i].confidence / (double)bins[i].samples,
                 100 * (double)bins[i].right / (double)bins[i].samples);
    fputs("</table></div></figure>\n", out);
}

/* Answers in validation are kept as training gave them, before a temperature is fitted on them. */
static void say_error(const struct run_page *p, const struct bin bins[BINS], int64_t count)
{
    const json_t *temperature = json_object_get(p->figures[p->part], "temperature");
    html(p->out, "<p>Expected calibration error <b>%.4f</b> (%d bins), of %lld answers in %s. ",
         error_of(bins, count), BINS, (long long)count, run_page_parts[p->part].name);
    if (p->part == PART_OF_VALIDATION)
        fputs("The probabilities are those of the plain softmax, before a temperature. ", p->out);
    else if (json_is_number(temperature) && json_number_value(temperature) != 1)
        html(p->out, "The logits were divided by the temperature %.4f. ",
             json_number_value(temperature));
    fputs("<span class=\"soft\">A bar that ends below the dashed line is of answers that are right "
          "less often than they say; pale bars have few samples.</span></p>\n",
          p->out);
}

void page_reliability(const struct run_page *p)
{
    struct bin bins[BINS] = {0};
    const int64_t count = fill(bins, &p->answers);
    if (!count)
        return;
    say_error(p, bins, count);
    html(p->out,
         "<div class=\"charts\">\n<figure class=\"chart\"><figcaption><b>Right, %%</b> over the "
         "probability of the answer</figcaption>\n"
         "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"reliability\">\n",
         WIDTH, HEIGHT);
    write_axes(p->out);
    write_bars(p->out, bins, count);
    fputs("</svg></figure>\n", p->out);
    write_table(p->out, bins);
    fputs("</div>\n", p->out);
}

/* Lines over an axis. A chart is drawn 360 wide and shown about as wide, so that its letters have one size on any screen. */
#include "chart.h"

#include <math.h>

#include "html.h"

enum { WIDTH = 360, HEIGHT = 230, LEFT = 46, RIGHT = 8, TOP = 16, BOTTOM = 32, TICKS = 4 };

/* What is shown of the values. */
struct range {
    double x0, x1, y0, y1;
};

/* ---- ranges ---- */

static bool is_shown(const struct chart_line *l, int64_t i)
{
    return isfinite(l->x[i]) && isfinite(l->y[i]);
}

static bool is_empty(const struct range *r) { return !(r->x0 <= r->x1); }

/* Of the lines that are faint, or of those that are not. */
static struct range range_of(const struct chart *c, bool faint)
{
    struct range r = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (int k = 0; k < c->line_count; k++)
        for (int64_t i = 0; i < c->lines[k].count; i++) {
            const struct chart_line *l = &c->lines[k];
            if (l->faint != faint || !is_shown(l, i))
                continue;
            r.x0 = fmin(r.x0, l->x[i]);
            r.x1 = fmax(r.x1, l->x[i]);
            r.y0 = fmin(r.y0, l->y[i]);
            r.y1 = fmax(r.y1, l->y[i]);
        }
    return r;
}

/* Of all values; noisy ones may not make the others so flat that nothing is seen of them. */
static struct range range_of_all(const struct chart *c)
{
    const struct range clear = range_of(c, false), faint = range_of(c, true);
    if (is_empty(&clear) || is_empty(&faint))
        return is_empty(&clear) ? faint : clear;
    const double room = clear.y1 - clear.y0;
    return (struct range){fmin(clear.x0, faint.x0), fmax(clear.x1, faint.x1),
                          fmin(clear.y0, fmax(faint.y0, clear.y0 - room)),
                          fmax(clear.y1, fmin(faint.y1, clear.y1 + room))};
}

bool chart_has_values(const struct chart *c)
{
    const struct range r = range_of_all(c);
    return !is_empty(&r);
}

/* 1, 2 or 5 times a power of ten: the distance of about so many ticks. */
static double tick_step(double low, double high)
{
    const double raw = (high - low) / (double)TICKS, power = pow(10, floor(log10(raw))),
                 digit = raw / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

/* The range that the axes show: with ticks at both ends of y, and some height where all values are equal. */
static struct range shown_range(const struct chart *c)
{
    struct range r = range_of_all(c);
    if (c->low <= c->high) {
        r.y0 = fmin(r.y0, c->low);
        r.y1 = fmax(r.y1, c->high);
    }
    if (!(r.y1 - r.y0 > 1e-12 * fmax(fabs(r.y0), fabs(r.y1)))) {
        const double half = r.y0 != 0 ? 0.5 * fabs(r.y0) : 1;
        r.y0 -= half;
        r.y1 += half;
    }
    if (!(r.x1 > r.x0)) {
        r.x0 -= 0.5;
        r.x1 += 0.5;
    }
    const double step = tick_step(r.y0, r.y1);
    r.y0 = step * floor(r.y0 / step + 1e-6);
    r.y1 = step * ceil(r.y1 / step - 1e-6);
    return r;
}

static double x_place(const struct range *r, double x)
{
    return (double)LEFT + (x - r->x0) / (r->x1 - r->x0) * (double)(WIDTH - LEFT - RIGHT);
}

/* What is beyond the axis lies on its end. */
static double y_place(const struct range *r, double y)
{
    return (double)TOP + (r->y1 - fmax(r->y0, fmin(r->y1, y))) / (r->y1 - r->y0) *
                             (double)(HEIGHT - TOP - BOTTOM);
}

/* ---- axes ---- */

static double shown(const struct chart *c, double y) { return (c->unit != 0 ? c->unit : 1) * y; }

static void write_y_axis(FILE *out, const struct chart *c, const struct range *r)
{
    const double step = tick_step(r->y0, r->y1);
    const double first = ceil(r->y0 / step - 1e-6);
    for (int i = 0; i <= 4 * TICKS && step * (first + i) <= r->y1 + step * 1e-6; i++) {
        const double v = step * (first + i), y = y_place(r, v);
        html(out,
             "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
             "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.4g</text>\n",
             LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, shown(c, fabs(v) < step / 1e6 ? 0 : v));
    }
}

static void write_x_axis(FILE *out, const struct chart *c, const struct range *r)
{
    const double step = fmax(tick_step(r->x0, r->x1), r->x1 - r->x0 >= 2 ? 1 : 0);
    const double first = ceil(r->x0 / step);
    for (int i = 0; i <= 4 * TICKS && step * (first + i) <= r->x1 + step * 1e-6; i++) {
        const double v = step * (first + i);
        html(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.6g</text>\n", x_place(r, v),
             HEIGHT - BOTTOM + 15, fabs(v) < step / 1e6 ? 0 : v);
    }
    html(out, "<text class=\"name\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
         WIDTH - RIGHT, HEIGHT - 3, c->x_name);
}

/* Names that would lie on each other are left out; the lines stay. */
static void write_marks(FILE *out, const struct chart *c, const struct range *r)
{
    double free_from = 0;
    for (int i = 0; i < c->mark_count; i++) {
        const double x = x_place(r, c->marks[i].x);
        html(out, "<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", x, x, TOP,
             HEIGHT - BOTTOM);
        if (x < free_from || x > WIDTH - 40)
            continue;
        html(out, "<text class=\"name\" x=\"%.1f\" y=\"%d\">%s</text>\n", x + 2, TOP - 5,
             c->marks[i].name);
        free_from = x + 60;
    }
}

/* ---- values ---- */

static void write_line(FILE *out, const struct chart_line *l, int number, const struct range *r)
{
    bool begun = false;
    html(out, "<path class=\"line c%d%s\" d=\"", number, l->faint ? " faint" : "");
    for (int64_t i = 0; i < l->count; i++) {
        if (is_shown(l, i))
            html(out, begun ? "L%.1f %.1f" : "M%.1f %.1f", x_place(r, l->x[i]),
                 y_place(r, l->y[i]));
        begun = is_shown(l, i);
    }
    fputs("\"/>\n", out);
}

static void write_dots(FILE *out, const struct chart *c, int number, const struct range *r)
{
    const struct chart_line *l = &c->lines[number];
    for (int64_t i = 0; i < l->count; i++)
        if (is_shown(l, i))
            html(out,
                 "<circle class=\"dot c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%s, %s %.6g: "
                 "%.4g</title></circle>\n",
                 number, x_place(r, l->x[i]), y_place(r, l->y[i]), l->name, c->x_name, l->x[i],
                 shown(c, l->y[i]));
}

static void write_legend(FILE *out, const struct chart *c)
{
    html(out, "<figcaption><b>%s</b>", c->title);
    for (int i = 0; i < c->line_count; i++)
        if (c->lines[i].count)
            html(out, " <span class=\"key k%d%s\">%s</span>", i, c->lines[i].faint ? " faint" : "",
                 c->lines[i].name);
    fputs("</figcaption>\n", out);
}

void chart_write(FILE *out, const struct chart *c)
{
    if (!chart_has_values(c))
        return;
    const struct range r = shown_range(c);
    fputs("<figure class=\"chart\">\n", out);
    write_legend(out, c);
    html(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", WIDTH, HEIGHT,
         c->title);
    write_y_axis(out, c, &r);
    write_x_axis(out, c, &r);
    write_marks(out, c, &r);
    for (int i = 0; i < c->line_count; i++)
        if (!c->lines[i].loose)
            write_line(out, &c->lines[i], i, &r);
    for (int i = 0; i < c->line_count; i++)
        if (c->lines[i].dotted)
            write_dots(out, c, i, &r);
    fputs("</svg>\n</figure>\n", out);
}

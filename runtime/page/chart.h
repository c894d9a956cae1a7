/* Charts of a page, as inline SVG. */
#ifndef FTMRT_PAGE_CHART_H
#define FTMRT_PAGE_CHART_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { CHART_LINES = 4, CHART_MARKS = 12 };

/* Values over x, which rises; what is not finite is left out. */
struct chart_line {
    const char *name; /* in the legend */
    const double *x, *y;
    int64_t count;
    bool faint;  /* a line of noisy values behind the others */
    bool loose;  /* values are no line */
    bool dotted; /* each value has a dot, with its number where a pointer rests on it */
};

/* A place on the x axis where something begins. */
struct chart_mark {
    const char *name;
    double x;
};

struct chart {
    const char *title, *x_name;
    struct chart_line lines[CHART_LINES];
    int line_count;
    struct chart_mark marks[CHART_MARKS];
    int mark_count;
    double low, high; /* of the y axis, at least; low > high: as the values are */
    double unit;      /* values are shown times this; 0: 1 */
};

/* Writes the chart as a figure with its legend. Nothing where no line has a finite value. */
void chart_write(FILE *out, const struct chart *c);

/* Whether some line has a finite value. */
bool chart_has_values(const struct chart *c);

#endif

#include "plot.h"

#include <stdio.h>
#include <string.h>

#include "report.h"

enum {
    LEFT = 110,
    RIGHT = 20,
    TOP = 20,
    BOTTOM = 30,
    ACROSS = PLOT_WIDTH - LEFT - RIGHT,
    DOWN = PLOT_HEIGHT - TOP - BOTTOM,
    SCALE = 3,                /* pixels of a dot of the digits, */
    DOTS = 3,                 /* of which one has so many columns */
    ROWS = 5,                 /* and rows */
    STEP = (DOTS + 1) * SCALE /* to the next digit */
};

/* Rows of three dots, the top one first. */
static const struct {
    char of;
    unsigned char rows[ROWS];
} digits[] = {
    {'0', {7, 5, 5, 5, 7}}, {'1', {2, 6, 2, 2, 7}}, {'2', {7, 1, 7, 4, 7}}, {'3', {7, 1, 7, 1, 7}},
    {'4', {5, 5, 7, 1, 1}}, {'5', {7, 4, 7, 1, 7}}, {'6', {7, 4, 7, 5, 7}}, {'7', {7, 1, 1, 1, 1}},
    {'8', {7, 5, 7, 5, 7}}, {'9', {7, 5, 7, 1, 7}}, {'.', {0, 0, 0, 0, 2}}, {'-', {0, 0, 7, 0, 0}},
    {'+', {0, 2, 7, 2, 0}}, {'e', {0, 7, 7, 4, 7}},
};

static void dot(unsigned char *pixels, int64_t x, int64_t y, unsigned char grey)
{
    memset(pixels + (y * PLOT_WIDTH + x) * 3, grey, 3);
}

static void draw_digit(unsigned char *pixels, int64_t x, int64_t y, char c)
{
    size_t i = 0;
    while (i < sizeof digits / sizeof *digits && digits[i].of != c)
        i++;
    if (i == sizeof digits / sizeof *digits)
        return;
    for (int row = 0; row < ROWS * SCALE; row++)
        for (int column = 0; column < DOTS * SCALE; column++)
            if (digits[i].rows[row / SCALE] >> (DOTS - 1 - column / SCALE) & 1)
                dot(pixels, x + column, y + row, 0);
}

/* A number that ends before x. */
static void draw_number(unsigned char *pixels, int64_t x, int64_t y, const char *format, double v)
{
    char text[24];
    const int length = snprintf(text, sizeof text, format, v);
    for (int64_t i = 0; i < length; i++)
        draw_digit(pixels, x + (i - length) * STEP, y, text[i]);
}

static void draw_axes(unsigned char *pixels)
{
    for (int64_t x = LEFT; x < LEFT + ACROSS; x++)
        for (int64_t quarter = 0; quarter <= 4; quarter++)
            dot(pixels, x, TOP + quarter * (DOWN - 1) / 4, quarter < 4 ? 224 : 0);
    for (int64_t y = TOP; y < TOP + DOWN; y++)
        dot(pixels, LEFT, y, 0);
}

static int64_t height_of(double v, double most)
{
    return TOP + DOWN - 1 - (int64_t)(most > 0 ? v / most * (DOWN - 1) + 0.5 : 0);
}

/* A column has all values that fall into it, and reaches to the one before it. */
static void draw_values(unsigned char *pixels, const double *values, int64_t count, double most)
{
    int64_t before = height_of(values[0], most);
    for (int64_t x = 0; x < ACROSS; x++) {
        const int64_t first = x * count / ACROSS, end = (x + 1) * count / ACROSS;
        for (int64_t i = first; i < (end > first ? end : first + 1); i++) {
            const int64_t y = height_of(values[i], most), low = y < before ? y : before,
                          high = y < before ? before : y;
            for (int64_t k = low; k <= high; k++)
                dot(pixels, LEFT + x, k, 0);
            before = y;
        }
    }
}

unsigned char *plot_line(const double *values, int64_t count)
{
    unsigned char *pixels = app_alloc((size_t)PLOT_WIDTH * PLOT_HEIGHT, 3);
    double most = 0;
    memset(pixels, 255, (size_t)PLOT_WIDTH * PLOT_HEIGHT * 3);
    for (int64_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    draw_axes(pixels);
    draw_values(pixels, values, count, most);
    draw_number(pixels, LEFT - SCALE, TOP, "%.3g", most);
    draw_number(pixels, LEFT - SCALE, TOP + DOWN - ROWS * SCALE, "%.0f", 0);
    draw_number(pixels, LEFT + ACROSS, TOP + DOWN + SCALE * 2, "%.0f", (double)count);
    return pixels;
}

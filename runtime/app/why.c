#include "why.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "input_pixels.h"
#include "png_file.h"
#include "report.h"

/* What a map is drawn with. */
enum { LEAST_SIDE = 320 };
static const float GLOW =
    0.7F; /* of a place that speaks most for the class, the share of the colour */

/* The map of one sample, and what is drawn. */
struct why {
    const struct session *session;
    const float *map; /* [height, width] */
    int64_t height, width;
    int64_t times; /* an image's pixel is so many pixels wide */
    float most;    /* of the map; at least 0 */
};

static const struct ftmrt_entry *entry_of(const struct session *s)
{
    return ftmrt_entry_for(s->program, FTMRT_ENTRY_WHY, NULL, 0, 1);
}

/* The number of a class; classes: there is none of that name. */
static int64_t find_class(const struct session *s, const char *name)
{
    int64_t k = 0;
    while (k < s->config.classes && strcmp(s->config.labels[k], name) != 0)
        k++;
    return k;
}

bool why_check(const struct session *s, const char *class_name)
{
    if (!entry_of(s))
        return report_error("this program cannot say which places of a picture an answer comes "
                            "from; compile it with `ftmc --why`, or call it by `ftmc run --why`");
    return !class_name || find_class(s, class_name) < s->config.classes ||
           report_error("--why-class %s: there is no such class; `info` names all", class_name);
}

/* ---- the map ---- */

static bool load(struct session *s, const struct source *d, int64_t sample)
{
    struct loader_space space = {0};
    const struct loader l = loader_of(d, &s->config.input_eval, s->config.seed, 0);
    session_point(s, NULL, NULL);
    const bool ok = loader_sample(&l, &space, sample, s->inputs, NULL);
    loader_space_free(&space);
    return ok;
}

/* The class whose logit is asked for. */
static int64_t choose(const struct session *s, const char *class_name)
{
    int64_t best = 0;
    for (int64_t k = 1; k < s->config.classes; k++)
        if (s->logits[k] > s->logits[best])
            best = k;
    return class_name ? find_class(s, class_name) : best;
}

/* Computes the map of a class for the sample that is in the session's inputs. */
static bool explain(struct session *s, int64_t class, struct why *w)
{
    const struct ftmrt_entry *e = entry_of(s);
    const struct ftmrt_value *map =
        ftmrt_find_value(e->outputs, e->output_count, FTMRT_ROLE_NONE, "map");
    float *shares = s->labels;
    for (int64_t k = 0; k < s->config.classes; k++)
        shares[k] = k == class ? 1 : 0;
    if (!session_explain(s, 1))
        return false;
    *w = (struct why){
        .session = s, .map = session_output(s, "map"), .height = map->dim[2], .width = map->dim[3]};
    for (int64_t i = 0; i < w->height * w->width; i++) {
        if (!isfinite(w->map[i]))
            return report_error("the map has values that are not finite: the weights, or the "
                                "picture's numbers, are too large");
        w->most = fmaxf(w->most, w->map[i]);
    }
    return true;
}

/* ---- the picture ---- */

static float at(const struct why *w, int64_t y, int64_t x)
{
    y = y < 0 ? 0 : y < w->height ? y : w->height - 1;
    x = x < 0 ? 0 : x < w->width ? x : w->width - 1;
    return fmaxf(w->map[y * w->width + x], 0);
}

/* The map between its places, of which (0, 0) is the middle of the first one: linear in both directions. */
static float between(const struct why *w, float y, float x)
{
    const int64_t top = (int64_t)floorf(y), left = (int64_t)floorf(x);
    const float down = y - (float)top, right = x - (float)left;
    return (1 - down) * ((1 - right) * at(w, top, left) + right * at(w, top, left + 1)) +
           down * ((1 - right) * at(w, top + 1, left) + right * at(w, top + 1, left + 1));
}

/* A picture pales to grey where nothing speaks for the class, and glows from yellow to red where most does. */
static void colour(unsigned char *pixel, float share)
{
    const float glow[3] = {255, 220 * (1 - share), 0},
                grey =
                    0.299F * (float)pixel[0] + 0.587F * (float)pixel[1] + 0.114F * (float)pixel[2];
    for (int c = 0; c < 3; c++) {
        const float pale = 0.5F * (grey + (float)pixel[c]),
                    v = (1 - GLOW * share) * pale + GLOW * share * glow[c];
        pixel[c] = (unsigned char)(v + 0.5F);
    }
}

static void draw(const struct why *w, const unsigned char *image, unsigned char *out)
{
    const struct config_input *in = &w->session->config.input_eval;
    const int64_t height = in->height * w->times, width = in->width * w->times;
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++, out += 3) {
            const float v = between(w, ((float)y + 0.5F) / (float)height * (float)w->height - 0.5F,
                                    ((float)x + 0.5F) / (float)width * (float)w->width - 0.5F);
            memcpy(out, image + (y / w->times * in->width + x / w->times) * 3, 3);
            colour(out, w->most > 0 ? v / w->most : 0);
        }
}

static bool write_picture(struct why *w, const char *path)
{
    const struct config_input *in = &w->session->config.input_eval;
    const int64_t least = in->height < in->width ? in->height : in->width;
    w->times = least < LEAST_SIDE ? (LEAST_SIDE + least - 1) / least : 1;
    const size_t pixels = (size_t)(in->height * in->width);
    unsigned char *image = app_alloc(pixels, 3),
                  *out = app_alloc(pixels * (size_t)(w->times * w->times), 3);
    input_pixels(in, w->session->inputs, image, in->width * 3);
    draw(w, image, out);
    const bool ok = png_file_write(path, out, in->height * w->times, in->width * w->times);
    free(image);
    free(out);
    return ok;
}

/* ---- both ---- */

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

bool why_write(struct session *s, const struct source *d, int64_t sample, const char *class_name,
               const char *path)
{
    struct why w;
    if (!load(s, d, sample) || !session_predict(s, 1))
        return false;
    const int64_t class = choose(s, class_name);
    if (!explain(s, class, &w))
        return false;
    const int64_t dims[2] = {w.height, w.width};
    const bool ok =
        ends_with(path, ".npy") ? array_write_npy(path, w.map, 2, dims) : write_picture(&w, path);
    if (ok && w.most <= 0)
        report_note("no place speaks for '%s'", s->config.labels[class]);
    else if (ok)
        report_note("%s: what speaks for '%s', of %lld x %lld places", path,
                    s->config.labels[class], (long long)w.height, (long long)w.width);
    return ok;
}

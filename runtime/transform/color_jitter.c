/* color_jitter(brightness, contrast, saturation, hue): each changed by a drawn factor, one after the other in a drawn order; as
 * torchvision's ColorJitter. */
#include "colour.h"
#include "spread.h"

enum { CHANGES = 4 };

void size_color_jitter(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    colour_form(f, 0);
}

/* An order of the changes, each as likely. Draws 0 to 2. */
static void draw_order(const struct transform *t, int order[CHANGES])
{
    for (int i = 0; i < CHANGES; i++)
        order[i] = i;
    for (int i = CHANGES - 1; i > 0; i--) {
        const int j = (int)(transform_uniform(t, (uint32_t)(CHANGES - 1 - i)) * (double)(i + 1));
        const int kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

/* A factor, which is not below 0. */
static double factor(const struct ftmrt_call *c, const struct transform *t, enum ftmrt_param param,
                     uint32_t number)
{
    struct spread s = spread_of(c, param, 1);
    s.from = s.from < 0 ? 0 : s.from;
    return spread_draw(t, s, number);
}

void run_color_jitter(const struct ftmrt_call *c, struct transform *t)
{
    struct ftmrt_picture *p = colour_picture(t);
    if (!p)
        return;
    const double brightness = factor(c, t, FTMRT_PARAM_color_jitter_brightness, 3),
                 contrast = factor(c, t, FTMRT_PARAM_color_jitter_contrast, 4),
                 saturation = factor(c, t, FTMRT_PARAM_color_jitter_saturation, 5),
                 hue = spread_draw(t, spread_of(c, FTMRT_PARAM_color_jitter_hue, 0), 6);
    int order[CHANGES];
    draw_order(t, order);
    for (int i = 0; i < CHANGES; i++) {
        if (order[i] == 0 && brightness != 1)
            colour_brightness(p, brightness);
        if (order[i] == 1 && contrast != 1)
            colour_contrast(p, contrast);
        if (order[i] == 2 && saturation != 1)
            colour_saturation(p, saturation);
        if (order[i] == 3 && hue != 0)
            colour_hue(p, hue);
    }
}

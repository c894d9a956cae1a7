/* Source: the tables of torchvision.transforms.v2.RandAugment and TrivialAugmentWide, and what each operation is there. */
#include "augment_ops.h"

#include <math.h>

#include "colour.h"
#include "warp.h"

typedef void augment_fn(struct transform *t, const struct augment_style *style, double magnitude);

static void warp(struct transform *t, const struct augment_style *style, struct warp_affine a)
{
    a.scale = 1;
    const struct warp_matrix m = warp_affine(&a);
    transform_warp(t, &m, style->bilinear, style->fill);
}

static double degrees_of(double slope) { return atan(slope) * 180 / M_PI; }

/* Shears keep the top left corner, whose place is given from the middle. */
static void run_shear(struct transform *t, const struct augment_style *style, double x, double y)
{
    const double middle[2] = {(double)t->picture.width / 2, (double)t->picture.height / 2};
    warp(t, style,
         (struct warp_affine){.shear_x = degrees_of(x),
                              .shear_y = degrees_of(y),
                              .center = {-middle[0], -middle[1]}});
}

static void run_shear_x(struct transform *t, const struct augment_style *style, double m)
{
    run_shear(t, style, m, 0);
}

static void run_shear_y(struct transform *t, const struct augment_style *style, double m)
{
    run_shear(t, style, 0, m);
}

static void run_translate_x(struct transform *t, const struct augment_style *style, double m)
{
    warp(t, style, (struct warp_affine){.x = trunc(m)});
}

static void run_translate_y(struct transform *t, const struct augment_style *style, double m)
{
    warp(t, style, (struct warp_affine){.y = trunc(m)});
}

static void run_rotate(struct transform *t, const struct augment_style *style, double m)
{
    warp(t, style, (struct warp_affine){.angle = -m});
}

/* The operations on colours, on the picture that is there. */
#define AUGMENT_COLOUR(name, call)                                                                 \
    static void run_##name(struct transform *t, const struct augment_style *style, double m)       \
    {                                                                                              \
        (void)style, (void)m;                                                                      \
        transform_flush(t);                                                                        \
        struct ftmrt_picture *p = colour_picture(t);                                               \
        if (p)                                                                                     \
            call;                                                                                  \
    }
AUGMENT_COLOUR(brightness, colour_brightness(p, 1 + m))
AUGMENT_COLOUR(color, colour_saturation(p, 1 + m))
AUGMENT_COLOUR(contrast, colour_contrast(p, 1 + m))
AUGMENT_COLOUR(sharpness, colour_sharpness(t, 1 + m))
AUGMENT_COLOUR(posterize, colour_posterize(p, (int)m))
AUGMENT_COLOUR(solarize, colour_solarize(p, 255 * m))
AUGMENT_COLOUR(auto_contrast, colour_autocontrast(p))
AUGMENT_COLOUR(equalize, colour_equalize(p))
#undef AUGMENT_COLOUR

/* How a magnitude follows from the step. */
enum scale {
    SCALE_NONE,   /* 0 */
    SCALE_LINEAR, /* from 0 to the greatest */
    SCALE_WIDTH,  /* likewise, of the picture's width; TrivialAugment's is of pixels */
    SCALE_HEIGHT,
    SCALE_BITS, /* from 8 to 8 less the greatest, rounded */
    SCALE_DOWN  /* from the greatest to 0 */
};

static const struct {
    const char *name;
    double greatest, wide; /* of RandAugment and TrivialAugment */
    enum scale scale;
    bool is_signed;
    augment_fn *run; /* NULL: nothing happens */
} ops[] = {
    {"Identity", 0, 0, SCALE_NONE, false, NULL},
    {"ShearX", 0.3, 0.99, SCALE_LINEAR, true, run_shear_x},
    {"ShearY", 0.3, 0.99, SCALE_LINEAR, true, run_shear_y},
    {"TranslateX", 150.0 / 331, 32, SCALE_WIDTH, true, run_translate_x},
    {"TranslateY", 150.0 / 331, 32, SCALE_HEIGHT, true, run_translate_y},
    {"Rotate", 30, 135, SCALE_LINEAR, true, run_rotate},
    {"Brightness", 0.9, 0.99, SCALE_LINEAR, true, run_brightness},
    {"Color", 0.9, 0.99, SCALE_LINEAR, true, run_color},
    {"Contrast", 0.9, 0.99, SCALE_LINEAR, true, run_contrast},
    {"Sharpness", 0.9, 0.99, SCALE_LINEAR, true, run_sharpness},
    {"Posterize", 4, 6, SCALE_BITS, false, run_posterize},
    {"Solarize", 1, 1, SCALE_DOWN, false, run_solarize},
    {"AutoContrast", 0, 0, SCALE_NONE, false, run_auto_contrast},
    {"Equalize", 0, 0, SCALE_NONE, false, run_equalize},
};

uint32_t augment_op_count(void) { return sizeof ops / sizeof *ops; }

const char *augment_op_name(uint32_t op) { return ops[op].name; }

double augment_magnitude(const struct transform *t, uint32_t op, const struct augment_style *style,
                         int64_t bin, bool negative)
{
    const double part = style->bins > 1 ? (double)bin / (double)(style->bins - 1) : 0;
    double most = style->wide ? ops[op].wide : ops[op].greatest, m = 0;
    if (!style->wide && ops[op].scale == SCALE_WIDTH)
        most *= (double)t->picture.width;
    if (!style->wide && ops[op].scale == SCALE_HEIGHT)
        most *= (double)t->picture.height;
    switch (ops[op].scale) {
    case SCALE_NONE: break;
    case SCALE_LINEAR:
    case SCALE_WIDTH:
    case SCALE_HEIGHT: m = most * part; break;
    case SCALE_BITS: m = nearbyint(8 - most * part); break;
    case SCALE_DOWN: m = most * (1 - part); break;
    }
    return ops[op].is_signed && negative ? -m : m;
}

void augment_run(struct transform *t, uint32_t op, const struct augment_style *style,
                 double magnitude)
{
    if (ops[op].run)
        ops[op].run(t, style, magnitude);
}

void augment_form(struct ftmrt_form *f, int64_t count)
{
    colour_form(f, 0);
    for (int64_t i = 0; i <= count; i++) /* a sharpened picture each, and warps between them */
        f->space += 2 * transform_form_bytes(f);
}

/* trivial_augment_wide(num_magnitude_bins, interpolation, fill): one drawn operation of a drawn magnitude; as torchvision's
 * TrivialAugmentWide. Source: Mueller and Hutter, "TrivialAugment: Tuning-free yet state-of-the-art data augmentation", 2021. */
#include "augment_ops.h"

void size_trivial_augment_wide(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    augment_form(f, 1);
}

void run_trivial_augment_wide(const struct ftmrt_call *c, struct transform *t)
{
    const struct augment_style style = {
        .wide = true,
        .bins = ftmrt_call_integer(c, FTMRT_PARAM_trivial_augment_wide_num_magnitude_bins),
        .bilinear = ftmrt_call_word(c, FTMRT_PARAM_trivial_augment_wide_interpolation) == 1,
        .fill = (int)ftmrt_call_integer(c, FTMRT_PARAM_trivial_augment_wide_fill)};
    const uint32_t op = (uint32_t)(transform_uniform(t, 0) * (double)augment_op_count());
    const int64_t bin = (int64_t)(transform_uniform(t, 1) * (double)style.bins);
    const bool negative = transform_uniform(t, 2) <= 0.5;
    augment_run(t, op, &style, augment_magnitude(t, op, &style, bin, negative));
}

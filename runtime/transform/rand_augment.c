/* rand_augment(num_ops, magnitude, num_magnitude_bins, interpolation, fill): drawn operations of one magnitude, one after the other; as
 * torchvision's RandAugment. Source: Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space",
 * 2020. */
#include "augment_ops.h"

enum { DRAWS = 2 };

void size_rand_augment(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    augment_form(f, ftmrt_call_integer(c, FTMRT_PARAM_rand_augment_num_ops));
}

void run_rand_augment(const struct ftmrt_call *c, struct transform *t)
{
    const struct augment_style style = {
        .bins = ftmrt_call_integer(c, FTMRT_PARAM_rand_augment_num_magnitude_bins),
        .bilinear = ftmrt_call_word(c, FTMRT_PARAM_rand_augment_interpolation) == 1,
        .fill = (int)ftmrt_call_integer(c, FTMRT_PARAM_rand_augment_fill)};
    const int64_t count = ftmrt_call_integer(c, FTMRT_PARAM_rand_augment_num_ops);
    int64_t bin = ftmrt_call_integer(c, FTMRT_PARAM_rand_augment_magnitude);
    bin = bin < style.bins ? bin : style.bins - 1;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t op =
            (uint32_t)(transform_uniform(t, DRAWS * i) * (double)augment_op_count());
        const bool negative = transform_uniform(t, DRAWS * i + 1) <= 0.5;
        augment_run(t, op, &style, augment_magnitude(t, op, &style, bin, negative));
    }
}

#include "epoch_line.h"

#include <math.h>
#include <stdio.h>

static void print_figures(double loss, double accuracy)
{
    if (isfinite(loss))
        printf(" loss %.4f", loss);
    else
        printf(" loss not finite");
    if (!isnan(accuracy))
        printf("  accuracy %.2f %%", 100 * accuracy);
}

void epoch_line_print(const struct epoch_result *e, int64_t epochs, bool validates)
{
    printf("epoch %lld/%lld", (long long)e->epoch, (long long)epochs);
    if (e->phase)
        printf("  %s", e->phase);
    printf("  train");
    print_figures(e->train_loss, e->train_accuracy);
    if (validates) {
        printf("  validation");
        print_figures(e->validation_loss, e->validation_accuracy);
    }
    printf("  %.1f s\n", e->seconds);
    fflush(stdout);
}

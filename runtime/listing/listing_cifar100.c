/* cifar100(root, part, label): the records of CIFAR-100's binary files, which have two labels: coarse and fine. */
#include "cifar_records.h"

static const char *const train[] = {"train.bin", NULL};
static const char *const test[] = {"test.bin", NULL};

bool list_cifar100(struct listing *l, const struct ftmrt_call *call)
{
    const bool fine = ftmrt_call_word(call, FTMRT_PARAM_cifar100_label) == 0;
    const struct cifar_form form = {
        .name = "CIFAR-100",
        .folder = "cifar-100-binary",
        .python_folder = "cifar-100-python",
        .archive = "cifar-100-binary.tar.gz",
        .files = ftmrt_call_word(call, FTMRT_PARAM_cifar100_part) == 0 ? train : test,
        .names = fine ? "fine_label_names.txt" : "coarse_label_names.txt",
        .labels = 2,
        .label = fine ? 1 : 0,
        .classes = fine ? 100 : 20};
    return cifar_list(l, &form);
}

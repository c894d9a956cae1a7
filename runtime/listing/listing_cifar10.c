/* cifar10(root, part): the records of CIFAR-10's binary files. */
#include "cifar_records.h"

static const char *const train[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                    "data_batch_4.bin", "data_batch_5.bin", NULL};
static const char *const test[] = {"test_batch.bin", NULL};

bool list_cifar10(struct listing *l, const struct ftmrt_call *call)
{
    const struct cifar_form form = {
        .name = "CIFAR-10",
        .folder = "cifar-10-batches-bin",
        .python_folder = "cifar-10-batches-py",
        .archive = "cifar-10-binary.tar.gz",
        .files = ftmrt_call_word(call, FTMRT_PARAM_cifar10_part) == 0 ? train : test,
        .names = "batches.meta.txt",
        .labels = 1,
        .classes = 10};
    return cifar_list(l, &form);
}

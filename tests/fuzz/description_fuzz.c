/* link: ftm_bind ftm_lang ftm_weights ftm_graph ftm_ops ftm_base ftmrt_files ftmrt */
/* A description is refused with a report, or gives a network in execution order whose layers have
 * shapes. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lang.h"

/* A file of its own for each process, removed at the end. */
static char path[] = "/tmp/description_fuzz_XXXXXX";

static void remove_file(void) { unlink(path); }

static void write_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    if (fd < 0) {
        fd = mkstemp(path);
        atexit(remove_file);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
}

static void check_network(const struct net *net)
{
    if (net->outputs.len == 0)
        abort();
    for (uint32_t i = 0; i < net->outputs.len; i++)
        if (net->outputs.at[i].layer.i >= net->layers.len)
            abort();
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        for (uint32_t k = 0; k < l->input_count; k++)
            if (l->inputs[k].i >= i)
                abort();
        if (l->dead || l->type.shape.rank < 1 || shape_elements(&l->type.shape, 1) < 1)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct diag diag;
    struct net *net = NULL;
    struct recipe *recipe = NULL;
    write_file(data, size);
    arena_init(&arena, "fuzz");
    diag_init(&diag, &arena);
    struct lang_options options = {.path = path};
    const bool ok = lang_read(&arena, &diag, &options, &net, &recipe);
    if (ok == (diag.errors > 0))
        abort();
    if (ok)
        check_network(net);
    if (ok && net->train)
        check_network(net->train);
    arena_clear(&arena);
    return 0;
}

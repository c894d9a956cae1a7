/* `--emit=pytorch`: a network and its recipe as one Python file that PyTorch runs, for those who leave and for those who compare.
 *
 * What a layer, an optimizer, a loss is called there is said by its row (layers.def, ops.def, calls.def: the columns for PyTorch);
 * what has another meaning there, or no counterpart, has a file in parts/ (parts.h). A row with neither is an error. */
#ifndef FTM_PYTORCH_PYTORCH_H
#define FTM_PYTORCH_PYTORCH_H

#include "bind.h"
#include "str.h"

struct pytorch_input {
    struct arena *arena;
    struct diag *diag;
    const struct net *net;
    const struct recipe *recipe;
    const struct binding *binding;
    const char *parts;    /* folder of the parts */
    const char *file;     /* the .ftm, for the head */
    const char *base;     /* its folder, from that of the Python file */
    const char *compiler; /* "ftmc 0.1.0 (LLVM 22.1.8)" */
};

/* Appends the text. The same input gives the same text. false after reports. */
bool pytorch_print(struct strbuf *out, const struct pytorch_input *in);

#endif

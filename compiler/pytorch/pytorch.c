/* The parts of a program in their order: imports, what is written beside, the network's classes, the recipe, the loop. */
#include "pytorch.h"

#include <string.h>

#include "literal.h"
#include "writer.h"

/* Comments and blank lines around a part are black's: two above each definition. */
static void print_part(struct strbuf *out, const struct part *part)
{
    size_t length = strlen(part->text);
    while (length && part->text[length - 1] == '\n')
        length--;
    strbuf_addf(out, "\n\n%.*s\n", (int)length, part->text);
}

static void print_head(struct strbuf *out, const struct pytorch_input *in)
{
    strbuf_addf(
        out,
        "\"\"\"%s in PyTorch, written by %s from %s.\n\n"
        "It trains as the program of the recipe does, and writes the same names into its files:\n\n"
        "    python %s.py [--init FILE] [--steps N] [--out FILE] [--log FILE]\n\n"
        "Everything random is drawn by PyTorch, so that only what is not (--init FILE, "
        "no shuffling,\nno dropout) gives the same numbers.\n\"\"\"\n\n",
        in->recipe->bound.name, in->compiler, str_printable(in->arena, in->file),
        in->recipe->bound.name);
}

bool pytorch_print(struct strbuf *out, const struct pytorch_input *in)
{
    struct writer w = {.in = in, .arena = in->arena, .net = in->net};
    struct strbuf classes, recipe;
    w.parts = (struct parts){.arena = in->arena, .folder = in->parts};
    strbuf_init(&classes, in->arena);
    strbuf_init(&recipe, in->arena);
    parts_import(&w.parts, "import pathlib");
    parts_import(&w.parts, "import torch");
    parts_import(&w.parts, "from torch import nn");
    if (!find_layer_calls(&w))
        return false;
    find_scopes(&w);
    make_classes(&w);
    print_classes(&classes, &w);
    if (!print_recipe(&recipe, &w))
        return false;
    const struct part *loop = parts_use(&w.parts, "training");
    if (!loop) {
        diag_report(in->diag, SPAN_NONE, DIAG_NO_RUNTIME, in->parts);
        return false;
    }
    print_head(out, in);
    parts_print_imports(out, &w.parts);
    for (uint32_t i = 0; i < w.parts.used.len; i++)
        if (w.parts.used.at[i] != loop)
            print_part(out, w.parts.used.at[i]);
    strbuf_add(out, classes.text);
    strbuf_add(out, recipe.text);
    strbuf_addf(out,
                "\n\ndef make_model():\n    \"\"\"The network as training begins with it.\"\"\"\n"
                "    torch.manual_seed(SEED)\n    return pretrained(%s)\n",
                literal_plain(in->arena, w.scopes.at[0].call));
    print_part(out, loop);
    return true;
}

/* From a pickled checkpoint to the tensors of its state dict; torch_choice.c finds that, torch_tensor.c reads each. */
#include "weights_reader.h"

#include <string.h>

#include "map.h"

static const uint64_t copy_slack = UINT64_C(64)
                                   << 20; /* bytes of copies that even a small file may ask for */

static bool is_name(const struct pickle_value *key)
{
    return key->kind == PICKLE_TEXT && key->length == strlen(key->text);
}

/* Adds the entries of a dict; of equal keys the last counts, as in Python. */
static bool add_dict(struct torch_reader *x, const struct pickle_value *dict)
{
    struct weights *w = x->r->w;
    struct map last;
    map_init(&last, w->arena);
    for (uint32_t i = 0; i < dict->items.len; i += 2) {
        if (is_name(dict->items.at[i]))
            map_set(&last, dict->items.at[i]->text, &dict->items.at[i]);
    }
    for (uint32_t i = 0; i < dict->items.len; i += 2) {
        const struct pickle_value *key = dict->items.at[i];
        if (!is_name(key))
            vec_push(w->arena, &w->skipped,
                     arena_printf(w->arena, "(entry): its key is not a name but %s",
                                  torch_describe(w->arena, key)));
        else if (map_get(&last, key->text) == &dict->items.at[i] &&
                 !torch_read_tensor(x, key->text, dict->items.at[i + 1]))
            return false;
    }
    return true;
}

/* Notes what lies beside the path to the dictionary that is taken. */
static void skip_others(struct weights *w, const struct torch_choice *choice)
{
    for (uint32_t level = 0; level + 1 < choice->path.len; level++) {
        const struct pickle_value *dict = choice->path.at[level];
        for (uint32_t i = 0; i < dict->items.len; i += 2) {
            const struct pickle_value *key = dict->items.at[i], *value = dict->items.at[i + 1];
            if (value != choice->path.at[level + 1] && is_name(key))
                vec_push(w->arena, &w->skipped,
                         arena_printf(w->arena, "%s: outside the state dict (%s)", key->text,
                                      torch_describe(w->arena, value)));
        }
    }
}

static bool is_script(const struct pickle_value *v)
{
    static const char package[] = "__torch__";
    return v->kind == PICKLE_OBJECT && v->callee->kind == PICKLE_GLOBAL &&
           !strncmp(v->callee->module, package, sizeof package - 1);
}

static bool report_class(struct weights_reader *r, const char *key, const struct pickle_value *v)
{
    struct arena *arena = r->w->arena;
    const char *what = torch_is_tensor(v) ? "a single tensor" : torch_describe(arena, v);
    diag_report(r->diag, r->span, DIAG_WEIGHTS_CLASS, r->w->path,
                key ? arena_printf(arena, "%s under '%.100s'", what, key) : what);
    if (is_script(v))
        diag_note(r->diag, "it is a TorchScript archive: "
                           "torch.save(torch.jit.load(path).state_dict(), path2)");
    else
        diag_note(r->diag, "save `model.state_dict()` instead of the model: "
                           "torch.save(model.state_dict(), path)");
    return false;
}

/* A whole module where a state dict should be, below a dict without tensors; NULL: none. */
static const struct pickle_value *find_module(const struct pickle_value *dict, const char **key)
{
    const struct pickle_value *module = NULL;
    for (uint32_t i = 0; i < dict->items.len; i += 2) {
        const struct pickle_value *value = dict->items.at[i + 1];
        if (torch_is_tensor(value))
            return NULL;
        if (!module && is_name(dict->items.at[i]) && torch_is_module(value)) {
            module = value;
            *key = dict->items.at[i]->text;
        }
    }
    return module;
}

bool torch_read_tensors(struct weights_reader *r, const struct pickle_value *root,
                        torch_storage_fn *find, void *user)
{
    struct torch_reader x = {
        .r = r, .find = find, .user = user, .copy_budget = r->w->file.size + copy_slack};
    struct torch_choice choice;
    if (root->kind != PICKLE_DICT)
        return report_class(r, NULL, root);
    if (!torch_choose_dictionary(r, root, &choice))
        return false;
    const struct pickle_value *dict = choice.path.at[choice.path.len - 1];
    const char *key = NULL;
    const struct pickle_value *module = find_module(dict, &key);
    if (module)
        return report_class(r, key, module);
    r->w->dictionary = *choice.name ? choice.name : NULL;
    skip_others(r->w, &choice);
    return add_dict(&x, dict);
}

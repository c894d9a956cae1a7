/* The recipe's weight file: paths start at the .ftm's folder. */
#include "bind.h"

#include <string.h>

#include "file.h"
#include "map.h"
#include "published.h"
#include "str.h"

/* Where a file would have to be that is not there, and where it comes from. */
static void advise(struct diag *diag, const struct recipe *r, const char *path, const char *file)
{
    if (path[0] != '/')
        diag_note(diag, "names of files start at the folder of the recipe");
    if (r->published)
        published_advise(diag, r->published, file);
    else
        diag_note(diag, "`ftmc models` lists the networks whose weights are published, and `ftmc "
                        "models NAME` says where");
}

/* The path of a name beside the recipe; NULL: nothing is there. */
static const char *path_of(struct arena *arena, const char *dir, const char *name)
{
    const char *path = name && *name ? file_join(arena, dir, name) : NULL;
    return path && file_exists(path) ? path : NULL;
}

/* The source of a file that holds only what training changed: the recipe's own weights, if the command line named the file, else what the
 * file says, beside the recipe, as it was trained from the weights of another run. */
static bool complete(struct arena *arena, struct diag *diag, const struct recipe *r,
                     const char *dir, struct weights *part)
{
    const char *name = weights_find_metadata(part, "source"), *said = path_of(arena, dir, name),
               *own = path_of(arena, dir, r->own_weights);
    const char *path = own ? own : said;
    if (own && said && strcmp(own, said) != 0 && !weights_is_source(part, own))
        path = said;
    if (!path) {
        name = r->own_weights ? r->own_weights : name;
        diag_report(diag, r->weights_span, DIAG_WEIGHTS_SOURCE, part->path,
                    arena_printf(arena, "its source is not there: '%s'",
                                 name && *name ? file_join(arena, dir, name) : "?"));
        diag_note(diag,
                  "`ftmc merge FILE --weights SOURCE -o WHOLE.safetensors` makes a whole file");
        return false;
    }
    return weights_complete(diag, part, path, r->weights_span);
}

bool bind_open_weights(struct arena *arena, struct diag *diag, const struct recipe *r,
                       const char *dir, struct weights **out)
{
    *out = NULL;
    const char *path = recipe_text(r, FTMRT_PARAM_finetune_weights);
    if (!path)
        return true;
    const char *file = weights_path(arena, file_join(arena, dir, path));
    /* A file that training left has no dictionaries; the recipe's is of its own file. */
    const bool trained = r->given_weights && str_ends_with(file, ".safetensors");
    *out = weights_open(arena, diag, file, trained ? NULL : r->from, r->weights_span);
    if (!*out && !file_exists(file))
        advise(diag, r, path, file);
    return *out && (!weights_is_part(*out) || complete(arena, diag, r, dir, *out));
}

/* ---- what trained files say of it ---- */

/* Adds the line of a tensor of the source, unless it is the state that it is called like. state: NULL: it is none. */
static void add_name(struct strbuf *b, const char *state, const char *key)
{
    if (!state || strcmp(state, key) != 0)
        strbuf_addf(b, "%s%s\t%s", b->len ? "\n" : "", state ? state : "", key);
}

/* The states of tensors by their place: those that a state takes verbatim. */
static void list_states(struct arena *arena, const struct binding *b, struct map *states)
{
    map_init(states, arena);
    for (uint32_t i = 0; i < b->params.len; i++) {
        const struct net_param *p = &b->params.at[i];
        const struct weight_tensor *t = p->source < 0 ? NULL : &b->tensors.at[p->source];
        if (t && t->origin == FTMRT_ORIGIN_FILE)
            map_set(states, arena_printf(arena, "%p", (const void *)t->data),
                    (void *)(uintptr_t)bind_file_name(arena, b, p->name));
    }
}

const char *bind_source_names(struct arena *arena, const struct binding *b, const struct weights *w)
{
    struct map states;
    struct strbuf lines;
    strbuf_init(&lines, arena);
    strbuf_add(&lines, "");
    list_states(arena, b, &states);
    for (uint32_t i = 0; i < w->tensors.len; i++) {
        const struct weight_tensor *t = &w->tensors.at[i];
        if (!t->unusable)
            add_name(&lines, map_get(&states, arena_printf(arena, "%p", (const void *)t->data)),
                     t->name);
    }
    return lines.text;
}

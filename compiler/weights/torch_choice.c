/* Which dictionary of a checkpoint holds the weights that are meant.
 *
 * Training scripts put the state dict beside counters and optimizers, under a key that differs from project to project,
 * often with an average of it beside. The recipe may say the key. Without it the usual keys come first, then the
 * dictionary that is far larger than any other; what is as large as the one taken is named in a warning. */
#include "weights_reader.h"

#include <string.h>

#include "str.h"

/* The rank of what the recipe names. */
enum { CHOSEN = 0 };

enum {
    MAX_DEPTH = 4,
    MAX_KEYS = 16,
    MAX_SHOWN = 8,
    MAX_KEY_LENGTH = 200,
    MAX_DICTIONARIES = 4096,
    MAX_STEPS = 1000 * 1000
};

struct candidate {
    struct torch_choice choice;
    uint32_t tensors;
    uint32_t rank; /* CHOSEN; of the usual keys on its path; UINT32_MAX: another key is on it */
};

struct search {
    struct weights_reader *r;
    VEC(struct candidate) found;
    uint32_t steps, dictionaries; /* looked at: in a hostile file dictionaries share parts */
};

static uint32_t count_tensors(struct search *s, const struct pickle_value *dict)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i < dict->items.len && s->steps < MAX_STEPS; i += 2, s->steps++)
        count += dict->items.at[i - 1]->kind == PICKLE_TEXT && torch_is_tensor(dict->items.at[i]);
    return count;
}

/* The rank of a usual key, from 1. */
static uint32_t usual_rank(const char *key)
{
    static const char *const keys[] = {
#define STATE_DICT(key) key,
#include "state_dict.def"
#undef STATE_DICT
    };
    for (uint32_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i]) == 0)
            return i + 1;
    }
    return UINT32_MAX;
}

static struct torch_choice below(struct arena *arena, const struct torch_choice *above,
                                 const char *key, const struct pickle_value *dict)
{
    struct torch_choice c = {.name = *above->name ? arena_printf(arena, "%s.%s", above->name, key)
                                                  : key};
    for (uint32_t i = 0; i < above->path.len; i++)
        vec_push(arena, &c.path, above->path.at[i]);
    vec_push(arena, &c.path, dict);
    return c;
}

/* The tensors of an optimizer's state are no weights. */
static bool may_hold_weights(const struct pickle_value *key, const struct pickle_value *value)
{
    return key->kind == PICKLE_TEXT && value->kind == PICKLE_DICT &&
           key->length <= MAX_KEY_LENGTH && strncmp(key->text, "optim", 5) != 0;
}

static void collect(struct search *s, const struct torch_choice *at, uint32_t rank)
{
    struct arena *arena = s->r->w->arena;
    const struct pickle_value *dict = at->path.at[at->path.len - 1];
    const uint32_t tensors = count_tensors(s, dict);
    if (tensors)
        vec_push(arena, &s->found,
                 (struct candidate){*at, tensors, at->path.len > 1 ? rank : UINT32_MAX});
    for (uint32_t i = 0; i < dict->items.len && at->path.len <= MAX_DEPTH; i += 2) {
        const struct pickle_value *key = dict->items.at[i], *value = dict->items.at[i + 1];
        if (s->steps++ >= MAX_STEPS || s->dictionaries >= MAX_DICTIONARIES)
            return;
        if (!may_hold_weights(key, value))
            continue;
        s->dictionaries++;
        const uint32_t usual = usual_rank(key->text);
        const struct torch_choice next = below(arena, at, key->text, value);
        collect(s, &next,
                usual == UINT32_MAX || rank == UINT32_MAX ? UINT32_MAX : rank * 8 + usual);
    }
}

/* ---- the recipe's choice ---- */

/* Follows keys that are joined by dots or slashes; keys may contain them. */
static bool follow(struct arena *arena, struct torch_choice *at, const char *keys, int depth)
{
    const struct pickle_value *dict = at->path.at[at->path.len - 1];
    for (const char *end = keys + strlen(keys); end > keys && depth < MAX_KEYS; end--) {
        if (*end && *end != '.' && *end != '/')
            continue;
        const char *key = arena_strndup(arena, keys, (size_t)(end - keys));
        const struct pickle_value *inner = pickle_dict_get(dict, key);
        if (!inner || (inner->kind != PICKLE_DICT && *end))
            continue;
        struct torch_choice next = below(arena, at, key, inner);
        if (*end && !follow(arena, &next, end + 1, depth + 1))
            continue;
        *at = next;
        return true;
    }
    return false;
}

static const char *name_text(struct arena *arena, const struct candidate *c)
{
    return *c->choice.name ? arena_printf(arena, "'%s'", str_printable(arena, c->choice.name))
                           : "the top level";
}

static void note_candidates(const struct search *s)
{
    struct arena *arena = s->r->w->arena;
    for (uint32_t i = 0; i < s->found.len && i < MAX_SHOWN; i++) {
        const struct candidate *c = &s->found.at[i];
        diag_note(s->r->diag, "%s: %u tensor%s", name_text(arena, c), c->tensors,
                  c->tensors == 1 ? "" : "s");
    }
    for (uint32_t i = 0; i < s->found.len; i++) {
        if (!*s->found.at[i].choice.name)
            continue;
        diag_note(s->r->diag, "say which: `weights = \"%s\" { from \"%s\" }`", s->r->w->path,
                  str_printable(arena, s->found.at[i].choice.name));
        return;
    }
}

static bool report_absent(struct weights_reader *r, const struct torch_choice *top)
{
    struct search s = {.r = r};
    diag_report(r->diag, r->span, DIAG_WEIGHTS_FROM, r->w->path, r->from);
    collect(&s, top, 0);
    note_candidates(&s);
    return false;
}

static bool choose_named(struct weights_reader *r, const struct torch_choice *top,
                         struct torch_choice *out)
{
    *out = *top;
    if (!follow(r->w->arena, out, r->from, 0))
        return report_absent(r, top);
    const struct pickle_value *v = out->path.at[out->path.len - 1];
    if (v->kind == PICKLE_DICT)
        return true;
    diag_report(r->diag, r->span, DIAG_WEIGHTS_CLASS, r->w->path,
                arena_printf(r->w->arena, "%s under '%s'",
                             torch_is_tensor(v) ? "a tensor" : torch_describe(r->w->arena, v),
                             out->name));
    if (torch_is_module(v))
        diag_note(r->diag, "save `model.state_dict()` instead of the model: "
                           "torch.save(model.state_dict(), path)");
    return false;
}

/* ---- the choice without a word from the recipe ---- */

/* The usual one, or the largest. */
static uint32_t best_candidate(const struct search *s)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < s->found.len; i++) {
        const struct candidate *a = &s->found.at[i], *b = &s->found.at[best];
        if (a->rank != b->rank ? a->rank < b->rank : a->tensors > b->tensors)
            best = i;
    }
    return best;
}

static const struct pickle_value *dictionary_of(const struct candidate *c)
{
    return c->choice.path.at[c->choice.path.len - 1];
}

/* Candidates that could be meant as well: others with at least half as many tensors. */
static void keep_rivals(struct search *s, uint32_t best)
{
    const struct candidate taken = s->found.at[best];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->found.len; i++) {
        const struct candidate *c = &s->found.at[i];
        if (i == best || (dictionary_of(c) != dictionary_of(&taken) &&
                          c->tensors >= taken.tensors - taken.tensors / 2))
            s->found.at[kept++] = *c;
    }
    s->found.len = kept;
}

static bool choose_usual(struct search *s, const struct torch_choice *top, struct torch_choice *out)
{
    struct weights_reader *r = s->r;
    collect(s, top, 0);
    *out = *top;
    if (s->found.len == 0)
        return true;
    const struct candidate best = s->found.at[best_candidate(s)];
    keep_rivals(s, best_candidate(s));
    *out = best.choice;
    if (s->found.len == 1 || best.rank == CHOSEN)
        return true;
    const char *count = arena_printf(r->w->arena, "%u", (unsigned)s->found.len);
    if (best.rank == UINT32_MAX && *best.choice.name)
        diag_report(r->diag, r->span, DIAG_WEIGHTS_CHOICE, r->w->path, count);
    else
        diag_report(r->diag, r->span, DIAG_WEIGHTS_RIVALS, r->w->path, count,
                    name_text(r->w->arena, &best));
    note_candidates(s);
    return best.rank != UINT32_MAX || !*best.choice.name;
}

bool torch_choose_dictionary(struct weights_reader *r, const struct pickle_value *root,
                             struct torch_choice *out)
{
    struct search s = {.r = r};
    struct torch_choice top = {.name = ""};
    vec_push(r->w->arena, &top.path, root);
    if (!r->from)
        return choose_usual(&s, &top, out);
    if (!choose_named(r, &top, out))
        return false;
    const struct torch_choice named = *out;
    return choose_usual(&s, &named, out);
}

bool torch_is_module(const struct pickle_value *v)
{
    return v->kind == PICKLE_OBJECT && v->state && v->state->kind == PICKLE_DICT &&
           pickle_dict_get(v->state, "_parameters") && pickle_dict_get(v->state, "_modules");
}

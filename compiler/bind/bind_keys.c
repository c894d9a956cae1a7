/* Keys of a weight file as the net sees them: strip a prefix, rename by patterns, skip what is not
 * wanted.
 *
 * The three apply in this order to every key; of several renamings the first that matches wins.
 * Patterns name a tensor or a layer above it, by whole components, as everywhere in the language.
 * What has no effect is an error, since it is a misspelling more often than not. */
#include "bind_parts.h"

#include <string.h>

#include "map.h"
#include "str.h"

enum { MAX_PLACEHOLDERS = 16 };

/* What a placeholder matched. */
struct capture {
    const char *name, *text;
    size_t name_len, text_len;
};

struct captures {
    struct capture at[MAX_PLACEHOLDERS];
    uint32_t len;
};

/* Matches a pattern against a beginning of text that ends at a dot or at its end; returns the rest,
 * or NULL. */
static const char *match_prefix(const char *pattern, const char *text, struct captures *c)
{
    while (*pattern && *pattern != '{') {
        if (*pattern++ != *text++)
            return NULL;
    }
    if (!*pattern)
        return *text == 0 || *text == '.' ? text : NULL;
    const char *end = strchr(pattern, '}');
    const bool crosses = pattern[1] == '*' && pattern[2] == '*';
    const uint32_t index = c->len;
    for (size_t n = 1; text[n - 1] && (crosses || text[n - 1] != '.'); n++) {
        c->at[index] = (struct capture){pattern + 1, text, (size_t)(end - pattern) - 1, n};
        c->len = index + 1;
        const char *rest = match_prefix(end + 1, text + n, c);
        if (rest)
            return rest;
    }
    c->len = index;
    return NULL;
}

static const struct capture *find_capture(const struct captures *c, const char *name, size_t len)
{
    for (uint32_t i = 0; i < c->len; i++) {
        if (c->at[i].name_len == len && !strncmp(c->at[i].name, name, len))
            return &c->at[i];
    }
    return NULL;
}

const char *bind_rename(struct arena *arena, const char *from, const char *to, const char *key)
{
    struct captures captures = {.len = 0};
    const char *rest = match_prefix(from, key, &captures);
    if (!rest)
        return NULL;
    struct strbuf b;
    strbuf_init(&b, arena);
    strbuf_add(&b, "");
    for (const char *p = to; *p;) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (!end) {
            strbuf_addc(&b, *p++);
            continue;
        }
        const struct capture *c = find_capture(&captures, p + 1, (size_t)(end - p) - 1);
        if (c)
            strbuf_addn(&b, c->text, c->text_len);
        p = end + 1;
    }
    strbuf_add(&b, rest);
    return *b.text == '.' ? b.text + 1 : b.text; /* `to ""` removes the layer's name */
}

/* Collects the placeholders of a pattern; a defect's text, or NULL. */
static const char *list_placeholders(struct arena *arena, const char *pattern, struct captures *c)
{
    for (const char *p = pattern; *p; p++) {
        if (*p == '}')
            return arena_printf(arena, "'%s' has a '}' without a '{'", pattern);
        if (*p != '{')
            continue;
        const char *end = strchr(p, '}');
        if (!end || end == p + 1)
            return arena_printf(arena, "a placeholder of '%s' has no %s", pattern,
                                end ? "name" : "'}'");
        if (end[1] == '{')
            return arena_printf(arena, "two placeholders of '%s' have nothing between them",
                                pattern);
        if (c->len == MAX_PLACEHOLDERS)
            return arena_printf(arena, "'%s' has more than %d placeholders", pattern,
                                MAX_PLACEHOLDERS);
        c->at[c->len++] = (struct capture){p + 1, NULL, (size_t)(end - p) - 1, 0};
        p = end;
    }
    return NULL;
}

const char *bind_rename_defect(struct arena *arena, const char *from, const char *to)
{
    struct captures in = {.len = 0}, out = {.len = 0};
    if (!*from)
        return "the pattern is empty";
    const char *defect = list_placeholders(arena, from, &in);
    if (!defect)
        defect = list_placeholders(arena, to, &out);
    for (uint32_t i = 0; !defect && i < out.len; i++) {
        if (!find_capture(&in, out.at[i].name, out.at[i].name_len))
            defect = arena_printf(arena, "'%s' has no placeholder {%.*s}", from,
                                  (int)out.at[i].name_len, out.at[i].name);
    }
    return defect;
}

/* ---- patterns on the names of a file ---- */

enum { MAX_WRAPPERS = 8 };

/* A key without `level` wrappers, or NULL if it has fewer. */
static const char *at_level(const char *key, int level)
{
    while (key && level-- > 0)
        key = bind_unwrapped(key);
    return key;
}

/* What one statement of the weights block does to a key: the new name, or NULL where it does not match. */
typedef const char *edit_fn(struct arena *arena, const void *statement, const char *key);

static const char *edit_strip(struct arena *arena, const void *statement, const char *key)
{
    (void)arena;
    const size_t len = strlen(statement);
    return strncmp(key, statement, len) == 0 ? key + len : NULL;
}

static const char *edit_rename(struct arena *arena, const void *statement, const char *key)
{
    const struct weight_rename *rename = statement;
    return bind_rename(arena, rename->from, rename->to, key);
}

static const char *edit_skip(struct arena *arena, const void *statement, const char *key)
{
    const struct weight_skip *skip = statement;
    return str_path_match_above(arena, skip->pattern, key) ? key : NULL;
}

/* The first level at which a statement matches some key, or -1. */
static int find_level(struct arena *arena, edit_fn *edit, const void *statement, uint32_t count,
                      const struct bind_key *keys)
{
    for (int level = 0; level <= MAX_WRAPPERS; level++) {
        for (uint32_t i = 0; i < count; i++) {
            const char *key = at_level(keys[i].name, level);
            if (key && edit(arena, statement, key))
                return level;
        }
    }
    return -1;
}

static bool strip_keys(struct arena *arena, struct diag *diag, const struct recipe *r,
                       const struct weights *w, struct bind_key *keys)
{
    if (!r->strip)
        return true;
    const int level = find_level(arena, edit_strip, r->strip, w->tensors.len, keys);
    for (uint32_t i = 0; level >= 0 && i < w->tensors.len; i++) {
        const char *key = at_level(keys[i].name, level);
        const char *name = key ? edit_strip(arena, r->strip, key) : NULL;
        keys[i].name = name ? name : keys[i].name;
    }
    if (level >= 0)
        return true;
    diag_report(diag, r->weights_span, DIAG_WEIGHT_PATTERN, r->strip, w->path);
    if (w->tensors.len)
        diag_note(diag, "the first key is '%s'", str_printable(arena, w->tensors.at[0].name));
    return false;
}

/* Renames a key by the first renaming that matches. */
static void rename_key(struct arena *arena, const struct recipe *r, const int *levels,
                       struct bind_key *key)
{
    for (uint32_t k = 0; k < r->renames.len; k++) {
        const char *seen = levels[k] >= 0 ? at_level(key->name, levels[k]) : NULL;
        const char *name = seen ? edit_rename(arena, &r->renames.at[k], seen) : NULL;
        if (!name)
            continue;
        key->name = name;
        return;
    }
}

static bool check_renames(struct arena *arena, struct diag *diag, const struct recipe *r)
{
    bool ok = true;
    for (uint32_t k = 0; k < r->renames.len; k++) {
        const char *defect = bind_rename_defect(arena, r->renames.at[k].from, r->renames.at[k].to);
        if (!defect)
            continue;
        diag_report(diag, r->renames.at[k].span, DIAG_WEIGHT_RENAME, defect);
        ok = false;
    }
    return ok;
}

static bool rename_keys(struct arena *arena, struct diag *diag, const struct recipe *r,
                        const struct weights *w, struct bind_key *keys)
{
    if (!check_renames(arena, diag, r))
        return false;
    bool ok = true;
    int *levels = arena_array(arena, int, r->renames.len);
    for (uint32_t k = 0; k < r->renames.len; k++) {
        levels[k] = find_level(arena, edit_rename, &r->renames.at[k], w->tensors.len, keys);
        if (levels[k] < 0)
            diag_report(diag, r->renames.at[k].span, DIAG_WEIGHT_PATTERN, r->renames.at[k].from,
                        w->path);
        ok = ok && levels[k] >= 0;
    }
    for (uint32_t i = 0; i < w->tensors.len; i++)
        rename_key(arena, r, levels, &keys[i]);
    return ok;
}

static bool skip_keys(struct arena *arena, struct diag *diag, const struct recipe *r,
                      const struct weights *w, struct bind_key *keys)
{
    bool ok = true;
    for (uint32_t k = 0; k < r->skips.len; k++) {
        const struct weight_skip *skip = &r->skips.at[k];
        const int level = find_level(arena, edit_skip, skip, w->tensors.len, keys);
        for (uint32_t i = 0; level >= 0 && i < w->tensors.len; i++) {
            const char *key = at_level(keys[i].name, level);
            keys[i].skipped |= key && edit_skip(arena, skip, key);
        }
        if (level < 0)
            diag_report(diag, skip->span, DIAG_WEIGHT_PATTERN, skip->pattern, w->path);
        ok = ok && level >= 0;
    }
    return ok;
}

static bool check_unique(struct arena *arena, struct diag *diag, const struct recipe *r,
                         const struct weights *w, const struct bind_key *keys)
{
    bool ok = true;
    struct map seen;
    map_init(&seen, arena);
    for (uint32_t i = 0; i < w->tensors.len; i++) {
        if (keys[i].skipped)
            continue;
        const struct weight_tensor *first = map_get(&seen, keys[i].name);
        if (first) {
            diag_report(diag, r->weights_span, DIAG_WEIGHT_DUPLICATE, first->name,
                        w->tensors.at[i].name, keys[i].name);
            ok = false;
        }
        map_set(&seen, keys[i].name, &w->tensors.at[i]);
    }
    return ok;
}

void bind_own_keys(const struct weights *w, struct bind_key *keys)
{
    for (uint32_t i = 0; i < w->tensors.len; i++)
        keys[i] = (struct bind_key){w->tensors.at[i].name, false};
}

bool bind_keys(struct arena *arena, struct diag *diag, const struct recipe *r,
               const struct weights *w, struct bind_key *keys)
{
    bind_own_keys(w, keys);
    bool ok = strip_keys(arena, diag, r, w, keys);
    ok = rename_keys(arena, diag, r, w, keys) && ok;
    ok = skip_keys(arena, diag, r, w, keys) && ok;
    return check_unique(arena, diag, r, w, keys) && ok;
}

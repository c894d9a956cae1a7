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
    const uint32_t index = c->len;
    for (size_t n = 1; text[n - 1] && text[n - 1] != '.'; n++) {
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

static bool strip_keys(struct diag *diag, const struct recipe *r, const struct weights *w,
                       struct bind_key *keys)
{
    if (!r->strip)
        return true;
    const size_t len = strlen(r->strip);
    bool found = false;
    for (uint32_t i = 0; i < w->tensors.len; i++) {
        if (strncmp(keys[i].name, r->strip, len) != 0)
            continue;
        keys[i].name += len;
        found = true;
    }
    if (!found) {
        diag_report(diag, r->weights_span, DIAG_WEIGHT_PATTERN, r->strip, w->path);
        if (w->tensors.len)
            diag_note(diag, "the first key is '%s'", w->tensors.at[0].name);
    }
    return found;
}

/* Renames every key by the first renaming that matches; used[k] tells whether renaming k matched
 * any. */
static void rename_all(struct arena *arena, const struct recipe *r, uint32_t count,
                       struct bind_key *keys, bool *used)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < r->renames.len; k++) {
            const char *name =
                bind_rename(arena, r->renames.at[k].from, r->renames.at[k].to, keys[i].name);
            if (!name)
                continue;
            keys[i].name = name;
            used[k] = true;
            break;
        }
    }
}

static bool rename_keys(struct arena *arena, struct diag *diag, const struct recipe *r,
                        const struct weights *w, struct bind_key *keys)
{
    bool ok = true;
    for (uint32_t k = 0; k < r->renames.len; k++) {
        const char *defect = bind_rename_defect(arena, r->renames.at[k].from, r->renames.at[k].to);
        if (!defect)
            continue;
        diag_report(diag, r->renames.at[k].span, DIAG_WEIGHT_RENAME, defect);
        ok = false;
    }
    if (!ok)
        return false;
    bool *used = arena_array(arena, bool, r->renames.len);
    rename_all(arena, r, w->tensors.len, keys, used);
    for (uint32_t k = 0; k < r->renames.len; k++) {
        if (used[k])
            continue;
        diag_report(diag, r->renames.at[k].span, DIAG_WEIGHT_PATTERN, r->renames.at[k].from,
                    w->path);
        ok = false;
    }
    return ok;
}

static bool skip_keys(struct arena *arena, struct diag *diag, const struct recipe *r,
                      const struct weights *w, struct bind_key *keys)
{
    bool ok = true;
    for (uint32_t k = 0; k < r->skips.len; k++) {
        bool found = false;
        for (uint32_t i = 0; i < w->tensors.len; i++) {
            if (!str_path_match_above(arena, r->skips.at[k].pattern, keys[i].name))
                continue;
            keys[i].skipped = true;
            found = true;
        }
        if (!found)
            diag_report(diag, r->skips.at[k].span, DIAG_WEIGHT_PATTERN, r->skips.at[k].pattern,
                        w->path);
        ok = ok && found;
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

bool bind_keys(struct arena *arena, struct diag *diag, const struct recipe *r,
               const struct weights *w, struct bind_key *keys)
{
    for (uint32_t i = 0; i < w->tensors.len; i++)
        keys[i] = (struct bind_key){w->tensors.at[i].name, false};
    bool ok = strip_keys(diag, r, w, keys);
    ok = rename_keys(arena, diag, r, w, keys) && ok;
    ok = skip_keys(arena, diag, r, w, keys) && ok;
    return check_unique(arena, diag, r, w, keys) && ok;
}

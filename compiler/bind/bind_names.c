/* Known renames: the names that wrappers and other libraries give to the same weights.
 *
 * They are tried only where the file's own names, behind the recipe's strip, rename and skip, leave a parameter without a
 * tensor; and one is taken only if with it every parameter finds a tensor of its shape, and no other prefix does as
 * much. If none does, one that gives every parameter a tensor of another shape is taken for the reports: they then speak of
 * the shapes instead of the names. */
#include "bind_parts.h"

#include <ctype.h>
#include <string.h>

#include "map.h"
#include "str.h"

enum { MAX_PREFIXES = 16, PARTS = 2, STAGES = 8 };

struct wrapper {
    const char *component;
    bool anywhere;
    const char *writer;
};

static const struct wrapper wrappers[] = {
#define KNOWN_WRAPPER(component, anywhere, writer) {component, anywhere, writer},
#define KNOWN_RENAME(scheme, part, one, other)
#define KNOWN_STAGES(scheme, part, one, other, first, ...)
#include "known_rename.def"
#undef KNOWN_WRAPPER
#undef KNOWN_RENAME
#undef KNOWN_STAGES
};

struct known_rename {
    const char *scheme;
    int part; /* from 1 */
    const char *one, *other;
    int first;          /* number of the first block behind `other` */
    int counts[STAGES]; /* of blocks behind `one`; all 0: the names are patterns */
};

static const struct known_rename renames[] = {
#define KNOWN_WRAPPER(component, anywhere, writer)
#define KNOWN_RENAME(scheme, part, one, other) {scheme, part, one, other, 0, {0}},
#define KNOWN_STAGES(scheme, part, one, other, first, ...)                                         \
    {scheme, part, one, other, first, {__VA_ARGS__}},
#include "known_rename.def"
#undef KNOWN_WRAPPER
#undef KNOWN_RENAME
#undef KNOWN_STAGES
};

enum {
    WRAPPERS = sizeof wrappers / sizeof wrappers[0],
    RENAMES = sizeof renames / sizeof renames[0]
};

/* The wrapper that text begins with, or NULL; it is followed by a dot. */
static const struct wrapper *find_wrapper(const char *text)
{
    for (size_t i = 0; i < WRAPPERS; i++) {
        const size_t n = strlen(wrappers[i].component);
        if (!strncmp(text, wrappers[i].component, n) && text[n] == '.')
            return &wrappers[i];
    }
    return NULL;
}

const char *bind_unwrapped(const char *key)
{
    const struct wrapper *w = find_wrapper(key);
    return w ? key + strlen(w->component) + 1 : NULL;
}

/* ---- one way of renaming ---- */

struct naming_way {
    const char *prefix; /* taken away where a key has it; "": none */
    bool drop;          /* also wrappers at other places */
    const char *scheme; /* of the renames, or NULL */
    bool reversed;      /* from the other name to the one */
    bool back;          /* and the names that the model has lead back to the file's */
};

struct naming {
    struct arena *arena;
    const struct net *net;
    const struct binding *b;
    const struct weights *w;
    const struct bind_key *keys; /* as the recipe leaves them */
    const char **names;          /* of the way that is tried, per tensor */
    VEC(const char *) prefixes;
};

static const char *drop_wrappers(struct arena *arena, const char *key)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    while (*key) {
        const struct wrapper *w = find_wrapper(key);
        const char *dot = strchr(key, '.');
        const size_t n = dot ? (size_t)(dot - key) + 1 : strlen(key);
        if (!w || !w->anywhere)
            strbuf_addn(&b, key, n);
        key += n;
    }
    strbuf_add(&b, "");
    return b.text;
}

/* Reads ".NUMBER" in front of a dot or the end; the rest, or NULL. */
static const char *read_index(const char *text, int *out)
{
    enum { MAX_INDEX = 999 };
    if (!text || text[0] != '.' || !isdigit((unsigned char)text[1]))
        return NULL;
    text++;
    for (*out = 0; isdigit((unsigned char)*text) && *out <= MAX_INDEX; text++)
        *out = 10 * *out + (*text - '0');
    return *text == 0 || *text == '.' ? text : NULL;
}

/* The rest of a key behind its first components, or NULL. */
static const char *behind(const char *key, const char *components)
{
    const size_t n = strlen(components);
    return strncmp(key, components, n) == 0 ? key + n : NULL;
}

/* "one.STAGE.BLOCK" to "other.NUMBER"; NULL where there is no such block. */
static const char *count_through(struct arena *arena, const struct known_rename *r, const char *key)
{
    int stage = 0, block = 0;
    const char *rest = read_index(read_index(behind(key, r->one), &stage), &block);
    if (!rest || stage >= STAGES || block >= r->counts[stage])
        return NULL;
    for (int s = 0; s < stage; s++)
        block += r->counts[s];
    return arena_printf(arena, "%s.%d%s", r->other, r->first + block, rest);
}

/* And back. */
static const char *count_in_stages(struct arena *arena, const struct known_rename *r,
                                   const char *key)
{
    int block = 0, stage = 0;
    const char *rest = read_index(behind(key, r->other), &block);
    if (!rest || block < r->first)
        return NULL;
    for (block -= r->first; stage < STAGES && block >= r->counts[stage]; stage++)
        block -= r->counts[stage];
    return stage < STAGES ? arena_printf(arena, "%s.%d.%d%s", r->one, stage, block, rest) : NULL;
}

static const char *rename_by(struct arena *arena, const struct known_rename *r, bool reversed,
                             const char *key)
{
    if (r->counts[0])
        return reversed ? count_in_stages(arena, r, key) : count_through(arena, r, key);
    return reversed ? bind_rename(arena, r->other, r->one, key)
                    : bind_rename(arena, r->one, r->other, key);
}

static const char *rename_part(struct arena *arena, const char *scheme, int part, bool reversed,
                               const char *key)
{
    for (size_t i = 0; i < RENAMES; i++) {
        const struct known_rename *r = &renames[i];
        if (r->part != part || !behind(scheme, r->scheme))
            continue;
        const char *name = rename_by(arena, r, reversed, key);
        if (name)
            return name;
    }
    return key;
}

static const char *rename_key(struct arena *arena, const char *scheme, bool reversed,
                              const char *key)
{
    for (int i = 1; i <= PARTS; i++)
        key = rename_part(arena, scheme, reversed ? PARTS + 1 - i : i, reversed, key);
    return key;
}

/* The key without what wrappers add. */
static const char *unwrap(struct arena *arena, const struct naming_way *way, const char *key)
{
    const size_t n = strlen(way->prefix);
    if (!strncmp(key, way->prefix, n))
        key += n;
    return way->drop ? drop_wrappers(arena, key) : key;
}

static const char *apply(struct arena *arena, const struct naming_way *way, const char *key)
{
    key = unwrap(arena, way, key);
    return way->scheme ? rename_key(arena, way->scheme, way->reversed, key) : key;
}

bool bind_by_scheme(const struct naming_way *way) { return way && way->scheme; }

const char *bind_file_name(struct arena *arena, const struct binding *b, const char *param)
{
    const struct naming_way *way = b->way;
    return way && way->back ? rename_key(arena, way->scheme, !way->reversed, param) : param;
}

/* ---- whether everything fits ---- */

/* Whether the parameter of a layer finds its tensor, of its shape if that is asked for; one that is skipped needs none. */
static bool has_tensor(const struct naming *c, const struct map *tensors, const struct net_param *p,
                       const struct naming_way *way, bool shapes)
{
    const struct layer *l = &c->net->layers.at[p->layer.i];
    if (l->added || p->param->kind == LAYER_COUNTER)
        return true;
    const struct bind_key *key = map_get(tensors, p->name);
    if (!key)
        return false;
    const struct weight_tensor *t = &c->w->tensors.at[key - c->keys];
    return key->skipped || !shapes || (!t->unusable && bind_same_shape(p, t, way->scheme != NULL));
}

static bool fits(struct naming *c, const struct naming_way *way, bool shapes)
{
    struct map tensors;
    map_init(&tensors, c->arena);
    for (uint32_t i = 0; i < c->w->tensors.len; i++) {
        c->names[i] = apply(c->arena, way, c->keys[i].name);
        const struct bind_key *other = map_get(&tensors, c->names[i]);
        if (other && !other->skipped && !c->keys[i].skipped)
            return false;
        if (!other || other->skipped)
            map_set(&tensors, c->names[i], (void *)(uintptr_t)&c->keys[i]);
    }
    for (uint32_t i = 0; i < c->b->params.len; i++) {
        if (!has_tensor(c, &tensors, &c->b->params.at[i], way, shapes))
            return false;
    }
    return true;
}

/* ---- the search ---- */

static void add_prefix(struct naming *c, const char *prefix)
{
    for (uint32_t i = 0; i < c->prefixes.len; i++) {
        if (!strcmp(c->prefixes.at[i], prefix))
            return;
    }
    if (c->prefixes.len < MAX_PREFIXES)
        vec_push(c->arena, &c->prefixes, prefix);
}

/* "", and all that the keys have: of "module.model.fc.weight" both "module." and "module.model.". */
static void list_prefixes(struct naming *c)
{
    add_prefix(c, "");
    for (uint32_t i = 0; i < c->w->tensors.len && c->prefixes.len < MAX_PREFIXES; i++) {
        const char *key = c->keys[i].name;
        for (const char *rest = bind_unwrapped(key); rest; rest = bind_unwrapped(rest))
            add_prefix(c, arena_strndup(c->arena, key, (size_t)(rest - key)));
    }
}

/* The prefix with which everything fits. Two that do are two sets of weights: none is taken. */
static bool find_prefix(struct naming *c, struct naming_way *way, bool shapes)
{
    const char *found = NULL;
    for (uint32_t i = 0; i < c->prefixes.len; i++) {
        way->prefix = c->prefixes.at[i];
        if (!fits(c, way, shapes))
            continue;
        if (found)
            return false;
        found = way->prefix;
        if (!*found)
            break;
    }
    way->prefix = found;
    return found != NULL && fits(c, way, shapes);
}

static bool find_way(struct naming *c, struct naming_way *way, bool shapes)
{
    for (int drop = 0; drop < 2; drop++) {
        *way = (struct naming_way){.drop = drop == 1};
        if (find_prefix(c, way, shapes))
            return true;
    }
    const char *last = "";
    for (size_t i = 0; i < RENAMES; i++) {
        if (!strcmp(renames[i].scheme, last))
            continue;
        last = renames[i].scheme;
        for (int k = 0; k < 4; k++) {
            *way = (struct naming_way){.scheme = last, .reversed = k / 2 == 1, .drop = k % 2 == 1};
            if (find_prefix(c, way, shapes))
                return true;
        }
    }
    return false;
}

static const char *describe(struct arena *arena, const struct naming_way *way)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    if (*way->prefix)
        strbuf_addf(&b, "without the '%s' of %s", way->prefix, find_wrapper(way->prefix)->writer);
    if (way->drop)
        strbuf_addf(&b, "%swithout the components that wrappers add", b.len ? ", " : "");
    if (way->scheme)
        strbuf_addf(&b, "%sby the known rename: %s", b.len ? ", " : "", way->scheme);
    if (way->back)
        strbuf_add(&b, "; the trained file has the file's names, too");
    return b.text;
}

/* Whether the names by a way lead back to all keys. */
static bool leads_back(const struct naming *c, const struct naming_way *way)
{
    for (uint32_t i = 0; way->scheme && i < c->w->tensors.len; i++) {
        const char *key = unwrap(c->arena, way, c->keys[i].name);
        if (strcmp(rename_key(c->arena, way->scheme, !way->reversed, c->names[i]), key) != 0)
            return false;
    }
    return way->scheme != NULL;
}

void bind_known_names(struct arena *arena, const struct net *net, struct binding *b,
                      struct bind_key *keys)
{
    struct naming_way *way = arena_new(arena, struct naming_way);
    struct naming c = {.arena = arena, .net = net, .b = b, .w = b->weights, .keys = keys};
    c.names = arena_array(arena, const char *, b->weights->tensors.len + 1);
    way->prefix = "";
    if (fits(&c, way, false))
        return;
    list_prefixes(&c);
    if (!find_way(&c, way, true) && !find_way(&c, way, false))
        return;
    way->back = leads_back(&c, way);
    for (uint32_t i = 0; i < b->weights->tensors.len; i++)
        keys[i].name = c.names[i];
    b->way = way;
    b->renamed = describe(arena, way);
}

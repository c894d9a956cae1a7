/* The modules that a module has, as its constructor makes them: by the components of their labels, which are keys of the state dict.
 * Components that count from 0 become a list, others that are no names of Python a dictionary. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "literal.h"
#include "writer.h"

struct field {
    const char *name; /* component */
    const char *path; /* from the model */
    const char *make; /* call that makes it; NULL: it only holds others */
    VEC(struct field *) inner;
};

/* ---- the tree of fields ---- */

static struct field *child(struct writer *w, struct field *f, const char *name, const char *path)
{
    for (uint32_t i = 0; i < f->inner.len; i++)
        if (!strcmp(f->inner.at[i]->name, name))
            return f->inner.at[i];
    struct field *c = arena_new(w->arena, struct field);
    c->name = name;
    c->path = path;
    vec_push(w->arena, &f->inner, c);
    return c;
}

/* The rest of a path behind that of a module around it. */
static const char *relative(const char *path, const char *module)
{
    return *module ? path + strlen(module) + 1 : path;
}

static void add_field(struct writer *w, struct field *root, uint32_t scope, const char *path,
                      const char *make)
{
    struct field *f = root;
    const char *rest = relative(path, w->scopes.at[scope].path);
    while (*rest) {
        const size_t n = strcspn(rest, ".");
        const char *name = arena_strndup(w->arena, rest, n);
        rest += n + (rest[n] == '.');
        const size_t length = strlen(path) - strlen(rest) - (*rest != '\0');
        f = child(w, f, name, arena_strndup(w->arena, path, length));
    }
    f->make = make;
}

/* The first path of a free name: "model.relu", "model.relu2", ... */
static const char *free_path(struct writer *w, const struct map *taken, uint32_t scope,
                             const char *name)
{
    const char *module = w->scopes.at[scope].path;
    for (uint32_t i = 1;; i++) {
        const char *numbered = i > 1 ? arena_printf(w->arena, "%s%u", name, i) : name;
        if (!map_get(taken, numbered))
            return *module ? arena_printf(w->arena, "%s.%s", module, numbered) : numbered;
    }
}

/* A field without a label, as all without parameters may be: one for all calls that make the same and train alike. */
struct unlabelled {
    const char *make, *path;
    bool frozen;
};

static bool is_kept_field(const struct writer *w, const struct layer *l, uint32_t i)
{
    return l->row && !layer_is_part(l) && w->calls[i].is_module;
}

static bool is_parameter(const struct layer *l) { return l->param_count && !*l->params[0].name; }

static void take_names(struct writer *w, uint32_t scope, struct map *taken)
{
    const struct module_scope *s = &w->scopes.at[scope];
    for (uint32_t i = 0; i < s->members.len + s->children.len; i++) {
        const char *path = i < s->members.len
                               ? writer_layer(w, s->members.at[i])->path
                               : w->scopes.at[s->children.at[i - s->members.len]].path;
        if (!path)
            continue;
        const char *rest = relative(path, s->path);
        map_set(taken, arena_strndup(w->arena, rest, strcspn(rest, ".")), w);
    }
}

static struct field *build_fields(struct writer *w, uint32_t scope)
{
    const struct module_scope *s = &w->scopes.at[scope];
    struct field *root = arena_new(w->arena, struct field);
    VEC(struct unlabelled) others = {0};
    struct map taken;
    map_init(&taken, w->arena);
    take_names(w, scope, &taken);
    for (uint32_t i = 0; i < s->order.len; i++) {
        const struct module_item item = s->order.at[i];
        if (item.is_module) {
            const struct module_scope *inner = &w->scopes.at[item.index];
            add_field(w, root, scope, inner->path, inner->call);
            continue;
        }
        const struct layer *l = writer_layer(w, item.index);
        if (!is_kept_field(w, l, item.index))
            continue;
        const char *make = layer_constructor(w, item.index), *path = l->path;
        for (uint32_t k = 0; !path && k < others.len; k++)
            if (others.at[k].frozen == (l->frozen != 0) && !strcmp(others.at[k].make, make))
                path = others.at[k].path;
        if (!path) {
            path = free_path(w, &taken, scope, python_name(w->arena, l->row->name));
            map_set(&taken, relative(path, s->path), w);
            vec_push(w->arena, &others, (struct unlabelled){make, path, l->frozen != 0});
        }
        w->fields[item.index] = path;
        add_field(w, root, scope, path, make);
    }
    return root;
}

/* ---- as text ---- */

static bool is_number(const char *name) { return strspn(name, "0123456789") == strlen(name); }

static int by_number(const void *a, const void *b)
{
    const long x = strtol((*(struct field *const *)a)->name, NULL, 10),
               y = strtol((*(struct field *const *)b)->name, NULL, 10);
    return (x > y) - (x < y);
}

/* Whether the names of what a field holds are 0, 1, 2, ...; puts it in that order. */
static bool counts(struct field *f)
{
    for (uint32_t i = 0; i < f->inner.len; i++)
        if (!is_number(f->inner.at[i]->name))
            return false;
    qsort(f->inner.at, f->inner.len, sizeof *f->inner.at, by_number);
    for (uint32_t i = 0; i < f->inner.len; i++)
        if (strtoul(f->inner.at[i]->name, NULL, 10) != i)
            return false;
    return f->inner.len > 0;
}

static void add_make(struct strbuf *out, struct writer *w, struct field *f)
{
    if (f->make) {
        strbuf_add(out, f->make);
        return;
    }
    const bool list = counts(f);
    strbuf_add(out, list ? "nn.ModuleList([" : "nn.ModuleDict({");
    for (uint32_t i = 0; i < f->inner.len; i++) {
        strbuf_add(out, i ? ", " : "");
        if (!list)
            strbuf_addf(out, "%s: ", python_string(w->arena, f->inner.at[i]->name));
        add_make(out, w, f->inner.at[i]);
    }
    strbuf_add(out, list ? "])" : "})");
}

/* Fields of a field that is itself called. */
static void add_below(struct strbuf *out, struct writer *w, uint32_t scope, const struct field *f)
{
    for (uint32_t i = 0; i < f->inner.len; i++) {
        struct field *c = f->inner.at[i];
        if (f->make) {
            strbuf_addf(out, "%s.add_module(%s, ", field_access(w, scope, f->path),
                        python_string(w->arena, c->name));
            add_make(out, w, c);
            strbuf_add(out, ")\n");
        }
        add_below(out, w, scope, c);
    }
}

bool has_odd_fields(struct writer *w, uint32_t scope)
{
    struct map taken;
    map_init(&taken, w->arena);
    take_names(w, scope, &taken);
    for (uint32_t i = 0; i < taken.len; i++)
        if (!python_is_name(taken.entries[i].key))
            return true;
    return false;
}

/* How a field is reached from what holds it. */
static void add_access(struct strbuf *out, struct field *holder, bool is_module, const char *name)
{
    struct arena *arena = out->arena;
    if (is_module && python_is_name(name))
        strbuf_addf(out, ".%s", name);
    else if (holder->make)
        strbuf_addf(out, ".get_submodule(%s)", python_string(arena, name));
    else if (!is_module && counts(holder))
        strbuf_addf(out, "[%s]", name);
    else
        strbuf_addf(out, "[%s]", python_string(arena, name));
}

const char *field_access(struct writer *w, uint32_t scope, const char *path)
{
    struct strbuf out;
    struct field *f = w->scopes.at[scope].fields;
    strbuf_init(&out, w->arena);
    strbuf_add(&out, "self");
    for (const char *rest = relative(path, w->scopes.at[scope].path); *rest;) {
        const size_t n = strcspn(rest, ".");
        const char *name = arena_strndup(w->arena, rest, n);
        add_access(&out, f, f == w->scopes.at[scope].fields, name);
        f = child(w, f, name, NULL);
        rest += n + (rest[n] == '.');
    }
    return out.text;
}

/* ---- initial values ---- */

/* The call that a layer's weight starts with, where it is not what PyTorch gives the layer. */
static const struct bound_call *initial_value(const struct layer *l)
{
    for (uint32_t i = 0; l->row && i < l->row->param_count; i++)
        if (l->row->params[i].type == FTMRT_TYPE_INIT &&
            strcmp(l->args[i].call->info->pytorch, "reset_parameters") != 0)
            return l->args[i].call;
    return NULL;
}

/* Whether a parameter of a layer starts with an initial value, not with that of a file. */
static bool is_new(const struct writer *w, uint32_t layer)
{
    for (uint32_t i = 0; i < w->in->binding->params.len; i++)
        if (w->in->binding->params.at[i].layer.i == layer)
            return w->in->binding->params.at[i].source < 0;
    return false;
}

static const char *initializer(struct writer *w, const struct bound_call *c)
{
    const struct part *part =
        parts_use(&w->parts, arena_printf(w->arena, "init_%s", c->info->name));
    return part ? part->symbol : c->info->pytorch + strlen("torch.");
}

static void add_initial_values(struct strbuf *out, struct writer *w, uint32_t scope)
{
    const struct module_scope *s = &w->scopes.at[scope];
    for (uint32_t i = 0; i < s->members.len; i++) {
        const struct layer *l = writer_layer(w, s->members.at[i]);
        const struct bound_call *c = initial_value(l);
        if (!c || !is_new(w, s->members.at[i]))
            continue;
        const char *field = field_access(w, scope, w->fields[s->members.at[i]]);
        strbuf_addf(out, "%s(%s%s", initializer(w, c), field, is_parameter(l) ? "" : ".weight");
        for (uint32_t k = 0; k < c->info->param_count; k++) {
            const struct ftmrt_arg a = plain_arg(w->arena, &c->args[k]);
            strbuf_addf(out, ", %s", python_value(w->arena, &c->info->params[k], &a));
        }
        strbuf_add(out, ")\n");
        if (l->param_count > 1)
            strbuf_addf(out, "nn.init.zeros_(%s.bias)\n", field);
    }
}

const char *fields_text(struct writer *w, uint32_t scope)
{
    struct field *root = w->scopes.at[scope].fields = build_fields(w, scope);
    struct strbuf out;
    strbuf_init(&out, w->arena);
    strbuf_add(&out, "");
    for (uint32_t i = 0; i < root->inner.len; i++) {
        struct field *f = root->inner.at[i];
        strbuf_addf(&out, "%s = ", field_access(w, scope, f->path));
        add_make(&out, w, f);
        strbuf_addc(&out, '\n');
    }
    add_below(&out, w, scope, root);
    add_initial_values(&out, w, scope);
    return out.text;
}

/* From modules to classes, those within others first: what makes their instances is part of the others' text. */
#include "module_class.h"

#include <string.h>

/* ---- finding ---- */

static struct module_class *find_class(const struct writer *w, const char *block,
                                       const char *skeleton)
{
    for (uint32_t i = 0; i < w->classes.len; i++) {
        struct module_class *c = w->classes.at[i];
        if (!strcmp(c->skeleton, skeleton) && !strcmp(c->block, block))
            return c;
    }
    return NULL;
}

static bool is_taken(const struct writer *w, const char *name)
{
    for (uint32_t i = 0; i < w->classes.len; i++)
        if (!strcmp(w->classes.at[i]->name, name))
            return true;
    for (uint32_t i = 0; i < w->parts.used.len; i++)
        if (w->parts.used.at[i]->symbol && !strcmp(w->parts.used.at[i]->symbol, name))
            return true;
    return false;
}

static const char *free_name(struct writer *w, const char *block)
{
    const char *wished = python_class_name(w->arena, block), *name = wished;
    for (uint32_t i = 2; is_taken(w, name); i++)
        name = arena_printf(w->arena, "%s%u", wished, i);
    return name;
}

/* What a module is called: its block, or the model; of a group of blocks the last name in its label. */
static const char *block_name(const struct writer *w, uint32_t scope)
{
    const struct module_scope *s = &w->scopes.at[scope];
    if (scope == 0)
        return w->net->name;
    if (s->block)
        return s->block;
    const char *dot = strrchr(s->path, '.');
    return dot ? dot + 1 : s->path;
}

static void add_instance(struct writer *w, uint32_t scope)
{
    const char *fields = fields_text(w, scope), *forward = forward_text(w, scope);
    const char *text = arena_printf(w->arena, "%s\n%s", fields, forward);
    literal_list literals = {0}, in_fields = {0};
    const char *skeleton = literal_skeleton(w->arena, text, &literals),
               *block = block_name(w, scope);
    struct module_class *c = find_class(w, block, skeleton);
    if (!c) {
        literal_skeleton(w->arena, fields, &in_fields);
        c = arena_new(w->arena, struct module_class);
        *c = (struct module_class){.name = free_name(w, block),
                                   .base = has_odd_fields(w, scope) ? "nn.ModuleDict" : "nn.Module",
                                   .block = block,
                                   .skeleton = skeleton,
                                   .fields = fields,
                                   .forward = forward,
                                   .field_literals = in_fields.len,
                                   .literals = literals.len,
                                   .height = w->scopes.at[scope].height};
        vec_push(w->arena, &w->classes, c);
    }
    vec_push(w->arena, &c->instances, scope);
    vec_push(w->arena, &c->values, literals.at);
}

/* ---- parameters ---- */

/* Whether two literals have the same value in each instance. */
static bool same_values(const struct module_class *c, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < c->values.len; i++)
        if (strcmp(c->values.at[i][a].value, c->values.at[i][b].value) != 0)
            return false;
    return true;
}

static bool is_constant(const struct module_class *c, uint32_t literal)
{
    for (uint32_t i = 1; i < c->values.len; i++)
        if (strcmp(c->values.at[i][literal].value, c->values.at[0][literal].value) != 0)
            return false;
    return true;
}

/* Whether a name is a parameter's, or that of a module, which an attribute must not hide. */
static bool is_used(struct writer *w, const struct module_class *c, const char *name)
{
    if (strstr(c->fields, arena_printf(w->arena, "self.%s ", name)))
        return true;
    for (uint32_t i = 0; i < c->parameters.len; i++)
        if (!strcmp(c->parameters.at[i].name, name))
            return true;
    return false;
}

/* The parameter that a literal is, which may be that of one before it. */
static struct class_parameter *parameter_of(struct writer *w, struct module_class *c,
                                            uint32_t literal)
{
    for (uint32_t i = 0; i < c->parameters.len; i++)
        if (same_values(c, c->parameters.at[i].literal, literal))
            return &c->parameters.at[i];
    const char *wished = python_name(w->arena, c->values.at[0][literal].name), *name = wished;
    for (uint32_t i = 2; is_used(w, c, name); i++)
        name = arena_printf(w->arena, "%s%u", wished, i);
    vec_push(w->arena, &c->parameters, (struct class_parameter){.name = name, .literal = literal});
    return &c->parameters.at[c->parameters.len - 1];
}

static void find_parameters(struct writer *w, struct module_class *c)
{
    c->fill = arena_array(w->arena, const char *, c->literals);
    for (uint32_t i = 0; i < c->literals; i++) {
        if (is_constant(c, i)) {
            c->fill[i] = c->values.at[0][i].value;
            continue;
        }
        struct class_parameter *p = parameter_of(w, c, i);
        p->kept = p->kept || i >= c->field_literals;
        c->fill[i] = i < c->field_literals ? p->name : arena_printf(w->arena, "self.%s", p->name);
    }
}

/* What makes each instance, for the modules around it. */
static void make_calls(struct writer *w, struct module_class *c)
{
    for (uint32_t i = 0; i < c->instances.len; i++) {
        struct strbuf out;
        strbuf_init(&out, w->arena);
        strbuf_addf(&out, "%s(", c->name);
        for (uint32_t k = 0; k < c->parameters.len; k++) {
            const struct class_parameter *p = &c->parameters.at[k];
            strbuf_addf(&out, "%s%s=", k ? ", " : "", p->name);
            literal_add(&out, p->name, c->values.at[i][p->literal].value);
        }
        strbuf_addc(&out, ')');
        w->scopes.at[c->instances.at[i]].call = out.text;
    }
}

void make_classes(struct writer *w)
{
    w->fields = arena_array(w->arena, const char *, w->net->layers.len);
    for (uint32_t height = 0; height <= w->scopes.at[0].height; height++) {
        const uint32_t first = w->classes.len;
        for (uint32_t i = 0; i < w->scopes.len; i++)
            if (w->scopes.at[i].height == height)
                add_instance(w, i);
        for (uint32_t i = first; i < w->classes.len; i++) {
            find_parameters(w, w->classes.at[i]);
            make_calls(w, w->classes.at[i]);
        }
    }
}

/* ---- printing ---- */

static void print_lines(struct strbuf *out, int depth, const char *text)
{
    while (*text) {
        const size_t n = strcspn(text, "\n");
        python_line(out, depth, arena_strndup(out->arena, text, n));
        text += n + (text[n] == '\n');
    }
}

static void print_constructor(struct strbuf *out, struct arena *arena, const struct module_class *c)
{
    struct strbuf head;
    strbuf_init(&head, arena);
    strbuf_add(&head, "def __init__(self");
    for (uint32_t i = 0; i < c->parameters.len; i++)
        strbuf_addf(&head, ", %s", c->parameters.at[i].name);
    strbuf_add(&head, "):");
    python_line(out, 1, head.text);
    python_line(out, 2, "super().__init__()");
    for (uint32_t i = 0; i < c->parameters.len; i++)
        if (c->parameters.at[i].kept)
            python_line(out, 2,
                        arena_printf(arena, "self.%s = %s", c->parameters.at[i].name,
                                     c->parameters.at[i].name));
    print_lines(out, 2, literal_fill(arena, c->fields, c->fill));
    strbuf_addc(out, '\n');
}

static void print_forward(struct strbuf *out, struct arena *arena, const struct module_class *c)
{
    const char *text = literal_fill(arena, c->forward, c->fill + c->field_literals);
    const size_t head = strcspn(text, "\n");
    python_line(out, 1, arena_strndup(arena, text, head));
    print_lines(out, 2, text + head + 1);
}

void print_classes(struct strbuf *out, const struct writer *w)
{
    for (uint32_t i = 0; i < w->classes.len; i++) {
        const struct module_class *c = w->classes.at[i];
        strbuf_addf(out, "\n\nclass %s(%s):\n", c->name, c->base);
        print_constructor(out, w->arena, c);
        print_forward(out, w->arena, c);
    }
}

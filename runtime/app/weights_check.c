/* Whether a trained file belongs to a program. */
#include "weights_check.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "network_identity.h"
#include "recipe_difference.h"
#include "report.h"
#include "source_tensors.h"

char *weights_class_names(const struct config *c)
{
    char *names = app_strdup("");
    for (int64_t k = 0; k < c->classes; k++) {
        char *next = app_format("%s%s%s", names, k ? "\n" : "", c->labels[k]);
        free(names);
        names = next;
    }
    return names;
}

/* ---- classes ---- */

/* Line k of lines; its length in *length, 0 behind the last. */
static const char *line_at(const char *lines, int64_t k, size_t *length)
{
    for (; k > 0 && *lines; k--) {
        lines += strcspn(lines, "\n");
        lines += *lines == '\n';
    }
    *length = strcspn(lines, "\n");
    return lines;
}

static bool has_line(const char *lines, const char *line, size_t length)
{
    size_t n;
    for (const char *at = lines; *at; at += n + (at[n] == '\n')) {
        n = strcspn(at, "\n");
        if (n == length && !strncmp(at, line, n))
            return true;
    }
    return false;
}

/* The first line of these that those have not, or NULL. */
static const char *only_in(const char *these, const char *those, size_t *length)
{
    for (const char *at = these; *at; at += *length + (at[*length] == '\n')) {
        *length = strcspn(at, "\n");
        if (!has_line(those, at, *length))
            return at;
    }
    return NULL;
}

/* Both have the same names. */
static bool refuse_order(const char *path, const char *theirs, const char *ours)
{
    int64_t k = 0;
    size_t n, m;
    const char *there = line_at(theirs, 0, &n), *here = line_at(ours, 0, &m);
    while (*there && n == m && !strncmp(there, here, n)) {
        k++;
        there = line_at(theirs, k, &n);
        here = line_at(ours, k, &m);
    }
    return report_error("%s: has its classes in another order: class %lld is '%.*s' there and "
                        "'%.*s' in this program; compile the recipe with that file's order of "
                        "labels, or train again",
                        path, (long long)k, (int)n, there, (int)m, here);
}

static bool check_classes(const struct config *c, const char *theirs, const char *path)
{
    char *ours = weights_class_names(c);
    bool ok = !theirs || !strcmp(theirs, ours);
    size_t n;
    const char *name;
    if (ok)
        ;
    else if ((name = only_in(theirs, ours, &n)))
        report_error("%s: was trained for other classes: this program has no class '%.*s'; compile "
                     "the recipe with that file's labels, or train again",
                     path, (int)n, name);
    else if ((name = only_in(ours, theirs, &n)))
        report_error("%s: was trained for other classes: it has no class '%.*s'; train again", path,
                     (int)n, name);
    else
        refuse_order(path, theirs, ours);
    free(ours);
    return ok;
}

/* ---- transforms ---- */

/* Whether two values differ in whole numbers at most: sizes of pictures. */
static bool differ_in_sizes(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b))
        return true;
    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_array(a)) {
        bool same = json_array_size(a) == json_array_size(b);
        for (size_t i = 0; same && i < json_array_size(a); i++)
            same = differ_in_sizes(json_array_get(a, i), json_array_get(b, i));
        return same;
    }
    if (!json_is_object(a))
        return json_equal(a, b);
    bool same = json_object_size(a) == json_object_size(b);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)a, key, value)
    {
        const json_t *other = json_object_get(b, key);
        same = same && other && differ_in_sizes(value, other);
    }
    return same;
}

/* What a recipe (NULL: unknown) says of evaluation, or the same as JSON. */
static void say_transform(const char *where, const char *recipe, const char *json)
{
    static const char key[] = "transform eval = ";
    const char *found = recipe ? strstr(recipe, key) : NULL;
    if (found)
        report_note("in %s: %.*s", where, (int)strcspn(found, "\n"), found);
    else
        report_note("in %s: %s", where, json);
}

static bool check_transform(const struct session *s, const struct st_file *f, const char *path)
{
    const struct config *c = &s->config;
    const char *theirs = st_find_metadata(f, "preprocess");
    if (!theirs || !strcmp(theirs, c->preprocess))
        return true;
    json_t *a = json_loads(theirs, 0, NULL), *b = json_loads(c->preprocess, 0, NULL);
    const bool sizes = a && b && differ_in_sizes(a, b);
    json_decref(a);
    json_decref(b);
    if (sizes)
        return true;
    report_error("%s: was trained with pictures prepared otherwise; compile the recipe with that "
                 "file's `transform eval`, or train again",
                 path);
    say_transform("that file", st_find_metadata(f, "recipe"), theirs);
    say_transform("this program", s->program->resolved, c->preprocess);
    return false;
}

/* ---- what does no harm ---- */

static const char *file_text(const void *file, const char *key)
{
    return st_find_metadata(file, key);
}

void weights_say_differences(const struct ftmrt_program *p, const struct st_file *f,
                             const char *path)
{
    const char *recipe = st_find_metadata(f, "recipe");
    if (!ftmrt_entry_for(p, FTMRT_ENTRY_TRAIN, NULL, 0, 1))
        return; /* what only predicts has a graph of its own, and is compared tensor by tensor */
    char *parts = identity_differences(p, file_text, f);
    char *settings =
        recipe_difference_line(p->resolved, recipe && *parts ? recipe : p->resolved, 6);
    if (*parts)
        report_note("%s is of another network: other %s%s%s%s", path, parts, *settings ? " (" : "",
                    settings, *settings ? ")" : "");
    free(parts);
    free(settings);
}

/* ---- networks ---- */

static const struct ftmrt_state *missing_state(const struct ftmrt_program *p,
                                               const struct st_file *f)
{
    for (uint32_t i = 0; i < p->state_count; i++)
        if (ftmrt_is_in_state_dict(&p->states[i]) && !st_find(f, p->states[i].name) &&
            !(source_is_relative(f) && ftmrt_is_in_source(p, &p->states[i])))
            return &p->states[i];
    return NULL;
}

/* A file that says that it is of another network and has not the tensors of this one. */
static bool check_network(const struct ftmrt_program *p, const struct st_file *f, const char *path)
{
    const char *theirs = st_find_metadata(f, identity_key(IDENTITY_graph)),
               *program = st_find_metadata(f, "program");
    const struct ftmrt_state *missing = missing_state(p, f);
    if (!missing || !theirs || !strcmp(theirs, identity_text(p, IDENTITY_graph).hash))
        return true;
    return report_error("%s: holds the weights of another network, trained by the recipe '%s': it "
                        "has no '%s'; name a file that this recipe has trained",
                        path, program ? program : "?", missing->name);
}

bool weights_check(const struct session *s, const struct st_file *f, const char *path)
{
    return check_network(s->program, f, path) &&
           check_classes(&s->config, st_find_metadata(f, "classes"), path) &&
           check_transform(s, f, path);
}

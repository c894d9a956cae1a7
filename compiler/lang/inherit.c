/* Recipes as bases: `finetune b = a { ... }` is what a says, but for what b says itself.
 *
 * A setting, a data source and a transform of b replace those of their key; edits, freeze and train of b come behind those of
 * a. `classes` and `labels` are one matter: whichever b gives, it replaces both. What is inherited keeps its place, so that
 * messages show where it is written, and names in it mean what they mean there. */
#include "import.h"

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "file.h"
#include "str.h"

enum { MAX_BASES = 16 };

/* ---- files of a base in another folder ---- */

/* The folder of a base, as seen from the folder of the recipe; "" if they are one. */
static const char *folder_from(struct arena *arena, const char *recipe, const char *base)
{
    const char *here = file_dir(arena, recipe), *there = file_dir(arena, base);
    char *real_here = realpath(here, NULL), *real_there = realpath(there, NULL);
    const size_t n = strlen(here);
    const char *out = there;
    if (real_here && real_there && !strcmp(real_here, real_there))
        out = "";
    else if (!strcmp(here, "./") && there[0] != '/')
        out = there;
    else if (!strncmp(here, there, n))
        out = there + n;
    else if (real_there)
        out = arena_printf(arena, "%s/", real_there);
    out = arena_strdup(arena, out);
    free(real_here);
    free(real_there);
    return out;
}

/* Whether a string for a parameter is the name of a file or of a folder. */
static bool takes_file(const struct ftmrt_param_info *p, const char *text)
{
    return ftmrt_type_is_path(p->type) || p->type == FTMRT_TYPE_WEIGHTS ||
           (p->type == FTMRT_TYPE_WORD_OR_FILE && ftmrt_word_index(p, text) < 0);
}

/* The parameter of a name, or the one at a position where there is no name; NULL: there is none. */
static const struct ftmrt_param_info *param_of(const struct ftmrt_call_info *info, const char *name,
                                               uint32_t position)
{
    for (uint32_t i = 0; info && i < info->param_count; i++)
        if (name ? !strcmp(info->params[i].name, name) : i == position)
            return &info->params[i];
    return NULL;
}

/* The value of a parameter (NULL: of none) with the names of files in it as seen from another folder. */
static struct expr *moved(struct arena *arena, const struct expr *e,
                          const struct ftmrt_param_info *p, const char *folder)
{
    struct expr *out = arena_new(arena, struct expr);
    *out = *e;
    if (e->kind == EXPR_STRING && p && takes_file(p, e->text))
        out->text = file_join(arena, folder, e->text);
    if (e->kind == EXPR_BINARY) {
        out->a = moved(arena, e->a, p, folder);
        out->b = moved(arena, e->b, p, folder);
    }
    if (e->kind == EXPR_LIST) {
        out->items = arena_new(arena, struct exprs);
        for (uint32_t i = 0; i < e->items->list.len; i++)
            vec_push(arena, &out->items->list, moved(arena, e->items->list.at[i], p, folder));
    }
    if (e->kind != EXPR_CALL)
        return out;
    const struct ftmrt_call_info *info = call_find(e->text);
    out->args = arena_new(arena, struct args);
    for (uint32_t i = 0; i < e->args->list.len; i++) {
        struct arg arg = e->args->list.at[i];
        arg.value = moved(arena, arg.value, param_of(info, arg.name, i), folder);
        vec_push(arena, &out->args->list, arg);
    }
    return out;
}

static struct recipe_stmt *moved_stmt(struct arena *arena, const struct recipe_stmt *s,
                                      const char *folder, bool in_data)
{
    struct recipe_stmt *out = arena_new(arena, struct recipe_stmt);
    const struct ftmrt_call_info *block =
        ftmrt_call_info(in_data ? FTMRT_CALL_data : FTMRT_CALL_finetune);
    *out = *s;
    out->values = arena_new(arena, struct exprs);
    for (uint32_t i = 0; i < s->values->list.len; i++)
        vec_push(arena, &out->values->list,
                 moved(arena, s->values->list.at[i], param_of(block, s->name, 0), folder));
    return out;
}

/* A base's statement as the recipe has it. */
static struct recipe_stmt *taken(struct arena *arena, struct recipe_stmt *s, const char *folder,
                                 bool in_data)
{
    return *folder && s->kind == RECIPE_SETTING ? moved_stmt(arena, s, folder, in_data) : s;
}

/* ---- statements ---- */

static struct recipe_stmt *taken_block(struct arena *arena, const struct recipe_stmt *s,
                                       const char *folder)
{
    struct recipe_stmt *out = arena_new(arena, struct recipe_stmt);
    *out = *s;
    out->items = arena_new(arena, struct recipe_stmts);
    for (uint32_t i = 0; i < s->items->list.len; i++)
        vec_push(arena, &out->items->list, taken(arena, s->items->list.at[i], folder, false));
    return out;
}

/* Whether a statement of the recipe replaces one of its base. */
static bool replaces(const struct recipe_stmt *own, const struct recipe_stmt *inherited)
{
    if (own->kind != inherited->kind ||
        (own->kind != RECIPE_SETTING && own->kind != RECIPE_TRANSFORM &&
         own->kind != RECIPE_SEARCH))
        return false;
    const bool classes = !strcmp(own->name, "classes") || !strcmp(own->name, "labels");
    return !strcmp(own->name, inherited->name) ||
           (classes && own->kind == RECIPE_SETTING &&
            (!strcmp(inherited->name, "classes") || !strcmp(inherited->name, "labels")));
}

static bool replaced(const struct recipe_stmts *own, const struct recipe_stmt *inherited)
{
    for (uint32_t i = 0; i < own->list.len; i++)
        if (replaces(own->list.at[i], inherited))
            return true;
    return false;
}

static struct recipe_stmts *merge(struct arena *arena, const struct recipe_stmts *base,
                                  const struct recipe_stmts *own, const char *folder, bool in_data);

/* The `data` of a recipe over that of its base. */
static struct recipe_stmt *merge_data(struct arena *arena, const struct recipe_stmt *base,
                                      const struct recipe_stmt *own, const char *folder)
{
    static const struct recipe_stmts none;
    struct recipe_stmt *out = arena_new(arena, struct recipe_stmt);
    *out = own ? *own : *base;
    out->items = merge(arena, base->items, own ? own->items : &none, folder, true);
    return out;
}

static const struct recipe_stmt *find_data(const struct recipe_stmts *stmts)
{
    for (uint32_t i = 0; i < stmts->list.len; i++)
        if (stmts->list.at[i]->kind == RECIPE_DATA)
            return stmts->list.at[i];
    return NULL;
}

/* The phase or teacher that has the name of s; NULL: there is none, or s is something else. */
static struct recipe_stmt *namesake(const struct recipe_stmts *stmts, const struct recipe_stmt *s)
{
    for (uint32_t i = 0; i < stmts->list.len; i++) {
        struct recipe_stmt *other = stmts->list.at[i];
        if ((s->kind == RECIPE_PHASE || s->kind == RECIPE_TEACHER) && other->kind == s->kind &&
            !strcmp(other->name, s->name))
            return other;
    }
    return NULL;
}

static struct recipe_stmts *merge(struct arena *arena, const struct recipe_stmts *base,
                                  const struct recipe_stmts *own, const char *folder, bool in_data)
{
    struct recipe_stmts *out = arena_new(arena, struct recipe_stmts);
    const struct recipe_stmt *own_data = find_data(own), *base_data = find_data(base);
    for (uint32_t i = 0; i < base->list.len; i++) {
        struct recipe_stmt *s = base->list.at[i];
        if (s == base_data)
            vec_push(arena, &out->list, merge_data(arena, s, own_data, folder));
        else if (namesake(own, s)) /* in the base's order */
            vec_push(arena, &out->list, namesake(own, s));
        else if (s->kind == RECIPE_TEACHER) /* which names a file */
            vec_push(arena, &out->list, taken_block(arena, s, folder));
        else if (!replaced(own, s))
            vec_push(arena, &out->list, taken(arena, s, folder, in_data));
    }
    for (uint32_t i = 0; i < own->list.len; i++) {
        struct recipe_stmt *s = own->list.at[i];
        if ((!base_data || s != own_data) && !namesake(base, s))
            vec_push(arena, &out->list, s);
    }
    return out;
}

/* ---- bases ---- */

/* The nearest name of a recipe of any file to a base's, or NULL. */
static const char *nearest_recipe(const struct files *f, const struct decl *d)
{
    VEC(const char *) names = {0};
    for (uint32_t i = 0; i < f->read.len; i++) {
        const struct map *recipes = &((const struct file *)f->read.entries[i].value)->recipes;
        for (uint32_t k = 0; k < recipes->len; k++)
            if (recipes->entries[k].value != d)
                vec_push(f->arena, &names, recipes->entries[k].key);
    }
    return str_nearest(d->base, names.at, names.len);
}

static const struct decl *report_unknown(struct files *f, const struct decl *d)
{
    diag_report(f->diag, d->base_span, DIAG_UNKNOWN_CALL, "recipe", d->base);
    const char *near = nearest_recipe(f, d);
    if (near)
        diag_note(f->diag, "did you mean '%s'?", near);
    else
        diag_note(f->diag, "a base is the recipe of an imported file");
    return NULL;
}

/* The recipe that d is over, itself with its bases merged; d if it has none, NULL after a report. */
static const struct decl *with_bases(struct files *f, const struct decl *d, uint32_t depth)
{
    if (!d->base)
        return d;
    if (depth == MAX_BASES) {
        diag_report(f->diag, d->base_span, DIAG_BASES, f->finetune->name, MAX_BASES);
        return NULL;
    }
    const struct decl *base = files_base(f, d);
    if (!base)
        return f->import_missing ? NULL : report_unknown(f, d);
    base = with_bases(f, base, depth + 1);
    if (!base)
        return NULL;
    struct decl *out = arena_new(f->arena, struct decl);
    *out = *d;
    out->damaged = d->damaged || base->damaged;
    out->recipe =
        merge(f->arena, base->recipe, d->recipe,
              folder_from(f->arena, d->span.source->path, base->span.source->path), false);
    return out;
}

bool files_inherit(struct files *f)
{
    const struct decl *merged = with_bases(f, f->finetune, 0);
    f->finetune = merged ? merged : f->finetune;
    return merged != NULL;
}

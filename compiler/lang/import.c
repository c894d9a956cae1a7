/* Loads a file and all it imports, each once, and collects their declarations.
 *
 * An import is looked for beside the importing file, then in the -I folders, then among the
 * installed models. A file that imports itself, over whatever way, is an error; a file that is
 * imported twice is read once. */
#include "import.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "str.h"

#include "parse.h"

/* ---- names ---- */

/* The file that a place is in. */
static const struct file *file_at(const struct files *f, struct span at)
{
    for (uint32_t i = 0; at.source && i < f->read.len; i++) {
        const struct file *file = f->read.entries[i].value;
        if (file->source == at.source)
            return file;
    }
    return f->main;
}

const struct decl *files_find(const struct files *f, const char *name, struct span at)
{
    const struct file *file = file_at(f, at);
    for (uint32_t i = 0; i < file->reaches.len; i++) {
        const struct decl *d = map_get(&file->reaches.at[i].file->decls, name);
        if (d)
            return d;
    }
    return NULL;
}

const struct decl *files_base(const struct files *f, const struct decl *d)
{
    const struct file *file = file_at(f, d->span);
    for (uint32_t i = 0; i < file->reaches.len; i++) {
        const struct decl *base = map_get(&file->reaches.at[i].file->recipes, d->base);
        if (base && base != d)
            return base;
    }
    return NULL;
}

bool files_ambiguous(const struct files *f, const char *name, struct span at)
{
    const struct file *file = file_at(f, at);
    const struct decl *found = NULL;
    uint32_t distance = 0;
    for (uint32_t i = 0; i < file->reaches.len; i++) {
        const struct reachable *r = &file->reaches.at[i];
        const struct decl *d = map_get(&r->file->decls, name);
        if (!d || (found && r->distance > distance))
            continue;
        if (found) {
            diag_report(f->diag, at, DIAG_AMBIGUOUS, name, found->span.source->path,
                        d->span.source->path);
            diag_note(f->diag, "a declaration in this file would be nearer than both");
            return true;
        }
        found = d;
        distance = r->distance;
    }
    return false;
}

uint32_t files_names(const struct files *f, struct span at, bool models_only, const char ***names)
{
    const struct file *file = file_at(f, at);
    uint32_t most = 0, n = 0;
    for (uint32_t i = 0; i < file->reaches.len; i++)
        most += file->reaches.at[i].file->decls.len;
    *names = arena_array(f->arena, const char *, most);
    for (uint32_t i = 0; i < file->reaches.len; i++) {
        const struct map *decls = &file->reaches.at[i].file->decls;
        for (uint32_t k = 0; k < decls->len; k++) {
            const struct decl *d = decls->entries[k].value;
            if (!models_only || d->kind == DECL_MODEL)
                (*names)[n++] = decls->entries[k].key;
        }
    }
    return n;
}

static bool reaches(const struct file *from, const struct file *to)
{
    for (uint32_t i = 0; i < from->reaches.len; i++)
        if (from->reaches.at[i].file == to)
            return true;
    return false;
}

/* Breadth first, so that the nearest come first. */
static void find_reached(struct files *f, struct file *file)
{
    vec_push(f->arena, &file->reaches, (struct reachable){file, 0});
    for (uint32_t i = 0; i < file->reaches.len; i++) {
        const struct reachable at = file->reaches.at[i];
        for (uint32_t k = 0; k < at.file->imports.len; k++)
            if (!reaches(file, at.file->imports.at[k]))
                vec_push(f->arena, &file->reaches,
                         (struct reachable){at.file->imports.at[k], at.distance + 1});
    }
}

/* ---- reading ---- */

static struct file *load(struct files *f, const char *path, struct span span, uint32_t depth);

static const char *find_import(struct files *f, const char *from, const char *name)
{
    const char *path = file_join(f->arena, file_dir(f->arena, from), name);
    if (file_exists(path))
        return path;
    for (const char *const *dir = f->options->include_dirs; dir && *dir; dir++) {
        path = file_join(f->arena, *dir, name);
        if (file_exists(path))
            return path;
    }
    path = f->options->models_dir ? file_join(f->arena, f->options->models_dir, name) : NULL;
    return path && file_exists(path) ? path : NULL;
}

static void import(struct files *f, struct file *into, const struct decl *d, uint32_t depth)
{
    const char *path = find_import(f, d->span.source->path, d->name);
    if (path) {
        struct file *file = load(f, path, d->span, depth + 1);
        f->import_missing |= !file;
        if (file)
            vec_push(f->arena, &into->imports, file);
        return;
    }
    f->import_missing = true;
    diag_report(f->diag, d->span, DIAG_IMPORT_MISSING, d->name);
    diag_note(f->diag, "it is looked for beside this file, in the folders given with -I, and in %s",
              f->options->models_dir ? f->options->models_dir : "the installed models");
}

static void report_declared(struct files *f, const struct decl *d, const struct decl *other)
{
    diag_report(f->diag, d->span, DIAG_DUPLICATE_DECL, d->name);
    diag_note(f->diag, "the other one is in %s, line %u", other->span.source->path,
              other->span.line);
}

static void declare(struct files *f, struct map *into, struct decl *d)
{
    const struct decl *other = map_get(into, d->name);
    if (other)
        report_declared(f, d, other);
    else
        map_set(into, d->name, d);
}

static void check_params(struct files *f, const struct decl *d)
{
    for (uint32_t i = 0; i < d->params->list.len; i++)
        for (uint32_t k = 0; k < i; k++)
            if (!strcmp(d->params->list.at[i].name, d->params->list.at[k].name))
                diag_report(f->diag, d->params->list.at[i].span, DIAG_DUPLICATE_DECL,
                            d->params->list.at[i].name);
}

static void add_finetune(struct files *f, struct file *file, struct decl *d, bool main_file)
{
    if (!main_file || !f->finetune)
        declare(f, &file->recipes, d);
    if (!main_file)
        return; /* an imported recipe can be a base */
    if (!f->finetune)
        f->finetune = d;
    else
        diag_report(f->diag, d->span, DIAG_FINETUNE_COUNT, d->span.source->path, "more than one");
}

static void add_decl(struct files *f, struct file *file, struct decl *d, uint32_t depth)
{
    switch (d->kind) {
    case DECL_IMPORT:
        if (depth == 0)
            vec_push(f->arena, &f->imports, d->name);
        import(f, file, d, depth);
        break;
    case DECL_BLOCK:
    case DECL_MODEL:
        check_params(f, d);
        declare(f, &file->decls, d);
        break;
    case DECL_PREPROCESS: vec_push(f->arena, &file->preprocess, d); break;
    case DECL_PUBLISHED: vec_push(f->arena, &file->published, d); break;
    case DECL_FINETUNE: add_finetune(f, file, d, depth == 0); break;
    }
}

/* The canonical path: two ways to a file lead to one. */
static const char *canonical(struct arena *arena, const char *path)
{
    char *real = realpath(path, NULL);
    const char *key = arena_strdup(arena, real ? real : path);
    free(real);
    return key;
}

/* A file that was not read before, empty, or NULL after a report. */
static struct file *new_file(struct files *f, const char *key, const char *path, struct span span,
                             uint32_t depth)
{
    if (f->read.len >= FILES_MAX || depth > FILES_MAX_DEPTH) {
        if (!f->stopped)
            diag_report(f->diag, span, DIAG_TOO_MANY_IMPORTS, FILES_MAX, FILES_MAX_DEPTH);
        f->stopped = true;
        return NULL;
    }
    struct file *file = arena_new(f->arena, struct file);
    map_init(&file->decls, f->arena);
    map_init(&file->recipes, f->arena);
    map_set(&f->read, key, file);
    file->source = parse_load(f->arena, f->diag, path, span);
    return file;
}

/* NULL after a report. */
static struct file *load(struct files *f, const char *path, struct span span, uint32_t depth)
{
    const char *key = canonical(f->arena, path);
    struct file *file = map_get(&f->read, key);
    if (file && file->loading)
        diag_report(f->diag, span, DIAG_IMPORT_CYCLE, path);
    if (file)
        return file->loading || !file->source ? NULL : file;
    file = new_file(f, key, path, span, depth);
    if (!file || !file->source)
        return NULL;
    file->loading = true;
    const struct decls *decls = parse_source(f->arena, f->diag, file->source);
    for (uint32_t i = 0; i < decls->list.len; i++)
        add_decl(f, file, decls->list.at[i], depth);
    file->loading = false;
    find_reached(f, file);
    return file;
}

/* ---- what belongs to a model ---- */

enum { MAX_PRESETS = 16 }; /* that call each other */

/* The preprocess that names the model itself. */
static const struct decl *own_preprocess(const struct files *f, const struct decl *model)
{
    for (uint32_t i = 0; i < f->preprocess.len; i++)
        if (f->preprocess.at[i].model == model)
            return f->preprocess.at[i].steps;
    return NULL;
}

const struct decl *files_preprocess(const struct files *f, const struct decl *model)
{
    for (int depth = 0; model && depth < MAX_PRESETS; depth++) {
        const struct decl *d = own_preprocess(f, model);
        const struct expr *preset = model->preset;
        if (d)
            return d;
        model = preset ? files_find(f, preset->text, preset->span) : NULL;
    }
    return NULL;
}

const struct published *files_published(const struct files *f, const struct decl *model)
{
    for (uint32_t i = 0; i < f->published.len; i++)
        if (f->published.at[i].model == model)
            return f->published.at[i].published;
    return NULL;
}

/* The model that a declaration is about; NULL after a report. */
static const struct decl *model_of(struct files *f, const struct decl *d)
{
    const struct decl *model = files_find(f, d->name, d->span);
    if (!model || model->kind != DECL_MODEL)
        diag_report(f->diag, d->span, DIAG_UNKNOWN_CALL, "model", d->name);
    else if (!files_ambiguous(f, d->name, d->span))
        return model;
    return NULL;
}

static void add_preprocess(struct files *f, const struct decl *d)
{
    const struct decl *model = model_of(f, d);
    const struct decl *other = model ? own_preprocess(f, model) : NULL;
    if (other)
        report_declared(f, d, other);
    else if (model)
        vec_push(f->arena, &f->preprocess, (struct preprocess){model, d});
}

static void add_published(struct files *f, const struct decl *d)
{
    const struct decl *model = model_of(f, d);
    const struct published *p = model ? published_read(f, d) : NULL;
    if (p && files_published(f, model))
        diag_report(f->diag, d->span, DIAG_DUPLICATE_DECL, d->name);
    else if (p)
        vec_push(f->arena, &f->published, (struct published_model){model, p});
}

static void add_facts(struct files *f)
{
    for (uint32_t i = 0; i < f->read.len; i++) {
        const struct file *file = f->read.entries[i].value;
        for (uint32_t k = 0; k < file->preprocess.len; k++)
            add_preprocess(f, file->preprocess.at[k]);
        for (uint32_t k = 0; k < file->published.len; k++)
            add_published(f, file->published.at[k]);
    }
}

/* The resolved recipe is a file of its own: what stands beside the recipe it gets by importing this
 * file. */
static void keep_own_declarations(struct files *f)
{
    if (f->finetune && f->main->decls.len)
        vec_push(f->arena, &f->imports, file_base(f->options->path));
}

bool files_read(struct files *f)
{
    map_init(&f->read, f->arena);
    f->main = load(f, f->options->path, SPAN_NONE, 0);
    if (f->main)
        add_facts(f);
    return f->main != NULL;
}

bool files_load(struct files *f)
{
    uint32_t errors = f->diag->errors;
    if (!files_read(f))
        return false;
    keep_own_declarations(f);
    if (!f->finetune && f->diag->errors == errors) {
        diag_report(f->diag, SPAN_NONE, DIAG_FINETUNE_COUNT, f->options->path, "no");
        diag_note(f->diag, "a file that is compiled has one: `finetune name { model = ...; weights "
                           "= ... }`, a line each");
    }
    return f->finetune && files_inherit(f);
}

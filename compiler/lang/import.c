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

struct file_state {
    bool loading; /* its imports are being read */
};

static bool load(struct files *f, const char *path, struct span span, uint32_t depth);

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

static void import(struct files *f, const struct decl *d, uint32_t depth)
{
    const char *path = find_import(f, d->span.source->path, d->name);
    if (path) {
        f->import_missing |= !load(f, path, d->span, depth + 1);
        return;
    }
    f->import_missing = true;
    diag_report(f->diag, d->span, DIAG_IMPORT_MISSING, d->name);
    diag_note(f->diag, "it is looked for beside this file, in the folders given with -I, and in %s",
              f->options->models_dir ? f->options->models_dir : "the installed models");
}

static void declare(struct files *f, struct map *into, struct decl *d)
{
    const struct decl *other = map_get(into, d->name);
    if (!other) {
        map_set(into, d->name, d);
        return;
    }
    diag_report(f->diag, d->span, DIAG_DUPLICATE_DECL, d->name);
    diag_note(f->diag, "the other one is in %s, line %u", other->span.source->path,
              other->span.line);
}

static void check_params(struct files *f, const struct decl *d)
{
    for (uint32_t i = 0; i < d->params->list.len; i++)
        for (uint32_t k = 0; k < i; k++)
            if (!strcmp(d->params->list.at[i].name, d->params->list.at[k].name))
                diag_report(f->diag, d->params->list.at[i].span, DIAG_DUPLICATE_DECL,
                            d->params->list.at[i].name);
}

static void add_finetune(struct files *f, const struct decl *d, bool main_file)
{
    if (!main_file)
        return; /* an imported recipe lends its models only */
    if (!f->finetune)
        f->finetune = d;
    else
        diag_report(f->diag, d->span, DIAG_FINETUNE_COUNT, d->span.source->path, "more than one");
}

static void add_decls(struct files *f, const struct decls *decls, uint32_t depth)
{
    for (uint32_t i = 0; i < decls->list.len; i++) {
        struct decl *d = decls->list.at[i];
        switch (d->kind) {
        case DECL_IMPORT:
            if (depth == 0)
                vec_push(f->arena, &f->imports, d->name);
            import(f, d, depth);
            break;
        case DECL_BLOCK:
        case DECL_MODEL:
            check_params(f, d);
            declare(f, &f->decls, d);
            break;
        case DECL_PREPROCESS: declare(f, &f->preprocess, d); break;
        case DECL_FINETUNE: add_finetune(f, d, depth == 0); break;
        }
    }
}

static bool load(struct files *f, const char *path, struct span span, uint32_t depth)
{
    char *real = realpath(path, NULL);
    const char *key = arena_strdup(f->arena, real ? real : path);
    free(real);
    struct file_state *file = map_get(&f->read, key);
    if (file && file->loading)
        diag_report(f->diag, span, DIAG_IMPORT_CYCLE, path);
    if (file)
        return !file->loading;
    if (f->read.len >= FILES_MAX || depth > FILES_MAX_DEPTH) {
        if (!f->stopped)
            diag_report(f->diag, span, DIAG_TOO_MANY_IMPORTS, FILES_MAX, FILES_MAX_DEPTH);
        f->stopped = true;
        return false;
    }
    file = arena_new(f->arena, struct file_state);
    file->loading = true;
    map_set(&f->read, key, file);
    const struct source *source = parse_load(f->arena, f->diag, path, span);
    if (source)
        add_decls(f, parse_source(f->arena, f->diag, source), depth);
    file->loading = false;
    return source != NULL;
}

/* Every preprocess belongs to a model. */
static void check_preprocess(struct files *f)
{
    for (uint32_t i = 0; i < f->preprocess.len; i++) {
        const struct decl *d = f->preprocess.entries[i].value, *model = map_get(&f->decls, d->name);
        if (!model || model->kind != DECL_MODEL)
            diag_report(f->diag, d->span, DIAG_UNKNOWN_CALL, "model", d->name);
    }
}

/* The resolved recipe is a file of its own: what stands beside the recipe it gets by importing this
 * file. */
static void keep_own_declarations(struct files *f)
{
    for (uint32_t i = 0; f->finetune && i < f->decls.len; i++) {
        const struct decl *d = f->decls.entries[i].value;
        if (d->span.source != f->finetune->span.source)
            continue;
        vec_push(f->arena, &f->imports, file_base(f->options->path));
        return;
    }
}

bool files_load(struct files *f)
{
    uint32_t errors = f->diag->errors;
    if (!load(f, f->options->path, SPAN_NONE, 0))
        return false;
    check_preprocess(f);
    keep_own_declarations(f);
    if (!f->finetune && f->diag->errors == errors) {
        diag_report(f->diag, SPAN_NONE, DIAG_FINETUNE_COUNT, f->options->path, "no");
        diag_note(f->diag, "a file that is compiled has one: `finetune name { model = ...; weights "
                           "= ... }`, a line each");
    }
    return f->finetune != NULL;
}

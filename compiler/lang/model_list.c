#include "model_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "file.h"
#include "str.h"

const struct net *model_net(const struct files *f, const struct decl *model, int64_t size)
{
    const struct decl recipe = {
        .kind = DECL_FINETUNE, .name = model->name, .span = model->span, .recipe = NULL};
    struct args none = {0};
    const struct expr call = {
        .kind = EXPR_CALL, .text = model->name, .args = &none, .span = model->span, .depth = 1};
    const struct image_size image = {.height = size, .width = size, .transform = "eval"};
    struct frame scope = {.decl = &recipe, .scope = ""};
    struct builder b;
    builder_init(&b, f);
    return build_model(&b, &scope, model, &call, &image) ? b.net : NULL;
}

static bool add_model(struct files *f, const struct published_model *m, const char *path,
                      struct model_list *out)
{
    const struct net *net = model_net(f, m->model, m->published->input);
    const struct decl *preprocess = files_preprocess(f, m->model);
    if (!net)
        return false;
    vec_push(f->arena, &out->list,
             (struct model_entry){.published = m->published,
                                  .file = file_base(path),
                                  .preprocess = preprocess ? preprocess->text : NULL,
                                  .net = net});
    return true;
}

static bool add_file(struct arena *arena, struct diag *diag, const struct lang_options *options,
                     const char *path, const char *name, struct model_list *out)
{
    struct lang_options own = *options;
    own.path = path;
    struct files f = {.arena = arena, .diag = diag, .options = &own};
    bool ok = files_read(&f);
    for (uint32_t i = 0; ok && i < f.published.len; i++) {
        const struct published_model *m = &f.published.at[i];
        if (m->model->span.source != f.main->source)
            continue;
        vec_push(arena, &out->names, m->published->name);
        if (!name || !strcmp(name, m->published->name))
            ok = add_model(&f, m, path, out);
    }
    return ok;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool model_files(struct arena *arena, const char *folder, model_file_names *out)
{
    *out = (model_file_names){0};
    DIR *dir = opendir(folder);
    if (!dir)
        return false;
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
        if (str_ends_with(e->d_name, ".ftm"))
            vec_push(arena, out, arena_strdup(arena, e->d_name));
    closedir(dir);
    if (out->len)
        qsort(out->at, out->len, sizeof *out->at, by_name);
    return true;
}

static bool add_folder(struct arena *arena, struct diag *diag, const struct lang_options *options,
                       const char *folder, const char *name, struct model_list *out)
{
    model_file_names names;
    if (!model_files(arena, folder, &names)) {
        diag_system(diag, folder, errno);
        return false;
    }
    bool ok = true;
    for (uint32_t i = 0; i < names.len; i++)
        ok = add_file(arena, diag, options, file_join(arena, folder, names.at[i]), name, out) && ok;
    return ok;
}

bool lang_models(struct arena *arena, struct diag *diag, const struct lang_options *options,
                 const char *name, struct model_list *out)
{
    bool ok = true;
    for (const char *const *dir = options->include_dirs; dir && *dir; dir++)
        ok = add_folder(arena, diag, options, *dir, name, out) && ok;
    if (options->models_dir)
        ok = add_folder(arena, diag, options, options->models_dir, name, out) && ok;
    return ok;
}

/* The published models that come with the compiler, or stand in the folders of imports: for `ftmc models`. */
#ifndef FTM_LANG_MODEL_LIST_H
#define FTM_LANG_MODEL_LIST_H

#include "lang.h"
#include "published.h"

struct model_entry {
    const struct published *published;
    const char *file;       /* that declares it, as an import names it */
    const char *preprocess; /* its steps as written, or NULL */
    const struct net *net;  /* for images of published->input */
};

struct model_list {
    VEC(struct model_entry) list; /* in the order of the files' names, then of the declarations */
    VEC(const char *) names;      /* of all, wanted or not */
};

/* Reads all .ftm files of the -I folders and of the installed models. name: of the only model that is wanted, or NULL. false
 * after reports. */
bool lang_models(struct arena *arena, struct diag *diag, const struct lang_options *options,
                 const char *name, struct model_list *out);

typedef VEC(const char *) model_file_names;

/* The names of the .ftm files in a folder, in order; false, with errno set: it cannot be read. */
bool model_files(struct arena *arena, const char *folder, model_file_names *out);

struct decl;
struct files;
/* The network of a model for square images of a size, with its own defaults. NULL after reports. */
const struct net *model_net(const struct files *f, const struct decl *model, int64_t size);

#endif

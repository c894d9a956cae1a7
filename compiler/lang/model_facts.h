/* What a recipe for a model has to know of it: for `ftmc init`. */
#ifndef FTM_LANG_MODEL_FACTS_H
#define FTM_LANG_MODEL_FACTS_H

#include "import.h"

struct model_facts {
    const char *name, *file;           /* as it is called, and imported */
    const struct published *published; /* or NULL */
    bool has_classes;                  /* it takes `classes` */
    double bn_momentum; /* the default of its parameter of that name; 0: it has none */
    bool any_size;      /* the sizes of its images are not fixed */
    int64_t size;       /* shorter side of the images that its preprocess makes */
    const char *head,
        *head_call; /* the last layer whose parameters make channels, and the call of another one for
                       `classes`; NULL: there is none */
    const struct decl *model, *preprocess; /* preprocess: or NULL */
    struct files *files;
};

/* Looks a model up in the -I folders and among the installed ones. false after a report. */
bool lang_model_facts(struct arena *arena, struct diag *diag, const struct lang_options *options,
                      const char *name, struct model_facts *out);

/* The file among them that declares a model, or NULL. */
const char *lang_model_file(struct arena *arena, const struct lang_options *options,
                            const char *name);

/* The steps of its preprocess for images of `size`, as a recipe writes them; NULL: they are the preprocess as it is. square:
 * a step in front of a resize to the size, which then stands for all steps that change sizes, or "": there is none; or NULL. */
const char *model_transform(const struct model_facts *m, int64_t size, const char *square);

#endif

/* The recipe's weight file: paths start at the .ftm's folder. */
#include "bind.h"

#include "file.h"
#include "published.h"

/* Where a file would have to be that is not there, and where it comes from. */
static void advise(struct diag *diag, const struct recipe *r, const char *path, const char *file)
{
    if (path[0] != '/')
        diag_note(diag, "names of files start at the folder of the recipe");
    if (r->published)
        published_advise(diag, r->published, file);
    else
        diag_note(diag, "`ftmc models` lists the networks whose weights are published, and `ftmc "
                        "models NAME` says where");
}

bool bind_open_weights(struct arena *arena, struct diag *diag, const struct recipe *r,
                       const char *dir, struct weights **out)
{
    *out = NULL;
    const char *path = recipe_text(r, FTMRT_PARAM_finetune_weights);
    if (!path)
        return true;
    const char *file = file_join(arena, dir, path);
    const char *best = file_join(arena, file, "best.safetensors"); /* of a run's folder */
    if (file_exists(best))
        file = best;
    *out = weights_open(arena, diag, file, r->from, r->weights_span);
    if (!*out && !file_exists(file))
        advise(diag, r, path, file);
    return *out != NULL;
}

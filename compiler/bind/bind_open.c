/* The recipe's weight file: paths start at the .ftm's folder. */
#include "bind.h"

#include "file.h"
#include "published.h"

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
    if (!*out && r->published && !file_exists(file))
        published_advise(diag, r->published, file);
    return *out != NULL;
}

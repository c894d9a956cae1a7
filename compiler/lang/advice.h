/* How to train, where a recipe does not say (advice.def): the defaults of a recipe, and what `ftmc init` writes. */
#ifndef FTM_LANG_ADVICE_H
#define FTM_LANG_ADVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "recipe.h"

enum advice_trains { ADVICE_HEAD, ADVICE_ALL, ADVICE_RANDOM };

/* A situation, and what is good in it; calls as a recipe writes them. */
struct advice {
    enum advice_trains trains;
    int64_t least; /* pictures per class */
    const char *optimizer, *schedule;
    int64_t epochs;
    const char *reason, *measured;
};

/* What is good for pictures whose shorter side is at most so long: the size of the network's images; or up to how many
 * pictures of a class the pretrained network stays frozen. */
struct advice_pictures {
    int64_t side, value; /* side 0: any */
    const char *reason, *measured;
};

/* The row for so many pictures per class; below 0: it is not known how many. */
const struct advice *advice_find(enum advice_trains trains, int64_t per_class);
/* The row that says up to how many pictures of a class `init` freezes the pretrained network. */
const struct advice_pictures *advice_frozen_find(int64_t side);
/* NULL: pictures are large enough for the size that the network was trained at. */
const struct advice_pictures *advice_size_find(int64_t side);

/* All rows, by number; NULL behind the last. */
const struct advice *advice_row(uint32_t i);
const struct advice_pictures *advice_frozen_row(uint32_t i);
const struct advice_pictures *advice_size_row(uint32_t i);

/* How many samples a data source has, as far as that can be seen at once: the files in a folder of classes, the count in the
 * head of a file or array. base: the folder of its paths. -1: it cannot be seen. */
int64_t samples_count(struct arena *arena, const char *base, const struct ftmrt_call *source);
/* The same of a file: IDX (also gzipped) or .npy. */
int64_t samples_in_file(const char *path);

struct recipe_reader;
struct frame;

/* Fills in optimizer, schedule and epochs, as far as the recipe names none; the network is built and frozen. */
void read_advice(struct recipe_reader *r, struct frame *scope);

#endif

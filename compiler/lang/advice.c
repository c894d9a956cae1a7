#include "advice.h"

#include <string.h>

#include "file.h"
#include "parse.h"
#include "recipe_reader.h"

/* ---- the rows ---- */

static const struct advice rows[] = {
#define FTM_ADVICE(trains, least, optimizer, schedule, epochs, reason, measured)                   \
    {ADVICE_##trains, least, optimizer, schedule, epochs, reason, measured},
#include "advice.def"
};

static const struct advice_pictures sizes[] = {
#define FTM_ADVICE_SIZE(side, size, reason, measured) {side, size, reason, measured},
#include "advice.def"
};

static const struct advice_pictures frozen[] = {
#define FTM_ADVICE_FROZEN(side, most, reason, measured) {side, most, reason, measured},
#include "advice.def"
};

enum {
    ROWS = sizeof rows / sizeof *rows,
    SIZES = sizeof sizes / sizeof *sizes,
    FROZEN = sizeof frozen / sizeof *frozen,
    USUAL_PER_CLASS = 100 /* where it is not known */
};

const struct advice *advice_row(uint32_t i) { return i < ROWS ? &rows[i] : NULL; }

const struct advice_pictures *advice_size_row(uint32_t i) { return i < SIZES ? &sizes[i] : NULL; }

const struct advice_pictures *advice_frozen_row(uint32_t i)
{
    return i < FROZEN ? &frozen[i] : NULL;
}

/* The first row of some for pictures of such a side, or NULL. */
static const struct advice_pictures *find_side(const struct advice_pictures *at, int count,
                                               int64_t side)
{
    for (int i = 0; i < count; i++)
        if (side <= at[i].side || !at[i].side)
            return &at[i];
    return NULL;
}

const struct advice_pictures *advice_frozen_find(int64_t side)
{
    return find_side(frozen, FROZEN, side);
}

const struct advice_pictures *advice_size_find(int64_t side)
{
    return find_side(sizes, SIZES, side);
}

const struct advice *advice_find(enum advice_trains trains, int64_t per_class)
{
    const struct advice *found = NULL;
    const int64_t count = per_class < 0 ? USUAL_PER_CLASS : per_class;
    for (int i = 0; i < ROWS; i++)
        if (rows[i].trains == trains && rows[i].least <= count)
            found = &rows[i];
    return found;
}

/* ---- the defaults of a recipe ---- */

static enum advice_trains what_trains(const struct recipe_reader *r)
{
    const struct net *net = r->builder->net;
    const uint32_t every = recipe_every_phase(r->recipe);
    if (!recipe_text(r->recipe, FTMRT_PARAM_finetune_weights))
        return ADVICE_RANDOM;
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        if (l->param_count && !l->added && l->frozen != every)
            return ADVICE_ALL;
    }
    return ADVICE_HEAD;
}

static int64_t per_class(const struct recipe_reader *r)
{
    const int64_t classes = recipe_classes(r->recipe);
    const struct ftmrt_call *data = recipe_call(r->recipe, FTMRT_PARAM_finetune_data);
    const struct ftmrt_call *train = ftmrt_call_inner(data, FTMRT_PARAM_data_train);
    const int64_t count =
        train ? samples_count(r->arena, file_dir(r->arena, r->files->options->path), train) : -1;
    return count < 0 || classes < 1 ? -1 : count / classes;
}

/* A setting that is not written, from its text. */
static void set_default(struct recipe_reader *r, struct frame *scope, enum ftmrt_param param,
                        const char *text)
{
    const struct ftmrt_param_info *p =
        &ftmrt_call_info(FTMRT_CALL_finetune)->params[param % FTMRT_PARAM_LIMIT];
    if (find_setting(r, RECIPE_SETTING, p->name))
        return;
    struct source *source = arena_new(r->arena, struct source);
    *source = (struct source){.path = "advice", .text = text, .size = strlen(text)};
    const struct exprs *values = parse_values(r->arena, r->diag, source);
    struct value v;
    if (values && param_value(r->builder, scope, p, values->list.at[0], &v))
        *recipe_setting(r->recipe, param) = plain_arg(r->arena, &v);
}

void read_advice(struct recipe_reader *r, struct frame *scope)
{
    const struct advice *a = advice_find(what_trains(r), per_class(r));
    set_default(r, scope, FTMRT_PARAM_finetune_optimizer, a->optimizer);
    set_default(r, scope, FTMRT_PARAM_finetune_schedule, a->schedule);
    set_default(r, scope, FTMRT_PARAM_finetune_epochs,
                arena_printf(r->arena, "%lld", (long long)a->epochs));
}

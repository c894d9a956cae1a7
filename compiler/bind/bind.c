/* Binding: which tensor of the weight file becomes which parameter, and what is wrong with the two.
 *
 * Every parameter of a layer that the model declared must find its tensor, of its shape and type;
 * layers that the recipe added take none, even under an old name, unless the file was trained by a
 * recipe that had added them, too (bind_trained.c). All defects are reported in one
 * run. What the file has beyond that gets a fate, which `ftmc map` prints; a warning names what
 * belongs to no layer at all. */
#include "bind.h"

#include "bind_parts.h"

#include <inttypes.h>
#include <string.h>

#include "map.h"
#include "str.h"

enum { NAMED_LEFTOVERS = 5, SUMMARISED = 4 };

struct bind {
    struct arena *arena;
    struct diag *diag;
    const struct net *net;
    const struct recipe *recipe;
    const struct weights *weights;
    struct binding *b;
    struct bind_key *keys; /* per tensor */
    struct map by_key;     /* key -> struct weight_tensor of weights */
    uint32_t errors;       /* of this stage */
    bool trained;          /* training has left the file */
    bool bad_keys;         /* patterns are wrong: what is missing follows from that */
    const char *prefix;    /* that `strip` should remove: reported once */
    bool other_network;    /* most parameters have no tensor: reported once */
};

static const struct layer *layer_of(const struct bind *c, const struct net_param *p)
{
    return &c->net->layers.at[p->layer.i];
}

/* ---- advice ---- */

/* A tensor that is called NAME behind a prefix other than `not`: what `strip` would take away, or NULL. */
static const char *find_prefix(const struct bind *c, const char *name, const char *not)
{
    for (uint32_t i = 0; i < c->weights->tensors.len; i++) {
        const char *key = c->keys[i].name;
        const size_t extra = strlen(key) > strlen(name) ? strlen(key) - strlen(name) : 0;
        if (extra && key[extra - 1] == '.' && !strcmp(key + extra, name) &&
            !(not && strlen(not) == extra && !strncmp(not, key, extra)))
            return arena_strndup(c->arena, key, extra);
    }
    return NULL;
}

/* The nearest key that no parameter has, without the prefix that was reported. */
static const char *nearest_key(const struct bind *c, const char *name)
{
    const char **candidates = arena_array(c->arena, const char *, c->weights->tensors.len + 1);
    const size_t skip = c->prefix ? strlen(c->prefix) : 0;
    size_t count = 0;
    for (uint32_t i = 0; i < c->weights->tensors.len; i++) {
        const enum tensor_fate fate = c->b->uses.at[i].fate;
        const char *key = c->keys[i].name;
        if (fate == TENSOR_NO_LAYER || fate == TENSOR_NO_PARAMETER)
            candidates[count++] = skip && !strncmp(key, c->prefix, skip) ? key + skip : key;
    }
    return str_nearest(name, candidates, count);
}

/* What to do about a parameter that the file has in another form, or NULL. */
static const char *part_advice(const struct bind *c, const struct net_param *p)
{
    static const struct {
        const char *before, *after, *advice;
    } rows[] = {
#define TENSOR_PART(before, after, advice) {before, after, advice},
#include "tensor_part.def"
#undef TENSOR_PART
    };
    const int path = (int)(strlen(p->name) - strlen(p->param->name));
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        const char *key = arena_printf(c->arena, "%.*s%s%s%s", path, p->name, rows[k].before,
                                       p->param->name, rows[k].after);
        if (map_has(&c->by_key, key))
            return arena_printf(c->arena, "the file has '%s': %s", key, rows[k].advice);
    }
    return NULL;
}

static bool skipped_by_name(const struct bind *c, const char *name)
{
    for (uint32_t i = 0; i < c->weights->tensors.len; i++) {
        if (c->keys[i].skipped && !strcmp(c->keys[i].name, name))
            return true;
    }
    return false;
}

/* A file in which most parameters have no tensor is another network's: one report says so instead of one for each. */
static bool report_other_network(struct bind *c, const struct net_param *first)
{
    uint32_t wanted = 0, found = 0;
    for (uint32_t i = 0; i < c->b->params.len; i++) {
        const struct net_param *p = &c->b->params.at[i];
        if (p->param->kind == LAYER_COUNTER || p->fresh)
            continue;
        wanted++;
        found += map_has(&c->by_key, p->name) || skipped_by_name(c, p->name);
    }
    if (wanted < SUMMARISED || found > wanted / 4)
        return false;
    diag_report(c->diag, layer_of(c, first)->span, DIAG_WEIGHT_MISSING, first->name,
                c->weights->path);
    diag_note(
        c->diag,
        "only %u of %u parameters and statistics have a tensor of their name there: is it the "
        "file of this network? `ftmc map` shows both sides",
        (unsigned)found, (unsigned)wanted);
    c->other_network = true;
    return true;
}

static void report_missing(struct bind *c, const struct net_param *p)
{
    const char *prefix = c->diag->dropped ? NULL : find_prefix(c, p->name, NULL);
    c->errors++;
    if (c->bad_keys || c->other_network || (prefix && c->prefix && !strcmp(prefix, c->prefix)))
        return;
    if (!prefix && !c->prefix && report_other_network(c, p))
        return;
    diag_report(c->diag, layer_of(c, p)->span, DIAG_WEIGHT_MISSING, p->name, c->weights->path);
    const char *other = prefix ? find_prefix(c, p->name, prefix) : NULL;
    const char *part = prefix || c->diag->dropped ? NULL : part_advice(c, p);
    const char *nearest = prefix || part || c->diag->dropped ? NULL : nearest_key(c, p->name);
    if (part)
        diag_note(c->diag, "%s", part);
    else if (prefix)
        diag_note(c->diag, "the file has '%s%s': write `weights = \"%s\" { strip \"%s\" }`", prefix,
                  p->name, recipe_text(c->recipe, FTMRT_PARAM_finetune_weights), prefix);
    else if (nearest)
        diag_note(c->diag,
                  "did you mean '%s'? `rename` maps keys of the file to names of the model",
                  nearest);
    if (other)
        diag_note(c->diag, "it also has '%s%s': which of the two are the weights?", other, p->name);
    c->prefix = prefix ? prefix : c->prefix;
}

/* A first convolution of other channels: the network was trained on other pictures. */
static void advise_channels(struct bind *c, int64_t channels)
{
#define IMAGE_CHANNELS(count, what, step)                                                          \
    if (channels == (count))                                                                       \
        diag_note(c->diag, "the file's network reads " what " pictures: declare its image as "     \
                           "f32[" #count ", H, W], with `" step "` in the transforms");
#include "image_channels.def"
#undef IMAGE_CHANNELS
}

static bool reads_image(const struct bind *c, const struct layer *l)
{
    return l->input_count == 1 && !c->net->layers.at[l->inputs[0].i].row;
}

/* What does not fit after an edit was reported with the edit; what is left is another architecture
 * or another number of classes. */
static void advise_shape(struct bind *c, const struct net_param *p, const struct weight_tensor *t)
{
    const struct layer *l = layer_of(c, p);
    const struct shape *s = &p->param->type.shape;
    const bool added = c->trained && bind_was_added(c->arena, c->b, p->name);
    if (p->layer.i == c->net->outputs.at[0].layer.i && s->rank == 2 && t->rank == 2 &&
        t->dim[1] == s->dim[1])
        diag_note(
            c->diag,
            added ? "the recipe that trained the file had added the layer: with that edit here, "
                    "too, as `replace %s with linear(classes)`, it is taken"
                  : "a head for other classes is a new layer: `replace %s with linear(classes)`",
            l->path);
    if (reads_image(c, l) && s->rank == 4 && t->rank == 4 && t->dim[0] == s->dim[0] &&
        t->dim[1] != s->dim[1])
        advise_channels(c, t->dim[1]);
}

/* ---- checks of one pair ---- */

bool bind_same_shape(const struct net_param *p, const struct weight_tensor *t, bool folded)
{
    const struct shape *s = &p->param->type.shape;
    if (p->param->kind == LAYER_COUNTER)
        return true; /* what is not one value is a defect of the counter */
    if (folded && s->rank && t->rank && t->rank <= SHAPE_MAX_RANK)
        return t->dim[0] == s->dim[0] && weight_elements(t) == shape_elements(s, 1);
    bool same = t->rank == s->rank;
    for (uint32_t i = 0; same && i < t->rank; i++)
        same = t->dim[i] == s->dim[i];
    return same;
}

static bool check_counter(struct bind *c, const struct net_param *p, const struct weight_tensor *t)
{
    const char *defect = weight_counter_defect(c->arena, t);
    if (!defect)
        return true;
    diag_report(c->diag, layer_of(c, p)->span, DIAG_WEIGHT_UNUSABLE, p->name, c->weights->path,
                defect);
    diag_note(c->diag, "`skip \"%s\"` in the weights block lets it start from 0", p->name);
    c->errors++;
    return false;
}

static bool check_pair(struct bind *c, const struct net_param *p, const struct weight_tensor *t)
{
    char shape[96];
    if (t->unusable) {
        diag_report(c->diag, layer_of(c, p)->span, DIAG_WEIGHT_UNUSABLE, p->name, c->weights->path,
                    t->unusable);
        c->errors++;
        return false;
    }
    if (p->param->kind == LAYER_COUNTER)
        return check_counter(c, p, t);
    if (!bind_same_shape(p, t, bind_by_scheme(c->b->way))) {
        diag_report(c->diag, layer_of(c, p)->span, DIAG_WEIGHT_SHAPE, p->name,
                    shape_text(&p->param->type.shape, shape, sizeof shape),
                    weight_shape_text(c->arena, t), c->weights->path);
        c->errors++;
        advise_shape(c, p, t);
        return false;
    }
    if (ftmrt_dtype_is_float(t->dtype))
        return true;
    diag_report(c->diag, layer_of(c, p)->span, DIAG_WEIGHT_DTYPE, p->name, "a float",
                ftmrt_dtype_name(t->dtype), c->weights->path);
    c->errors++;
    diag_note(c->diag, "parameters are read from F32, F64, F16 and BF16");
    return false;
}

/* "1 value", "2 values", behind which `one` or `more` follows. */
static const char *values_text(struct bind *c, int64_t count, const char *one, const char *more)
{
    return arena_printf(c->arena, "%" PRId64 " value%s%s", count, count == 1 ? "" : "s",
                        count == 1 ? one : more);
}

/* A statistic that begins at 1 is a variance: means begin at 0. */
static bool is_variance(const struct layer_param *p)
{
    return p->kind == LAYER_STATISTIC && p->init == FTMRT_INIT_ONES;
}

/* What a tensor's values will do to the network. */
static void warn_values(struct bind *c, const struct net_param *p, const struct weight_tensor *t)
{
    const int64_t bad = weight_count_not_finite(t);
    const int64_t negative = is_variance(p->param) ? weight_count_negative(t) : 0;
    if (bad)
        diag_report(c->diag, layer_of(c, p)->span, DIAG_WEIGHT_NOT_FINITE, p->name,
                    c->weights->path, values_text(c, bad, " that is", " that are"));
    if (negative)
        diag_report(c->diag, layer_of(c, p)->span, DIAG_NEGATIVE_VARIANCE, p->name,
                    c->weights->path, values_text(c, negative, "", ""));
}

static void take(struct bind *c, struct net_param *p, const struct weight_tensor *t)
{
    struct weight_tensor copy = *t;
    copy.name = p->name;
    if (p->param->kind == LAYER_COUNTER && t->rank) {
        copy.rank = 0;
        copy.origin = FTMRT_ORIGIN_MADE; /* of an axis less */
    }
    if (p->param->type.dtype == FTMRT_F32)
        warn_values(c, p, &copy);
    p->source = (int32_t)c->b->tensors.len;
    vec_push(c->arena, &c->b->tensors, copy);
}

static bool takes_rows(const struct bind *c, const struct net_param *p,
                       const struct weight_tensor *t)
{
    return c->trained && !t->unusable && bind_rows_fit(c->b->rows, p, t);
}

static void take_rows(struct bind *c, struct net_param *p, const struct weight_tensor *t)
{
    const uint64_t seed = (uint64_t)recipe_integer(c->recipe, FTMRT_PARAM_finetune_seed);
    const struct weight_tensor rows =
        bind_take_rows(c->arena, c->b->rows, p, t, bind_file_name(c->arena, c->b, p->name), seed);
    take(c, p, &rows);
}

/* ---- the two sides ---- */

static void classify_tensors(struct bind *c)
{
    const uint32_t count = c->weights->tensors.len;
    c->keys = arena_array(c->arena, struct bind_key, count + 1);
    c->trained = bind_is_trained_file(c->weights);
    if (c->trained && c->recipe->given_weights) /* what the recipe says is of its own file's keys */
        bind_own_keys(c->weights, c->keys);
    else if (!bind_keys(c->arena, c->diag, c->recipe, c->weights, c->keys))
        c->bad_keys = true;
    c->errors += c->bad_keys;
    if (!c->bad_keys)
        bind_known_names(c->arena, c->net, c->b, c->keys);
    for (uint32_t i = 0; i < count; i++) {
        const enum tensor_fate fate = c->keys[i].skipped                   ? TENSOR_SKIPPED
                                      : c->weights->tensors.at[i].unusable ? TENSOR_UNUSABLE
                                                                           : TENSOR_NO_LAYER;
        vec_push(c->arena, &c->b->uses, (struct tensor_use){c->keys[i].name, fate, UINT32_MAX});
        if (!c->keys[i].skipped)
            map_set(&c->by_key, c->keys[i].name, &c->weights->tensors.at[i]);
    }
}

/* The fate of a tensor that no parameter is called like, from the layer that its key names. */
static void explain_leftover(const struct bind *c, struct tensor_use *use)
{
    const char *path = str_path_parent(c->arena, use->name);
    for (uint32_t i = 0; i < c->net->layers.len; i++) {
        const struct layer *l = &c->net->layers.at[i];
        if (!l->path || !path || l->dead)
            continue;
        if (l->added && (str_path_within(path, l->path) || str_path_within(l->path, path))) {
            use->fate = TENSOR_REPLACED;
            return;
        }
        if (!strcmp(l->path, path))
            use->fate = TENSOR_NO_PARAMETER;
    }
}

static struct tensor_use *use_of(struct bind *c, const struct weight_tensor *t)
{
    return &c->b->uses.at[t - c->weights->tensors.at];
}

static void mark_named(struct bind *c)
{
    for (uint32_t i = 0; i < c->b->params.len; i++) {
        const struct net_param *p = &c->b->params.at[i];
        const struct weight_tensor *t = map_get(&c->by_key, p->name);
        if (!t)
            continue;
        use_of(c, t)->param = i;
        if (p->fresh)
            use_of(c, t)->fate = TENSOR_REPLACED;
        else if (!t->unusable)
            use_of(c, t)->fate = TENSOR_USED;
    }
    for (uint32_t i = 0; i < c->b->uses.len; i++) {
        if (c->b->uses.at[i].fate == TENSOR_NO_LAYER)
            explain_leftover(c, &c->b->uses.at[i]);
    }
}

static void bind_param(struct bind *c, struct net_param *p)
{
    const struct weight_tensor *t = map_get(&c->by_key, p->name);
    if (p->fresh)
        return;
    if (t) {
        if (takes_rows(c, p, t))
            take_rows(c, p, t);
        else if (check_pair(c, p, t))
            take(c, p, t);
        else if (!t->unusable)
            use_of(c, t)->fate = TENSOR_MISFIT;
        return;
    }
    /* Files from before PyTorch 0.4.1 have no counters; PyTorch accepts them too. */
    if (p->param->kind != LAYER_COUNTER && !skipped_by_name(c, p->name))
        report_missing(c, p);
}

static void warn_leftovers(struct bind *c)
{
    struct strbuf names;
    strbuf_init(&names, c->arena);
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->b->uses.len; i++) {
        const enum tensor_fate fate = c->b->uses.at[i].fate;
        if (fate != TENSOR_NO_LAYER && fate != TENSOR_NO_PARAMETER)
            continue;
        if (count < NAMED_LEFTOVERS)
            strbuf_addf(&names, "%s'%s'", count ? ", " : "", c->b->uses.at[i].name);
        count++;
    }
    if (!count)
        return;
    if (count > NAMED_LEFTOVERS)
        strbuf_addf(&names, " and %u more", (unsigned)(count - NAMED_LEFTOVERS));
    diag_report(c->diag, c->recipe->weights_span, DIAG_WEIGHT_LEFTOVER, c->weights->path,
                arena_printf(c->arena, "%u tensor%s", (unsigned)count, count == 1 ? "" : "s"),
                names.text);
    diag_note(c->diag, "`ftmc map` shows both sides; `skip` in the weights block silences this");
}

static bool random_init(enum ftmrt_init init)
{
    return init == FTMRT_INIT_DEFAULT || init == FTMRT_INIT_KAIMING_NORMAL ||
           init == FTMRT_INIT_NORMAL;
}

/* Whether a parameter is frozen with values that were drawn. */
/* What `adapt` adds changes nothing until it is trained: half of it starts as 0. */
static bool is_frozen_random(const struct bind *c, const struct net_param *p)
{
    if (c->net->layers.at[p->layer.i].adapt)
        return false;
    const bool drawn = p->source < 0 || c->b->tensors.at[p->source].origin == FTMRT_ORIGIN_DRAWN;
    return !p->param->trainable && drawn && random_init(p->param->init);
}

/* One warning, at the first layer, for all. */
static void warn_frozen_random(struct bind *c)
{
    uint32_t first = UINT32_MAX, last = UINT32_MAX, more = 0;
    for (uint32_t i = 0; i < c->b->params.len; i++) {
        const struct net_param *p = &c->b->params.at[i];
        if (!is_frozen_random(c, p) || p->layer.i == last)
            continue;
        more += first != UINT32_MAX;
        first = first == UINT32_MAX ? i : first;
        last = p->layer.i;
    }
    if (first == UINT32_MAX)
        return;
    const struct layer *l = layer_of(c, &c->b->params.at[first]);
    diag_report(c->diag, l->span, DIAG_FROZEN_RANDOM, l->path);
    if (more)
        diag_note(c->diag, "and so %s %u more layer%s", more == 1 ? "is" : "are", (unsigned)more,
                  more == 1 ? "" : "s");
    diag_note(c->diag, "train it, or give it weights or `init = identity`");
}

bool bind_weights(struct arena *arena, struct diag *diag, const struct net *net,
                  const struct recipe *r, const struct weights *weights, struct binding **out)
{
    struct bind c = {.arena = arena, .diag = diag, .net = net, .recipe = r, .weights = weights};
    *out = c.b = arena_new(arena, struct binding);
    c.b->weights = weights;
    bind_list_params(arena, net, c.b);
    map_init(&c.by_key, arena);
    if (weights) {
        classify_tensors(&c);
        if (c.trained)
            bind_take_up(arena, diag, net, r, &c.by_key, c.b);
        mark_named(&c);
        for (uint32_t i = 0; i < c.b->params.len; i++)
            bind_param(&c, &c.b->params.at[i]);
        c.b->whole = c.trained && r->given_weights && bind_all_trained(c.b);
        if (!c.errors)
            warn_leftovers(&c);
    }
    if (!c.errors)
        warn_frozen_random(&c);
    return c.errors == 0;
}

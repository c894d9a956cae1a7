/* Trained files of the recipe's own network: what a second training takes up of what the first one left.
 *
 * A layer that the recipe adds takes nothing from a weight file - unless training left the file, by a recipe that had added
 * the layer, too, and its tensors fit: then it is the same layer, and not new. */
#include "bind_parts.h"

#include <string.h>

#include "map.h"
#include "str.h"

enum { NAMED = 5 };

struct take_up {
    struct arena *arena;
    struct diag *diag;
    const struct net *net;
    struct binding *b;
    const struct map *tensors; /* of the file, by the network's names */
    VEC(const char *) taken;   /* names of added layers that are taken from it */
};

bool bind_is_trained_file(const struct weights *w)
{
    return weights_find_metadata(w, "recipe") && weights_find_metadata(w, "classes");
}

/* ---- words ---- */

const char *bind_name_list(struct arena *arena, const char *const *names, uint32_t count)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    for (uint32_t i = 0; i < count && i < NAMED; i++)
        strbuf_addf(&b, "%s%s", !i ? "" : i + 1 == count ? " and " : ", ", names[i]);
    if (count > NAMED)
        strbuf_addf(&b, " and %u more", (unsigned)(count - NAMED));
    return count ? b.text : "";
}

static bool has_line(const char *lines, const char *line)
{
    const size_t n = strlen(line);
    for (; *lines; lines += strcspn(lines, "\n") + (lines[strcspn(lines, "\n")] == '\n'))
        if (strcspn(lines, "\n") == n && !strncmp(lines, line, n))
            return true;
    return false;
}

/* ---- one layer ---- */

bool bind_was_added(struct arena *arena, const struct binding *b, const char *param)
{
    const char *added = weights_find_metadata(b->weights, "added");
    return !added || has_line(added, bind_file_name(arena, b, param));
}

bool bind_was_learnt(struct arena *arena, const struct binding *b, const struct net_param *p)
{
    const char *trained = b->weights ? weights_find_metadata(b->weights, "trained") : NULL;
    if (!trained)
        return p->param->learnt;
    return !strcmp(trained, "all") || has_line(trained, bind_file_name(arena, b, p->name));
}

/* Why a parameter of an added layer takes nothing; NULL: it can take its tensor. */
static const char *defect(const struct take_up *c, const struct net_param *p)
{
    const struct class_rows *rows = c->b->rows;
    const struct weight_tensor *t = map_get(c->tensors, p->name);
    const bool head = rows->layer.i == LAYER_NONE.i || bind_is_row_layer(rows, p->layer);
    if (!t)
        return "the file was trained without it";
    if (t->unusable)
        return t->unusable;
    if (bind_rows_fit(rows, p, t))
        return NULL;
    if (head && !rows->same)
        return "the file was trained for other classes";
    return bind_same_shape(p, t, false) ? NULL : "its tensor in the file is of another shape";
}

/* The first defect among the parameters from first to end, those of a layer. */
static const char *layer_defect(const struct take_up *c, uint32_t first, uint32_t end)
{
    const char *why = NULL;
    for (uint32_t i = first; !why && i < end; i++)
        if (c->b->params.at[i].param->kind != LAYER_COUNTER)
            why = defect(c, &c->b->params.at[i]);
    return why;
}

/* Tensors that fit, of a layer that the file's network declared and this recipe replaces. */
static void warn_replaced(struct take_up *c, const struct layer *l)
{
    diag_report(c->diag, l->span, DIAG_TRAINED_REPLACED, l->path, c->b->weights->path);
    diag_note(c->diag, "to keep them leave the edit out; where the model's own layer is of another "
                       "shape, call the model with this one's, as in `model = net(classes = 10)`");
}

static void settle_layer(struct take_up *c, uint32_t first, uint32_t end)
{
    const struct layer *l = &c->net->layers.at[c->b->params.at[first].layer.i];
    const char *why = layer_defect(c, first, end);
    if (!why && !bind_was_added(c->arena, c->b, c->b->params.at[first].name)) {
        warn_replaced(c, l);
        why = "the file's recipe had not added it: leave the edit out to keep the tensors";
    }
    for (uint32_t i = first; i < end; i++) {
        c->b->params.at[i].fresh = why != NULL;
        c->b->params.at[i].note = why;
    }
    if (!why)
        vec_push(c->arena, &c->taken, arena_printf(c->arena, "'%s'", l->path));
    else
        vec_push(c->arena, &c->b->notes, arena_printf(c->arena, "'%s' is new: %s", l->path, why));
}

/* ---- what is said ---- */

static void note_taken(struct take_up *c)
{
    if (!c->taken.len)
        return;
    vec_push(c->arena, &c->b->notes,
             arena_printf(c->arena, "%s %s taken as trained: the file's recipe had added %s, too",
                          bind_name_list(c->arena, c->taken.at, c->taken.len),
                          c->taken.len == 1 ? "is" : "are", c->taken.len == 1 ? "it" : "them"));
}

/* "2 of 3 rows by class name; new: owl" */
static const char *rows_text(struct arena *arena, const struct class_rows *rows)
{
    const char *lost = rows->lost_names.len ? "; of the file's, without a class here: " : "";
    const char *new = rows->new_names.len ? "; new: " : "";
    return arena_printf(arena, "%u of %u rows by the names of the classes%s%s%s%s",
                        (unsigned)rows->taken, (unsigned)rows->here, new,
                        bind_name_list(arena, rows->new_names.at, rows->new_names.len), lost,
                        bind_name_list(arena, rows->lost_names.at, rows->lost_names.len));
}

static void note_rows(struct take_up *c)
{
    const struct class_rows *rows = c->b->rows;
    const char *text = rows_text(c->arena, rows);
    bool any = false;
    for (uint32_t i = 0; i < c->b->params.len; i++) {
        struct net_param *p = &c->b->params.at[i];
        const struct weight_tensor *t = map_get(c->tensors, p->name);
        if (p->fresh || !t || t->unusable || !bind_rows_fit(rows, p, t))
            continue;
        p->note = text;
        any = true;
    }
    if (any)
        vec_push(
            c->arena, &c->b->notes,
            arena_printf(c->arena, "'%s' takes %s", c->net->layers.at[rows->layer.i].path, text));
}

void bind_take_up(struct arena *arena, struct diag *diag, const struct net *net,
                  const struct recipe *r, const struct map *tensors, struct binding *b)
{
    struct take_up c = {.arena = arena, .diag = diag, .net = net, .b = b, .tensors = tensors};
    b->rows = bind_class_rows(arena, net, r, weights_find_metadata(b->weights, "classes"));
    for (uint32_t i = 0, end; i < b->params.len; i = end) {
        for (end = i + 1;
             end < b->params.len && b->params.at[end].layer.i == b->params.at[i].layer.i;)
            end++;
        if (net->layers.at[b->params.at[i].layer.i].added)
            settle_layer(&c, i, end);
    }
    note_taken(&c);
    note_rows(&c);
}

bool bind_all_trained(const struct binding *b)
{
    bool all = b->rows->taken == b->rows->here && b->rows->here == b->rows->there;
    for (uint32_t i = 0; all && i < b->params.len; i++)
        all = b->params.at[i].source >= 0;
    return all;
}

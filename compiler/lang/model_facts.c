#include "model_facts.h"

#include <math.h>
#include <string.h>

#include "builder.h"
#include "file.h"
#include "model_list.h"
#include "str.h"
#include "transform.h"

enum { USUAL_SIZE = 224 }; /* for building a network whose layers do not depend on the size */

/* ---- finding it ---- */

/* Looks into the files of a folder; false: it is not there. Reports of files that have nothing to do with it are dropped. */
static bool find_in(struct arena *arena, const struct lang_options *options, const char *folder,
                    const char *name, struct model_facts *out)
{
    model_file_names names;
    if (!folder || !model_files(arena, folder, &names))
        return false;
    for (uint32_t i = 0; i < names.len; i++) {
        struct diag *quiet = arena_new(arena, struct diag);
        struct lang_options *own = arena_new(arena, struct lang_options);
        struct files *f = arena_new(arena, struct files);
        diag_init(quiet, arena);
        *own = *options;
        own->path = file_join(arena, folder, names.at[i]);
        *f = (struct files){.arena = arena, .diag = quiet, .options = own};
        const struct decl *d = files_read(f) ? map_get(&f->main->decls, name) : NULL;
        if (!d || d->kind != DECL_MODEL)
            continue;
        *out = (struct model_facts){.name = name, .file = names.at[i], .files = f, .model = d};
        return true;
    }
    return false;
}

static bool find(struct arena *arena, const struct lang_options *options, const char *name,
                 struct model_facts *out)
{
    bool found = false;
    for (const char *const *dir = options->include_dirs; !found && dir && *dir; dir++)
        found = find_in(arena, options, *dir, name, out);
    return found || find_in(arena, options, options->models_dir, name, out);
}

const char *lang_model_file(struct arena *arena, const struct lang_options *options,
                            const char *name)
{
    struct model_facts facts;
    return find(arena, options, name, &facts) ? facts.file : NULL;
}

/* ---- what it is ---- */

static const struct param *find_param(const struct decl *model, const char *name)
{
    for (uint32_t i = 0; i < model->params->list.len; i++)
        if (!strcmp(model->params->list.at[i].name, name))
            return &model->params->list.at[i];
    return NULL;
}

/* The number that a parameter has by default; 0: it is none, or there is no such parameter. */
static double default_number(const struct decl *model, const char *name)
{
    const struct param *p = find_param(model, name);
    return p && p->value && p->value->kind == EXPR_FLOAT ? p->value->real : 0;
}

/* Follows the preprocess; each step is handed to `use`, with the form before and behind it. */
typedef void use_step(void *context, const struct ftmrt_call *step, const struct ftmrt_form *before,
                      const struct ftmrt_form *after);

static void follow(const struct model_facts *m, use_step *use, void *context)
{
    struct builder b;
    struct ftmrt_form form = {0};
    struct frame frame = {.decl = m->preprocess, .scope = ""};
    builder_init(&b, m->files);
    for (uint32_t i = 0; i < m->preprocess->steps->list.len; i++) {
        const struct bound_call *c = setting_call(&b, &frame, m->preprocess->steps->list.at[i],
                                                  FTMRT_CATEGORY_TRANSFORM, "preprocess");
        if (!c)
            return;
        const struct ftmrt_call step = plain_call(b.arena, c);
        const struct ftmrt_form before = form;
        ftmrt_form_step(&step, &form);
        use(context, &step, &before, &form);
    }
}

static void keep_size(void *context, const struct ftmrt_call *step, const struct ftmrt_form *before,
                      const struct ftmrt_form *after)
{
    int64_t *size = context;
    (void)step, (void)before;
    *size = after->height < after->width ? after->height : after->width;
}

/* ---- its last layer ---- */

static void add_call(struct strbuf *out, struct builder *b, const struct ftmrt_call_info *row,
                     const struct value *args);

static void add_value(struct strbuf *out, struct builder *b, const struct value *v)
{
    if (v->kind == VALUE_CALL) {
        add_call(out, b, v->call->info, v->call->args);
    } else if (v->kind == VALUE_SYMBOL) {
        strbuf_add(out, v->text);
    } else if (v->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < v->count; i++) {
            strbuf_add(out, i ? ", " : "[");
            add_value(out, b, &v->items[i]);
        }
        strbuf_addc(out, ']');
    } else {
        strbuf_add(out, value_text(b->arena, v));
    }
}

/* The same number along height and width, which is then written once. */
static bool one_for_all(const struct ftmrt_param_info *p, const struct value *v)
{
    if (v->kind != VALUE_LIST || (p->type != FTMRT_TYPE_PAIR && p->type != FTMRT_TYPE_PADDING))
        return false;
    for (uint32_t i = 1; i < v->count; i++)
        if (v->items[i].integer != v->items[0].integer)
            return false;
    return true;
}

/* An argument as it is written. */
static const char *value_source(struct builder *b, const struct ftmrt_param_info *p,
                                const struct value *v)
{
    struct strbuf out;
    strbuf_init(&out, b->arena);
    add_value(&out, b, one_for_all(p, v) ? &v->items[0] : v);
    return out.text;
}

/* Whether a parameter is how many channels a layer makes: the only number that its call has to say. */
static bool makes_channels(const struct ftmrt_param_info *p)
{
    return p->type == FTMRT_TYPE_INT && !p->value;
}

/* How an edit writes an argument; NULL: not at all, because it is the layer's input or the default. */
static const char *argument_source(struct builder *b, const struct ftmrt_param_info *p,
                                   const struct value *v)
{
    struct value usual;
    if (makes_channels(p))
        return "classes";
    if (v->kind == VALUE_TENSOR || v->kind == VALUE_ABSENT ||
        !param_default(b, p, SPAN_NONE, &usual))
        return NULL;
    const char *text = value_source(b, p, v);
    if (p->value && !strcmp(text, value_source(b, p, &usual)))
        return NULL;
    return arena_printf(b->arena, "%s = %s", p->name, text);
}

/* A call as an edit writes it, with `classes` for the channels that it makes. */
static void add_call(struct strbuf *out, struct builder *b, const struct ftmrt_call_info *row,
                     const struct value *args)
{
    const char *between = "";
    strbuf_addf(out, "%s(", row->name);
    for (uint32_t i = 0; i < row->param_count; i++) {
        const char *text = argument_source(b, &row->params[i], &args[i]);
        if (!text)
            continue;
        strbuf_addf(out, "%s%s", between, text);
        between = ", ";
    }
    strbuf_addc(out, ')');
}

static bool layer_makes_channels(const struct layer *l)
{
    for (uint32_t i = 0; l->path && l->row && i < l->row->param_count; i++)
        if (makes_channels(&l->row->params[i]))
            return true;
    return false;
}

/* The layer that gives the first output, or the nearest above it, whose parameters make the channels. */
static const struct layer *find_head(const struct net *net)
{
    const struct layer *l = &net->layers.at[net->outputs.at[0].layer.i];
    while (!layer_makes_channels(l) && l->input_count)
        l = &net->layers.at[l->inputs[0].i];
    return layer_makes_channels(l) ? l : NULL;
}

static void keep_head(struct model_facts *out, const struct layer *head)
{
    struct builder b;
    struct strbuf call;
    builder_init(&b, out->files);
    strbuf_init(&call, b.arena);
    add_call(&call, &b, head->row, head->args);
    out->head = head->path;
    out->head_call = call.text;
}

/* ---- all of it ---- */

/* A parameter beside the image that has no default; NULL: the model is complete by itself. */
static const char *wanted_parameter(const struct decl *model)
{
    for (uint32_t i = 0; i < model->params->list.len; i++) {
        const struct param *p = &model->params->list.at[i];
        if (!p->value && !p->dims)
            return p->name;
    }
    return NULL;
}

/* The published names that begin with a name, as text; "" for none. */
static const char *names_like(struct arena *arena, const char *name,
                              const struct model_list *models)
{
    const char *text = "";
    for (uint32_t i = 0; i < models->names.len; i++)
        if (!strncmp(models->names.at[i], name, strlen(name)))
            text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", models->names.at[i]);
    return text;
}

static void advise_names(struct arena *arena, struct diag *diag, const struct lang_options *options,
                         const char *name)
{
    struct diag quiet;
    struct model_list models = {0};
    diag_init(&quiet, arena);
    lang_models(arena, &quiet, options, name, &models);
    const char *like = names_like(arena, name, &models),
               *near = str_nearest(name, models.names.at, models.names.len);
    if (*like)
        diag_note(diag, "there are %s", like);
    else if (near)
        diag_note(diag, "did you mean '%s'?", near);
    diag_note(diag, "`ftmc models` lists those that come with ftmc; -I names a folder of others");
}

/* Finds a model that is complete by its name alone. */
static bool find_complete(struct arena *arena, struct diag *diag,
                          const struct lang_options *options, const char *name,
                          struct model_facts *out)
{
    const bool found = find(arena, options, name, out);
    const char *wanted = found ? wanted_parameter(out->model) : NULL;
    if (found && !wanted)
        return true;
    diag_report(diag, SPAN_NONE, DIAG_UNKNOWN_CALL, found ? "model to begin with" : "model", name);
    if (wanted)
        diag_note(diag, "what %s calls so is what models are made with: it needs '%s'", out->file,
                  wanted);
    advise_names(arena, diag, options, name);
    return false;
}

bool lang_model_facts(struct arena *arena, struct diag *diag, const struct lang_options *options,
                      const char *name, struct model_facts *out)
{
    if (!find_complete(arena, diag, options, name, out))
        return false;
    out->files->diag = diag;
    out->published = files_published(out->files, out->model);
    out->preprocess = files_preprocess(out->files, out->model);
    out->has_classes = find_param(out->model, "classes") != NULL;
    out->bn_momentum = default_number(out->model, "bn_momentum");
    const struct param *image = model_image(out->model);
    out->any_size = image && image->dims->list.at[1]->kind == EXPR_NAME;
    if (out->preprocess)
        follow(out, keep_size, &out->size);
    const struct net *net = model_net(out->files, out->model, out->size ? out->size : USUAL_SIZE);
    const struct layer *head = net ? find_head(net) : NULL;
    if (head)
        keep_head(out, head);
    return net != NULL;
}

/* ---- its transform at another size ---- */

struct rewriting {
    const struct model_facts *m;
    struct strbuf text;
    int64_t size;
    const char *square;
    bool resized; /* what is written for `square` and all steps that change sizes */
};

/* The step with its sizes in the same proportion to the new size. */
static void add_scaled(struct rewriting *w, const struct ftmrt_call *step)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(step->id);
    struct arena *arena = w->text.arena;
    struct ftmrt_arg *args = arena_array(arena, struct ftmrt_arg, info->param_count);
    for (uint32_t i = 0; i < info->param_count; i++) {
        args[i] = step->args[i];
        if (info->params[i].type == FTMRT_TYPE_INT && args[i].kind == FTMRT_ARG_INTEGER)
            args[i].integer =
                lround((double)args[i].integer * (double)w->size / (double)w->m->size);
    }
    const struct ftmrt_call scaled = {step->id, args};
    strbuf_add(&w->text, lang_call_text(arena, &scaled));
}

static void rewrite_step(void *context, const struct ftmrt_call *step,
                         const struct ftmrt_form *before, const struct ftmrt_form *after)
{
    struct rewriting *w = context;
    const bool sized = before->height != after->height || before->width != after->width ||
                       before->shorter != after->shorter;
    if (sized && w->resized)
        return;
    strbuf_add(&w->text, w->text.len ? ", " : "");
    if (!sized)
        strbuf_add(&w->text, lang_call_text(w->text.arena, step));
    else if (!w->square)
        add_scaled(w, step);
    else
        strbuf_addf(&w->text, "%s%sresize(%lld, %lld)", w->square, *w->square ? ", " : "",
                    (long long)w->size, (long long)w->size);
    w->resized = w->resized || (sized && w->square);
}

const char *model_transform(const struct model_facts *m, int64_t size, const char *square)
{
    struct rewriting w = {.m = m, .size = size, .square = square};
    if (!m->preprocess || (size == m->size && !square))
        return NULL;
    strbuf_init(&w.text, m->files->arena);
    follow(m, rewrite_step, &w);
    return w.text.text;
}

/* Layer calls: from bound arguments to a struct layer of the network, and `set name.attr = value`.
 */
#include "front.h"

#include <string.h>

#include "str.h"

static void set_pair(int64_t out[2], const struct value *v)
{
    out[0] = v->items[0].integer;
    out[1] = v->items[1].integer;
}

/* An integer pair means both sides of each axis; `same` is worked out when the input's size is
 * known. */
static void set_padding(struct layer *l, const struct value *v)
{
    l->same_padding = v->kind == VALUE_SYMBOL;
    for (uint32_t i = 0; v->kind == VALUE_LIST && i < 4; i++)
        l->attrs.padding[i] = v->items[v->count == 4 ? i : i % 2].integer;
}

static void set_init(struct layer *l, const struct value *v)
{
    static const char *const names[] = {
#define FTMRT_INIT(name, text, meaning) [FTMRT_INIT_##name] = text,
#include "init.def"
#undef FTMRT_INIT
    };
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], v->call->info->name))
            l->init = (enum ftmrt_init)i;
    if (v->call->info->param_count)
        l->init_arg = call_float(v->call, 0);
}

/* Sets parameter i of the call in the layer. */
static void set_param(struct layer *l, const struct ftmrt_param_info *p, const struct value *v)
{
    if (v->kind == VALUE_ABSENT || p->type == FTMRT_TYPE_TENSOR)
        return;
    if (!strcmp(p->name, "out"))
        l->out_channels = v->integer;
    else if (!strcmp(p->name, "kernel"))
        set_pair(l->op == OP_conv2d ? l->kernel : l->attrs.kernel, v);
    else if (!strcmp(p->name, "stride"))
        set_pair(l->attrs.stride, v);
    else if (!strcmp(p->name, "padding"))
        set_padding(l, v);
    else if (!strcmp(p->name, "dilation"))
        set_pair(l->attrs.dilation, v);
    else if (!strcmp(p->name, "groups"))
        l->attrs.groups = v->integer;
    else if (!strcmp(p->name, "bias"))
        l->bias = v->integer != 0;
    else if (!strcmp(p->name, "init"))
        set_init(l, v);
    else if (!strcmp(p->name, "eps"))
        l->attrs.eps = v->real;
    else if (!strcmp(p->name, "momentum"))
        l->attrs.momentum = v->real;
    else
        FTM_BUG("no field for parameter '%s'", p->name);
}

static bool check_label(struct front *f, const struct layer *l, const struct expr *e)
{
    if (!l->path && layer_has_params(l)) {
        diag_report(f->diag, e->span, DIAG_NO_LABEL, e->text);
        diag_note(f->diag,
                  "write `name: %s(...)`; the name is the key of its weight in the state dict",
                  e->text);
        return false;
    }
    if (!l->path || !map_get(&f->paths, l->path))
        return true;
    diag_report(f->diag, e->label ? e->label->span : e->span, DIAG_DUPLICATE_PATH, l->path);
    for (uint32_t i = 0; i < f->net->layers.len; i++) {
        const struct layer *other = &f->net->layers.at[i];
        if (other->path && !other->dead && !strcmp(other->path, l->path) && other->span.source)
            diag_note(f->diag, "the other one is in %s, line %u", other->span.source->path,
                      other->span.line);
    }
    return false;
}

struct value layer_call(struct front *f, struct frame *frame, const struct expr *e,
                        struct bound_call *c)
{
    struct layer l = {.op = op_by_name(c->info->name), .scope = frame->scope, .span = e->span};
    if (e->label) {
        l.path = eval_label(f, frame, e->label);
        if (!l.path)
            return value_error();
    }
    for (uint32_t i = 0; i < c->info->param_count; i++) {
        if (c->info->params[i].type == FTMRT_TYPE_TENSOR)
            l.inputs[l.input_count++] = c->args[i].tensor;
        set_param(&l, &c->info->params[i], &c->args[i]);
    }
    if (l.op == OP_max_pool && !l.attrs.stride[0])
        memcpy(l.attrs.stride, l.attrs.kernel, sizeof l.attrs.stride);
    if (!check_label(f, &l, e))
        return value_error();
    layer_id id = net_add(f, l);
    return id.i == LAYER_NONE.i ? value_error() : value_tensor(id);
}

/* Whether a parameter of the layer's call may be set afterwards. */
static bool settable(const struct ftmrt_param_info *p)
{
    return p->type != FTMRT_TYPE_TENSOR && strcmp(p->name, "bias") != 0 &&
           strcmp(p->name, "init") != 0;
}

static void report_attribute(struct front *f, const struct layer *l,
                             const struct ftmrt_call_info *info, const char *attr, struct span span)
{
    diag_report(f->diag, span, DIAG_SET_ATTRIBUTE, l->path, op_info(l->op)->name, attr);
    const char **names = arena_array(f->arena, const char *, info ? info->param_count : 0);
    uint32_t n = 0;
    struct strbuf all;
    strbuf_init(&all, f->arena);
    for (uint32_t i = 0; info && i < info->param_count; i++)
        if (settable(&info->params[i])) {
            names[n++] = info->params[i].name;
            strbuf_addf(&all, "%s%s", all.len ? ", " : "", names[n - 1]);
        }
    const char *near = n ? str_nearest(attr, names, n) : NULL;
    if (near)
        diag_note(f->diag, "did you mean '%s'?", near);
    else if (n)
        diag_note(f->diag, "it has: %s", all.text);
}

bool layer_set(struct front *f, struct frame *frame, struct layer *l, const char *attr,
               const struct recipe_stmt *stmt)
{
    const struct expr *e = stmt->values->list.at[0];
    const struct ftmrt_call_info *info = call_find(op_info(l->op)->name);
    for (uint32_t i = 0; info && i < info->param_count; i++) {
        const struct ftmrt_param_info *p = &info->params[i];
        if (strcmp(p->name, attr) != 0 || !settable(p))
            continue;
        struct ftmrt_call_info one = {
            .name = info->name, .category = info->category, .param_count = 1, .params = p};
        struct args args = {0};
        vec_push(f->arena, &args.list,
                 (struct arg){.name = attr, .value = (struct expr *)e, .span = e->span});
        struct expr call = {.kind = EXPR_CALL, .text = info->name, .args = &args, .span = e->span};
        struct bound_call *bound = call_bind(f, frame, &one, &call, NULL);
        if (bound)
            set_param(l, p, &bound->args[0]);
        return bound != NULL;
    }
    report_attribute(f, l, info, attr, stmt->name_span);
    return false;
}

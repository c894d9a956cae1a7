#include "habits.h"

#include <inttypes.h>
#include <string.h>

#include "str.h"

/* Windows beyond this are rare, and so are longer steps than the least of those that leave pixels out. */
enum { USUAL_WINDOW = 11, USUAL_STEP = 2 };

/* Whether PyTorch's constructor takes the size of the input where the call here takes the input. */
static bool reads_size(const struct ftmrt_call_info *info)
{
    if (info->category != FTMRT_CATEGORY_LAYER || !info->param_count)
        return false;
    const struct ftmrt_param_info *x = &info->params[0];
    return x->type == FTMRT_TYPE_TENSOR &&
           (!strncmp(x->pytorch, "in_", 3) || !strncmp(x->pytorch, "num_", 4));
}

/* What of an argument can be said again in few words. */
static void add_value(struct strbuf *out, const struct expr *e)
{
    if (e->kind == EXPR_INT)
        strbuf_addf(out, "%" PRId64, e->integer);
    else if (e->kind == EXPR_FLOAT)
        strbuf_add_double(out, e->real);
    else if (e->kind == EXPR_BOOL)
        strbuf_add(out, e->integer ? "true" : "false");
    else
        strbuf_add(out, e->kind == EXPR_NAME ? e->text : "...");
}

/* Whether PyTorch has a parameter as an element of one that it calls so: "betas[0]". */
static bool is_element(const struct ftmrt_param_info *p, const char *name)
{
    const size_t length = strlen(name);
    return !strncmp(p->pytorch, name, length) && p->pytorch[length] == '[';
}

/* What PyTorch gives as elements of one: "beta1 = 0.9, beta2 = 0.999". */
static void habit_elements(struct builder *b, const struct ftmrt_call_info *info,
                           const struct arg *arg)
{
    const struct exprs *items = arg->value->kind == EXPR_LIST ? arg->value->items : NULL;
    struct strbuf out;
    uint32_t count = 0;
    strbuf_init(&out, b->arena);
    for (uint32_t i = 0; i < info->param_count; i++) {
        if (!is_element(&info->params[i], arg->name))
            continue;
        strbuf_addf(&out, "%s%s = ", count ? ", " : "", info->params[i].name);
        if (items && count < items->list.len)
            add_value(&out, items->list.at[count]);
        else
            strbuf_add(&out, "...");
        count++;
    }
    if (count)
        diag_note(b->diag, "PyTorch's '%s' is written one by one here: %s", arg->name, out.text);
}

void habit_name(struct builder *b, const struct ftmrt_call_info *info, const struct arg *arg)
{
    habit_elements(b, info, arg);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_param_info *p = &info->params[i];
        if (strcmp(p->pytorch, arg->name) != 0)
            continue;
        if (i == 0 && reads_size(info))
            diag_note(b->diag, "PyTorch's '%s' is not written here: the input has it", arg->name);
        else
            diag_note(b->diag, "PyTorch's '%s' is called '%s' here", arg->name, p->name);
        return;
    }
}

/* ---- what is written elsewhere in other ways ---- */

void habit_comma(struct builder *b, const struct expr *e, uint32_t i,
                 const struct ftmrt_param_info *before)
{
    if (i == 0 || e->args->list.at[i].name)
        return;
    const struct expr *whole = e->args->list.at[i - 1].value, *part = e->args->list.at[i].value;
    const struct span *a = &whole->span, *z = &part->span;
    const bool joined =
        a->source == z->source && a->line == z->line && a->column + a->length + 1 == z->column;
    const bool real = before && before->type == FTMRT_TYPE_FLOAT;
    if (real && joined && whole->kind == EXPR_INT && part->kind == EXPR_INT)
        diag_note(b->diag, "a number has a decimal point, not a comma: %" PRId64 ".%0*" PRId64,
                  whole->integer, (int)z->length, part->integer);
}

void habit_text(struct builder *b, enum ftmrt_category category, const struct value *v)
{
    if (category == FTMRT_CATEGORY_DATA && v->kind == VALUE_STRING)
        diag_note(b->diag, "a folder with a folder of pictures per class: write `folder(%s)`",
                  str_quoted(b->arena, v->text));
}

/* ---- the size of the input by position ---- */

/* The call without one of its arguments. */
static const char *call_without(struct arena *arena, const struct expr *e, uint32_t without)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    strbuf_addf(&out, "%s(", e->text);
    bool first = true;
    for (uint32_t i = 0; i < e->args->list.len; i++) {
        const struct arg *arg = &e->args->list.at[i];
        if (i == without)
            continue;
        strbuf_addf(&out, "%s%s%s", first ? "" : ", ", arg->name ? arg->name : "",
                    arg->name ? " = " : "");
        add_value(&out, arg->value);
        first = false;
    }
    strbuf_addc(&out, ')');
    return out.text;
}

/* Which argument of the call is a number by position that is the input's channels, where another one follows or none is
 * needed; the number of arguments: none is. */
static uint32_t find_size(const struct bound_call *c, const struct expr *e, int64_t channels,
                          bool implicit)
{
    const uint32_t count = e->args->list.len;
    for (uint32_t i = 0; i < count && !e->args->list.at[i].name; i++) {
        const uint32_t slot = i + implicit;
        const bool last = i + 1 == count || e->args->list.at[i + 1].name;
        if (slot == 0 || slot >= c->info->param_count || (last && !c->info->params[slot].value))
            continue;
        const struct value *v = &c->args[slot];
        if (value_is_number(v) && value_number(v) == (double)channels)
            return i;
    }
    return count;
}

/* The number of a parameter of this name, if it was given by position; else 0. */
static int64_t number_given(const struct bound_call *c, const struct expr *e, bool implicit,
                            const char *name)
{
    for (uint32_t i = 0; i < e->args->list.len && !e->args->list.at[i].name; i++) {
        const uint32_t slot = i + implicit;
        if (slot >= c->info->param_count || strcmp(c->info->params[slot].name, name) != 0)
            continue;
        const struct value *v = &c->args[slot];
        return v->kind == VALUE_LIST ? v->items[0].integer : v->integer;
    }
    return 0;
}

static const char *size_word(const struct ftmrt_call_info *info)
{
    return strstr(info->params[0].pytorch, "features") ? "features" : "channels";
}

void habit_size(struct builder *b, const struct bound_call *c, const struct expr *e, bool implicit,
                bool failed)
{
    if (!reads_size(c->info) || b->diag->dropped)
        return;
    if (failed && c->args[0].kind == VALUE_INT)
        diag_note(b->diag, "the first argument is the value that it reads: %s(x, ...)",
                  c->info->name);
    if (c->args[0].kind != VALUE_TENSOR)
        return;
    const struct shape *x = &net_layer(b->net, c->args[0].tensor)->type.shape;
    const uint32_t size = x->rank > 1 ? find_size(c, e, x->dim[1], implicit) : e->args->list.len;
    if (size == e->args->list.len)
        return;
    const int64_t window = number_given(c, e, implicit, "kernel");
    const int64_t stride = number_given(c, e, implicit, "stride");
    const bool unlikely =
        stride && (window > USUAL_WINDOW || (stride > USUAL_STEP && stride != window));
    if (!failed && !unlikely)
        return;
    if (!failed)
        diag_report(b->diag, e->span, DIAG_HABIT, c->info->name, (long long)x->dim[1],
                    (long long)window, (long long)stride);
    diag_note(b->diag, "the %s of the input are not written: `%s`", size_word(c->info),
              call_without(b->arena, e, size));
}

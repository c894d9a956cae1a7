/* -D path=value: overrides applied to the syntax tree of the finetune before it is checked, so that
 * an override is checked like what is written.
 *
 *     -D epochs=3   -D optimizer.lr=0.01   -D 'data.validation=10%'
 *     -D transform.eval=model.preprocess   -D 'transform.eval=resize(64, 64), normalize(imagenet)'
 *     -D thaw.epochs=5   -D thaw.optimizer.lr=0.001: of a phase
 *     -D big.temperature=2: of a teacher
 *     -D adapt.rank=16: an argument of every `adapt`
 *     -D search.trials=20
 *     -D batch=16 takes `over batch = ...` out of the search
 *     -D train=all   -D 'freeze=layer1, "**.bias"': the statement, behind those that are written */
#include "import.h"

#include <string.h>

#include "calls.h"
#include "parse.h"
#include "str.h"

static void bad(struct files *f, const char *text, const char *why)
{
    diag_report(f->diag, SPAN_NONE, DIAG_BAD_DEFINE, text, why);
    diag_note(f->diag,
              "write -D name=value or -D name.argument=value, as in -D optimizer.lr=0.001");
}

static struct recipe_stmt *find(struct recipe_stmts *stmts, enum recipe_kind kind, const char *name)
{
    for (uint32_t i = 0; i < stmts->list.len; i++)
        if (stmts->list.at[i]->kind == kind && !strcmp(stmts->list.at[i]->name, name))
            return stmts->list.at[i];
    return NULL;
}

/* Finds a statement or appends an empty one. */
static struct recipe_stmt *demand(struct files *f, struct recipe_stmts *stmts,
                                  enum recipe_kind kind, const char *name, struct span span)
{
    struct recipe_stmt *s = find(stmts, kind, name);
    if (s)
        return s;
    s = arena_new(f->arena, struct recipe_stmt);
    *s = (struct recipe_stmt){.kind = kind, .name = name, .span = span, .name_span = span};
    s->values = arena_new(f->arena, struct exprs);
    s->items = kind == RECIPE_DATA ? arena_new(f->arena, struct recipe_stmts) : NULL;
    vec_push(f->arena, &stmts->list, s);
    return s;
}

static void set_values(struct files *f, struct recipe_stmt *s, struct exprs *values,
                       const char *text)
{
    s->values = values;
    s->text = arena_printf(f->arena, "%s = %s", s->name, text);
    s->span = s->name_span = values->list.at[0]->span;
}

/* The name of the call that a setting has by default, or NULL. */
static const char *default_call(const char *setting)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_finetune);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (!strcmp(info->params[i].name, setting))
            return info->params[i].value && call_find(info->params[i].value) ? info->params[i].value
                                                                             : NULL;
    return NULL;
}

/* The call of a setting, made from its bare name or from the default of a setting that is not
 * written. */
static struct expr *setting_of(struct files *f, struct recipe_stmt *s, struct span span)
{
    struct expr *e = s->values->list.len ? s->values->list.at[0] : NULL;
    const char *name = e && e->kind == EXPR_NAME ? e->text : NULL;
    if (!e)
        name = default_call(s->name);
    if (!name)
        return e && e->kind == EXPR_CALL ? e : NULL;
    struct expr *call = arena_new(f->arena, struct expr);
    *call = (struct expr){.kind = EXPR_CALL, .text = name, .span = e ? e->span : span, .depth = 1};
    call->args = arena_new(f->arena, struct args);
    s->values = arena_new(f->arena, struct exprs);
    vec_push(f->arena, &s->values->list, call);
    return call;
}

/* Replaces an argument of a call, by name or where it stands by position, or adds it. */
static void set_argument(struct files *f, struct expr *call, const char *name, struct expr *value)
{
    const struct ftmrt_call_info *info = call_find(call->text);
    for (uint32_t i = 0; i < call->args->list.len; i++) {
        struct arg *a = &call->args->list.at[i];
        bool same = a->name ? !strcmp(a->name, name)
                            : info && i < info->param_count && !strcmp(info->params[i].name, name);
        if (same) {
            a->value = value;
            return;
        }
    }
    vec_push(f->arena, &call->args->list,
             (struct arg){.name = name, .value = value, .span = value->span});
}

/* A phase that leaves a setting to the recipe gets a copy of the recipe's call before an argument of it changes. */
static void inherit_call(struct files *f, struct recipe_stmts *stmts, const char *key,
                         struct span span)
{
    const struct recipe_stmt *whole = find(f->finetune->recipe, RECIPE_SETTING, key);
    if (stmts == f->finetune->recipe || find(stmts, RECIPE_SETTING, key) || !whole ||
        whole->values->list.len != 1)
        return;
    const struct expr *e = whole->values->list.at[0];
    struct expr *copy = arena_new(f->arena, struct expr);
    *copy = *e;
    if (e->kind == EXPR_CALL) {
        copy->args = arena_new(f->arena, struct args);
        for (uint32_t i = 0; i < e->args->list.len; i++)
            vec_push(f->arena, &copy->args->list, e->args->list.at[i]);
    }
    vec_push(f->arena, &demand(f, stmts, RECIPE_SETTING, key, span)->values->list, copy);
}

/* An argument of a setting's call, which has one value. */
static void apply_argument(struct files *f, struct recipe_stmts *stmts, const char *text,
                           const char *key, const char *argument, const struct exprs *values)
{
    const struct span span = values->list.at[0]->span;
    inherit_call(f, stmts, key, span);
    if (!find(stmts, RECIPE_SETTING, key) && !default_call(key)) {
        bad(f, text, "there is no such setting");
        return;
    }
    if (values->list.len > 1) {
        bad(f, text, "an argument has one value; a list stands in [ ]");
        return;
    }
    struct expr *call = setting_of(f, demand(f, stmts, RECIPE_SETTING, key, span), span);
    if (call)
        set_argument(f, call, argument, values->list.at[0]);
    else
        bad(f, text, "the setting has no arguments");
}

/* Where an argument of a call that ends at `end` ends: at a comma or bracket of its own level. */
static const char *argument_end(const char *from, const char *end)
{
    for (int depth = 0; from < end; from++) {
        depth += *from == '(' || *from == '[';
        if (depth == 0 && (*from == ',' || *from == ')'))
            return from;
        depth -= *from == ')' || *from == ']';
    }
    return end;
}

/* "adapt a with lora(rank = 8)" with another value of an argument, for the resolved form. */
static const char *adapt_text(struct arena *arena, const char *text, const char *name,
                              const char *value)
{
    const char *call = strstr(text, " with "), *end = strrchr(text, ')');
    const char *open = call ? strchr(call, '(') : NULL;
    if (!open || !end)
        return text;
    for (const char *from = open + 1; from < end; from = argument_end(from, end) + 1) {
        from += strspn(from, " ");
        const size_t n = strlen(name);
        if (!strncmp(from, name, n) && from[n + strspn(from + n, " ")] == '=')
            return arena_printf(arena, "%.*s%s = %s%s", (int)(from - text), text, name, value,
                                argument_end(from, end));
    }
    const bool first = open[1 + strspn(open + 1, " ")] == ')';
    return arena_printf(arena, "%.*s%s%s = %s)", (int)(end - text), text, first ? "" : ", ", name,
                        value);
}

/* Sets an argument of every `adapt`. */
static void adapt_argument(struct files *f, const struct recipe_stmts *stmts, const char *text,
                           const char *name, const struct source *source)
{
    const struct exprs *values = parse_values(f->arena, f->diag, source);
    bool any = false;
    for (uint32_t i = 0; values && i < stmts->list.len; i++) {
        struct recipe_stmt *s = stmts->list.at[i];
        if (s->kind != RECIPE_ADAPT)
            continue;
        set_argument(f, s->values->list.at[0], name, values->list.at[0]);
        s->text = adapt_text(f->arena, s->text, name, source->text);
        any = true;
    }
    if (values && !any)
        bad(f, text, "the recipe has no `adapt`");
}

static void apply(struct files *f, struct recipe_stmts *stmts, const char *text, const char *key,
                  const char *argument, const struct source *source)
{
    struct exprs *values = parse_values(f->arena, f->diag, source);
    if (!values)
        return;
    const struct span span = values->list.at[0]->span;
    if (!argument) {
        set_values(f, demand(f, stmts, RECIPE_SETTING, key, span), values, source->text);
    } else if (!strcmp(key, "data")) {
        struct recipe_stmt *data = demand(f, stmts, RECIPE_DATA, "data", span);
        set_values(f, demand(f, data->items, RECIPE_SETTING, argument, span), values, source->text);
    } else if (!strcmp(key, "search") && find(stmts, RECIPE_SEARCH, key)) {
        struct recipe_stmts *items = find(stmts, RECIPE_SEARCH, key)->items;
        set_values(f, demand(f, items, RECIPE_SETTING, argument, span), values, source->text);
    } else if (!strcmp(key, "transform")) {
        set_values(f, demand(f, stmts, RECIPE_TRANSFORM, argument, span), values, source->text);
    } else {
        apply_argument(f, stmts, text, key, argument, values);
    }
}

/* `freeze` and `train` are statements, in order: one of the command line comes last. */
static bool is_statement(const char *key, const char *argument)
{
    return !argument && (!strcmp(key, "freeze") || !strcmp(key, "train"));
}

/* A statement behind those that are written; NULL after a report. */
static struct recipe_stmt *add_statement(struct files *f, struct recipe_stmts *stmts,
                                         const char *key, const char *patterns,
                                         struct source *source)
{
    source->text = arena_printf(f->arena, "finetune d {\n%s %s\n}\n", key, patterns);
    source->size = strlen(source->text);
    const uint32_t errors = f->diag->errors;
    const struct decls *decls = parse_source(f->arena, f->diag, source);
    if (f->diag->errors > errors)
        return NULL;
    struct recipe_stmt *s = decls->list.at[0]->recipe->list.at[0];
    vec_push(f->arena, &stmts->list, s);
    return s;
}

static void remove_at(struct recipe_stmts *stmts, uint32_t i)
{
    stmts->list.len--;
    memmove(&stmts->list.at[i], &stmts->list.at[i + 1],
            (stmts->list.len - i) * sizeof *stmts->list.at);
}

/* What the command line says is no longer gone over; a search without anything else to go over is none. */
static void leave_out(struct recipe_stmts *stmts, const char *path)
{
    struct recipe_stmt *search = find(stmts, RECIPE_SEARCH, "search");
    const struct recipe_stmt *over = search ? find(search->items, RECIPE_OVER, path) : NULL;
    uint32_t left = 0;
    for (uint32_t i = 0; over && i < search->items->list.len; i++)
        if (search->items->list.at[i] == over)
            remove_at(search->items, i--);
        else
            left += search->items->list.at[i]->kind == RECIPE_OVER;
    for (uint32_t i = 0; over && !left && i < stmts->list.len; i++)
        if (stmts->list.at[i] == search)
            remove_at(stmts, i--);
}

/* --keep PATTERN, which the shell has taken out of its quotes */
static void keep(struct files *f, const char *pattern)
{
    const bool bare = strpbrk(pattern, "*[") && !strchr(pattern, '"');
    struct source *source = arena_new(f->arena, struct source);
    source->path = arena_printf(f->arena, "--keep %s", pattern);
    struct recipe_stmt *s = add_statement(f, f->finetune->recipe, "train",
                                          bare ? str_quoted(f->arena, pattern) : pattern, source);
    if (s)
        s->kind = RECIPE_KEEP;
}

static void define(struct files *f, const char *text)
{
    const char *equals = strchr(text, '='), *dot = strchr(text, '.');
    if (!equals || equals == text || !equals[1]) {
        bad(f, text, "it has no value");
        return;
    }
    if (dot && dot > equals)
        dot = NULL;
    const char *key = arena_strndup(f->arena, text, (size_t)((dot ? dot : equals) - text));
    const char *argument =
        dot ? arena_strndup(f->arena, dot + 1, (size_t)(equals - dot - 1)) : NULL;
    struct recipe_stmts *stmts = f->finetune->recipe;
    const struct recipe_stmt *phase = argument ? find(stmts, RECIPE_PHASE, key) : NULL;
    if (argument && !phase)
        phase = find(stmts, RECIPE_TEACHER, key);
    leave_out(stmts, arena_strndup(f->arena, text, (size_t)(equals - text)));
    struct source *source = arena_new(f->arena, struct source);
    source->path =
        arena_printf(f->arena, "-D %s%s%s", key, argument ? "." : "", argument ? argument : "");
    if (phase) {
        const char *inner = strchr(argument, '.');
        stmts = phase->items;
        key = inner ? arena_strndup(f->arena, argument, (size_t)(inner - argument)) : argument;
        argument = inner ? inner + 1 : NULL;
    }
    if (is_statement(key, argument)) {
        add_statement(f, stmts, key, equals + 1, source);
        return;
    }
    if (argument && !strcmp(key, "adapt")) {
        source->text = equals + 1;
        source->size = strlen(source->text);
        adapt_argument(f, stmts, text, argument, source);
        return;
    }
    bool file = !strcmp(key, "weights") && !argument && equals[1] != '"' &&
                strcmp(equals + 1, "random") != 0;
    source->text = file ? str_quoted(f->arena, equals + 1) : equals + 1;
    source->size = strlen(source->text);
    apply(f, stmts, text, key, argument, source);
}

void files_define(struct files *f)
{
    for (const char *const *d = f->options->defines; d && *d; d++)
        define(f, *d);
    for (const char *const *k = f->options->keep; k && *k; k++)
        keep(f, *k);
}

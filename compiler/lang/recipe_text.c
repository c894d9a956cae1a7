/* The resolved recipe: the finetune as .ftm text with every default filled in. It goes with every
 * run, so that what was trained can be read and repeated; parsing it gives the same recipe.
 *
 * Settings are printed from their values, in the order and with the names of their rows (runtime/recipe/calls.def);
 * statements that order matters for (edits, freezing) are kept as written, behind the weights. */
#include "lang.h"

#include <inttypes.h>
#include <string.h>

#include "str.h"

static void add_string(struct strbuf *b, const char *s)
{
    strbuf_addc(b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            strbuf_addc(b, '\\');
        if (*s == '\n')
            strbuf_add(b, "\\n");
        else if (*s == '\t')
            strbuf_add(b, "\\t");
        else
            strbuf_addc(b, *s);
    }
    strbuf_addc(b, '"');
}

/* ---- values ---- */

static void add_call(struct strbuf *b, const struct ftmrt_call *c);

static void add_number(struct strbuf *b, enum ftmrt_type type, double v)
{
    strbuf_add_double(b, v);
    if (type == FTMRT_TYPE_EPOCHS)
        strbuf_add(b, v == 1 ? " epoch" : " epochs");
    else if (type == FTMRT_TYPE_SHARE)
        strbuf_addc(b, '%');
}

/* Element i of a list, of calls too. */
static void add_item(struct strbuf *b, const struct ftmrt_arg *a, uint32_t i)
{
    if (a->kind == FTMRT_ARG_CALLS)
        add_call(b, &a->calls[i]);
    else if (a->kind == FTMRT_ARG_TEXTS)
        add_string(b, a->texts[i]);
    else
        strbuf_add_double(b, a->numbers[i]);
}

static void add_list(struct strbuf *b, const struct ftmrt_arg *a)
{
    for (uint32_t i = 0; i < a->count; i++) {
        strbuf_add(b, i ? ", " : "");
        add_item(b, a, i);
    }
}

static void add_items(struct strbuf *b, enum ftmrt_type type, const struct ftmrt_arg *a)
{
    const bool bracket = a->kind != FTMRT_ARG_CALLS || type == FTMRT_TYPE_SOURCES ||
                         type == FTMRT_TYPE_SCHEDULES || type == FTMRT_TYPE_TRANSFORMS;
    strbuf_add(b, bracket ? "[" : "");
    add_list(b, a);
    strbuf_add(b, bracket ? "]" : "");
}

static void add_arg(struct strbuf *b, enum ftmrt_type type, const struct ftmrt_arg *a)
{
    switch (a->kind) {
    case FTMRT_ARG_NONE: break;
    case FTMRT_ARG_INTEGER:
        if (type == FTMRT_TYPE_BOOL)
            strbuf_add(b, a->integer ? "true" : "false");
        else if (type == FTMRT_TYPE_LABEL)
            strbuf_add(b, ftmrt_label_word((enum ftmrt_label_kind)a->integer));
        else
            strbuf_addf(b, "%" PRId64, a->integer);
        break;
    case FTMRT_ARG_NUMBER: add_number(b, type, a->number); break;
    case FTMRT_ARG_TEXT:
        if (type == FTMRT_TYPE_MODEL)
            strbuf_add(b, a->text);
        else
            add_string(b, a->text);
        break;
    case FTMRT_ARG_NUMBERS:
    case FTMRT_ARG_TEXTS:
    case FTMRT_ARG_CALLS: add_items(b, type, a); break;
    }
}

static void add_call(struct strbuf *b, const struct ftmrt_call *c)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    strbuf_addf(b, "%s(", info->name);
    bool first = true;
    for (uint32_t i = 0; i < info->param_count; i++) {
        if (c->args[i].kind == FTMRT_ARG_NONE)
            continue;
        strbuf_addf(b, "%s%s = ", first ? "" : ", ", info->params[i].name);
        add_arg(b, info->params[i].type, &c->args[i]);
        first = false;
    }
    strbuf_addc(b, ')');
}

void lang_add_over(struct strbuf *b, const struct ftmrt_call *over)
{
    const struct ftmrt_arg *values = ftmrt_call_arg(over, FTMRT_PARAM_over_values);
    const struct ftmrt_arg *texts = ftmrt_call_arg(over, FTMRT_PARAM_over_texts);
    const bool range = ftmrt_call_word(over, FTMRT_PARAM_over_draw) > 0;
    strbuf_addf(b, "%s = ", ftmrt_call_text(over, FTMRT_PARAM_over_path));
    strbuf_add(b, range ? ftmrt_call_text(over, FTMRT_PARAM_over_draw) : "");
    strbuf_addc(b, range ? '(' : '[');
    add_list(b, texts->count ? texts : values);
    strbuf_addc(b, range ? ')' : ']');
}

/* Whether an argument is what it would be if it was not written. */
static bool is_default(struct arena *arena, const struct ftmrt_param_info *p,
                       const struct ftmrt_arg *a)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    add_arg(&b, p->type, a);
    if (p->type != FTMRT_TYPE_WORD)
        return p->value && b.text && !strcmp(b.text, p->value);
    const size_t n = strcspn(p->value, "|");
    return !strncmp(a->text, p->value, n) && !a->text[n];
}

char *lang_call_text(struct arena *arena, const struct ftmrt_call *c)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    struct strbuf b;
    strbuf_init(&b, arena);
    strbuf_addf(&b, "%s(", info->name);
    bool by_position = true;
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_arg *a = &c->args[i];
        if (a->kind == FTMRT_ARG_NONE || is_default(arena, &info->params[i], a)) {
            by_position = false;
            continue;
        }
        by_position = by_position && info->params[i].type == FTMRT_TYPE_INT;
        strbuf_add(&b, b.text[b.len - 1] == '(' ? "" : ", ");
        if (!by_position)
            strbuf_addf(&b, "%s = ", info->params[i].name);
        if (a->kind == FTMRT_ARG_NUMBERS && a->count == 1)
            strbuf_add_double(&b, a->numbers[0]);
        else
            add_arg(&b, info->params[i].type, a);
    }
    strbuf_addc(&b, ')');
    return b.text;
}

/* ---- settings ---- */

static bool is_empty(const struct ftmrt_call *c)
{
    for (uint32_t i = 0; i < ftmrt_call_info(c->id)->param_count; i++)
        if (c->args[i].kind != FTMRT_ARG_NONE)
            return false;
    return true;
}

/* `rename "kitten" to "cat"`, `skip "misc*"`: a line for each. */
static void add_statements(struct strbuf *b, const struct ftmrt_param_info *p,
                           const struct ftmrt_arg *a, const char *head)
{
    const uint32_t step = p->type == FTMRT_TYPE_RENAMES ? 2 : 1;
    for (uint32_t i = 0; i < a->count; i += step) {
        strbuf_addf(b, "%s%s ", head, p->name);
        add_string(b, a->texts[i]);
        strbuf_add(b, step > 1 ? " to " : "");
        if (step > 1)
            add_string(b, a->texts[i + 1]);
        strbuf_addc(b, '\n');
    }
}

static bool is_statement(enum ftmrt_type type)
{
    return type == FTMRT_TYPE_RENAMES || type == FTMRT_TYPE_SKIPS;
}

/* `over optimizer.lr = log(0.0001, 0.1)`: a line for each. */
static void add_overs(struct strbuf *b, const struct ftmrt_arg *overs, const char *head)
{
    for (uint32_t i = 0; i < overs->count; i++) {
        strbuf_addf(b, "%sover ", head);
        lang_add_over(b, &overs->calls[i]);
        strbuf_addc(b, '\n');
    }
}

/* A line for each key of a block, behind `head`. */
static void add_keys(struct strbuf *b, const struct ftmrt_call *c, const char *head)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_param_info *p = &info->params[i];
        if (c->args[i].kind == FTMRT_ARG_NONE)
            continue;
        if (is_statement(p->type)) {
            add_statements(b, p, &c->args[i], head);
            continue;
        }
        if (p->type == FTMRT_TYPE_OVERS) {
            add_overs(b, &c->args[i], head);
            continue;
        }
        strbuf_addf(b, "%s%s = ", head, p->name);
        if (p->type == FTMRT_TYPE_TRANSFORMS) /* a statement, whose list has no brackets */
            add_list(b, &c->args[i]);
        else
            add_arg(b, p->type, &c->args[i]);
        strbuf_addc(b, '\n');
    }
}

/* `phase head { ... }`, `teacher big { ... }`: with the statements that it has. */
static void add_named_block(struct strbuf *b, const struct ftmrt_call *c)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    strbuf_addf(b, "    %s %s {\n", info->name, c->args[0].text);
    for (uint32_t i = 1; i < info->param_count; i++) {
        const struct ftmrt_param_info *p = &info->params[i];
        const struct ftmrt_arg *a = &c->args[i];
        const bool random = p->type == FTMRT_TYPE_WEIGHTS && a->kind == FTMRT_ARG_NONE;
        for (uint32_t k = 0; p->type == FTMRT_TYPE_EDITS && k < a->count; k++)
            strbuf_addf(b, "        %s\n", a->texts[k]);
        if (p->type == FTMRT_TYPE_EDITS || (a->kind == FTMRT_ARG_NONE && !random))
            continue;
        strbuf_addf(b, "        %s = %s", p->name, random ? "random" : "");
        add_arg(b, p->type, a);
        strbuf_addc(b, '\n');
    }
    strbuf_add(b, "    }\n");
}

static void add_named_blocks(struct strbuf *b, const struct ftmrt_arg *blocks)
{
    for (uint32_t i = 0; i < blocks->count; i++)
        add_named_block(b, &blocks->calls[i]);
}

/* `data { ... }`; the keys of `transform` are statements. */
static void add_block(struct strbuf *b, const struct ftmrt_call *c)
{
    if (c->id == FTMRT_CALL_transform) {
        add_keys(b, c, "    transform ");
    } else if (!is_empty(c)) {
        strbuf_addf(b, "    %s {\n", ftmrt_call_info(c->id)->name);
        add_keys(b, c, "        ");
        strbuf_add(b, "    }\n");
    }
}

/* A line of the weights block: `skip "head.*"`. */
static void add_weights_item(struct strbuf *b, const char *word, const char *name)
{
    strbuf_addf(b, "        %s ", word);
    add_string(b, name);
}

static void add_weights_items(struct strbuf *b, const struct recipe *r)
{
    strbuf_add(b, " {\n");
    if (r->from)
        add_weights_item(b, "from", r->from);
    strbuf_add(b, r->from ? "\n" : "");
    if (r->strip)
        add_weights_item(b, "strip", r->strip);
    strbuf_add(b, r->strip ? "\n" : "");
    for (uint32_t i = 0; i < r->renames.len; i++) {
        add_weights_item(b, "rename", r->renames.at[i].from);
        strbuf_add(b, " to ");
        add_string(b, r->renames.at[i].to);
        strbuf_addc(b, '\n');
    }
    for (uint32_t i = 0; i < r->skips.len; i++) {
        add_weights_item(b, "skip", r->skips.at[i].pattern);
        strbuf_addc(b, '\n');
    }
    strbuf_add(b, "    }\n");
}

static void add_weights(struct strbuf *b, const struct recipe *r)
{
    const char *file = recipe_text(r, FTMRT_PARAM_finetune_weights);
    strbuf_add(b, "    weights = ");
    if (file)
        add_string(b, file);
    else
        strbuf_add(b, "random");
    if (file && (r->from || r->strip || r->renames.len || r->skips.len))
        add_weights_items(b, r);
    else
        strbuf_addc(b, '\n');
    for (uint32_t i = 0; i < r->edits.len; i++)
        strbuf_addf(b, "    %s\n", r->edits.at[i]);
}

/* `0.3 * cross_entropy() + 0.7 * huber()` */
static void add_loss_sum(struct strbuf *b, const struct recipe *r)
{
    const struct ftmrt_arg *losses = recipe_losses(r);
    for (uint32_t i = 0; i < losses->count; i++) {
        strbuf_add(b, i ? " + " : "    loss = ");
        strbuf_add_double(b, recipe_loss_factor(r, i));
        strbuf_add(b, " * ");
        add_call(b, &losses->calls[i]);
    }
    strbuf_addc(b, '\n');
}

static void add_setting(struct strbuf *b, const struct recipe *r, uint32_t i)
{
    const struct ftmrt_param_info *p = &ftmrt_call_info(FTMRT_CALL_finetune)->params[i];
    const struct ftmrt_arg *a = &r->settings[i];
    const bool phases = recipe_phases(r)->count > 0;
    if (p->type == FTMRT_TYPE_WEIGHTS) {
        add_weights(b, r);
    } else if (p->type == FTMRT_TYPE_PHASES || p->type == FTMRT_TYPE_TEACHERS) {
        add_named_blocks(b, a);
    } else if (p->type == FTMRT_TYPE_LOSS_FACTORS ||
               (phases && recipe_is_of_phases((enum ftmrt_param)(
                              (unsigned)FTMRT_CALL_finetune * FTMRT_PARAM_LIMIT + i)))) {
        return; /* the losses say it, or every phase */
    } else if (p->type == FTMRT_TYPE_BLOCK) {
        add_block(b, a->calls);
    } else if (p->type == FTMRT_TYPE_LOSS &&
               ftmrt_call_arg(&r->bound.finetune, FTMRT_PARAM_finetune_loss_factors)->count) {
        add_loss_sum(b, r);
    } else if (a->kind != FTMRT_ARG_NONE) {
        strbuf_addf(b, "    %s = ", p->name);
        add_arg(b, p->type, a);
        strbuf_addc(b, '\n');
    }
}

char *lang_resolved(struct arena *arena, const struct recipe *r)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    for (uint32_t i = 0; i < r->imports.len; i++) {
        strbuf_add(&b, "import ");
        add_string(&b, r->imports.at[i]);
        strbuf_addc(&b, '\n');
    }
    strbuf_addf(&b, "%sfinetune %s {\n", r->imports.len ? "\n" : "", r->bound.name);
    for (uint32_t i = 0; i < ftmrt_call_info(FTMRT_CALL_finetune)->param_count; i++)
        add_setting(&b, r, i);
    strbuf_add(&b, "}\n");
    return b.text;
}

/* Values of expressions: what they are called in messages. */
#include "value.h"

#include "str.h"

#include "calls.h"

struct value value_int(int64_t v) { return (struct value){.kind = VALUE_INT, .integer = v}; }

struct value value_float(double v) { return (struct value){.kind = VALUE_FLOAT, .real = v}; }

struct value value_bool(bool v) { return (struct value){.kind = VALUE_BOOL, .integer = v}; }

struct value value_error(void) { return (struct value){.kind = VALUE_ERROR}; }

struct value value_tensor(layer_id id)
{
    return (struct value){.kind = VALUE_TENSOR, .tensor = id};
}

bool value_is_number(const struct value *v)
{
    return v->kind == VALUE_INT || v->kind == VALUE_FLOAT;
}

double value_number(const struct value *v)
{
    return v->kind == VALUE_INT ? (double)v->integer : v->real;
}

/* "an integer", "a list", ... */
static const char *value_kind_text(enum value_kind kind)
{
    static const char *const texts[] = {
        [VALUE_ERROR] = "an error",
        [VALUE_ABSENT] = "nothing",
        [VALUE_INT] = "an integer",
        [VALUE_FLOAT] = "a number",
        [VALUE_BOOL] = "a truth value",
        [VALUE_STRING] = "a string",
        [VALUE_PERCENT] = "a percentage",
        [VALUE_EPOCHS] = "a number of epochs",
        [VALUE_SYMBOL] = "a word",
        [VALUE_LIST] = "a list",
        [VALUE_TENSOR] = "a layer's value",
        [VALUE_DECL] = "a block",
        [VALUE_CALL] = "a call",
    };
    return texts[kind];
}

static void add_text(struct strbuf *out, const struct value *v)
{
    switch (v->kind) {
    case VALUE_INT: strbuf_addf(out, "%lld", (long long)v->integer); break;
    case VALUE_FLOAT:
    case VALUE_PERCENT:
    case VALUE_EPOCHS:
        strbuf_add_double(out, v->real);
        strbuf_add(out, v->kind == VALUE_PERCENT ? "%" : v->kind == VALUE_EPOCHS ? " epochs" : "");
        break;
    case VALUE_BOOL: strbuf_add(out, v->integer ? "true" : "false"); break;
    case VALUE_STRING: strbuf_addf(out, "\"%.60s\"", v->text); break;
    case VALUE_SYMBOL: strbuf_addf(out, "`%s`", v->text); break;
    case VALUE_LIST: strbuf_addf(out, "a list of %u", v->count); break;
    case VALUE_DECL:
        strbuf_addf(out, "the %s '%s'", v->decl->kind == DECL_MODEL ? "model" : "block",
                    v->decl->name);
        break;
    case VALUE_CALL:
        strbuf_addf(out, "%s(...), %s", v->call->info->name,
                    ftmrt_category_text(v->call->info->category, true));
        break;
    case VALUE_ERROR:
    case VALUE_ABSENT:
    case VALUE_TENSOR: strbuf_add(out, value_kind_text(v->kind)); break;
    }
}

const char *value_text(struct arena *arena, const struct value *v)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    add_text(&out, v);
    return out.text;
}

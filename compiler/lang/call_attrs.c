/* From the arguments of a call to the attributes of an op: those of the same name. */
#include <string.h>

#include "calls.h"
#include "op.h"

/* Of a list, which is repeated: a pair means both sides of each axis. */
static void set_integers(int64_t *out, uint32_t count, const struct ftmrt_arg *a)
{
    for (uint32_t i = 0; a->kind == FTMRT_ARG_NUMBERS && i < count; i++)
        out[i] = (int64_t)a->numbers[i % a->count];
}

static int64_t integer_of(const struct ftmrt_param_info *p, const struct ftmrt_arg *a)
{
    return a->kind == FTMRT_ARG_TEXT ? ftmrt_word_index(p, a->text) : a->integer;
}

/* Sets the op's attribute of a parameter's name, if it has one. */
static void set_attr(struct attrs *attrs, enum op op, const struct ftmrt_param_info *p,
                     const struct ftmrt_arg *a)
{
#define IS(attr) (op_info(op)->attrs >> ATTR_INDEX_##attr & 1U && strcmp(p->name, #attr) == 0)
#define FTM_ATTR_INT(attr)                                                                         \
    if (IS(attr))                                                                                  \
        attrs->attr = integer_of(p, a);
#define FTM_ATTR_BOOL(attr)                                                                        \
    if (IS(attr))                                                                                  \
        attrs->attr = integer_of(p, a) != 0;
#define FTM_ATTR_FLOAT(attr)                                                                       \
    if (IS(attr))                                                                                  \
        attrs->attr = a->number;
#define FTM_ATTR_INT2(attr)                                                                        \
    if (IS(attr))                                                                                  \
        set_integers(attrs->attr, 2, a);
#define FTM_ATTR_INT4(attr)                                                                        \
    if (IS(attr))                                                                                  \
        set_integers(attrs->attr, 4, a);
#include "attrs.def"
#undef IS
}

struct attrs call_attrs(enum op op, const struct ftmrt_call_info *row, const struct ftmrt_arg *args)
{
    struct attrs attrs = {0};
    for (uint32_t i = 0; i < row->param_count; i++)
        if (args[i].kind != FTMRT_ARG_NONE)
            set_attr(&attrs, op, &row->params[i], &args[i]);
    return attrs;
}

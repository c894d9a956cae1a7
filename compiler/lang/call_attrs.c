/* From the arguments of a call to the attributes of an op: those of the same name. */
#include <stddef.h>
#include <string.h>

#include "calls.h"
#include "op.h"

/* Of a list, which is repeated: a pair means both sides of each axis. */
static void set_integers(int64_t *out, uint32_t count, const struct ftmrt_arg *a)
{
    for (uint32_t i = 0; a->kind == FTMRT_ARG_NUMBERS && i < count; i++)
        out[i] = (int64_t)a->numbers[i % a->count];
}

static void set_numbers(double *out, uint32_t count, const struct ftmrt_arg *a)
{
    for (uint32_t i = 0; a->kind == FTMRT_ARG_NUMBERS && i < count; i++)
        out[i] = a->numbers[i % a->count];
}

static int64_t integer_of(const struct ftmrt_param_info *p, const struct ftmrt_arg *a)
{
    return a->kind == FTMRT_ARG_TEXT ? ftmrt_word_index(p, a->text) : a->integer;
}

/* Where struct attrs has what an argument can give. */
enum slot_kind { SLOT_NUMBER, SLOT_INT, SLOT_BOOL, SLOT_PAIR, SLOT_FLOATS, SLOT_SIDES };

static const struct slot {
    const char *name;
    enum slot_kind kind;
    unsigned index; /* ATTR_INDEX_<name> */
    size_t offset;
} slots[] = {
#define SLOT(kind, attr)      {#attr, SLOT_##kind, ATTR_INDEX_##attr, offsetof(struct attrs, attr)},
#define FTM_ATTR_INT(attr)    SLOT(INT, attr)
#define FTM_ATTR_BOOL(attr)   SLOT(BOOL, attr)
#define FTM_ATTR_FLOAT(attr)  SLOT(NUMBER, attr)
#define FTM_ATTR_INT2(attr)   SLOT(PAIR, attr)
#define FTM_ATTR_FLOAT2(attr) SLOT(FLOATS, attr)
#define FTM_ATTR_INT4(attr)   SLOT(SIDES, attr)
#include "attrs.def"
#undef SLOT
};

static void set_slot(struct attrs *attrs, const struct slot *slot, const struct ftmrt_param_info *p,
                     const struct ftmrt_arg *a)
{
    void *at = (char *)attrs + slot->offset;
    switch (slot->kind) {
    case SLOT_NUMBER: *(double *)at = a->number; break;
    case SLOT_INT: *(int64_t *)at = integer_of(p, a); break;
    case SLOT_BOOL: *(bool *)at = integer_of(p, a) != 0; break;
    case SLOT_PAIR: set_integers(at, 2, a); break;
    case SLOT_FLOATS: set_numbers(at, 2, a); break;
    case SLOT_SIDES: set_integers(at, 4, a); break;
    }
}

/* Sets the op's attribute of a parameter's name, if it has one. */
static void set_attr(struct attrs *attrs, enum op op, const struct ftmrt_param_info *p,
                     const struct ftmrt_arg *a)
{
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
        if (op_info(op)->attrs >> slots[i].index & 1U && strcmp(p->name, slots[i].name) == 0)
            set_slot(attrs, &slots[i], p, a);
}

struct attrs call_attrs(enum op op, const struct ftmrt_call_info *row, const struct ftmrt_arg *args)
{
    struct attrs attrs = {0};
    for (uint32_t i = 0; i < row->param_count; i++)
        if (args[i].kind != FTMRT_ARG_NONE)
            set_attr(&attrs, op, &row->params[i], &args[i]);
    return attrs;
}

/* The pickle machine; see pickle.h. pickle_op.def is its instruction set: each opcode decodes its
 * argument and calls an op_ function, which works on a stack of values with marks, and on a memo.
 * Every function checks that the stack holds what it takes, and never takes what lies below the
 * last mark. */
#include "pickle.h"

#include <string.h>

#include "pickle_stack.h"
#include "pickle_text.h"

enum {
    MAX_STEPS = 8 * 1000 * 1000, /* opcodes; a state dict of 100,000 tensors takes 3 million */
    MAX_PROTOCOL = 5
};

struct argument {
    uint64_t number;
    const unsigned char *data; /* of D1, D4, D8; of LINE and LINE2: the first line */
    size_t length;
    const unsigned char *data2;
    size_t length2;
};

static bool push_string(struct machine *m, enum pickle_kind kind, const struct argument *a)
{
    struct pickle_value *v = pickle_new(m, kind);
    v->text = arena_strndup(m->arena, (const char *)a->data, a->length);
    v->length = a->length;
    return pickle_push(m, v);
}

/* ---- opcodes: stack and memo ---- */

#define OP(name)                                                                                   \
    static bool op_##name(struct machine *m, const struct argument *a __attribute__((unused)))

OP(proto)
{
    (void)m;
    return a->number <= MAX_PROTOCOL || pickle_fail(m, "a protocol newer than 5");
}

OP(frame) { return a->number <= m->size - m->at || pickle_fail(m, "a frame longer than the file"); }

OP(stop)
{
    m->stopped = true;
    m->out->root = pickle_pop(m);
    return m->out->root != NULL;
}

OP(mark)
{
    vec_push(m->arena, &m->marks, m->stack.len);
    return true;
}

OP(pop)
{
    if (pickle_available(m) == 0 && m->marks.len) { /* POP also takes a mark away */
        m->marks.len--;
        return true;
    }
    return pickle_pop(m) != NULL;
}

OP(pop_mark) { return pickle_pop_mark(m, &m->stack.len); }

OP(dup)
{
    struct pickle_value *v = pickle_top(m);
    return v && pickle_push(m, v);
}

OP(get)
{
    if (a->number >= m->memo.len || !m->memo.at[a->number])
        return pickle_fail(m, "an unknown memo entry is fetched");
    return pickle_push(m, m->memo.at[a->number]);
}

/* A writer numbers its entries one by one, so no honest index exceeds the file's size. */
OP(put)
{
    struct pickle_value *v = pickle_top(m);
    if (!v)
        return false;
    if (a->number >= m->size || a->number >= MAX_STEPS)
        return pickle_fail(m, "a memo index is out of bounds");
    while (m->memo.len <= a->number)
        vec_push(m->arena, &m->memo, (struct pickle_value *)NULL);
    m->memo.at[a->number] = v;
    return true;
}

OP(memoize)
{
    struct pickle_value *v = pickle_top(m);
    if (v)
        vec_push(m->arena, &m->memo, v);
    return v != NULL;
}

/* ---- opcodes: plain data ---- */

OP(none) { return pickle_push(m, pickle_new(m, PICKLE_NONE)); }

static bool push_number(struct machine *m, enum pickle_kind kind, int64_t number)
{
    struct pickle_value *v = pickle_new(m, kind);
    v->integer = number;
    return pickle_push(m, v);
}

OP(true) { return push_number(m, PICKLE_BOOL, 1); }

OP(false) { return push_number(m, PICKLE_BOOL, 0); }

OP(int) { return push_number(m, PICKLE_INT, (int64_t)a->number); }

/* Little-endian two's complement of any length. */
OP(long)
{
    if (a->length > 8)
        return push_string(m, PICKLE_LONG, a);
    uint64_t number = a->length && a->data[a->length - 1] >> 7 ? ~UINT64_C(0) : 0;
    for (size_t i = a->length; i-- > 0;)
        number = number << 8 | a->data[i];
    return push_number(m, PICKLE_INT, (int64_t)number);
}

OP(float)
{
    struct pickle_value *v = pickle_new(m, PICKLE_FLOAT);
    memcpy(&v->real, &a->number, sizeof v->real);
    return pickle_push(m, v);
}

/* The text forms of protocols 0 and 1. */
OP(line_int)
{
    const bool truth = a->length == 2 && a->data[0] == '0' && (a->data[1] | 1) == '1';
    struct pickle_value *v = pickle_new(m, PICKLE_BOOL);
    v->integer = a->data[a->length ? a->length - 1 : 0] == '1';
    return truth ? pickle_push(m, v)
                 : (pickle_parse_integer(m->arena, a->data, a->length, v) && pickle_push(m, v)) ||
                       pickle_fail(m, "a number that is not one");
}

OP(line_float)
{
    struct pickle_value *v = pickle_new(m, PICKLE_FLOAT);
    return (pickle_parse_float(a->data, a->length, v) && pickle_push(m, v)) ||
           pickle_fail(m, "a number that is not one");
}

OP(line_string)
{
    struct pickle_value *v = pickle_new(m, PICKLE_TEXT);
    return (pickle_parse_string(m->arena, a->data, a->length, v) && pickle_push(m, v)) ||
           pickle_fail(m, "a text with an escape that is not understood");
}

OP(line_text)
{
    struct pickle_value *v = pickle_new(m, PICKLE_TEXT);
    return (pickle_parse_unicode(m->arena, a->data, a->length, v) && pickle_push(m, v)) ||
           pickle_fail(m, "a text with an escape that is not understood");
}

OP(text) { return push_string(m, PICKLE_TEXT, a); }

OP(bytes) { return push_string(m, PICKLE_BYTES, a); }

/* The memo's index as a line of text. */
static bool line_index(struct machine *m, const struct argument *a, struct argument *index)
{
    struct pickle_value v = {.kind = PICKLE_INT};
    if (!pickle_parse_integer(m->arena, a->data, a->length, &v) || v.kind != PICKLE_INT ||
        v.integer < 0)
        return pickle_fail(m, "a memo index is out of bounds");
    index->number = (uint64_t)v.integer;
    return true;
}

OP(line_get)
{
    struct argument index = {0};
    return line_index(m, a, &index) && op_get(m, &index);
}

OP(line_put)
{
    struct argument index = {0};
    return line_index(m, a, &index) && op_put(m, &index);
}

/* ---- opcodes: collections ---- */

OP(empty_tuple) { return pickle_push(m, pickle_new(m, PICKLE_TUPLE)); }

OP(tuple) { return pickle_collect_marked(m, PICKLE_TUPLE); }

OP(tuple1) { return pickle_collect_tuple(m, 1); }

OP(tuple2) { return pickle_collect_tuple(m, 2); }

OP(tuple3) { return pickle_collect_tuple(m, 3); }

OP(empty_list) { return pickle_push(m, pickle_new(m, PICKLE_LIST)); }

OP(list) { return pickle_collect_marked(m, PICKLE_LIST); }

OP(empty_set) { return pickle_push(m, pickle_new(m, PICKLE_SET)); }

OP(frozenset) { return pickle_collect_marked(m, PICKLE_SET); }

OP(empty_dict) { return pickle_push(m, pickle_new(m, PICKLE_DICT)); }

OP(dict)
{
    const uint32_t first = m->marks.len ? m->marks.at[m->marks.len - 1] : 0;
    if ((m->stack.len - first) % 2)
        return pickle_fail(m, "a dict with a key but no value");
    return pickle_collect_marked(m, PICKLE_DICT);
}

/* Moves the values from stack index `first` on into the collection below them. */
static bool extend(struct machine *m, uint32_t first, bool pairs)
{
    const uint32_t count = m->stack.len - first;
    struct pickle_value **values = m->stack.at + first;
    m->stack.len = first;
    struct pickle_value *into = pickle_top(m);
    if (!into)
        return false;
    if (into->kind == PICKLE_OBJECT)
        return true;
    const bool fits =
        pairs ? into->kind == PICKLE_DICT : into->kind == PICKLE_LIST || into->kind == PICKLE_SET;
    if (!fits || (pairs && count % 2))
        return pickle_fail(m, "items are put into what cannot hold them");
    for (uint32_t i = 0; i < count; i++)
        vec_push(m->arena, &into->items, values[i]);
    return true;
}

OP(append) { return pickle_top(m) && extend(m, m->stack.len - 1, false); }

OP(appends)
{
    uint32_t first;
    return pickle_pop_mark(m, &first) && extend(m, first, false);
}

OP(setitem)
{
    if (pickle_available(m) < 2)
        return pickle_fail(m, "an item without key and value");
    return extend(m, m->stack.len - 2, true);
}

OP(setitems)
{
    uint32_t first;
    return pickle_pop_mark(m, &first) && extend(m, first, true);
}

/* ---- opcodes: what would be calls ---- */

static bool push_global(struct machine *m, const char *module, const char *name)
{
    struct pickle_value *v = pickle_new(m, PICKLE_GLOBAL);
    v->module = module;
    v->name = name;
    return pickle_push(m, v);
}

OP(global)
{
    return push_global(m, arena_strndup(m->arena, (const char *)a->data, a->length),
                       arena_strndup(m->arena, (const char *)a->data2, a->length2));
}

OP(stack_global)
{
    const struct pickle_value *name = pickle_pop(m), *module = name ? pickle_pop(m) : NULL;
    if (!module)
        return false;
    if (name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT)
        return pickle_fail(m, "a global whose name is not text");
    return push_global(m, module->text, name->text);
}

static bool is_pair(const struct pickle_value *v)
{
    return (v->kind == PICKLE_TUPLE || v->kind == PICKLE_LIST) && v->items.len == 2;
}

/* What collections.OrderedDict(args) is: empty, or of Python 2 a list of pairs; NULL: not understood. */
static struct pickle_value *ordered_dict(struct machine *m, const struct pickle_value *args)
{
    struct pickle_value *dict = pickle_new(m, PICKLE_DICT);
    if (args->items.len == 0)
        return dict;
    const struct pickle_value *list = args->items.at[0];
    if (args->items.len != 1 || list->kind != PICKLE_LIST)
        return NULL;
    m->steps += list->items.len;
    for (uint32_t i = 0; i < list->items.len; i++) {
        const struct pickle_value *pair = list->items.at[i];
        if (!is_pair(pair))
            return NULL;
        vec_push(m->arena, &dict->items, pair->items.at[0]);
        vec_push(m->arena, &dict->items, pair->items.at[1]);
    }
    return dict;
}

/* collections.defaultdict(factory), which the items follow. */
static bool is_default_dict(const struct pickle_value *callee, const struct pickle_value *args)
{
    return pickle_is_global(callee, "collections.defaultdict") &&
           (args->items.len == 0 ||
            (args->items.len == 1 &&
             (args->items.at[0]->kind == PICKLE_GLOBAL || args->items.at[0]->kind == PICKLE_NONE)));
}

static bool record_call(struct machine *m, const struct pickle_value *callee,
                        const struct pickle_value *args)
{
    if (args->kind != PICKLE_TUPLE)
        return pickle_fail(m, "a call whose arguments are not a tuple");
    struct pickle_value *dict = NULL;
    if (pickle_is_global(callee, "collections.OrderedDict"))
        dict = ordered_dict(m, args);
    else if (is_default_dict(callee, args))
        dict = pickle_new(m, PICKLE_DICT);
    if (dict)
        return pickle_push(m, dict);
    struct pickle_value *v = pickle_new(m, PICKLE_OBJECT);
    v->callee = callee;
    v->args = args;
    return pickle_push(m, v);
}

OP(call)
{
    const struct pickle_value *args = pickle_pop(m), *callee = args ? pickle_pop(m) : NULL;
    return callee && record_call(m, callee, args);
}

OP(newobj_ex)
{
    const struct pickle_value *keywords = pickle_pop(m), *args = keywords ? pickle_pop(m) : NULL,
                              *callee = args ? pickle_pop(m) : NULL;
    if (callee && (keywords->kind != PICKLE_DICT || keywords->items.len))
        return pickle_fail(m, "an object that is made with keywords");
    return callee && record_call(m, callee, args);
}

OP(obj)
{
    uint32_t first;
    if (!pickle_pop_mark(m, &first))
        return false;
    if (m->stack.len == first)
        return pickle_fail(m, "an object without a class");
    const struct pickle_value *args = pickle_collect(m, PICKLE_TUPLE, first + 1);
    return record_call(m, m->stack.at[--m->stack.len], args);
}

OP(inst)
{
    uint32_t first;
    if (!pickle_pop_mark(m, &first))
        return false;
    const struct pickle_value *args = pickle_collect(m, PICKLE_TUPLE, first);
    return op_global(m, a) && record_call(m, pickle_pop(m), args);
}

/* The state of a dict (OrderedDict's attributes, torch's _metadata) is of no use here. */
OP(build)
{
    const struct pickle_value *state = pickle_pop(m);
    struct pickle_value *v = state ? pickle_top(m) : NULL;
    if (v && v->kind == PICKLE_OBJECT)
        v->state = state;
    return v != NULL;
}

static bool push_persistent(struct machine *m, const struct pickle_value *id)
{
    struct pickle_value *v = pickle_new(m, PICKLE_PERSISTENT);
    v->id = id;
    vec_push(m->arena, &m->out->persistent, v);
    return pickle_push(m, v);
}

OP(persistent)
{
    const struct pickle_value *id = pickle_pop(m);
    return id && push_persistent(m, id);
}

/* Protocol 0 has only the text of a name. */
OP(persistent_text) { return op_text(m, a) && push_persistent(m, pickle_pop(m)); }

/* ---- the machine ---- */

enum argument_kind { NOTHING, U1, U2, U4, U8, I4, F8, D1, D4, D8, LINE, LINE2 };

struct op {
    bool (*run)(struct machine *m, const struct argument *a);
    enum argument_kind argument;
};

static const struct op ops[256] = {
#define PICKLE_OP(byte, argument, function) [byte] = {op_##function, argument},
#include "pickle_op.def"
#undef PICKLE_OP
};

static bool read_number(struct machine *m, size_t bytes, uint64_t *number)
{
    if (m->size - m->at < bytes)
        return pickle_fail(m, "the end of the file inside an opcode");
    *number = 0;
    for (size_t i = bytes; i-- > 0;)
        *number = *number << 8 | m->data[m->at + i];
    m->at += bytes;
    return true;
}

static bool read_data(struct machine *m, size_t bytes, struct argument *a)
{
    if (!read_number(m, bytes, &a->number))
        return false;
    if (a->number > m->size - m->at)
        return pickle_fail(m, "data longer than the rest of the file");
    a->data = m->data + m->at;
    a->length = (size_t)a->number;
    m->at += a->length;
    return true;
}

static bool read_line(struct machine *m, const unsigned char **text, size_t *length)
{
    const unsigned char *begin = m->data + m->at;
    const unsigned char *end = m->at < m->size ? memchr(begin, '\n', m->size - m->at) : NULL;
    if (!end)
        return pickle_fail(m, "a line without an end");
    *text = begin;
    *length = (size_t)(end - begin);
    m->at += *length + 1;
    return true;
}

static bool read_argument(struct machine *m, enum argument_kind kind, struct argument *a)
{
    switch (kind) {
    case NOTHING: return true;
    case U1: return read_number(m, 1, &a->number);
    case U2: return read_number(m, 2, &a->number);
    case U4: return read_number(m, 4, &a->number);
    case U8: return read_number(m, 8, &a->number);
    case I4:
        if (!read_number(m, 4, &a->number))
            return false;
        a->number = (uint64_t)(int64_t)(int32_t)(uint32_t)a->number;
        return true;
    case F8:
        if (!read_number(m, 8, &a->number))
            return false;
        a->number = __builtin_bswap64(a->number);
        return true;
    case D1: return read_data(m, 1, a);
    case D4: return read_data(m, 4, a);
    case D8: return read_data(m, 8, a);
    case LINE: return read_line(m, &a->data, &a->length);
    case LINE2: return read_line(m, &a->data, &a->length) && read_line(m, &a->data2, &a->length2);
    }
    return false;
}

static bool step(struct machine *m)
{
    if (m->at >= m->size)
        return pickle_fail(m, "the end of the file before the pickle's");
    const struct op *op = &ops[m->data[m->at]];
    if (!op->run)
        return pickle_fail(m, "an opcode that torch does not write");
    m->at++;
    struct argument a = {0};
    return read_argument(m, op->argument, &a) && op->run(m, &a);
}

bool pickle_read(struct arena *arena, const unsigned char *data, size_t size, struct pickle *out)
{
    *out = (struct pickle){0};
    struct machine m = {.arena = arena, .data = data, .size = size, .out = out};
    for (; !m.stopped; m.steps++) {
        if (m.steps > MAX_STEPS)
            return pickle_fail(&m, "more than 8 million opcodes");
        if (!step(&m))
            return false;
    }
    out->used = m.at;
    return true;
}

const char *pickle_kind_name(enum pickle_kind kind)
{
    static const char *const names[] = {
#define PICKLE_KIND(name, text) text,
#include "pickle_kind.def"
#undef PICKLE_KIND
    };
    return names[kind];
}

bool pickle_is_global(const struct pickle_value *v, const char *name)
{
    if (!v || v->kind != PICKLE_GLOBAL)
        return false;
    const size_t length = strlen(v->module);
    return strncmp(name, v->module, length) == 0 && name[length] == '.' &&
           strcmp(name + length + 1, v->name) == 0;
}

const struct pickle_value *pickle_dict_get(const struct pickle_value *dict, const char *key)
{
    for (uint32_t i = dict->items.len; i >= 2; i -= 2) {
        const struct pickle_value *k = dict->items.at[i - 2];
        if (k->kind == PICKLE_TEXT && strcmp(k->text, key) == 0)
            return dict->items.at[i - 1];
    }
    return NULL;
}

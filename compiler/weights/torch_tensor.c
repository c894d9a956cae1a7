/* One tensor of a pickled checkpoint: from the record of the call that would rebuild it to its values.
 *
 * Every argument of a record is looked at; one that is not understood makes the tensor unusable, with the reason, since
 * each may change what the values mean: torch's `metadata` says that they are stored negated. */
#include "weights_reader.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_RANK = 8, MAX_WRAPPERS = 4 };

/* What became of an entry. */
enum outcome { TENSOR, UNUSABLE, DAMAGED };

/* ---- storages ---- */

/* The type of a storage's class, or of the name of a dtype. */
static bool find_type(const char *name, enum ftmrt_dtype *dtype)
{
    static const struct {
        const char *storage, *name;
        enum ftmrt_dtype dtype;
    } rows[] = {
#define TORCH_STORAGE(storage, name, type) {storage, name, FTMRT_##type},
#define TORCH_STORAGE_OTHER(storage, bytes, why)
#include "torch_storage.def"
#undef TORCH_STORAGE
#undef TORCH_STORAGE_OTHER
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!strcmp(name, rows[i].storage) || !strcmp(name, rows[i].name)) {
            *dtype = rows[i].dtype;
            return true;
        }
    }
    return false;
}

static bool is_count(const struct pickle_value *v)
{
    return v->kind == PICKLE_INT && v->integer >= 0;
}

/* An old file's view of a part of a storage: (key, first element, elements). */
static const char *parse_view(const struct pickle_value *view, struct torch_storage *out)
{
    if (view->kind == PICKLE_NONE)
        return NULL;
    if (view->kind != PICKLE_TUPLE || view->items.len != 3 || !is_count(view->items.at[1]) ||
        !is_count(view->items.at[2]))
        return "its storage is a view that is not understood";
    out->first = (uint64_t)view->items.at[1]->integer;
    out->elements = (uint64_t)view->items.at[2]->integer;
    return NULL;
}

/* Why a storage of a class that is known is not read, and the size of its elements; NULL: not known. */
static const char *find_other(const char *name, size_t *bytes)
{
    static const struct {
        const char *storage, *why;
        size_t bytes;
    } rows[] = {
#define TORCH_STORAGE(storage, name, type)
#define TORCH_STORAGE_OTHER(storage, bytes, why) {storage, why, bytes},
#include "torch_storage.def"
#undef TORCH_STORAGE
#undef TORCH_STORAGE_OTHER
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(name, rows[i].storage) != 0)
            continue;
        *bytes = rows[i].bytes;
        return rows[i].why;
    }
    return NULL;
}

/* The class of a storage; an untyped one counts bytes. */
static const char *parse_class(struct arena *arena, const struct pickle_value *class,
                               struct torch_storage *out)
{
    const bool torch = !strcmp(class->module, "torch") || !strcmp(class->module, "torch.cuda");
    out->untyped = pickle_is_global(class, "torch.storage.UntypedStorage") ||
                   pickle_is_global(class, "torch.UntypedStorage");
    out->dtype = FTMRT_U8;
    if (out->untyped || (torch && find_type(class->name, &out->dtype))) {
        out->element_size = ftmrt_dtype_size(out->dtype);
        return NULL;
    }
    const char *why = torch ? find_other(class->name, &out->element_size) : NULL;
    if (why)
        return why;
    return arena_printf(arena, "its storage is a %.100s.%.100s", class->module, class->name);
}

const char *torch_storage_parse(struct arena *arena, const struct pickle_value *v,
                                struct torch_storage *out)
{
    *out = (struct torch_storage){.key = NULL};
    const struct pickle_value *id = v->kind == PICKLE_PERSISTENT ? v->id : NULL;
    if (id && id->kind == PICKLE_TEXT)
        return "it was saved with pickle_protocol = 0, which keeps only a text of its storage: "
               "save it without";
    if (!id || id->kind != PICKLE_TUPLE || id->items.len < 5 || id->items.len > 6)
        return "its storage is not understood";
    struct pickle_value *const *part = id->items.at;
    if (part[0]->kind != PICKLE_TEXT || strcmp(part[0]->text, "storage") != 0 ||
        part[1]->kind != PICKLE_GLOBAL || part[2]->kind != PICKLE_TEXT ||
        part[3]->kind != PICKLE_TEXT || !is_count(part[4]))
        return "its storage is not understood";
    *out = (struct torch_storage){.key = part[2]->text, .elements = (uint64_t)part[4]->integer};
    const char *problem = parse_class(arena, part[1], out);
    if (!problem && !strncmp(part[3]->text, "meta", 4))
        problem =
            "it is on the device 'meta', without values: save the model after they are loaded";
    return problem || id->items.len < 6 ? problem : parse_view(part[5], out);
}

bool torch_storage_part(const struct torch_storage *s, const unsigned char *all, uint64_t bytes,
                        const unsigned char **data)
{
    const uint64_t size = ftmrt_dtype_size(s->dtype), count = bytes / size;
    if (s->first > count || s->elements > count - s->first)
        return false;
    *data = all + s->first * size;
    return true;
}

/* ---- one tensor ---- */

/* Sizes and strides in elements, as the pickle has them. */
struct strided {
    int64_t offset, stride[MAX_RANK];
};

static bool read_counts(const struct pickle_value *tuple, int64_t *out, uint32_t *rank)
{
    if (tuple->kind != PICKLE_TUPLE || tuple->items.len > MAX_RANK)
        return false;
    *rank = tuple->items.len;
    for (uint32_t i = 0; i < *rank; i++) {
        if (!is_count(tuple->items.at[i]))
            return false;
        out[i] = tuple->items.at[i]->integer;
    }
    return true;
}

/* Number of elements, and the highest index that the strides reach; false if a number gets too
 * large. An axis of one element loses its stride, which may be anything. */
static bool extent(const struct weight_tensor *t, struct strided *s, uint64_t *count,
                   uint64_t *last)
{
    uint64_t size = 1; /* of the tensor, if no axis were empty */
    bool empty = false;
    *last = (uint64_t)s->offset;
    for (uint32_t i = 0; i < t->rank; i++) {
        uint64_t reach;
        if (t->dim[i] <= 1)
            s->stride[i] = 0;
        empty = empty || t->dim[i] == 0;
        const uint64_t dim = t->dim[i] ? (uint64_t)t->dim[i] : 1;
        if (__builtin_mul_overflow(size, dim, &size) || size > INT64_MAX / 8 ||
            __builtin_mul_overflow(dim - 1, (uint64_t)s->stride[i], &reach) ||
            __builtin_add_overflow(*last, reach, last))
            return false;
    }
    *count = empty ? 0 : size;
    return true;
}

static bool is_row_major(const struct weight_tensor *t, const struct strided *s)
{
    int64_t expected = 1;
    for (uint32_t i = t->rank; i-- > 0;) {
        if (t->dim[i] != 1 && s->stride[i] != expected)
            return false;
        expected *= t->dim[i];
    }
    return true;
}

/* Copies strided elements to row-major order, counting through the index like an odometer. */
static void rearrange(const struct weight_tensor *t, const struct strided *s,
                      const unsigned char *src, uint64_t count, unsigned char *dst)
{
    const size_t size = ftmrt_dtype_size(t->dtype);
    int64_t index[MAX_RANK] = {0}, at = s->offset;
    for (uint64_t i = 0; i < count; i++) {
        memcpy(dst + i * size, src + (uint64_t)at * size, size);
        for (uint32_t d = t->rank; d-- > 0;) {
            at += s->stride[d];
            if (++index[d] < t->dim[d])
                break;
            at -= s->stride[d] * t->dim[d];
            index[d] = 0;
        }
    }
}

static enum outcome place(struct torch_reader *x, const struct torch_storage *storage,
                          struct strided *s, struct weight_tensor *t, const char **why)
{
    uint64_t count, last;
    const unsigned char *data;
    if (!extent(t, s, &count, &last) || (count && last >= storage->elements)) {
        *why = "its shape and strides reach outside its storage";
        return DAMAGED;
    }
    if (!x->find(x->user, storage, &data, why))
        return DAMAGED;
    const size_t size = ftmrt_dtype_size(t->dtype);
    t->contiguous = count == 0 || is_row_major(t, s);
    if (t->contiguous) {
        t->bytes = count * size;
        t->data = count ? data + (uint64_t)s->offset * size : data;
        return TENSOR;
    }
    if (count > x->copy_budget / size) {
        *why = "its strides repeat so many elements that the copy would be larger than the file";
        return UNUSABLE;
    }
    t->bytes = count * size;
    x->copy_budget -= t->bytes;
    unsigned char *copy = arena_alloc(x->r->w->arena, t->bytes);
    rearrange(t, s, data, count, copy);
    t->data = copy;
    return TENSOR;
}

/* ---- records of calls ---- */

/* The call that makes a tensor, without parameters and the like around it. */
struct record {
    const struct pickle_value *callee, *args;
};

static const struct pickle_value *argument(const struct pickle_value *call, uint32_t i)
{
    const struct pickle_value *args = call->args;
    return args->kind == PICKLE_TUPLE && i < args->items.len ? args->items.at[i] : NULL;
}

static bool has_arguments(const struct pickle_value *call, uint32_t count)
{
    return call->args->kind == PICKLE_TUPLE && call->args->items.len == count;
}

static bool is_callee(const struct pickle_value *callee, const char *name)
{
    return callee && callee->kind == PICKLE_GLOBAL && !strcmp(callee->module, "torch._utils") &&
           !strcmp(callee->name, name);
}

/* Functions that give their first argument back as it is, with attributes of no effect on its values. */
static const struct pickle_value *wrapped(const struct pickle_value *v)
{
    const bool plain = is_callee(v->callee, "_rebuild_parameter") && has_arguments(v, 3);
    const bool state = is_callee(v->callee, "_rebuild_parameter_with_state") && has_arguments(v, 4);
    return plain || state ? argument(v, 0) : NULL;
}

static bool is_typed(const struct pickle_value *v)
{
    return pickle_is_global(v->callee, "torch._tensor._rebuild_from_type_v2") &&
           has_arguments(v, 4);
}

static bool is_plain_type(const struct pickle_value *type)
{
    return pickle_is_global(type, "torch.Tensor") ||
           pickle_is_global(type, "torch.nn.parameter.Parameter") ||
           pickle_is_global(type, "torch.nn.parameter.Buffer");
}

/* Python attributes that a tensor would be given: `data` would replace its values. */
static bool has_odd_state(const struct pickle_value *state)
{
    if (!state || state->kind == PICKLE_NONE)
        return false;
    return state->kind != PICKLE_DICT || pickle_dict_get(state, "data") != NULL;
}

/* Looks through what is around a tensor; NULL, or why that changes it. */
static const char *unwrap(struct arena *arena, const struct pickle_value *v, struct record *out)
{
    for (int depth = 0; v && v->kind == PICKLE_OBJECT && depth < MAX_WRAPPERS; depth++) {
        *out = (struct record){v->callee, v->args};
        if (has_odd_state(v->state))
            return "the state that its record has is not understood";
        if (is_typed(v)) {
            if (has_odd_state(argument(v, 3)))
                return "the attributes that its record has are not understood";
            if (!is_plain_type(argument(v, 1)))
                return arena_printf(arena,
                                    "it is a subclass of Tensor, %s: save what "
                                    "`as_subclass(torch.Tensor)` gives",
                                    torch_describe(arena, argument(v, 1)));
            *out = (struct record){argument(v, 0), argument(v, 2)};
            return NULL;
        }
        v = wrapped(v);
        if (!v)
            return NULL;
    }
    *out = (struct record){NULL, NULL};
    return NULL;
}

/* Why the tensor of a known call cannot be used, or NULL. */
static const char *known_record(const struct pickle_value *callee)
{
    static const struct {
        const char *name, *why;
    } rows[] = {
#define TORCH_RECORD(name, why) {name, why},
#include "torch_record.def"
#undef TORCH_RECORD
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (pickle_is_global(callee, rows[i].name))
            return rows[i].why;
    }
    return NULL;
}

static bool is_rebuild(const struct pickle_value *callee)
{
    return is_callee(callee, "_rebuild_tensor") || is_callee(callee, "_rebuild_tensor_v2") ||
           is_callee(callee, "_rebuild_tensor_v3");
}

bool torch_is_tensor(const struct pickle_value *v)
{
    if (v->kind != PICKLE_OBJECT)
        return false;
    if (known_record(v->callee) || is_rebuild(v->callee) || is_typed(v))
        return true;
    const struct pickle_value *inner = wrapped(v);
    return inner && inner->kind == PICKLE_OBJECT &&
           (known_record(inner->callee) || is_rebuild(inner->callee) || is_typed(inner));
}

const char *torch_describe(struct arena *arena, const struct pickle_value *v)
{
    if (v->kind == PICKLE_OBJECT && v->callee && v->callee->kind == PICKLE_GLOBAL)
        return arena_printf(arena, "an object of %.100s.%.100s", v->callee->module,
                            v->callee->name);
    if (v->kind == PICKLE_GLOBAL)
        return arena_printf(arena, "%.100s.%.100s", v->module, v->name);
    return pickle_kind_name(v->kind);
}

/* ---- rebuilding ---- */

/* Marks of a tensor, {"neg": True}: its values are stored negated. */
static const char *read_marks(struct arena *arena, const struct pickle_value *marks, bool *negated)
{
    if (marks->kind == PICKLE_NONE)
        return NULL;
    if (marks->kind != PICKLE_DICT)
        return "the marks of its record are not understood";
    for (uint32_t i = 0; i < marks->items.len; i += 2) {
        const struct pickle_value *key = marks->items.at[i], *value = marks->items.at[i + 1];
        if (key->kind != PICKLE_TEXT || value->kind != PICKLE_BOOL)
            return "the marks of its record are not understood";
        if (!strcmp(key->text, "neg"))
            *negated = value->integer;
        else if (value->integer)
            return arena_printf(arena, "its record has the mark '%.40s', which is not understood",
                                key->text);
    }
    return NULL;
}

/* requires_grad and backward_hooks of _v2 and _v3, which have no effect on values: but they must be what they are. */
static bool is_training_state(const struct pickle_value *grad, const struct pickle_value *hooks)
{
    const bool none = hooks->kind == PICKLE_NONE;
    return grad->kind == PICKLE_BOOL &&
           (none || (hooks->kind == PICKLE_DICT && hooks->items.len == 0));
}

/* The number of arguments that are always there; one more is the marks. */
static uint32_t fixed_arguments(const struct pickle_value *callee)
{
    return is_callee(callee, "_rebuild_tensor")      ? 4
           : is_callee(callee, "_rebuild_tensor_v2") ? 6
                                                     : 7;
}

/* The tensor's type: its storage's, or for an untyped one the argument of _v3. */
static const char *read_type(struct arena *arena, const struct pickle_value *dtype,
                             struct torch_storage *storage)
{
    if (!dtype)
        return storage->untyped ? "its storage has no type" : NULL;
    if (dtype->kind != PICKLE_GLOBAL || strcmp(dtype->module, "torch") != 0 || !storage->untyped ||
        !find_type(dtype->name, &storage->dtype))
        return arena_printf(arena, "its type %s is not supported", torch_describe(arena, dtype));
    storage->elements /= ftmrt_dtype_size(storage->dtype);
    return NULL;
}

/* Storage, offset, sizes and strides, the first four arguments. */
static const char *read_place(struct pickle_value *const *arg, struct strided *s,
                              struct weight_tensor *t)
{
    uint32_t strides;
    if (!is_count(arg[1]) || !read_counts(arg[2], t->dim, &t->rank) ||
        !read_counts(arg[3], s->stride, &strides) || strides != t->rank)
        return "the record of the tensor is not understood";
    s->offset = arg[1]->integer;
    return NULL;
}

/* Changes the sign of every value, as the mark `neg` asks for: the top bit of all float types. */
static void negate(struct arena *arena, struct weight_tensor *t)
{
    const size_t size = ftmrt_dtype_size(t->dtype);
    unsigned char *copy = arena_alloc(arena, t->bytes);
    memcpy(copy, t->data, t->bytes);
    for (uint64_t i = size - 1; i < t->bytes; i += size)
        copy[i] ^= 0x80;
    t->data = copy;
    t->derived = "stored negated in the file";
}

static const char *read_record(struct torch_reader *x, const struct record *record,
                               struct torch_storage *storage, struct strided *s, bool *negated,
                               struct weight_tensor *t)
{
    struct arena *arena = x->r->w->arena;
    const uint32_t fixed = fixed_arguments(record->callee);
    const struct pickle_value *args = record->args;
    if (!args || args->kind != PICKLE_TUPLE || args->items.len < fixed ||
        args->items.len > (fixed == 4 ? 4 : fixed + 1))
        return "the record of the tensor is not understood";
    struct pickle_value *const *arg = args->items.at;
    if (fixed > 4 && !is_training_state(arg[4], arg[5]))
        return "its record has hooks or attributes that are not understood";
    const char *problem = torch_storage_parse(arena, arg[0], storage);
    if (!problem)
        problem = read_type(arena, fixed == 7 ? arg[6] : NULL, storage);
    if (!problem)
        problem = read_place(arg, s, t);
    if (!problem && args->items.len > fixed)
        problem = read_marks(arena, arg[fixed], negated);
    t->dtype = storage->dtype;
    return !problem && *negated && !ftmrt_dtype_is_float(t->dtype) ? "it is marked as negated"
                                                                   : problem;
}

static enum outcome rebuild(struct torch_reader *x, const struct record *record,
                            struct weight_tensor *t, const char **why)
{
    struct torch_storage storage = {0};
    struct strided s = {0};
    bool negated = false;
    *why = read_record(x, record, &storage, &s, &negated, t);
    if (*why)
        return UNUSABLE;
    const enum outcome outcome = place(x, &storage, &s, t, why);
    if (outcome != TENSOR || !negated)
        return outcome;
    if (t->bytes > x->copy_budget) {
        *why = "its copy would be larger than the file";
        return UNUSABLE;
    }
    x->copy_budget -= t->bytes;
    negate(x->r->w->arena, t);
    return TENSOR;
}

/* Why a value that is no tensor's record cannot be used. */
static const char *not_a_tensor(struct arena *arena, const struct pickle_value *v)
{
    if (v->kind == PICKLE_OBJECT && v->callee && v->callee->kind == PICKLE_GLOBAL)
        return arena_printf(arena, "depends on %.100s.%.100s, which is not called",
                            v->callee->module, v->callee->name);
    return arena_printf(arena, "not a tensor (%s)", torch_describe(arena, v));
}

static const char *record_problem(struct arena *arena, const struct pickle_value *v,
                                  struct record *record)
{
    const char *why = v->kind == PICKLE_OBJECT ? known_record(v->callee) : NULL;
    if (!why)
        why = unwrap(arena, v, record);
    if (!why && record->callee)
        why = known_record(record->callee);
    if (!why && (!record->callee || !is_rebuild(record->callee)))
        why = not_a_tensor(arena, v);
    return why;
}

bool torch_read_tensor(struct torch_reader *x, const char *name, const struct pickle_value *v)
{
    struct weights *w = x->r->w;
    struct record record = {NULL, NULL};
    struct weight_tensor t = {.name = name};
    const char *why = record_problem(w->arena, v, &record);
    const enum outcome outcome = why ? UNUSABLE : rebuild(x, &record, &t, &why);
    if (outcome == DAMAGED)
        return weights_damaged(x->r, "tensor '%.200s': %s", name, why);
    if (outcome == UNUSABLE)
        weights_refuse(w, name, "%s", why);
    else
        vec_push(w->arena, &w->tensors, t);
    return true;
}

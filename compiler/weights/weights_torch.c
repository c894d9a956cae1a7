/* From a pickled checkpoint to named tensors.
 *
 *   1. find the state dict: the object itself, or what it holds under state_dict, model_state_dict
 *      or model
 *   2. each entry that is a record of torch._utils._rebuild_tensor_v2(storage, offset, size,
 *      stride, ...) becomes a tensor; strides that are not row-major are resolved by a copy
 *   3. a prefix "module." that all names share (DataParallel) is taken away
 *
 * An entry that is no tensor, or that depends on a call which is not known here, is passed over and
 * its reason kept: it matters only if the network needs it. A tensor that does not fit into its
 * storage is an error: the file is damaged. */
#include "weights_reader.h"

#include <inttypes.h>
#include <string.h>

#include "map.h"

enum { MAX_RANK = 8, MAX_WRAPPERS = 4, MAX_NESTING = 4 };
static const uint64_t copy_slack = UINT64_C(64)
                                   << 20; /* bytes of copies that even a small file may ask for */

struct torch_reader {
    struct weights_reader *r;
    torch_storage_fn *find;
    void *user;
    uint64_t copy_budget; /* bytes that rearranged copies may still take */
    struct map names;     /* keys seen */
};

/* What became of an entry. */
enum outcome { TENSOR, SKIPPED, DAMAGED };

/* ---- storages ---- */

static bool storage_type(const char *name, enum ftmrt_dtype *dtype)
{
    static const struct {
        const char *name;
        enum ftmrt_dtype dtype;
    } rows[] = {
#define TORCH_STORAGE(text, type) {text, FTMRT_##type},
#include "torch_storage.def"
#undef TORCH_STORAGE
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(name, rows[i].name) == 0) {
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

const char *torch_storage_parse(struct arena *arena, const struct pickle_value *v,
                                struct torch_storage *out)
{
    const struct pickle_value *id = v->kind == PICKLE_PERSISTENT ? v->id : NULL;
    if (!id || id->kind != PICKLE_TUPLE || id->items.len < 5)
        return "its storage is not understood";
    struct pickle_value *const *part = id->items.at;
    if (part[0]->kind != PICKLE_TEXT || strcmp(part[0]->text, "storage") != 0 ||
        part[1]->kind != PICKLE_GLOBAL || part[2]->kind != PICKLE_TEXT || !is_count(part[4]))
        return "its storage is not understood";
    const bool known =
        strcmp(part[1]->module, "torch") == 0 || strcmp(part[1]->module, "torch.cuda") == 0;
    *out = (struct torch_storage){.key = part[2]->text, .elements = (uint64_t)part[4]->integer};
    if (!known || !storage_type(part[1]->name, &out->dtype))
        return arena_printf(arena, "its storage is a %.100s.%.100s", part[1]->module,
                            part[1]->name);
    return id->items.len > 5 ? parse_view(part[5], out) : NULL;
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
        return SKIPPED;
    }
    t->bytes = count * size;
    x->copy_budget -= t->bytes;
    unsigned char *copy = arena_alloc(x->r->w->arena, t->bytes);
    rearrange(t, s, data, count, copy);
    t->data = copy;
    return TENSOR;
}

/* The arguments of _rebuild_tensor_v2: storage, offset, size, stride, requires_grad,
 * backward_hooks. */
static enum outcome rebuild(struct torch_reader *x, const struct pickle_value *args,
                            struct weight_tensor *t, const char **why)
{
    *why = "the record of the tensor is not understood";
    if (args->kind != PICKLE_TUPLE || args->items.len < 4)
        return SKIPPED;
    struct pickle_value *const *arg = args->items.at;
    struct torch_storage storage;
    const char *problem = torch_storage_parse(x->r->w->arena, arg[0], &storage);
    if (problem) {
        *why = problem;
        return SKIPPED;
    }
    struct strided s;
    uint32_t strides;
    if (!is_count(arg[1]) || !read_counts(arg[2], t->dim, &t->rank) ||
        !read_counts(arg[3], s.stride, &strides) || strides != t->rank)
        return SKIPPED;
    s.offset = arg[1]->integer;
    t->dtype = storage.dtype;
    return place(x, &storage, &s, t, why);
}

/* ---- records of calls ---- */

static const struct pickle_value *argument(const struct pickle_value *call, uint32_t i)
{
    const struct pickle_value *args = call->args;
    return args->kind == PICKLE_TUPLE && i < args->items.len ? args->items.at[i] : NULL;
}

static bool is_rebuild(const struct pickle_value *callee)
{
    return pickle_is_global(callee, "torch._utils._rebuild_tensor_v2") ||
           pickle_is_global(callee, "torch._utils._rebuild_tensor");
}

static bool is_parameter(const struct pickle_value *callee)
{
    return pickle_is_global(callee, "torch._utils._rebuild_parameter") ||
           pickle_is_global(callee, "torch._utils._rebuild_parameter_with_state");
}

/* _rebuild_from_type_v2(function, type, arguments, state) of a tensor with attributes. */
static bool is_typed(const struct pickle_value *v)
{
    return pickle_is_global(v->callee, "torch._tensor._rebuild_from_type_v2") && argument(v, 2) &&
           is_rebuild(argument(v, 0)) &&
           (pickle_is_global(argument(v, 1), "torch.nn.parameter.Parameter") ||
            pickle_is_global(argument(v, 1), "torch.Tensor"));
}

/* The arguments of the rebuilding of a tensor, looking through parameters; NULL if v is not a
 * tensor. */
static const struct pickle_value *rebuild_arguments(const struct pickle_value *v)
{
    for (int depth = 0; v && v->kind == PICKLE_OBJECT && depth < MAX_WRAPPERS; depth++) {
        if (is_rebuild(v->callee))
            return v->args;
        if (is_typed(v))
            return argument(v, 2);
        v = is_parameter(v->callee) ? argument(v, 0) : NULL;
    }
    return NULL;
}

/* "a 'x.Net'" or "a list": what a value is, for messages. */
static const char *describe(struct arena *arena, const struct pickle_value *v)
{
    if (v->kind == PICKLE_OBJECT && v->callee->kind == PICKLE_GLOBAL)
        return arena_printf(arena, "an object of %.100s.%.100s", v->callee->module,
                            v->callee->name);
    if (v->kind == PICKLE_GLOBAL)
        return arena_printf(arena, "the name %.100s.%.100s", v->module, v->name);
    return pickle_kind_name(v->kind);
}

/* ---- the state dict ---- */

static bool has_tensors(const struct pickle_value *dict)
{
    for (uint32_t i = 1; i < dict->items.len; i += 2) {
        if (rebuild_arguments(dict->items.at[i]))
            return true;
    }
    return false;
}

/* The dict under one of the usual keys that leads to tensors, or NULL. */
static const struct pickle_value *nested_dict(const struct pickle_value *dict, int depth)
{
    static const char *const keys[] = {"state_dict", "model_state_dict", "model"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && depth < MAX_NESTING; i++) {
        const struct pickle_value *inner = pickle_dict_get(dict, keys[i]);
        if (inner && inner->kind == PICKLE_DICT &&
            (has_tensors(inner) || nested_dict(inner, depth + 1)))
            return inner;
    }
    return NULL;
}

static bool add_entry(struct torch_reader *x, const struct pickle_value *key,
                      const struct pickle_value *value)
{
    struct weights *w = x->r->w;
    if (key->kind != PICKLE_TEXT || key->length != strlen(key->text)) {
        weights_skip(w, "(entry)", "its key is not a name but %s", describe(w->arena, key));
        return true;
    }
    const struct pickle_value *args = rebuild_arguments(value);
    if (!args) {
        const bool call = value->kind == PICKLE_OBJECT && value->callee->kind == PICKLE_GLOBAL;
        if (call)
            weights_skip(w, key->text, "depends on %.100s.%.100s, which is not called",
                         value->callee->module, value->callee->name);
        else
            weights_skip(w, key->text, "not a tensor (%s)", describe(w->arena, value));
        return true;
    }
    struct weight_tensor t = {.name = key->text};
    const char *why = "";
    const enum outcome outcome = rebuild(x, args, &t, &why);
    if (outcome == DAMAGED)
        return weights_damaged(x->r, "tensor '%.200s': %s", key->text, why);
    if (outcome == SKIPPED)
        weights_skip(w, key->text, "%s", why);
    else
        vec_push(w->arena, &w->tensors, t);
    return true;
}

/* Adds the entries of a dict; of equal keys the last counts, as in Python. */
static bool add_dict(struct torch_reader *x, const struct pickle_value *dict)
{
    for (uint32_t i = 0; i < dict->items.len; i += 2) {
        const struct pickle_value *key = dict->items.at[i];
        if (key->kind == PICKLE_TEXT)
            map_set(&x->names, key->text, dict->items.at[i + 1]);
    }
    for (uint32_t i = 0; i < dict->items.len; i += 2) {
        const struct pickle_value *key = dict->items.at[i], *value = dict->items.at[i + 1];
        if (key->kind == PICKLE_TEXT && map_get(&x->names, key->text) != value)
            continue;
        if (key->kind == PICKLE_TEXT)
            map_set(&x->names, key->text, NULL);
        if (!add_entry(x, key, value))
            return false;
    }
    return true;
}

static void skip_others(struct weights *w, const struct pickle_value *dict,
                        const struct pickle_value *taken)
{
    for (uint32_t i = 0; i < dict->items.len; i += 2) {
        const struct pickle_value *key = dict->items.at[i], *value = dict->items.at[i + 1];
        if (value != taken && key->kind == PICKLE_TEXT)
            weights_skip(w, key->text, "outside the state dict (%s)", describe(w->arena, value));
    }
}

static void strip_module(struct weights *w)
{
    static const char prefix[] = "module.";
    const size_t length = sizeof prefix - 1;
    for (uint32_t i = 0; i < w->tensors.len; i++) {
        if (strncmp(w->tensors.at[i].name, prefix, length) != 0)
            return;
    }
    for (uint32_t i = 0; i < w->tensors.len; i++)
        w->tensors.at[i].name += length;
}

static bool report_class(struct weights_reader *r, const struct pickle_value *root)
{
    diag_report(r->diag, r->span, DIAG_WEIGHTS_CLASS, r->w->path, describe(r->w->arena, root));
    if (root->kind == PICKLE_OBJECT)
        diag_note(
            r->diag,
            "save `model.state_dict()` instead of the model: torch.save(model.state_dict(), path)");
    return false;
}

static bool report_empty(struct weights_reader *r)
{
    diag_report(r->diag, r->span, DIAG_WEIGHTS_EMPTY, r->w->path);
    for (uint32_t i = 0; i < r->w->skipped.len && i < 3; i++)
        diag_note(r->diag, "%s", r->w->skipped.at[i]);
    return false;
}

bool torch_read_tensors(struct weights_reader *r, const struct pickle_value *root,
                        torch_storage_fn *find, void *user)
{
    struct torch_reader x = {
        .r = r, .find = find, .user = user, .copy_budget = r->w->file.size + copy_slack};
    const struct pickle_value *dict = root;
    map_init(&x.names, r->w->arena);
    if (root->kind != PICKLE_DICT)
        return report_class(r, root);
    for (int depth = 0; depth <= MAX_NESTING; depth++) {
        const struct pickle_value *inner = nested_dict(dict, depth);
        if (!inner)
            break;
        skip_others(r->w, dict, inner);
        dict = inner;
    }
    if (!add_dict(&x, dict))
        return false;
    strip_module(r->w);
    return r->w->tensors.len > 0 || report_empty(r);
}

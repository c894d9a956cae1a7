/* A safetensors file into a context, all of it or nothing.
 *
 * The header says where each tensor is; then the data is read in its order, without going back: what is open is put aside row by
 * row, what is frozen is compared with the library's own. Only when the last byte has been read is anything changed. */
#include <math.h>
#include <string.h>

#include "embed.h"
#include "fingerprint.h"
#include "json_stream.h"
#include "rounding.h"

_Static_assert(FINGERPRINT_BLOCK <= sizeof((struct json_stream){0}.buffer),
               "a block fits into the buffer");

enum { MAX_HEADER = 100000000, NAME_BYTES = 512 };

/* A tensor of the file, by its state. */
struct extent {
    uint64_t begin, end;
    enum ftmrt_dtype dtype;
    bool found;
};

/* The context's staging memory: extents by state, states in the data's order, and the data. */
struct staging {
    struct extent *extents; /* [state_count] */
    uint32_t *order;        /* [count]: states that the file has, by where their data begins */
    uint32_t count;
    unsigned char *data;
};

static size_t extents_bytes(const struct ftmrt_program *p)
{
    return align_up(p->state_count * (sizeof(struct extent) + sizeof(uint32_t)), FTMX_ALIGNMENT);
}

size_t load_staging_bytes(const struct ftmrt_program *p)
{
    size_t open = 0, largest = 0;
    for (uint32_t i = 0; i < p->state_count; i++) {
        const size_t bytes = align_up(ftmrt_state_bytes(&p->states[i]), sizeof(int64_t));
        open += state_is_open(&p->states[i]) ? bytes : 0;
        largest = bytes > largest ? bytes : largest;
    }
    return extents_bytes(p) + (open > largest ? open : largest);
}

struct loader {
    ftmx_context *c;
    const struct ftmrt_program *p;
    struct json_stream in;
    struct staging staging;
    char name[NAME_BYTES];         /* of the tensor or key at hand */
    double temperature, threshold; /* as the file says; 0: it does not */
    bool relative;                 /* the file leaves out what is in the pretrained one */
};

/* ---- the header ---- */

/* What was wrong with the bytes that were just read. */
static ftmx_status refuse(struct loader *l, const char *what)
{
    if (l->in.failed)
        return context_fail(l->c, FTMX_ERROR_IO, "the function that reads has failed");
    return context_fail(l->c, FTMX_ERROR_FORMAT, "not a safetensors file, or cut: %s", what);
}

static ftmx_status mismatch(struct loader *l, const char *what)
{
    return context_fail(l->c, FTMX_ERROR_MISMATCH,
                        "%s %s: the file is of another network; train again, or make the library "
                        "of the recipe that it was trained with",
                        l->name, what);
}

/* A number in decimals, as 1.25: rounded as strtod does, since of both parts the bits are exact; -1: it is none, or has more than 15 digits. */
static double decimal(const char *text)
{
    enum { MOST_DIGITS = 15 };
    uint64_t whole = 0, unit = 1;
    int digits = 0;
    for (bool behind = false; *text; text++) {
        if (*text == '.' && !behind && digits) {
            behind = true;
            continue;
        }
        if (*text < '0' || *text > '9' || ++digits > MOST_DIGITS)
            return -1;
        whole = 10 * whole + (uint64_t)(*text - '0');
        unit *= behind ? 10 : 1;
    }
    return digits ? (double)whole / (double)unit : -1;
}

/* What goes with the answers of the file's weights. */
static ftmx_status take_number(struct loader *l, const char *value)
{
    double *to = !strcmp(l->name, "temperature") ? &l->temperature
                 : !strcmp(l->name, "threshold") ? &l->threshold
                                                 : NULL;
    if (to && !((*to = decimal(value)) > 0))
        return refuse(l, "its temperature or threshold is no number above 0");
    return FTMX_OK;
}

/* What of the file's identity must be the library's: what the data was prepared for and what the outputs mean. */
static ftmx_status check_fact(struct loader *l, const char *value)
{
    const struct {
        const char *key;
        uint64_t hash;
    } facts[] = {{"transform_hash", l->p->identity.transform},
                 {"classes_hash", l->p->identity.classes}};
    if (!strcmp(l->name, "source_sha256")) {
        struct ftmrt_source source;
        l->relative = true;
        if (!model_source(l->c->model, &source) || strcmp(value, source.sha256) != 0)
            return context_fail(l->c, FTMX_ERROR_MISMATCH,
                                "the file holds only what training changed in other pretrained "
                                "weights than the library's; `ftmc merge` makes a whole one");
    }
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        char ours[17];
        text_hash(ours, facts[i].hash);
        const bool own = i && classes_bytes(l->p); /* then the list is the file's */
        if (!own && !strcmp(l->name, facts[i].key) && strcmp(value, ours) != 0)
            return context_fail(l->c, FTMX_ERROR_MISMATCH,
                                "the file was trained for another %s than the library is for",
                                i ? "list of classes" : "preparation of pictures");
    }
    return take_number(l, value);
}

static bool take_comma(struct json_stream *in, bool first) { return first || json_take(in, ','); }

static ftmx_status no_text(struct loader *l)
{
    return refuse(l, "the metadata has something that is no text");
}

/* What l->name, a key of the metadata, says. */
static ftmx_status read_fact(struct loader *l)
{
    char value[72];
    bool text;
    if (strcmp(l->name, "classes") != 0 || !classes_bytes(l->p))
        return json_take_string(&l->in, value, sizeof value, NULL) ? check_fact(l, value)
                                                                   : no_text(l);
    const char *wrong = classes_read(l->c, &l->in, &text);
    if (wrong)
        return context_fail(l->c, FTMX_ERROR_MISMATCH, "the file's list of classes %s", wrong);
    return text ? FTMX_OK : no_text(l);
}

static ftmx_status read_metadata(struct loader *l)
{
    if (!json_take(&l->in, '{'))
        return refuse(l, "the metadata is no object");
    for (bool first = true; json_peek(&l->in) != '}'; first = false) {
        if (!take_comma(&l->in, first) ||
            !json_take_string(&l->in, l->name, sizeof l->name, NULL) || !json_take(&l->in, ':'))
            return no_text(l);
        const ftmx_status status = read_fact(l);
        if (status != FTMX_OK)
            return status;
    }
    return json_take(&l->in, '}') ? FTMX_OK : refuse(l, "the metadata does not end");
}

/* Whether a state's data may have an element type in a file: frozen tensors are there as they were in the pretrained one, trained ones in
 * any type of floats (`save = as_source`). */
static bool takes_type(const struct loader *l, const struct ftmrt_state *s, enum ftmrt_dtype type)
{
    if (!state_is_open(s) && s->source >= 0)
        return type == (enum ftmrt_dtype)l->p->tensors[s->source].dtype;
    return type == (enum ftmrt_dtype)s->dtype ||
           (state_is_open(s) && s->dtype == FTMRT_F32 && ftmrt_dtype_is_float(type));
}

static bool dtype_named(const char *name, enum ftmrt_dtype *dtype)
{
    for (int i = 0; i < FTMRT_DTYPE_COUNT; i++)
        if (strcmp(name, ftmrt_dtype_name((enum ftmrt_dtype)i)) == 0) {
            *dtype = (enum ftmrt_dtype)i;
            return true;
        }
    return false;
}

/* [2, 3] as the state has it; *same: whether it does. false: no list of numbers. */
static bool take_shape(struct json_stream *in, const struct ftmrt_state *s, bool *same)
{
    uint32_t rank = 0;
    uint64_t dim;
    *same = true;
    if (!json_take(in, '['))
        return false;
    for (; json_peek(in) != ']'; rank++) {
        if (!take_comma(in, rank == 0) || !json_take_natural(in, &dim))
            return false;
        *same = *same && rank < s->rank && dim == (uint64_t)s->dim[rank];
    }
    *same = *same && rank == s->rank;
    return json_take(in, ']');
}

static bool take_offsets(struct json_stream *in, struct extent *e)
{
    return json_take(in, '[') && json_take_natural(in, &e->begin) && json_take(in, ',') &&
           json_take_natural(in, &e->end) && json_take(in, ']');
}

/* What a tensor's object says. */
struct described {
    bool type, shape; /* whether they can be the state's */
    bool has[3];      /* dtype, shape, data_offsets */
    struct extent extent;
};

static bool take_field(struct loader *l, const struct ftmrt_state *s, struct described *d)
{
    static const char *const keys[] = {"dtype", "shape", "data_offsets"};
    char key[16], type[16];
    int which = 0;
    if (!json_take_string(&l->in, key, sizeof key, NULL) || !json_take(&l->in, ':'))
        return false;
    while (which < 3 && strcmp(key, keys[which]) != 0)
        which++;
    if (which == 3 || d->has[which])
        return false;
    d->has[which] = true;
    if (which == 1)
        return take_shape(&l->in, s, &d->shape);
    if (which == 2)
        return take_offsets(&l->in, &d->extent);
    if (!json_take_string(&l->in, type, sizeof type, NULL))
        return false;
    d->type = dtype_named(type, &d->extent.dtype) && takes_type(l, s, d->extent.dtype);
    return true;
}

static ftmx_status read_tensor(struct loader *l)
{
    uint32_t index;
    struct described d = {0};
    if (!state_find(l->p, l->name, &index))
        return mismatch(l, "is no tensor of this network");
    const struct ftmrt_state *s = &l->p->states[index];
    bool ok = json_take(&l->in, '{');
    for (int i = 0; ok && i < 3; i++)
        ok = take_comma(&l->in, i == 0) && take_field(l, s, &d);
    if (!ok || !json_take(&l->in, '}') || d.extent.begin > d.extent.end)
        return refuse(l, l->name);
    if (!d.type || !d.shape)
        return mismatch(l, "has another shape or type here");
    if (d.extent.end - d.extent.begin !=
        (uint64_t)ftmrt_elements(s->rank, s->dim) * ftmrt_dtype_size(d.extent.dtype))
        return refuse(l, l->name);
    if (l->staging.extents[index].found)
        return refuse(l, l->name);
    d.extent.found = true;
    l->staging.extents[index] = d.extent;
    return FTMX_OK;
}

static ftmx_status read_entry(struct loader *l)
{
    bool fits;
    if (!json_take_string(&l->in, l->name, sizeof l->name, &fits) || !json_take(&l->in, ':'))
        return refuse(l, "the header has no name where one is expected");
    if (!fits)
        return context_fail(l->c, FTMX_ERROR_MISMATCH,
                            "the file has a tensor of a name that no "
                            "parameter of this network has");
    return strcmp(l->name, "__metadata__") != 0 ? read_tensor(l) : read_metadata(l);
}

static ftmx_status read_header(struct loader *l)
{
    if (!json_take(&l->in, '{'))
        return refuse(l, "the header is no object");
    for (bool first = true; json_peek(&l->in) != '}'; first = false) {
        if (!take_comma(&l->in, first))
            return refuse(l, "the header does not end");
        const ftmx_status status = read_entry(l);
        if (status != FTMX_OK)
            return status;
    }
    json_take(&l->in, '}');
    return json_peek(&l->in) < 0 && !l->in.failed ? FTMX_OK : refuse(l, "bytes behind the header");
}

/* ---- the data ---- */

/* Whether the pretrained file, which is the library's, has the values of a state, so that a relative file need not have them. */
static bool is_left_out(const struct loader *l, const struct ftmrt_state *s)
{
    return l->relative && s->source >= 0 && l->p->tensors[s->source].origin == FTMRT_ORIGIN_FILE;
}

/* Lists what the file has by where its data begins; every open state must be there. */
static ftmx_status put_in_order(struct loader *l)
{
    struct staging *s = &l->staging;
    for (uint32_t i = 0; i < l->p->state_count; i++) {
        if (!s->extents[i].found) {
            if (state_is_open(&l->p->states[i]) && !is_left_out(l, &l->p->states[i]))
                return context_fail(l->c, FTMX_ERROR_MISMATCH,
                                    "the file has no '%s': it is of another network, or of a "
                                    "library that has this parameter frozen",
                                    l->p->states[i].name);
            continue;
        }
        uint32_t at = s->count++;
        for (; at > 0 && s->extents[s->order[at - 1]].begin > s->extents[i].begin; at--)
            s->order[at] = s->order[at - 1];
        s->order[at] = i;
    }
    return FTMX_OK;
}

static bool read_bytes(struct loader *l, void *data, size_t bytes)
{
    l->in.failed = bytes && l->in.read(l->in.user, data, bytes) != 0;
    return !l->in.failed;
}

/* Reads elements of another type than the state's, piece by piece. */
static bool read_converted(struct loader *l, const struct ftmrt_state *s, enum ftmrt_dtype type,
                           unsigned char *data)
{
    const size_t from = ftmrt_dtype_size(type), to = ftmrt_dtype_size((enum ftmrt_dtype)s->dtype),
                 room = sizeof l->in.buffer / from;
    size_t left = ftmrt_state_bytes(s) / to;
    while (left > 0) {
        const size_t count = left < room ? left : room;
        if (!read_bytes(l, l->in.buffer, count * from))
            return false;
        ftmrt_convert(type, l->in.buffer, (enum ftmrt_dtype)s->dtype, data, (int64_t)count);
        data += count * to;
        left -= count;
    }
    return true;
}

static ftmx_status read_open(struct loader *l, const struct ftmrt_state *s, enum ftmrt_dtype type,
                             unsigned char *data)
{
    const size_t bytes = ftmrt_state_bytes(s);
    if (type == (enum ftmrt_dtype)s->dtype ? !read_bytes(l, data, bytes)
                                           : !read_converted(l, s, type, data))
        return refuse(l, s->name);
    for (size_t i = 0; s->dtype == FTMRT_F32 && i < bytes / sizeof(float); i++)
        if (!isfinite(ftmrt_load_double(FTMRT_F32, data, (int64_t)i)))
            return context_fail(l->c, FTMX_ERROR_NOT_FINITE, "'%s' of the file is not finite",
                                s->name);
    return FTMX_OK;
}

/* Compares with the library's own tensor, if there is one: with its bytes, or with their fingerprint. */
static ftmx_status read_frozen(struct loader *l, const struct ftmrt_state *s, uint64_t bytes)
{
    const struct ftmrt_tensor *source = s->source >= 0 ? &l->p->tensors[s->source] : NULL;
    const unsigned char *own = source ? l->p->blob + source->offset : NULL;
    unsigned char *part = l->in.buffer;
    uint64_t hash = 0;
    bool same = true;
    for (uint64_t at = 0; at < bytes;) {
        const size_t count =
            bytes - at < FINGERPRINT_BLOCK ? (size_t)(bytes - at) : FINGERPRINT_BLOCK;
        if (!read_bytes(l, part, count))
            return refuse(l, s->name);
        hash = fingerprint_bytes(part, count, hash);
        same = same && (!source || source->hashed || memcmp(part, own + at, count) == 0);
        at += count;
    }
    if (source && source->hashed)
        same = memcmp(&hash, own, sizeof hash) == 0;
    return same ? FTMX_OK
                : context_fail(l->c, FTMX_ERROR_MISMATCH,
                               "the frozen tensor '%s' differs from the library's: the file "
                               "belongs to other pretrained weights, or more was trained than is "
                               "open here",
                               s->name);
}

static ftmx_status read_data(struct loader *l, uint64_t bytes)
{
    unsigned char *data = l->staging.data;
    uint64_t at = 0;
    for (uint32_t i = 0; i < l->staging.count; i++) {
        const struct ftmrt_state *s = &l->p->states[l->staging.order[i]];
        const struct extent *e = &l->staging.extents[l->staging.order[i]];
        const bool open = state_is_open(s);
        if (e->begin != at || e->end > bytes)
            return refuse(l, s->name);
        const ftmx_status status =
            open ? read_open(l, s, e->dtype, data) : read_frozen(l, s, e->end - e->begin);
        if (status != FTMX_OK)
            return status;
        at = e->end;
        data += open ? align_up(ftmrt_state_bytes(s), sizeof(int64_t)) : 0;
    }
    return at == bytes ? FTMX_OK : refuse(l, "bytes behind the last tensor");
}

/* The data becomes the context's; what the file leaves out is as in the pretrained one, and the optimizer starts anew. */
static void take_over(struct loader *l)
{
    const unsigned char *data = l->staging.data;
    ftmx_context *c = l->c;
    for (uint32_t i = 0; i < l->staging.count; i++) {
        const uint32_t state = l->staging.order[i];
        const size_t bytes = ftmrt_state_bytes(&l->p->states[state]);
        if (!state_is_open(&l->p->states[state]))
            continue;
        ftmrt_set_state(l->p, c->call.workspace, state, data, bytes);
        data += align_up(bytes, sizeof(int64_t));
    }
    for (uint32_t i = 0; i < l->p->state_count; i++)
        if (l->p->states[i].flags & FTMRT_MUTABLE && !l->staging.extents[i].found)
            ftmrt_init_state(l->p, c->call.workspace, i, c->options.seed);
    c->call.step = 0;
    c->lost = false;
    c->temperature = l->temperature;
    c->threshold = l->threshold;
    classes_take(c);
}

/* ---- all of it ---- */

static ftmx_status read_length(struct loader *l, size_t bytes, uint64_t *length)
{
    unsigned char text[8];
    *length = 0;
    if (bytes < sizeof text || !read_bytes(l, text, sizeof text))
        return refuse(l, "it is shorter than a header's length");
    for (int i = 7; i >= 0; i--)
        *length = *length << 8 | text[i];
    return *length <= MAX_HEADER && *length <= bytes - sizeof text
               ? FTMX_OK
               : refuse(l, "its header is longer than the file");
}

static struct staging staging_of(const ftmx_context *c)
{
    const struct ftmrt_program *p = &c->model->program;
    void *extents = c->staging, *order = c->staging + p->state_count * sizeof(struct extent);
    memset(extents, 0, extents_bytes(p));
    return (struct staging){
        .extents = extents, .order = order, .data = c->staging + extents_bytes(p)};
}

ftmx_status ftmx_load(ftmx_context *context, ftmx_read_fn *read, void *user, size_t bytes)
{
    ftmx_status status = context_begin(context);
    if (status != FTMX_OK)
        return status;
    if (!read)
        return context_fail(context, FTMX_ERROR_ARGUMENT, "there is no function that reads");
    struct loader l = {.c = context, .p = &context->model->program};
    uint64_t length;
    l.in = (struct json_stream){.read = read, .user = user};
    context->lines_count = 0;
    l.staging = staging_of(context);
    status = read_length(&l, bytes, &length);
    l.in.left = length;
    if (status == FTMX_OK)
        status = read_header(&l);
    if (status == FTMX_OK)
        status = put_in_order(&l);
    if (status == FTMX_OK)
        status = read_data(&l, bytes - sizeof length - length);
    if (status == FTMX_OK)
        take_over(&l);
    return status;
}

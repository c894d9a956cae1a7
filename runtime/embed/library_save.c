/* What is not frozen as a safetensors file (../files/safetensors.h has the format).
 *
 * The header is made twice by the same code: first to learn its length, which stands in front of it, then to be written. */
#include <string.h>

#include "embed.h"
#include "rounding.h"

/* Where bytes go; without `write` they are only counted. */
struct output {
    ftmx_write_fn *write;
    void *user;
    bool failed;
    uint64_t count;
    size_t used;
    char buffer[512];
};

static void flush(struct output *o)
{
    if (o->write && o->used && !o->failed)
        o->failed = o->write(o->user, o->buffer, o->used) != 0;
    o->used = 0;
}

static void put(struct output *o, char byte)
{
    o->count++;
    o->buffer[o->used++] = byte;
    if (o->used == sizeof o->buffer)
        flush(o);
}

static void put_text(struct output *o, const char *text)
{
    while (*text)
        put(o, *text++);
}

/* A text inside of a JSON string. */
static void put_escaped(struct output *o, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            put(o, '\\');
        if (c >= ' ') {
            put(o, *text);
            continue;
        }
        put_text(o, "\\u00");
        put(o, digits[c >> 4]);
        put(o, digits[c & 15]);
    }
}

static void put_string(struct output *o, const char *text)
{
    put(o, '"');
    put_escaped(o, text);
    put(o, '"');
}

static void put_number(struct output *o, uint64_t value)
{
    char text[24];
    text_number(text, value);
    put_text(o, text);
}

/* ---- the header ---- */

static void put_fact(struct output *o, const char *key, const char *value)
{
    put(o, ',');
    put_string(o, key);
    put(o, ':');
    put_string(o, value);
}

static void put_hash(struct output *o, const char *key, uint64_t hash)
{
    char text[17];
    text_hash(text, hash);
    put_fact(o, key, text);
}

/* The names of the classes, a line each. */
static void put_classes(struct output *o, const ftmx_context *c)
{
    const char *name = context_class_name(c, 0);
    if (!name)
        return;
    put_text(o, ",\"classes\":\"");
    for (int64_t i = 0; name; name = context_class_name(c, ++i)) {
        put_text(o, i ? "\\n" : "");
        put_escaped(o, name);
    }
    put(o, '"');
}

/* The tensors of layers that the recipe added, a line each. */
static void put_added(struct output *o, const struct ftmrt_program *p)
{
    const char *between = "";
    put_text(o, ",\"added\":\"");
    for (uint32_t i = 0; i < p->state_count; i++) {
        const struct ftmrt_state *s = &p->states[i];
        if (s->kind == FTMRT_STATE_SLOT || !(s->flags & FTMRT_NEW))
            continue;
        put_text(o, between);
        put_escaped(o, s->name);
        between = "\\n";
    }
    put(o, '"');
}

/* The weight file that has what is left out here: by it other readers take the file, and `ftmc merge` makes it whole. */
static void put_source(struct output *o, const struct ftmrt_source *s)
{
#define FTMRT_SOURCE_FACT(name, key, meaning) put_fact(o, key, s->name);
#include "source_fact.def"
#undef FTMRT_SOURCE_FACT
}

/* A number of 0 and more in 9 decimals; none if it is 0. */
static void put_decimal(struct output *o, const char *key, double value)
{
    const uint64_t unit = 1000000000;
    uint64_t whole = (uint64_t)(value * 1e9 + 0.5);
    char text[24], *end = text;
    if (!whole)
        return;
    text_number(text, whole / unit);
    end += strlen(text);
    *end++ = '.';
    for (uint64_t digit = unit / 10; digit; digit /= 10)
        *end++ = (char)('0' + whole / digit % 10);
    *end = '\0';
    put_fact(o, key, text);
}

/* What a file says of its origin, as a program's has it (../app/trained_file.c): by it others know whose it is. */
static void put_metadata(struct output *o, const ftmx_context *c)
{
    const struct ftmrt_program *p = &c->model->program;
    struct ftmrt_identity identity = p->identity;
    struct ftmrt_source source;
    identity.classes = context_classes_hash(c);
    put_text(o, "{\"__metadata__\":{\"format\":\"pt\"");
    put_fact(o, "program", p->name);
    put_fact(o, "compiler", p->compiler);
    put_fact(o, "recipe", p->resolved); /* by it the compiler knows a trained file */
    put_hash(o, "recipe_hash", ftmrt_name_hash(p->resolved));
    put_decimal(o, "temperature", c->temperature);
    put_decimal(o, "threshold", c->threshold);
    put_classes(o, c);
    put_added(o, p);
    if (model_source(c->model, &source))
        put_source(o, &source);
#define FTMRT_IDENTITY(name, what, meaning) put_hash(o, #name "_hash", identity.name);
#include "identity.def"
#undef FTMRT_IDENTITY
    put(o, '}');
}

static void put_tensor(struct output *o, const struct ftmrt_state *s, uint64_t begin, uint64_t end)
{
    put(o, ',');
    put_string(o, s->name);
    put_text(o, ":{\"dtype\":");
    put_string(o, ftmrt_dtype_name((enum ftmrt_dtype)s->dtype));
    put_text(o, ",\"shape\":[");
    for (uint32_t i = 0; i < s->rank; i++) {
        if (i)
            put(o, ',');
        put_number(o, (uint64_t)s->dim[i]);
    }
    put_text(o, "],\"data_offsets\":[");
    put_number(o, begin);
    put(o, ',');
    put_number(o, end);
    put_text(o, "]}");
}

/* Larger elements first, so that each tensor is aligned. */
static const size_t element_sizes[] = {8, 4, 2, 1};

enum { SIZES = sizeof element_sizes / sizeof *element_sizes };

static bool is_saved(const struct ftmrt_state *s, int size)
{
    return state_is_open(s) && ftmrt_dtype_size((enum ftmrt_dtype)s->dtype) == element_sizes[size];
}

static void put_header(struct output *o, const ftmx_context *c)
{
    const struct ftmrt_program *p = &c->model->program;
    uint64_t at = 0;
    put_metadata(o, c);
    for (int size = 0; size < SIZES; size++)
        for (uint32_t i = 0; i < p->state_count; i++) {
            if (!is_saved(&p->states[i], size))
                continue;
            const uint64_t bytes = ftmrt_state_bytes(&p->states[i]);
            put_tensor(o, &p->states[i], at, at + bytes);
            at += bytes;
        }
    put(o, '}');
    while (o->count % 8)
        put(o, ' ');
}

static void put_length(struct output *o, uint64_t length)
{
    for (int i = 0; i < 8; i++)
        put(o, (char)(unsigned char)(length >> (8 * i)));
}

/* ---- all of it ---- */

static void put_data(struct output *o, const ftmx_context *c)
{
    const struct ftmrt_program *p = &c->model->program;
    flush(o);
    for (int size = 0; size < SIZES; size++)
        for (uint32_t i = 0; i < p->state_count && !o->failed; i++) {
            const size_t bytes = ftmrt_state_bytes(&p->states[i]);
            if (!is_saved(&p->states[i], size))
                continue;
            ftmrt_get_state(p, c->call.workspace, i, c->staging, bytes);
            o->failed = o->write(o->user, c->staging, bytes) != 0;
        }
}

ftmx_status ftmx_save(ftmx_context *context, ftmx_write_fn *write, void *user)
{
    const ftmx_status status = context_begin_sound(context);
    if (status != FTMX_OK)
        return status;
    if (!write)
        return context_fail(context, FTMX_ERROR_ARGUMENT, "there is no function that writes");
    struct output measured = {.write = NULL}, o = {.write = write, .user = user};
    put_header(&measured, context);
    put_length(&o, measured.count);
    put_header(&o, context);
    put_data(&o, context);
    return o.failed ? context_fail(context, FTMX_ERROR_IO,
                                   "the function that writes has failed: what it took is no file")
                    : FTMX_OK;
}

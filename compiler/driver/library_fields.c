/* Inputs and outputs as a C program sees them: a type, a name that C and C++ take, dimensions. */
#include "library_fields.h"

#include <string.h>
#include <strings.h>

#include "network.h"

/* ---- what there is ---- */

static const struct ftmrt_value *input_at(const struct descriptor *d, uint32_t i)
{
    return network_input_at(&d->program, FTMRT_ENTRY_PREDICT, i);
}

static const struct ftmrt_value *output_at(const struct descriptor *d, uint32_t i)
{
    const struct ftmrt_entry *e = ftmrt_entry_for(&d->program, FTMRT_ENTRY_PREDICT, NULL, 0, 1);
    return i < e->output_count ? &e->outputs[i] : NULL;
}

typedef const struct ftmrt_value *value_at(const struct descriptor *d, uint32_t i);

static uint32_t count(const struct descriptor *d, value_at *at)
{
    uint32_t n = 0;
    while (at(d, n))
        n++;
    return n;
}

uint32_t library_input_count(const struct descriptor *d) { return count(d, input_at); }

uint32_t library_output_count(const struct descriptor *d) { return count(d, output_at); }

/* ---- names ---- */

/* Words that no field may be called: of C99, C11, C++, and what compilers and headers define in small letters. */
static const char keywords[] =
    " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t "
    "char32_t "
    "char8_t class co_await co_return co_yield compl complex concept const const_cast consteval "
    "constexpr constinit continue decltype default delete do double dynamic_cast else enum errno "
    "explicit export extern false float for friend goto i386 if imaginary inline int linux long "
    "mutable namespace new noexcept noreturn not not_eq nullptr operator or or_eq private "
    "protected "
    "public register reinterpret_cast requires restrict return short signed sizeof static "
    "static_assert static_cast stderr stdin stdout struct switch template this thread_local throw "
    "true try typedef typeid typename typeof union unix unsigned using virtual void volatile "
    "wchar_t "
    "while xor xor_eq ";

/* A name itself, or with "_" behind it: also where it only ends so, so that no two names become one. */
static const char *field_name(struct arena *arena, const char *name)
{
    size_t length = strlen(name);
    while (length > 1 && name[length - 1] == '_')
        length--;
    const char *word = arena_printf(arena, " %.*s ", (int)length, name);
    return strstr(keywords, word) ? arena_printf(arena, "%s_", name) : name;
}

/* ---- types ---- */

/* How C has the elements of a type, and what to say where that does not say it. */
static const struct {
    const char *type, *meaning;
} elements[FTMRT_DTYPE_COUNT] = {
    [FTMRT_F32] = {"float", ""},
    [FTMRT_F64] = {"double", ""},
    [FTMRT_F16] = {"uint16_t", ", half precision"},
    [FTMRT_BF16] = {"uint16_t", ", bfloat16"},
    [FTMRT_I8] = {"int8_t", ""},
    [FTMRT_I16] = {"int16_t", ""},
    [FTMRT_I32] = {"int32_t", ""},
    [FTMRT_I64] = {"int64_t", ""},
    [FTMRT_U8] = {"uint8_t", ""},
    [FTMRT_BOOL] = {"uint8_t", ", 0 or 1"},
};

static void add_dims(struct strbuf *out, const struct ftmrt_value *v)
{
    strbuf_add(out, "[n");
    for (uint32_t i = 1; i < v->rank; i++)
        strbuf_addf(out, ", %lld", (long long)v->dim[i]);
    strbuf_add(out, "]");
}

static bool same_dims(const struct ftmrt_value *a, const struct ftmrt_value *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, a->rank * sizeof *a->dim) == 0;
}

/* What a step takes of an input where that is not what prediction does. */
static const struct ftmrt_value *other_in_step(const struct descriptor *d,
                                               const struct ftmrt_value *v)
{
    const struct ftmrt_value *t = network_input_named(&d->program, FTMRT_ENTRY_TRAIN, v->name);
    return t && !same_dims(t, v) ? t : NULL;
}

static void add_field(struct strbuf *out, const struct ftmrt_value *v, const char *constant)
{
    strbuf_addf(out, "    %s%s *%s; /**< ", constant, elements[v->stored].type,
                field_name(out->arena, v->name));
    add_dims(out, v);
    strbuf_add(out, elements[v->stored].meaning);
}

void library_input_fields(struct strbuf *out, const struct descriptor *d)
{
    const struct ftmrt_value *v;
    const bool trains = ftmrt_entry_for(&d->program, FTMRT_ENTRY_TRAIN, NULL, 0, 1) != NULL;
    for (uint32_t i = 0; (v = input_at(d, i)); i++) {
        const struct ftmrt_value *other = other_in_step(d, v);
        add_field(out, v, "const ");
        if (other) {
            strbuf_add(out, "; in a step ");
            add_dims(out, other);
        } else if (trains && !network_input_named(&d->program, FTMRT_ENTRY_TRAIN, v->name)) {
            strbuf_add(out, "; a step does not look at it");
        }
        strbuf_add(out, " */\n");
    }
}

void library_output_fields(struct strbuf *out, const struct descriptor *d)
{
    const struct ftmrt_value *v;
    for (uint32_t i = 0; (v = output_at(d, i)); i++) {
        add_field(out, v, "");
        strbuf_add(out, " */\n");
    }
}

/* ---- sizes ---- */

static void add_size(struct strbuf *out, const struct descriptor *d, const char *prefix,
                     const struct ftmrt_value *v, const char *meaning, library_add_size *add)
{
    add(out, d, arena_printf(out->arena, "%s%s", prefix, v->name),
        ftmrt_elements(v->rank - 1, v->dim + 1), meaning);
}

void library_field_sizes(struct strbuf *out, const struct descriptor *d, library_add_size *add)
{
    const struct ftmrt_value *v;
    for (uint32_t i = 0; (v = input_at(d, i)); i++) {
        const struct ftmrt_value *other = other_in_step(d, v);
        add_size(out, d, "INPUT_", v, "elements of this input of an image", add);
        if (other)
            add_size(out, d, "TRAIN_INPUT_", other, "in a step", add);
    }
    for (uint32_t i = 0; (v = output_at(d, i)); i++)
        add_size(out, d, "OUTPUT_", v, "elements of this output of an image", add);
}

/* ---- obstacles ---- */

/* Two names of which the constants would be one. */
static const char *clash(struct arena *arena, const struct descriptor *d, value_at *at)
{
    const struct ftmrt_value *a, *b;
    for (uint32_t i = 0; (a = at(d, i)); i++)
        for (uint32_t k = 0; k < i && (b = at(d, k)); k++)
            if (strcasecmp(a->name, b->name) == 0)
                return arena_printf(
                    arena, "'%s' and '%s' differ in capitals only, which its constants cannot say",
                    b->name, a->name);
    return NULL;
}

const char *library_fields_obstacle(struct arena *arena, const struct descriptor *d)
{
    const char *why = clash(arena, d, input_at);
    why = why ? why : clash(arena, d, output_at);
    for (uint32_t i = 0; i < d->program.entry_count && !why; i++) {
        const struct ftmrt_entry *e = &d->program.entries[i];
        if (e->input_count > NETWORK_VALUES || e->output_count > NETWORK_VALUES)
            why = arena_printf(arena, "'%s' takes %u values and gives %u; at most %d are possible",
                               e->name, e->input_count, e->output_count, NETWORK_VALUES);
    }
    return why ? why
           : library_input_count(d) > NETWORK_VALUES
               ? arena_printf(arena, "its network has more than %d inputs", NETWORK_VALUES)
               : NULL;
}

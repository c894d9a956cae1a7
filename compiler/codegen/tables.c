/* Prints struct ftmrt_program as C.
 *
 * One row is one line where it is short, designated initialisers throughout, enumerators instead of
 * numbers: the text is read by people as much as by compilers. What a row points to is a compound
 * literal in its place, so that the file's few names (no underscore in any) cannot meet the
 * program's own, which all begin with its symbol and an underscore. */
#include "tables.h"

#include <inttypes.h>
#include <math.h>

#include "tables_words.h"

/* ---- words of C ---- */

enum { TEXT_WIDTH = 96 }; /* characters of a string on one line */

/* A byte of a string literal: anything but plain ASCII as three octal digits, which no character
 * behind them can join; question marks escaped, as two of them may begin a trigraph. */
static void add_character(struct strbuf *out, unsigned char c)
{
    if (c == '\n')
        strbuf_add(out, "\\n");
    else if (c == '"' || c == '\\' || c == '?')
        strbuf_addf(out, "\\%c", c);
    else if (c < ' ' || c > '~')
        strbuf_addf(out, "\\%03o", c);
    else
        strbuf_addc(out, (char)c);
}

void tables_add_string(struct strbuf *out, const char *text)
{
    if (!text) {
        strbuf_add(out, "NULL");
        return;
    }
    strbuf_addc(out, '"');
    int column = 0;
    for (const char *p = text; *p; p++) {
        add_character(out, (unsigned char)*p);
        if (p[1] && (*p == '\n' || ++column >= TEXT_WIDTH)) {
            strbuf_add(out, "\"\n        \"");
            column = 0;
        }
    }
    strbuf_addc(out, '"');
}

void tables_add_number(struct strbuf *out, double v)
{
    if (isfinite(v))
        strbuf_add_double(out, v);
    else
        strbuf_add(out, isnan(v) ? "(double)NAN" : v > 0 ? "HUGE_VAL" : "-HUGE_VAL");
}

/* `, .rank = 2, .dim = {5, 7}`; the name before "rank" and "dim" is `prefix`. */
static void add_shape(struct strbuf *out, const char *prefix, uint32_t rank, const int64_t *dim)
{
    strbuf_addf(out, ", .%srank = %u", prefix, rank);
    for (uint32_t i = 0; i < rank; i++) {
        strbuf_addf(out, i ? ", " : ", .%sdim = {", prefix);
        if (dim[i] == FTMRT_BATCH)
            strbuf_add(out, "FTMRT_BATCH");
        else
            strbuf_addf(out, "%" PRId64, dim[i]);
    }
    if (rank > 0)
        strbuf_addc(out, '}');
}

/* ---- enumerators ---- */

static const char *const dtypes[] = {
#define FTMRT_DTYPE(name, bytes, safetensors) [FTMRT_##name] = "FTMRT_" #name,
#include "dtype.def"
#undef FTMRT_DTYPE
};

static const char *const layouts[] = {
#define FTMRT_LAYOUT(name, text, meaning) [FTMRT_LAYOUT_##name] = "FTMRT_LAYOUT_" #name,
#include "layout.def"
#undef FTMRT_LAYOUT
};

static const char *const inits[] = {
#define FTMRT_INIT(name, text, meaning) [FTMRT_INIT_##name] = "FTMRT_INIT_" #name,
#include "init.def"
#undef FTMRT_INIT
};

static const char *const derive_ops[] = {
#define FTMRT_DERIVE(name, inputs, meaning) [FTMRT_DERIVE_##name] = "FTMRT_DERIVE_" #name,
#include "derive.def"
#undef FTMRT_DERIVE
};

static const char *const roles[] = {
#define FTMRT_ROLE(name, word, input, output, meaning) [FTMRT_ROLE_##name] = "FTMRT_ROLE_" #name,
#include "role.def"
#undef FTMRT_ROLE
};

static const char *const entry_kinds[] = {
#define FTMRT_ENTRY_KIND(name, word, meaning) [FTMRT_ENTRY_##name] = "FTMRT_ENTRY_" #name,
#include "entry_kind.def"
#undef FTMRT_ENTRY_KIND
};

static const char *const state_kinds[] = {
    [FTMRT_STATE_PARAMETER] = "FTMRT_STATE_PARAMETER",
    [FTMRT_STATE_BUFFER] = "FTMRT_STATE_BUFFER",
    [FTMRT_STATE_SLOT] = "FTMRT_STATE_SLOT",
    [FTMRT_STATE_TEACHER] = "FTMRT_STATE_TEACHER",
};

static void add_flags(struct strbuf *out, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {{FTMRT_TRAINABLE, "FTMRT_TRAINABLE"},
                 {FTMRT_MUTABLE, "FTMRT_MUTABLE"},
                 {FTMRT_NEW, "FTMRT_NEW"},
                 {FTMRT_GROWS, "FTMRT_GROWS"}};
    const char *between = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (flags & names[i].flag) {
            strbuf_addf(out, "%s%s", between, names[i].name);
            between = " | ";
        }
    if (flags == 0)
        strbuf_addc(out, '0');
}

/* ---- rows ---- */

static void print_tensor(struct strbuf *out, const struct ftmrt_tensor *t)
{
    strbuf_add(out, "{.name = ");
    tables_add_string(out, t->name);
    strbuf_addf(out, ", .dtype = %s", dtypes[t->dtype]);
    add_shape(out, "", t->rank, t->dim);
    strbuf_addf(out, ", .offset = %" PRIu64 ", .bytes = %" PRIu64, t->offset, t->bytes);
    static const char *const origins[] = {[FTMRT_ORIGIN_MADE] = "FTMRT_ORIGIN_MADE",
                                          [FTMRT_ORIGIN_DRAWN] = "FTMRT_ORIGIN_DRAWN",
                                          [FTMRT_ORIGIN_TEACHER] = "FTMRT_ORIGIN_TEACHER"};
    if (t->origin)
        strbuf_addf(out, ", .origin = %s", origins[t->origin]);
    strbuf_add(out, t->hashed ? ", .hashed = 1},\n" : "},\n");
}

static void print_state(struct strbuf *out, const struct ftmrt_state *s)
{
    strbuf_add(out, "{.name = ");
    tables_add_string(out, s->name);
    strbuf_addf(out, ",\n     .kind = %s, .dtype = %s, .flags = ", state_kinds[s->kind],
                dtypes[s->dtype]);
    add_flags(out, s->flags);
    add_shape(out, "", s->rank, s->dim);
    strbuf_addf(out, ",\n     .layout = %s", layouts[s->layout]);
    add_shape(out, "layout_", s->layout_rank, s->layout_dim);
    strbuf_addf(out, ",\n     .offset = %" PRIu64 ", .source = %" PRId32 ", .init = %s", s->offset,
                s->source, inits[s->init]);
    strbuf_add(out, ", .init_arg = ");
    tables_add_number(out, s->init_arg);
    strbuf_addf(out, ", .fan_in = %" PRId64, s->fan_in);
    if (s->momentum > 0) {
        strbuf_add(out, ",\n     .momentum = ");
        tables_add_number(out, s->momentum);
        strbuf_addf(out, ", .places = %" PRId64, s->places);
    }
    strbuf_add(out, "},\n");
}

static void print_derive(struct strbuf *out, const struct ftmrt_derive *d)
{
    strbuf_addf(out, "{.op = %s, .in = {", derive_ops[d->op]);
    for (size_t i = 0; i < sizeof d->in / sizeof d->in[0]; i++) {
        strbuf_add(out, i ? ", " : "");
        if (d->in[i] == INT32_MIN)
            strbuf_add(out, "INT32_MIN");
        else
            strbuf_addf(out, "%" PRId32, d->in[i]);
    }
    strbuf_add(out, "}, .eps = ");
    tables_add_number(out, d->eps);
    add_shape(out, "", d->rank, d->dim);
    strbuf_addf(out,
                ",\n     .layout = %s, .offset = %" PRIu64 ", .stored = %" PRIu32 ", .value = ",
                layouts[d->layout], d->offset, d->stored);
    tables_add_number(out, d->value);
    strbuf_addf(out, ", .inner = %" PRId64 ", .single = %" PRIu32 "},\n", d->inner, d->single);
}

static void print_values(struct strbuf *out, const char *field, const struct ftmrt_value *values,
                         uint32_t count)
{
    if (count == 0)
        return;
    strbuf_addf(out, ",\n     .%ss = (const struct ftmrt_value[]){\n", field);
    for (uint32_t i = 0; i < count; i++) {
        strbuf_add(out, "         {.name = ");
        tables_add_string(out, values[i].name);
        strbuf_addf(out, ", .role = %s, .dtype = %s", roles[values[i].role],
                    dtypes[values[i].dtype]);
        add_shape(out, "", values[i].rank, values[i].dim);
        strbuf_addf(out, ",\n          .stored = %s, .layout = %s},\n", dtypes[values[i].stored],
                    layouts[values[i].layout]);
    }
    strbuf_addf(out, "     },\n     .%s_count = %" PRIu32, field, count);
}

static void print_dependencies(struct strbuf *out, const struct ftmrt_entry *e)
{
    strbuf_addf(out, ",\n     .hash = UINT64_C(0x%016" PRIx64 ")", e->hash);
    if (!e->read_count)
        return;
    strbuf_add(out, ", .reads = (const uint32_t[]){");
    for (uint32_t i = 0; i < e->read_count; i++)
        strbuf_addf(out, "%s%" PRIu32, i ? ", " : "", e->reads[i]);
    strbuf_addf(out, "}, .read_count = %" PRIu32, e->read_count);
}

static void print_entry(struct strbuf *out, const struct descriptor *d, const struct ftmrt_entry *e)
{
    strbuf_add(out, "{.name = ");
    tables_add_string(out, e->name);
    strbuf_addf(out, ", .kind = %s, .phase = %" PRIu32 ", .scope = ", entry_kinds[e->kind],
                e->phase);
    tables_add_string(out, e->scope);
    strbuf_addf(out, ", .max_n = %" PRId64 ",\n     .run = %s", e->max_n,
                descriptor_entry_symbol(out->arena, d, e->name));
    print_values(out, "input", e->inputs, e->input_count);
    print_values(out, "output", e->outputs, e->output_count);
    if (e->kind == FTMRT_ENTRY_PREFIX)
        print_dependencies(out, e);
    strbuf_add(out, "},\n");
}

/* ---- the unit ---- */

static void print_tensors(struct strbuf *out, const struct ftmrt_program *p)
{
    if (p->tensor_count == 0)
        return;
    strbuf_add(out,
               "/* Tensors of the weight file, verbatim in the blob, or as their fingerprints. */\n"
               "static const struct ftmrt_tensor tensors[] = {\n");
    for (uint32_t i = 0; i < p->tensor_count; i++) {
        strbuf_addf(out, "    /* %" PRIu32 " */\n    ", i);
        print_tensor(out, &p->tensors[i]);
    }
    strbuf_add(out, "};\n\n");
}

static void print_states(struct strbuf *out, const struct ftmrt_program *p)
{
    if (p->state_count == 0)
        return;
    strbuf_add(out, "/* Parameters, statistics and slots of the optimizer. */\n"
                    "static const struct ftmrt_state states[] = {\n");
    for (uint32_t i = 0; i < p->state_count; i++) {
        strbuf_addf(out, "    /* %" PRIu32 " */\n    ", i);
        print_state(out, &p->states[i]);
    }
    strbuf_add(out, "};\n\n");
}

static void print_derives(struct strbuf *out, const struct ftmrt_program *p)
{
    if (p->derive_count == 0)
        return;
    strbuf_add(out, "/* How the constants in the blob follow from frozen states. */\n"
                    "static const struct ftmrt_derive derives[] = {\n");
    for (uint32_t i = 0; i < p->derive_count; i++) {
        strbuf_addf(out, "    /* %" PRIu32 " */\n    ", i);
        print_derive(out, &p->derives[i]);
    }
    strbuf_add(out, "};\n\n");
}

static void print_entries(struct strbuf *out, const struct descriptor *d)
{
    const struct ftmrt_program *p = &d->program;
    if (p->entry_count == 0)
        return;
    for (uint32_t i = 0; i < p->entry_count; i++)
        strbuf_addf(out, "ftmrt_entry_fn %s;\n",
                    descriptor_entry_symbol(out->arena, d, p->entries[i].name));
    strbuf_add(out, "\nstatic const struct ftmrt_entry entries[] = {\n");
    for (uint32_t i = 0; i < p->entry_count; i++) {
        strbuf_add(out, "    ");
        print_entry(out, d, &p->entries[i]);
    }
    strbuf_add(out, "};\n\n");
}

static void add_text_field(struct strbuf *out, const char *field, const char *text)
{
    strbuf_addf(out, "    .%s = ", field);
    tables_add_string(out, text);
    strbuf_add(out, ",\n");
}

/* A table and its number of rows; what is empty stays out. */
static void add_table_field(struct strbuf *out, const char *table, const char *count, uint32_t rows)
{
    if (rows > 0)
        strbuf_addf(out, "    .%s = %s,\n    .%s = %" PRIu32 ",\n", table, table, count, rows);
}

static void print_identity(struct strbuf *out, const struct ftmrt_identity *id)
{
    strbuf_add(out, "    .identity = {");
#define FTMRT_IDENTITY(name, what, meaning)                                                        \
    strbuf_addf(out, "." #name " = UINT64_C(0x%016" PRIx64 "), ", id->name);
#include "identity.def"
#undef FTMRT_IDENTITY
    strbuf_add(out, "},\n");
}

static void print_training(struct strbuf *out, const struct ftmrt_training *t)
{
    strbuf_addf(out,
                "/* What left the weights. */\n"
                "static const struct ftmrt_training training = {\n"
                "    .seed = UINT64_C(%" PRIu64 "), .epoch = %" PRId64
                ", .data = UINT64_C(0x%016" PRIx64 "), .chosen = %" PRIu64 ",\n    .temperature = ",
                t->seed, t->epoch, t->data, t->chosen);
    tables_add_number(out, t->temperature);
    strbuf_add(out, ", .threshold = ");
    tables_add_number(out, t->threshold);
    strbuf_add(out, ",\n");
    if (t->thresholds)
        add_text_field(out, "thresholds", t->thresholds);
    strbuf_add(out, "};\n\n");
}

static void print_source(struct strbuf *out, const struct ftmrt_source *s)
{
    strbuf_add(out, "/* The weight file. */\nstatic const struct ftmrt_source source = {\n");
#define FTMRT_SOURCE_FACT(name, key, meaning) add_text_field(out, #name, s->name);
#include "source_fact.def"
#undef FTMRT_SOURCE_FACT
    strbuf_add(out, "};\n\n");
}

static void print_selftest_state(struct strbuf *out, const struct ftmrt_selftest_state *s)
{
    strbuf_addf(out, "        {%" PRIu32 ", ", s->state);
    tables_add_number(out, s->projection);
    strbuf_add(out, ", ");
    tables_add_number(out, s->norm);
    strbuf_add(out, "},\n");
}

static void print_selftest(struct strbuf *out, const struct ftmrt_selftest *s)
{
    strbuf_addf(out,
                "/* What it is tested with. */\n"
                "static const struct ftmrt_selftest selftest = {\n"
                "    .blob_hash = UINT64_C(0x%016" PRIx64 "),\n",
                s->blob_hash);
    if (s->samples)
        strbuf_addf(
            out, "    .samples = %" PRIu32 ", .values = %" PRIu32 ", .logits = (const double[]){\n",
            s->samples, s->values);
    for (uint32_t i = 0; i < s->samples * s->values; i++) {
        strbuf_add(out, "        ");
        tables_add_number(out, s->logits[i]);
        strbuf_add(out, ",\n");
    }
    strbuf_add(out, s->samples ? "    },\n" : "");
    if (s->step_count)
        strbuf_addf(out,
                    "    .step_samples = %" PRIu32 ", .step_count = %" PRIu32
                    ", .step = (const struct ftmrt_selftest_state[]){\n",
                    s->step_samples, s->step_count);
    for (uint32_t i = 0; i < s->step_count; i++)
        print_selftest_state(out, &s->step[i]);
    strbuf_add(out, s->step_count ? "    },\n};\n\n" : "};\n\n");
}

static void print_program(struct strbuf *out, const struct descriptor *d)
{
    const struct ftmrt_program *p = &d->program;
    const bool linked = d->blob != DESCRIPTOR_BLOB_CONTEXT;
    const char *blob = linked ? descriptor_blob_symbol(out->arena, d) : "NULL";
    if (linked)
        strbuf_addf(out, "extern const unsigned char %s[];\n", blob);
    strbuf_addf(out, "extern const struct ftmrt_program %s;\n\n", d->program_symbol);
    strbuf_addf(out, "const struct ftmrt_program %s = {\n", d->program_symbol);
    strbuf_addf(out, "    .abi_version = %" PRIu32 ",\n", p->abi_version);
    add_text_field(out, "name", p->name);
    add_text_field(out, "compiler", p->compiler);
    strbuf_addf(out, "    .compiler_hash = UINT64_C(0x%016" PRIx64 "),\n", p->compiler_hash);
    add_text_field(out, "cpu", p->cpu);
    strbuf_addf(out, "    .max_batch = %" PRId64 ",\n", p->max_batch);
    strbuf_addf(out, "    .workspace_size = %" PRIu64 ",\n", p->workspace_size);
    strbuf_addf(out, "    .worker_size = %" PRIu64 ",\n", p->worker_size);
    strbuf_addf(out, "    .arena_size = %" PRIu64 ",\n", p->arena_size);
    if (p->recipe)
        strbuf_add(out, "    .recipe = &recipe,\n");
    add_text_field(out, "resolved", p->resolved);
    print_identity(out, &p->identity);
    if (p->training)
        strbuf_add(out, "    .training = &training,\n");
    if (p->source)
        strbuf_add(out, "    .source = &source,\n");
    add_table_field(out, "states", "state_count", p->state_count);
    add_table_field(out, "tensors", "tensor_count", p->tensor_count);
    add_table_field(out, "derives", "derive_count", p->derive_count);
    add_table_field(out, "entries", "entry_count", p->entry_count);
    strbuf_addf(out, "    .blob = %s,\n    .blob_size = %" PRIu64 ",\n", blob, p->blob_size);
    strbuf_add(out, "    .selftest = &selftest,\n};\n");
}

static bool trains(const struct descriptor *d)
{
    return ftmrt_entry_for(&d->program, FTMRT_ENTRY_TRAIN, NULL, 0, 1) != NULL;
}

static void print_main(struct strbuf *out, const struct descriptor *d)
{
    const char *run = trains(d) ? "ftmrt_app_main" : "ftmrt_infer_main";
    strbuf_addf(out,
                "\nint %s(const struct ftmrt_program *program, int argc, char **argv);\n"
                "\nint main(int argc, char **argv)\n{\n"
                "    return %s(&%s, argc, argv);\n}\n",
                run, run, d->program_symbol);
}

void tables_print(struct strbuf *out, const struct descriptor *d, bool with_main)
{
    strbuf_addf(out,
                "/* What the program consists of; its code and its weights are in other objects.\n"
                " * Written by ftmc: changes belong into the recipe. */\n"
                "#include \"ftmrt.h\"\n\n"
                "#include <math.h>\n%s\n"
                "_Static_assert(FTMRT_ABI_VERSION == %" PRIu32
                ", \"ftmrt.h belongs to another version of ftmc\");\n\n",
                d->program.recipe ? "\n#include \"recipe/recipe.h\"\n" : "",
                d->program.abi_version);
    if (d->program.recipe)
        tables_print_recipe(out, d->program.recipe,
                            with_main && trains(d)    ? TABLES_LINK_ALL
                            : with_main || d->library ? TABLES_LINK_EVALUATION
                                                      : TABLES_LINK_NOTHING);
    if (d->program.training)
        print_training(out, d->program.training);
    if (d->program.source)
        print_source(out, d->program.source);
    print_selftest(out, d->program.selftest);
    print_tensors(out, &d->program);
    print_states(out, &d->program);
    print_derives(out, &d->program);
    print_entries(out, d);
    print_program(out, d);
    if (with_main)
        print_main(out, d);
}

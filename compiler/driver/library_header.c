/* The template is C with `//@if KEY` ... `//@endif` around what not every library has, and tokens @NAME@ that stand for text
 * made here. */
#include "library_header.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "file.h"
#include "library_fields.h"
#include "network.h"
#include "recipe.h"
#include "tool.h"

/* ---- what the program has ---- */

/* The program's own entry of a kind in the first phase, or NULL. */
static const struct ftmrt_entry *entry_of(const struct descriptor *d, enum ftmrt_entry_kind kind)
{
    return ftmrt_entry_for(&d->program, kind, NULL, 0, 1);
}

/* The first of what the entry of a kind takes of a sample. */
static const struct ftmrt_value *input_of(const struct descriptor *d, enum ftmrt_entry_kind kind)
{
    return network_input(&d->program, kind);
}

static bool has_training(const struct descriptor *d)
{
    return entry_of(d, FTMRT_ENTRY_TRAIN) != NULL;
}

/* Whether a step can do with what the prefix computes. */
static bool has_features(const struct descriptor *d)
{
    const struct ftmrt_entry *train = entry_of(d, FTMRT_ENTRY_TRAIN);
    return train && entry_of(d, FTMRT_ENTRY_PREFIX) &&
           !ftmrt_find_value(train->inputs, train->input_count, FTMRT_ROLE_INPUT, NULL);
}

static bool has_file(const struct descriptor *d) { return d->blob == DESCRIPTOR_BLOB_CONTEXT; }

/* Whether its input is a picture, which the transform of evaluation makes. */
static bool has_pictures(const struct descriptor *d)
{
    const struct ftmrt_value *v = input_of(d, FTMRT_ENTRY_PREDICT);
    return v->rank == 4 && (v->dim[1] == 1 || v->dim[1] == 3);
}

/* Whether there is one input, or several of them; and whether inputs or outputs have to be told apart by their names. */
static bool has_single(const struct descriptor *d) { return library_input_count(d) == 1; }

static bool has_several(const struct descriptor *d) { return !has_single(d); }

static bool has_named(const struct descriptor *d)
{
    return has_several(d) || library_output_count(d) > 1;
}

/* Whether it has parameters that may be set: those that train, or that --keep names. */
static bool has_open(const struct descriptor *d)
{
    for (uint32_t i = 0; i < d->program.state_count; i++)
        if (d->program.states[i].flags & FTMRT_MUTABLE)
            return true;
    return false;
}

/* Whether its classes can grow: the network has more outputs, of which a context says which are in use. */
static bool has_growing(const struct descriptor *d)
{
    const struct ftmrt_entry *e = entry_of(d, FTMRT_ENTRY_PREDICT);
    return e && ftmrt_find_value(e->inputs, e->input_count, FTMRT_ROLE_UNUSED, NULL);
}

static bool has_selftest(const struct descriptor *d) { return d->program.selftest->samples > 0; }

static bool has_always(const struct descriptor *d)
{
    (void)d;
    return true;
}

/* What `//@if` and the rows of library_function.def name. */
static const struct {
    const char *name;
    bool (*has)(const struct descriptor *d);
} keys[] = {{"always", has_always},   {"train", has_training},    {"features", has_features},
            {"file", has_file},       {"pictures", has_pictures}, {"single", has_single},
            {"several", has_several}, {"named", has_named},       {"open", has_open},
            {"growing", has_growing}, {"selftest", has_selftest}};

static bool has_key(const struct descriptor *d, const char *key, size_t length)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strlen(keys[i].name) == length && memcmp(keys[i].name, key, length) == 0)
            return keys[i].has(d);
    FTM_BUG("the library's template names a part '%.*s'", (int)length, key);
}

/* Of several keys, with a space between two, all. */
static bool has(const struct descriptor *d, const char *key, size_t length)
{
    for (const char *space; (space = memchr(key, ' ', length));) {
        if (!has_key(d, key, (size_t)(space - key)))
            return false;
        length -= (size_t)(space + 1 - key);
        key = space + 1;
    }
    return has_key(d, key, length);
}

static const struct function_row {
    const char *name, *key, *called, *time, *fails;
} functions[] = {
#define FTMX_FUNCTION(name, key, called, time, fails) {"ftmx_" #name, #key, called, time, fails},
#include "embed/library_function.def"
#undef FTMX_FUNCTION
};

enum { FUNCTION_COUNT = sizeof functions / sizeof functions[0] };

void library_functions(struct arena *arena, const struct descriptor *d, library_names *names)
{
    for (int i = 0; i < FUNCTION_COUNT; i++)
        if (has(d, functions[i].key, strlen(functions[i].key)))
            vec_push(arena, names, functions[i].name);
}

/* ---- names ---- */

static char *upper(struct arena *arena, const char *name)
{
    char *text = arena_strdup(arena, name);
    for (char *p = text; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    return text;
}

static void add_named(struct strbuf *out, const struct descriptor *d, const char *text,
                      const char *end)
{
    const char *large = upper(out->arena, d->name);
    for (const char *p = text; p < end;) {
        const bool room = end - p >= 4;
        if (room && memcmp(p, "ftmx", 4) == 0) {
            strbuf_add(out, d->name);
            p += 4;
        } else if (room && memcmp(p, "FTMX", 4) == 0) {
            strbuf_add(out, large);
            p += 4;
        } else {
            strbuf_addc(out, *p++);
        }
    }
}

char *library_named(struct arena *arena, const struct descriptor *d, const char *text)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    add_named(&out, d, text, text + strlen(text));
    return out.text;
}

/* ---- tokens ---- */

static void add_name(struct strbuf *out, const struct descriptor *d) { strbuf_add(out, d->name); }

static void add_compiler(struct strbuf *out, const struct descriptor *d)
{
    strbuf_add(out, d->program.compiler);
}

static void add_cpu(struct strbuf *out, const struct descriptor *d)
{
    strbuf_add(out, d->program.cpu);
}

static void add_summary(struct strbuf *out, const struct descriptor *d)
{
    const struct ftmrt_call *f = &d->program.recipe->finetune;
    strbuf_add(out, ftmrt_call_text(f, FTMRT_PARAM_finetune_model));
}

static void add_recipe_hash(struct strbuf *out, const struct descriptor *d)
{
    strbuf_addf(out, "%016" PRIx64, ftmrt_name_hash(d->program.resolved));
}

static void add_weights_hash(struct strbuf *out, const struct descriptor *d)
{
    strbuf_addf(out, "%016" PRIx64, d->program.identity.weights);
}

static void add_constant(struct strbuf *out, const struct descriptor *d, const char *name,
                         int64_t value, const char *meaning)
{
    strbuf_addf(out, "#define %s_%s %" PRId64 " /**< %s */\n", upper(out->arena, d->name),
                upper(out->arena, name), value, meaning);
}

/* An image by its dimensions, anything else by the number of its elements. */
static void add_sizes(struct strbuf *out, const struct descriptor *d, const struct ftmrt_value *v,
                      const char *prefix, const char *where)
{
    static const char *const names[] = {"CHANNELS", "HEIGHT", "WIDTH"};
    if (v->rank != 4 && has_several(d))
        return; /* library_field_sizes says it */
    if (v->rank != 4) {
        const char *name = arena_printf(out->arena, "%sINPUTS", prefix);
        add_constant(out, d, name, ftmrt_elements(v->rank - 1, v->dim + 1),
                     arena_printf(out->arena, "elements of an input%s", where));
        return;
    }
    for (uint32_t i = 0; i < 3; i++)
        add_constant(out, d, arena_printf(out->arena, "%s%s", prefix, names[i]), v->dim[i + 1],
                     has_several(d) ? arena_printf(out->arena, "of '%s'%s", v->name, where)
                                    : arena_printf(out->arena, "of an input%s", where));
}

static void add_label(struct strbuf *out, const struct descriptor *d)
{
    const struct ftmrt_value *label = network_label(&d->program, FTMRT_ENTRY_EVAL);
    const bool number = label->dtype == FTMRT_F32;
    add_constant(out, d, "LABELS", ftmrt_elements(label->rank - 1, label->dim + 1), "of an input");
    strbuf_addf(out, "\n/** %s. */\ntypedef %s %s_label;\n",
                number ? "What an output is to be" : "The number of a class, from 0",
                number ? "float" : "int32_t", d->name);
}

/* Values that the prefix makes of an image, padding included. */
static int64_t feature_count(const struct descriptor *d)
{
    const struct ftmrt_entry *prefix = entry_of(d, FTMRT_ENTRY_PREFIX);
    size_t bytes = 0;
    for (uint32_t i = 0; i < prefix->output_count; i++)
        bytes += ftmrt_value_bytes(&prefix->outputs[i], 1);
    return (int64_t)(bytes / sizeof(float));
}

static void add_training_constants(struct strbuf *out, const struct descriptor *d)
{
    const struct ftmrt_entry *train = entry_of(d, FTMRT_ENTRY_TRAIN);
    add_constant(out, d, "BATCH", train->max_n, "greatest n of a step");
    add_sizes(out, d, input_of(d, FTMRT_ENTRY_TRAIN), "TRAIN_", " in a step");
    add_label(out, d);
}

static void add_constants(struct strbuf *out, const struct descriptor *d)
{
    const struct ftmrt_entry *predict = entry_of(d, FTMRT_ENTRY_PREDICT);
    const struct ftmrt_value *output = network_logits(&d->program);
    const struct ftmrt_call *f = &d->program.recipe->finetune;
    const struct ftmrt_arg *classes = ftmrt_call_arg(f, FTMRT_PARAM_finetune_labels);
    add_sizes(out, d, input_of(d, FTMRT_ENTRY_PREDICT), "", "");
    add_constant(out, d, "OUTPUTS", ftmrt_elements(output->rank - 1, output->dim + 1),
                 "numbers that the network computes of an input");
    add_constant(out, d, "CLASSES", classes->kind == FTMRT_ARG_TEXTS ? classes->count : 0,
                 "that have names; 0: they have none");
    add_constant(out, d, "MAX_BATCH", predict->max_n, "greatest n of a prediction");
    add_constant(out, d, "SEED", ftmrt_call_integer(f, FTMRT_PARAM_finetune_seed), "the recipe's");
    if (has_features(d))
        add_constant(out, d, "FEATURES", feature_count(d), "of an input, behind what is frozen");
    if (has_named(d))
        library_field_sizes(out, d, add_constant);
    if (has_training(d))
        add_training_constants(out, d);
}

static void add_function(struct strbuf *out, int width, const struct function_row *row,
                         const char *name)
{
    strbuf_addf(out, " *     %-*s  %-30s  %-20s  %s\n", width, name, row->called, row->time,
                row->fails);
}

/* The table of functions, as wide as the longest name. */
static void add_functions(struct strbuf *out, const struct descriptor *d)
{
    static const struct function_row title = {
        .called = "called", .time = "blocks for", .fails = "fails with ERROR_"};
    int width = 0;
    library_names names = {0};
    library_functions(out->arena, d, &names);
    for (uint32_t i = 0; i < names.len; i++) {
        const int length = (int)strlen(library_named(out->arena, d, names.at[i]));
        width = length > width ? length : width;
    }
    add_function(out, width, &title, "function");
    for (int i = 0; i < FUNCTION_COUNT; i++)
        if (has(d, functions[i].key, strlen(functions[i].key)))
            add_function(out, width, &functions[i],
                         library_named(out->arena, d, functions[i].name));
}

static void add_statuses(struct strbuf *out, const struct descriptor *d)
{
    static const struct {
        const char *name, *text;
        int number;
    } rows[] = {
#define FTMX_STATUS(name, number, text) {#name, text, number},
#include "embed/library_status.def"
#undef FTMX_STATUS
    };
    const size_t count = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < count; i++)
        strbuf_addf(out, "    %s_%s = %d%s /**< %s */\n", upper(out->arena, d->name), rows[i].name,
                    rows[i].number, i + 1 < count ? "," : "", rows[i].text);
}

static void add_input(struct strbuf *out, const struct descriptor *d)
{
    const struct ftmrt_value *v = input_of(d, FTMRT_ENTRY_PREDICT);
    const char *text =
        v->rank == 4 ? "[n, FTMX_CHANNELS, FTMX_HEIGHT, FTMX_WIDTH]" : "[n, FTMX_INPUTS]";
    strbuf_add(out, library_named(out->arena, d, text));
}

static void add_train_input(struct strbuf *out, const struct descriptor *d)
{
    const struct ftmrt_value *v = input_of(d, FTMRT_ENTRY_TRAIN);
    const char *text = v->rank == 4
                           ? "[n, FTMX_TRAIN_CHANNELS, FTMX_TRAIN_HEIGHT, FTMX_TRAIN_WIDTH]"
                           : "[n, FTMX_TRAIN_INPUTS]";
    strbuf_add(out, library_named(out->arena, d, text));
}

static const struct {
    const char *name;
    void (*add)(struct strbuf *out, const struct descriptor *d);
} tokens[] = {{"NAME", add_name},
              {"SUMMARY", add_summary},
              {"COMPILER", add_compiler},
              {"CPU", add_cpu},
              {"RECIPE_HASH", add_recipe_hash},
              {"WEIGHTS_HASH", add_weights_hash},
              {"FUNCTIONS", add_functions},
              {"CONSTANTS", add_constants},
              {"STATUSES", add_statuses},
              {"INPUT", add_input},
              {"INPUT_FIELDS", library_input_fields},
              {"OUTPUT_FIELDS", library_output_fields},
              {"TRAIN_INPUT", add_train_input}};

static void add_token(struct strbuf *out, const struct descriptor *d, const char *name,
                      size_t length)
{
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        if (strlen(tokens[i].name) == length && memcmp(tokens[i].name, name, length) == 0) {
            tokens[i].add(out, d);
            return;
        }
    FTM_BUG("the library's template has a token '%.*s'", (int)length, name);
}

/* ---- the template ---- */

/* A line, which ends before `end`. */
static void add_line(struct strbuf *out, const struct descriptor *d, const char *line,
                     const char *end)
{
    for (const char *at; (at = memchr(line, '@', (size_t)(end - line)));) {
        const char *close = memchr(at + 1, '@', (size_t)(end - at - 1));
        FTM_BUG_ON(!close, "a token of the library's template has no end");
        add_named(out, d, line, at);
        add_token(out, d, at + 1, (size_t)(close - at - 1));
        line = close + 1;
    }
    add_named(out, d, line, end);
    if (out->text[out->len - 1] != '\n') /* as some tokens end */
        strbuf_addc(out, '\n');
}

static bool begins(const char *line, const char *end, const char *word)
{
    const size_t length = strlen(word);
    return (size_t)(end - line) >= length && memcmp(line, word, length) == 0;
}

static void render(struct strbuf *out, const struct descriptor *d, const char *text, size_t size)
{
    static const char open[] = "//@if ", close[] = "//@endif";
    uint32_t depth = 0,
             left_out = 0; /* depth of the outermost block that is left out; 0: none is */
    for (const char *line = text, *end; line < text + size; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + size - line));
        FTM_BUG_ON(!end, "the library's template ends within a line");
        if (begins(line, end, open)) {
            const char *key = line + strlen(open);
            depth++;
            if (!left_out && !has(d, key, (size_t)(end - key)))
                left_out = depth;
        } else if (begins(line, end, close)) {
            left_out = left_out == depth ? 0 : left_out;
            depth--;
        } else if (!left_out && end == line) {
            strbuf_addc(out, '\n');
        } else if (!left_out) {
            add_line(out, d, line, end);
        }
    }
    FTM_BUG_ON(depth != 0, "a block of the library's template has no end");
}

/* ---- which programs have one ---- */

/* What stands in the way of a header, or NULL. */
static const char *obstacle(struct arena *arena, const struct descriptor *d)
{
    const struct ftmrt_entry *predict = entry_of(d, FTMRT_ENTRY_PREDICT);
    if (!d->program.recipe)
        return "it is a graph, without a recipe that names classes and transform";
    if (!predict || !network_logits(&d->program))
        return "it has no function that predicts";
    return library_fields_obstacle(arena, d);
}

bool library_header(struct strbuf *out, struct diag *diag, const struct descriptor *d)
{
    const char *why = obstacle(out->arena, d);
    if (why) {
        diag_report(diag, SPAN_NONE, DIAG_NO_LIBRARY, d->program.name, why);
        return false;
    }
    const char *path = tool_runtime_file(out->arena, diag, "include", "embed/library.h.in");
    struct file_map map;
    if (!path)
        return false;
    if (!file_map_open(&map, path)) {
        diag_system(diag, path, errno);
        return false;
    }
    render(out, d, (const char *)map.data, map.size);
    file_map_close(&map);
    return true;
}

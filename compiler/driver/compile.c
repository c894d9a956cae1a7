/* The pipeline of ftmc. compile() lists its stages; each is a function below that takes the
 * compilation one step on.
 *
 *     description -> lang -> bind (weights) -> graph -> passes -> schedule -> codegen -> object -> link
 *
 * A stage that fails has reported why; nothing that was asked for is written then. */
#include "compile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "advice.h"
#include "compilation.h"
#include "file.h"
#include "help.h"
#include "identity.h"
#include "kept_features.h"
#include "lang.h"
#include "library.h"
#include "library_header.h"
#include "link.h"
#include "pass.h"
#include "pytorch.h"
#include "reports.h"
#include "selftest_samples.h"
#include "shell_word.h"
#include "str.h"
#include "tables.h"
#include "text.h"
#include "trained_note.h"
#include "transform.h"
#include "verify.h"

const char *compile_version(void) { return "ftmc " FTM_VERSION " (LLVM " FTM_LLVM_VERSION ")"; }

/* ---- front ---- */

/* Models that come with the compiler: bin/ftmc, share/ftmc/models. */
const char *compilation_models(struct compilation *c)
{
    char *dir = file_install_dir(&c->arena);
    return dir ? arena_printf(&c->arena, "%s/share/ftmc/models", dir) : NULL;
}

bool compilation_front(struct compilation *c)
{
    struct lang_options f = {.path = c->options->file,
                             .include_dirs = c->options->includes.at,
                             .defines = c->options->defines.at,
                             .models_dir = compilation_models(c),
                             .infer = c->options->infer,
                             .keep = c->options->keep.at};
    return lang_read(&c->arena, &c->diag, &f, &c->net, &c->recipe);
}

char *compilation_absolute(struct compilation *c, const char *path)
{
    char *real = realpath(path, NULL);
    if (!real)
        return NULL;
    char *copy = arena_strdup(&c->arena, real);
    free(real);
    return copy;
}

const char *compilation_word(struct compilation *c, const char *word)
{
    const size_t size = shell_word(word, NULL, 0) + 1;
    char *text = arena_alloc(&c->arena, size);
    shell_word(word, text, size);
    return text;
}

/* A path of the command line as the recipe would say it: from its own folder, so that the program does not depend on where both
 * lie. NULL with errno set. */
static const char *recipe_path(struct compilation *c, const char *path)
{
    const char *dir = compilation_absolute(c, file_dir(&c->arena, c->options->file)),
               *file = dir ? compilation_absolute(c, path) : NULL; /* last, for errno */
    return file ? file_relative(&c->arena, dir, file) : NULL;
}

/* The way to the recipe's folder from that of the program: the two can be moved and sent together. */
static const char *recipe_folder(struct compilation *c)
{
    const char *from = compilation_absolute(c, c->output ? file_dir(&c->arena, c->output) : "."),
               *to = compilation_absolute(c, file_dir(&c->arena, c->options->file));
    return from && to ? file_relative(&c->arena, from, to) : ".";
}

static bool stage_weights(struct compilation *c)
{
    const char *dir = file_dir(&c->arena, c->options->file);
    if (c->options->weights) {
        const char *path = recipe_path(c, c->options->weights);
        c->recipe->own_weights = recipe_text(c->recipe, FTMRT_PARAM_finetune_weights);
        *recipe_setting(c->recipe, FTMRT_PARAM_finetune_weights) =
            (struct ftmrt_arg){FTMRT_ARG_TEXT, 0, {.text = path}};
        c->recipe->given_weights = true;
        if (!path) {
            diag_system(&c->diag, c->options->weights, errno);
            return false;
        }
    }
    return bind_open_weights(&c->arena, &c->diag, c->recipe, dir, &c->weights);
}

/* A teacher's weights; they stay open with the recipe's own. */
static bool bind_teacher(struct compilation *c, const struct recipe_teacher *t,
                         struct program_model *m)
{
    const char *dir = file_dir(&c->arena, c->options->file);
    struct weights *weights;
    struct binding *binding;
    if (!bind_open_weights(&c->arena, &c->diag, t->recipe, dir, &weights))
        return false;
    if (weights)
        vec_push(&c->arena, &c->teacher_weights, weights);
    if (!bind_weights(&c->arena, &c->diag, t->net, t->recipe, weights, &binding))
        return false;
    *m = (struct program_model){.scope = t->name, .net = t->net, .binding = binding, .teacher = t};
    return true;
}

void compilation_close_weights(struct compilation *c)
{
    if (c->weights)
        weights_close(c->weights);
    for (uint32_t i = 0; i < c->teacher_weights.len; i++)
        weights_close(c->teacher_weights.at[i]);
}

/* The program's models: its own, and the teachers. */
static bool stage_bind(struct compilation *c)
{
    bool ok = bind_weights(&c->arena, &c->diag, c->net, c->recipe, c->weights, &c->binding);
    struct program_model own = {.scope = "",
                                .net = c->net,
                                .binding = c->binding,
                                .trained = !c->options->infer,
                                .explains = c->options->why,
                                .grows = compilation_is_library(c->options)};
    vec_push(&c->arena, &c->models, own);
    for (uint32_t i = 0; i < c->recipe->teachers.len; i++) {
        struct program_model teacher;
        if (!bind_teacher(c, &c->recipe->teachers.at[i], &teacher))
            ok = false;
        else
            vec_push(&c->arena, &c->models, teacher);
    }
    return ok;
}

/* Whether what is made is for somebody else's product. */
/* Its callers count steps, and know of no phases; it sees no data before they bring some. */
static bool check_library(struct compilation *c)
{
    if (c->options->infer || !compilation_is_library(c->options))
        return true;
    const struct ftmrt_arg *weight =
        ftmrt_call_named(recipe_call(c->recipe, FTMRT_PARAM_finetune_loss), "weight");
    if (weight && weight->kind == FTMRT_ARG_TEXT) {
        diag_report(&c->diag, c->recipe->span, DIAG_BALANCED_LIBRARY);
        diag_note(&c->diag, "give the numbers, as `train` says them: `weight = [1, 2.5]`");
        return false;
    }
    if (c->recipe->teachers.len) {
        diag_report(&c->diag, c->recipe->teachers.at[0].span, DIAG_TEACHER_LIBRARY,
                    c->recipe->teachers.at[0].name);
        diag_note(&c->diag, "make it with --infer, of what was trained");
        return false;
    }
    if (c->recipe->phases == 1)
        return true;
    diag_report(&c->diag, c->recipe->span, DIAG_PHASE_LIBRARY, (unsigned)c->recipe->phases);
    diag_note(&c->diag,
              "make it of a recipe without `phase`, or with --infer, of what was trained");
    return false;
}

static bool stage_lower(struct compilation *c)
{
    if (!check_library(c))
        return false;
    return lower_program(&c->arena, &c->diag, c->recipe, c->models.at, c->models.len, &c->program);
}

/* --from=graph: the text form instead of the four stages above. */
static bool stage_read_graph(struct compilation *c)
{
    struct file_map map;
    if (!file_map_open(&map, c->options->file)) {
        diag_system(&c->diag, c->options->file, errno);
        return false;
    }
    struct source *source = arena_new(&c->arena, struct source);
    source->path = c->options->file;
    source->size = map.size;
    source->text = arena_strndup(&c->arena, (const char *)map.data, map.size);
    file_map_close(&map);
    c->program = program_read(&c->arena, &c->diag, source);
    return c->program != NULL;
}

bool compilation_program(struct compilation *c)
{
    const bool ok = c->options->from_graph ? stage_read_graph(c)
                                           : compilation_front(c) && stage_weights(c) &&
                                                 stage_bind(c) && stage_lower(c);
    if (ok)
        c->network = identity_network(c->program);
    return ok;
}

/* ---- passes, schedule ---- */

/* Whoever names passes wants what they do; who calls the entries of an object has the whole ones. */
static enum prefix_cut prefix_cut_of(const struct compilation *c)
{
    const struct options *o = c->options;
    if (o->passes)
        return PREFIX_ALWAYS;
    return c->recipe && o->emit_stage != EMIT_obj
               ? kept_features_cut(c->recipe, compilation_is_library(o))
               : PREFIX_NEVER;
}

static bool stage_passes(struct compilation *c)
{
    const struct options *o = c->options;
    struct pass_options p = {.only = o->passes,
                             .print_after = o->print_after,
                             .stop_after = o->stop_after,
                             .verify = o->verify,
                             .time = o->time_passes};
#ifndef NDEBUG
    p.verify = true;
#endif
    c->program->cut_prefix = prefix_cut_of(c);
    return passes_run(c->program, &p);
}

static bool stage_schedule(struct compilation *c)
{
    c->schedule = schedule_build(&c->arena, c->program);
    return c->schedule != NULL;
}

/* ---- target, object, link ---- */

static struct descriptor_source source_of(struct arena *arena, const struct program_model *m,
                                          const struct weight_tensor *t)
{
    struct descriptor_source out = {.name = t->name,
                                    .dtype = t->dtype,
                                    .rank = t->rank,
                                    .data = t->data,
                                    .bytes = t->bytes,
                                    .origin = t->origin};
    memcpy(out.dim, t->dim, sizeof out.dim);
    if (m->teacher) {
        out.name = arena_printf(arena, "%s/%s", m->scope, t->name);
        out.origin = FTMRT_ORIGIN_TEACHER;
    }
    return out;
}

/* Those of all models, one behind the other. */
static struct descriptor_source *source_tensors(struct compilation *c, uint32_t *count)
{
    VEC(struct descriptor_source) out = {0};
    for (uint32_t i = 0; i < c->models.len; i++) {
        const struct program_model *m = &c->models.at[i];
        for (uint32_t k = 0; k < m->binding->tensors.len; k++)
            vec_push(&c->arena, &out, source_of(&c->arena, m, &m->binding->tensors.at[k]));
    }
    *count = out.len;
    return out.at;
}

static bool stage_descriptor(struct compilation *c)
{
    struct descriptor_input in = {
        .schedule = c->schedule, .cpu = c->cpu, .compiler = compile_version(), .resolved = ""};
    in.compiler_hash = link_compiler_hash(&c->arena);
    in.network = c->network;
    in.sources = source_tensors(c, &in.source_count);
    in.training = trained_training(c);
    in.infer = c->options->infer;
    in.library = compilation_is_library(c->options);
    in.blob = c->options->separate_weights ? DESCRIPTOR_BLOB_CONTEXT
              : in.library                 ? DESCRIPTOR_BLOB_EITHER
                                           : DESCRIPTOR_BLOB_OWN;
    in.source = trained_source(c);
    if (c->options->selftest) {
        in.selftest = selftest_samples(c);
        if (!in.selftest)
            return false;
    }
    if (c->recipe) {
        c->recipe->bound.base = in.library ? "." : recipe_folder(c); /* a library reads no files */
        trained_origin(c);
        in.recipe = &c->recipe->bound;
        in.resolved = lang_resolved(&c->arena, c->recipe);
        FTM_BUG_ON(!in.resolved, "the recipe has no text");
    }
    c->descriptor = descriptor_new(&c->arena, &in);
    return c->descriptor && trained_check(c);
}

static struct object_input object_of(struct compilation *c)
{
    return (struct object_input){.schedule = c->schedule,
                                 .descriptor = c->descriptor,
                                 .cpu = c->cpu,
                                 .with_main = c->options->emit_stage == EMIT_exe,
                                 .diag = &c->diag};
}

static bool make_library(struct compilation *c, const char *dir, const object_paths *objects)
{
    const char *threads = c->options->threads;
    const struct library_job job = {.arena = &c->arena,
                                    .diag = &c->diag,
                                    .descriptor = c->descriptor,
                                    .target = c->cpu->target,
                                    .objects = objects,
                                    .work = dir,
                                    .output = c->output,
                                    .threads = !threads || strcmp(threads, "none") != 0};
    return library_make(&job);
}

static bool stage_object_and_link(struct compilation *c)
{
    char *dir = link_temp_dir(&c->arena, &c->diag);
    if (!dir)
        return false;
    struct object_input in = object_of(c);
    object_paths objects = {0};
    struct link_job job = {.arena = &c->arena,
                           .diag = &c->diag,
                           .target = c->cpu->target,
                           .objects = &objects,
                           .output = c->output,
                           .relocatable = c->options->emit_stage == EMIT_obj,
                           .show = c->options->show_command};
    bool ok =
        object_write(&c->arena, &in, dir, &objects) &&
        (c->options->emit_stage == EMIT_lib ? make_library(c, dir, &objects) : link_run(&job));
    link_remove_dir(&c->arena, dir, &objects);
    return ok;
}

/* ---- texts ---- */

static void print_program(struct compilation *c, FILE *out) { program_print(c->program, out); }

static void print_tables(struct compilation *c, FILE *out)
{
    struct strbuf text;
    strbuf_init(&text, &c->arena);
    tables_print(&text, c->descriptor, true);
    fputs(text.text, out);
}

static bool stage_header(struct compilation *c)
{
    struct strbuf text;
    strbuf_init(&text, &c->arena);
    return library_header(&text, &c->diag, c->descriptor) && output_text(c, &text);
}

static bool stage_pytorch(struct compilation *c)
{
    const char *dir = file_install_dir(&c->arena);
    struct strbuf text;
    strbuf_init(&text, &c->arena);
    if (!c->recipe) {
        diag_report(&c->diag, SPAN_NONE, DIAG_FINETUNE_COUNT, c->options->file, "no");
        return false;
    }
    const struct pytorch_input in = {
        .arena = &c->arena,
        .diag = &c->diag,
        .net = c->net,
        .recipe = c->recipe,
        .binding = c->binding,
        .parts = arena_printf(&c->arena, "%s/share/ftmc/pytorch", dir ? dir : "."),
        .file = file_base(c->options->file),
        .base = recipe_folder(c),
        .compiler = compile_version()};
    return pytorch_print(&text, &in) && output_text(c, &text);
}

static void print_schedule(struct compilation *c, FILE *out) { schedule_print(c->schedule, out); }

/* LLVM writes its texts to files by itself. */
static bool stage_text(struct compilation *c)
{
    struct object_input in = object_of(c);
    enum object_text text = c->options->emit_stage == EMIT_llvm ? OBJECT_LLVM : OBJECT_ASSEMBLY;
    if (!c->output)
        return object_write_text(&c->arena, &in, text, "/dev/stdout");
    const char *temporary = arena_printf(&c->arena, "%s.tmp%ld", c->output, (long)getpid());
    bool ok = object_write_text(&c->arena, &in, text, temporary);
    if (ok && rename(temporary, c->output) != 0) {
        diag_system(&c->diag, c->output, errno);
        ok = false;
    }
    if (!ok)
        unlink(temporary);
    return ok;
}

static void print_stats(const struct compilation *c)
{
    if (!c->options->stats || !c->schedule)
        return;
    const struct schedule *s = c->schedule;
    fprintf(stderr,
            "kernels %u, workspace %" PRIu64 " bytes (states %" PRIu64 ", arena %" PRIu64
            "), constants %" PRIu64 " bytes\n",
            s->kernels.len, s->workspace_size, s->states_size, s->arena_size, s->constants_size);
    for (uint32_t i = 0; i < s->functions.len; i++)
        fprintf(stderr, "function %s: %u calls\n", s->functions.at[i].graph->name,
                s->functions.at[i].calls.len);
    fprintf(stderr, "arena %s: %zu bytes used, %zu reserved\n", c->arena.name, c->arena.used,
            c->arena.reserved);
}

/* ---- the pipeline ---- */

static bool timed(struct compilation *c, const char *name, bool (*stage)(struct compilation *c))
{
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    bool ok = stage(c);
    clock_gettime(CLOCK_MONOTONIC, &b);
    if (c->options->time_passes)
        fprintf(stderr, "%10.3f ms  stage %s\n",
                (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6, name);
    return ok;
}

bool compile(struct compilation *c)
{
    enum emit_stage emit = c->options->emit_stage;
    if (emit == EMIT_ast)
        return lang_print_ast(&c->arena, &c->diag, c->options->file, stdout);
    if (emit == EMIT_pytorch)
        return timed(c, "front", compilation_program) && stage_pytorch(c);
    if (emit == EMIT_peft)
        return timed(c, "front", compilation_program) && peft_adapter(c);
    if (!timed(c, "front", compilation_program) || !timed(c, "passes", stage_passes))
        return false;
    if (emit == EMIT_graph)
        return output_print(c, print_program);
    if (!timed(c, "schedule", stage_schedule))
        return false;
    if (emit == EMIT_schedule)
        return output_print(c, print_schedule);
    if (!timed(c, "constants", stage_descriptor))
        return false;
    if (emit == EMIT_tables)
        return output_print(c, print_tables);
    if (emit == EMIT_header)
        return stage_header(c);
    if (emit == EMIT_llvm || emit == EMIT_asm)
        return stage_text(c);
    const bool ok = timed(c, "object, link", stage_object_and_link);
    if (ok && emit == EMIT_exe && !c->options->show_command)
        trained_note(c);
    return ok;
}

/* ---- the other commands ---- */

static bool check(struct compilation *c)
{
    if (!compilation_program(c))
        return false;
    if (c->recipe)
        check_data(c);
    if (c->options->resolved && c->recipe)
        fputs(lang_resolved(&c->arena, c->recipe), stdout);
    else
        printf("%s: ok\n", c->options->file);
    return true;
}

/* How many samples `train` has; negative: nobody knows before it is read. */
static int64_t samples_of(struct compilation *c)
{
    const struct ftmrt_call *data = recipe_call(c->recipe, FTMRT_PARAM_finetune_data),
                            *train = ftmrt_call_inner(data, FTMRT_PARAM_data_train);
    return train ? samples_count(&c->arena, file_dir(&c->arena, c->options->file), train) : -1;
}

static bool explain(struct compilation *c)
{
    if (!compilation_program(c) || !stage_passes(c) || !stage_schedule(c))
        return false;
    const struct schedule *s = c->schedule;
    struct explain_plan plan = {.states_bytes = s->states_size,
                                .arena_bytes = s->arena_size,
                                .workspace_bytes = s->workspace_size,
                                .constants_bytes = s->constants_size,
                                .kernels = s->kernels.len,
                                .program = c->program,
                                .samples = samples_of(c)};
    for (uint32_t i = 0; i < s->functions.len; i++) {
        const struct schedule_function *f = &s->functions.at[i];
        if (f->graph->kind == FTMRT_ENTRY_PREDICT) {
            plan.calls_predict = f->calls.len;
            plan.predict = f->graph;
        }
        if (f->graph->kind == FTMRT_ENTRY_TRAIN)
            plan.calls_train = f->calls.len;
    }
    report_explain(c->net, c->recipe, &plan, stdout);
    return true;
}

/* What does not fit is the point of the table: it is printed also after errors. */
static bool map(struct compilation *c)
{
    if (!compilation_front(c) || !stage_weights(c))
        return false;
    bool ok = stage_bind(c);
    if (c->binding)
        report_map(c->net, c->recipe, c->binding, stdout);
    return ok;
}

static bool inspect(struct compilation *c)
{
    c->weights = weights_open(&c->arena, &c->diag, c->options->file, NULL, SPAN_NONE);
    if (c->weights)
        report_inspect(c->weights, stdout);
    return c->weights != NULL;
}

static bool models(struct compilation *c)
{
    const struct lang_options options = {.include_dirs = c->options->includes.at,
                                         .models_dir = compilation_models(c)};
    const char *name = c->options->file;
    struct model_list list = {0};
    bool ok = lang_models(&c->arena, &c->diag, &options, name, &list);
    if (ok && name && !list.list.len) {
        diag_report(&c->diag, SPAN_NONE, DIAG_UNKNOWN_CALL, "published model", name);
        const char *near = str_nearest(name, list.names.at, list.names.len);
        if (near)
            diag_note(&c->diag, "did you mean '%s'?", near);
        else
            diag_note(&c->diag, "`ftmc models` lists them");
        ok = false;
    }
    if (ok)
        report_models(&c->arena, &list, name != NULL, stdout);
    return ok;
}

/* The words behind `help`, with something between them. */
static const char *help_words(struct compilation *c, const char *between)
{
    const char *words = c->options->file;
    for (uint32_t i = 0; c->options->rest.at[i]; i++)
        words = arena_printf(&c->arena, "%s%s%s", words, between, c->options->rest.at[i]);
    return words;
}

static bool help(struct compilation *c)
{
    if (!c->options->file) {
        help_overview(stdout);
        return true;
    }
    const char *topic = help_words(c, " ");
    if (help_topic(&c->arena, help_words(c, "_"), stdout) || help_search(&c->arena, topic, stdout))
        return true;
    const text_list names = help_names(&c->arena);
    const char *near = str_nearest(topic, names.at, names.len);
    diag_report(&c->diag, SPAN_NONE, DIAG_UNKNOWN_CALL, "topic of help", topic);
    if (near)
        diag_note(&c->diag, "did you mean '%s'?", near);
    else
        diag_note(&c->diag, "`ftmc help` lists them");
    return false;
}

static bool manual(struct compilation *c)
{
    manual_print(&c->arena, stdout);
    return true;
}

static bool completion(struct compilation *c)
{
    if (completion_print(&c->arena, c->options->file, stdout))
        return true;
    diag_report(&c->diag, SPAN_NONE, DIAG_UNKNOWN_CALL, "shell that can be completed for",
                c->options->file);
    diag_note(&c->diag, "there are: bash, zsh");
    return false;
}

static bool (*const commands[])(struct compilation *c) = {
#define FTM_COMMAND(name, letter, least, most, argument, help) [COMMAND_##name] = (name),
#include "command.def"
#undef FTM_COMMAND
};

static void check_includes(struct compilation *c)
{
    for (const char *const *dir = c->options->includes.at; dir && *dir; dir++) {
        struct stat st;
        if (stat(*dir, &st) == 0 && S_ISDIR(st.st_mode))
            continue;
        diag_report(&c->diag, SPAN_NONE, DIAG_SYSTEM, *dir, "no such folder");
        diag_note(&c->diag, "-I names a folder where imported files are looked for, too");
    }
}

/* The command; where its output cannot be written, the rest of what is wrong is found, too. */
static bool run_options(struct compilation *c)
{
    check_includes(c);
    compilation_check_tools(c);
    output_check(c);
    if (!c->diag.errors)
        return commands[c->options->command](c);
    if (c->options->command == COMMAND_compile)
        compilation_program(c);
    return false;
}

int compile_command(const struct options *o)
{
    struct compilation c = {.options = o};
    arena_init(&c.arena, "compilation");
    diag_init(&c.diag, &c.arena);
    c.diag.color = o->color && strcmp(o->color, "auto") != 0 ? o->color : NULL;
    int code = 2;
    if (compilation_target(&c)) {
        output_choose(&c);
        code = run_options(&c) && c.diag.errors == 0 ? 0 : 1;
        fflush(stdout);
        print_stats(&c);
        diag_print(&c.diag, stderr);
    }
    compilation_close_weights(&c);
    arena_clear(&c.arena);
    return code;
}

/* The card of a run. */
#include "model_card.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder_parts.h"
#include "metrics.h"
#include "replace.h"
#include "report.h"
#include "run_record.h"

struct card {
    FILE *out;
    const struct session *session;
    const struct run_record *record;
    const json_t *test; /* figures on the test data, or NULL */
};

/* ---- the head ---- */

/* A text as YAML has it, on a line of its own. */
static void print_text(FILE *out, const char *before, const char *text)
{
    json_t *string = json_string(text);
    char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
    if (quoted)
        fprintf(out, "%s%s\n", before, quoted);
    free(quoted);
    json_decref(string);
}

/* Hubs write the identifiers of licences in small letters. */
static void print_licence(FILE *out, const char *licence)
{
    char *small = app_strdup(licence);
    for (char *p = small; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    print_text(out, "license: ", small);
    free(small);
}

/* What a model hub calls the task; NULL: it has no word for it. */
static const char *task_word(enum task task)
{
    static const char *const words[TASK_COUNT] = {[TASK_CLASS] = "image-classification",
                                                  [TASK_LABELS] = "image-classification",
                                                  [TASK_DISTRIBUTION] = "image-classification",
                                                  [TASK_PIXELS] = "image-segmentation"};
    return words[task];
}

/* The last component of a path; of a folder that is one of parts ("photos/train") that of the folder around it. */
static void print_dataset(FILE *out, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (;;) {
        size_t begin = end;
        while (begin > 0 && path[begin - 1] != '/')
            begin--;
        char *name = app_format("%.*s", (int)(end - begin), path + begin);
        const bool part = begin > 1 && folder_part_of(name) != PART_COUNT;
        if (!part)
            print_text(out, "- ", name);
        free(name);
        if (!part)
            return;
        end = begin - 1;
    }
}

/* The first file or folder that each source names. */
static void print_datasets(FILE *out, const struct ftmrt_call *source)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(source->id);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_arg *a = &source->args[i];
        for (uint32_t k = 0; a->kind == FTMRT_ARG_CALLS && k < a->count; k++)
            print_datasets(out, &a->calls[k]);
        if (a->kind == FTMRT_ARG_TEXT && ftmrt_type_is_path(info->params[i].type)) {
            print_dataset(out, a->text);
            return;
        }
    }
}

static void print_head(const struct card *c)
{
    const struct config *config = &c->session->config;
    const struct ftmrt_recipe *recipe = c->session->program->recipe;
    const char *task = task_word(config->task);
    fputs("---\nlibrary_name: ftmc\n", c->out);
    if (recipe->licence)
        print_licence(c->out, recipe->licence);
    if (recipe->base_model)
        print_text(c->out, "base_model: ", recipe->base_model);
    if (task)
        fprintf(c->out, "pipeline_tag: %s\n", task);
    if (config->train) {
        fputs("datasets:\n", c->out);
        print_datasets(c->out, config->train);
    }
    if (task_has_accuracy(config->task))
        fputs("metrics:\n- accuracy\n", c->out);
    fputs("tags:\n- ftmc\n---\n\n", c->out);
}

/* ---- figures ---- */

/* Shares as percent. */
static void print_figure(FILE *out, const char *data, const char *key, double value)
{
    const bool share = strstr(key, "accuracy") || !strncmp(key, "top", 3);
    fprintf(out, share ? "| %s | %s | %.2f %% |\n" : "| %s | %s | %.4f |\n", data, key,
            share ? 100 * value : value);
}

/* The numbers of an object, but counts. */
static void print_object(FILE *out, const char *data, const char *prefix, const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (json_is_real(value) && !strncmp(key, prefix, strlen(prefix)))
            print_figure(out, data, key + strlen(prefix), json_real_value(value));
    }
}

static void print_figures(const struct card *c)
{
    const json_t *best = json_object_get(c->record->root, "best");
    fprintf(c->out,
            "The weights in `best.safetensors` are those of epoch %" JSON_INTEGER_FORMAT
            "; epochs done: %" PRId64 ".\n\n",
            json_integer_value(json_object_get(best, "epoch")),
            (int64_t)run_record_number(c->record, "last", "epoch"));
    if (!json_object_get(best, "validation_loss") && !c->test)
        return;
    fputs("| measured on | figure | |\n|---|---|---|\n", c->out);
    print_object(c->out, "validation", "validation_", best);
    print_object(c->out, "test", "", c->test);
    fputc('\n', c->out);
}

/* ---- what goes in, what comes out ---- */

/* The line of the resolved recipe that begins like this, without it. */
static void print_setting(FILE *out, const char *resolved, const char *begin)
{
    const char *line = strstr(resolved, begin);
    if (line) {
        line += strlen(begin);
        fprintf(out, "Pictures go through `%.*s`.\n\n", (int)strcspn(line, "\n"), line);
    }
}

static void print_interface(const struct card *c)
{
    const struct config *config = &c->session->config;
    const struct config_input *in = &config->input_eval;
    fprintf(c->out,
            "## Input and output\n\nAn image [%" PRId64 ", %" PRId64 ", %" PRId64
            "] (channels, height, width). ",
            in->channels, in->height, in->width);
    print_setting(c->out, c->session->program->resolved, "\n    transform eval = ");
    fprintf(c->out, "%" PRId64 " outputs, in this order: ", config->classes);
    for (int64_t i = 0; i < config->classes; i++)
        fprintf(c->out, "%s%s", i ? ", " : "", config->labels[i]);
    fputs(".\n\n", c->out);
}

static void print_use(const struct card *c)
{
    const char *program = c->session->program->name;
    fprintf(c->out,
            "## How to use it\n\n"
            "The program that trained it answers: `%s predict --weights best.safetensors "
            "PICTURE`. `recipe.ftm` compiles to it with\nftmc, and `ftmc recipe.ftm "
            "--emit=pytorch` writes the same network for PyTorch, where\n"
            "`safetensors.torch.load_file(\"best.safetensors\")` is its state dict.\n\n",
            program);
}

static void print_hashes(const struct card *c)
{
    static const char *const keys[] = {"recipe_hash", "weights_hash", "data_hash", "graph_hash",
                                       "compiler_hash"};
    fprintf(
        c->out,
        "## What it was made from\n\nTrained by %s from `%s` with the weights `%s`, seed %" PRIu64
        ".\n\n| | hash |\n|---|---|\n",
        c->session->program->compiler,
        c->session->config.model ? c->session->config.model : c->session->program->name,
        c->session->config.weights ? c->session->config.weights : "random",
        c->session->config.seed);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (*run_record_text(c->record, keys[i]))
            fprintf(c->out, "| %.*s | `%s` |\n", (int)strcspn(keys[i], "_"), keys[i],
                    run_record_text(c->record, keys[i]));
}

/* ---- the file ---- */

static void print_card(const struct card *c)
{
    print_head(c);
    fprintf(c->out, "# %s\n\n", c->session->program->name);
    print_figures(c);
    print_interface(c);
    print_use(c);
    print_hashes(c);
}

static bool write_card(const char *folder, const struct session *s, const struct run_record *r)
{
    char *text = NULL, error[512];
    size_t size = 0;
    char *tested = app_format("%s/test.json", folder), *path = app_format("%s/README.md", folder);
    json_t *test = json_load_file(tested, 0, NULL);
    FILE *out = open_memstream(&text, &size);
    if (out)
        print_card(&(struct card){out, s, r, test});
    bool ok = out && fclose(out) == 0;
    ok = ok ? replace_whole(path, text, size, error, sizeof error) == FTMRT_OK ||
                  report_error("%s", error)
            : report_error("%s: out of memory", path);
    json_decref(test);
    free(text);
    free(path);
    free(tested);
    return ok;
}

bool model_card_write(const char *folder, const struct session *s)
{
    struct run_record record;
    if (!run_record_read(&record, folder))
        return false;
    const bool ok = !json_object_get(record.root, "best") || write_card(folder, s, &record);
    run_record_free(&record);
    return ok;
}

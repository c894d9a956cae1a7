/* The command `info`: what a program is. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "network_identity.h"
#include "report.h"

struct totals {
    int64_t parameters, trainable;
};

static struct totals count_parameters(const struct ftmrt_program *p)
{
    struct totals t = {0, 0};
    for (uint32_t i = 0; i < p->state_count; i++) {
        const struct ftmrt_state *s = &p->states[i];
        if (s->kind != FTMRT_STATE_PARAMETER)
            continue;
        t.parameters += ftmrt_elements(s->rank, s->dim);
        if (s->flags & FTMRT_TRAINABLE)
            t.trainable += ftmrt_elements(s->rank, s->dim);
    }
    return t;
}

static void print_input(const char *title, const struct config_input *i)
{
    printf("%s %s [%lld, %lld, %lld]\n", title, i->name, (long long)i->channels,
           (long long)i->height, (long long)i->width);
}

static json_t *input_json(const struct config_input *i)
{
    return json_pack("[I,I,I]", (json_int_t)i->channels, (json_int_t)i->height,
                     (json_int_t)i->width);
}

/* What has gone into the program, as run.json names it: two programs of equal hashes do the same. */
static json_t *hashes_json(const struct ftmrt_program *p)
{
    json_t *hashes =
        json_pack("{s:s, s:s}", "compiler_hash", identity_hash_text(p->compiler_hash).hash,
                  "recipe_hash", identity_hash_text(ftmrt_name_hash(p->resolved)).hash);
    for (int i = 0; i < IDENTITY_PARTS; i++) {
        const enum identity_part part = (enum identity_part)i;
        json_object_set_new(hashes, identity_key(part), json_string(identity_text(p, part).hash));
    }
    return hashes;
}

static void print_hashes(const struct ftmrt_program *p)
{
    const char *key;
    json_t *hashes = hashes_json(p), *hash;
    const char *title = "hashes";
    json_object_foreach(hashes, key, hash)
    {
        printf("%-11s %s %.*s\n", title, json_string_value(hash), (int)strcspn(key, "_"), key);
        title = "";
    }
    json_decref(hashes);
}

static void print_text(const struct ftmrt_program *p, const struct config *c,
                       const struct totals *t)
{
    printf("program     %s, made by %s\n", p->name, p->compiler);
    printf("processor   %s (%s here)\n", p->cpu,
           ftmrt_cpu_supported(p->cpu) ? "can run" : "cannot run");
    printf("model       %s\n", c->model ? c->model : p->name);
    printf("weights     %s, %.1f MB in the program\n", c->weights ? c->weights : "random",
           (double)p->blob_size / 1e6);
    print_input("input      ", &c->input_eval);
    if (config_two_sizes(c))
        print_input("in training", &c->input_train);
    printf("classes     %lld:", (long long)c->classes);
    for (int64_t k = 0; k < c->classes && k < 10; k++)
        printf(" %s", c->labels[k]);
    printf("%s\nparameters  %lld, %lld of them trainable\n", c->classes > 10 ? " ..." : "",
           (long long)t->parameters, (long long)t->trainable);
    printf("batch       up to %lld\nmemory      %.1f MB workspace, %.1f MB of it activations\n",
           (long long)p->max_batch, (double)p->workspace_size / 1e6, (double)p->arena_size / 1e6);
    print_hashes(p);
}

static void print_json(const struct ftmrt_program *p, const struct config *c,
                       const struct totals *t)
{
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "program", p->name,
        "compiler", p->compiler, "cpu", p->cpu, "cpu_supported", ftmrt_cpu_supported(p->cpu),
        "classes", (json_int_t)c->classes, "parameters", (json_int_t)t->parameters, "trainable",
        (json_int_t)t->trainable, "max_batch", (json_int_t)p->max_batch, "workspace_bytes",
        (json_int_t)p->workspace_size, "weight_bytes", (json_int_t)p->blob_size, "input",
        input_json(&c->input_eval), "input_train", input_json(&c->input_train));
    json_t *hashes = hashes_json(p);
    json_object_update(root, hashes);
    json_decref(hashes);
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

int command_info(const struct ftmrt_program *p, const struct options *o)
{
    struct config c;
    if (!config_read(&c, p))
        return EXIT_ERROR;
    struct totals t = count_parameters(p);
    if (o->recipe)
        fputs(p->resolved, stdout);
    else if (o->json)
        print_json(p, &c, &t);
    else
        print_text(p, &c, &t);
    config_free(&c);
    return EXIT_OK;
}

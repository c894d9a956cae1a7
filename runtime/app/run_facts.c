/* What run.json says of how a run was begun. */
#include "run_facts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "network_identity.h"

static json_t *command_json(const struct options *o)
{
    json_t *command = json_array();
    for (int i = 0; i < o->argc; i++) {
        json_t *word = json_string(o->argv[i]); /* NULL for what is not UTF-8 */
        json_array_append_new(command, word ? word : json_string("?"));
    }
    return command;
}

static void set_hash(json_t *facts, const char *key, uint64_t hash)
{
    if (hash)
        json_object_set_new(facts, key, json_string(identity_hash_text(hash).hash));
}

/* Cut short on purpose, or called one: it never becomes current by itself. */
static bool is_trial(const struct options *o)
{
    return (o->steps_given && !o->minutes_given) || (o->fold && o->fold[0] != '0') ||
           (o->name && !strcmp(o->name, "try"));
}

/* Sets the name that the processor has for people, where the system tells it. */
static void set_processor(json_t *facts)
{
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[512];
    while (f && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        const char *name = colon + 1 + strspn(colon + 1, " ");
        json_object_set_new(facts, "processor", json_stringn(name, strcspn(name, "\n")));
        break;
    }
    if (f)
        fclose(f);
}

json_t *run_facts(const struct session *s, const struct options *o,
                  const struct training_data_hashes *hashes)
{
    char folder[4096];
    json_t *facts = json_object();
    json_object_set_new(facts, "name", json_string(o->name ? o->name : ""));
    json_object_set_new(facts, "command", command_json(o));
    json_object_set_new(facts, "working_folder",
                        json_string(getcwd(folder, sizeof folder) ? folder : "."));
    json_object_set_new(facts, "options", options_json(o));
    json_object_set_new(facts, "trial", json_boolean(is_trial(o)));
    set_processor(facts);
    for (int i = 0; i < IDENTITY_PARTS; i++) {
        const enum identity_part part = (enum identity_part)i;
        json_object_set_new(facts, identity_key(part),
                            json_string(identity_text(s->program, part).hash));
    }
    set_hash(facts, "compiler_hash", s->program->compiler_hash);
    set_hash(facts, "recipe_hash", ftmrt_name_hash(s->program->resolved));
    set_hash(facts, "data_hash", hashes->data);
    set_hash(facts, "split_hash", hashes->split);
    return facts;
}

/* For which machine a compilation makes code. */
#include <string.h>

#include "compilation.h"
#include "cpu.h"
#include "options.h"
#include "tool.h"

bool compilation_is_library(const struct options *o)
{
    return o->command == COMMAND_compile &&
           (o->emit_stage == EMIT_lib || o->emit_stage == EMIT_header);
}

static bool unknown_target(const char *name)
{
    fprintf(stderr, "ftmc: no target is called '%s'; there are", name);
    for (uint32_t i = 0; i < target_count(); i++)
        fprintf(stderr, "%s %s", i ? "," : "", target_at(i)->name);
    fputc('\n', stderr);
    return false;
}

static bool unknown_level(const char *name, const struct cpu_target *target)
{
    const struct cpu *other = cpu_find(name);
    if (other && strcmp(name, "native") == 0)
        fprintf(stderr, "ftmc: 'native' is this machine, and no %s; there are", target->name);
    else if (other)
        fprintf(stderr, "ftmc: '%s' is a level of --target=%s, not of %s; there are", name,
                other->target->name, target->name);
    else
        fprintf(stderr, "ftmc: no instruction set level is called '%s'; there are", name);
    for (uint32_t i = 0; i < cpu_count(); i++)
        if (cpu_at(i)->target == target)
            fprintf(stderr, " %s", cpu_at(i)->name);
    fputs(target_is_host(target) ? " and native\n" : "\n", stderr);
    return false;
}

bool compilation_target(struct compilation *c)
{
    const struct cpu_target *target = target_find(c->options->target);
    if (!target)
        return unknown_target(c->options->target);
    if (!target_is_host(target) && c->options->emit_stage == EMIT_exe) {
        fprintf(stderr,
                "ftmc: there are programs for this kind of machine only; for %s there are "
                "libraries: --emit=lib\n",
                target->name);
        return false;
    }
    const bool native = target_is_host(target) && !compilation_is_library(c->options);
    const char *name = c->options->cpu ? c->options->cpu : native ? "native" : target->cpu;
    c->cpu = cpu_find(name);
    return (c->cpu && c->cpu->target == target) || unknown_level(name, target);
}

void compilation_check_tools(struct compilation *c)
{
    const enum emit_stage stage = c->options->emit_stage;
    if (stage == EMIT_lib || stage == EMIT_obj)
        tool_check_target(&c->arena, &c->diag, c->cpu->target);
}

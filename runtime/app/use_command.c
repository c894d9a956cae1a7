/* The command `use`: another run becomes current. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "report.h"
#include "runs.h"

/* Only an own run can be current: weights of another network would be refused, or would be wrong. */
static bool check_run(const struct run *run, const struct ftmrt_program *p)
{
    if (!run->own) {
        char *why = run_strangeness(run, p);
        report_error("run %ld (%s) is of another network: %s", run->number, run->name, why);
        free(why);
        return false;
    }
    return run_has_best(run) ||
           report_error("run %ld (%s) has no best.safetensors", run->number, run->name);
}

int command_use(const struct ftmrt_program *p, const struct options *o)
{
    if (o->file_count != 1) {
        report_error("name one run, by its number: %s use 3", report_command());
        return EXIT_WRONG_USAGE;
    }
    struct runs r;
    runs_read(&r, p, o->runs);
    const struct run *run = runs_find(&r, o->files[0]);
    const bool ok = run && check_run(run, p) && runs_use(&r, run);
    if (ok)
        printf("run %ld (%s) is current\n", run->number, run->name);
    runs_free(&r);
    return ok ? EXIT_OK : EXIT_ERROR;
}

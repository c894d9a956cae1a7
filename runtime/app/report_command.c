/* The command `report`: the page of a run, made again of what its folder has. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "eval_data.h"
#include "report.h"
#include "run_page.h"
#include "runs.h"
#include "train_options.h"

/* The samples of a run's answers, for their pictures. */
struct pictures {
    struct config config;
    struct eval_data data;
    struct options past; /* of the run */
    const char **files;
};

static bool take_seed(struct config *c, const struct run_record *r)
{
    const json_t *seed = json_object_get(r->root, "seed");
    if (json_is_integer(seed))
        c->seed = (uint64_t)json_integer_value(seed);
    return json_is_integer(seed);
}

/* Opens the data as the run had it: with its seed and options, from the folder where these were given. */
static bool open_pictures(struct pictures *p, const struct run *run,
                          const struct ftmrt_program *program, const struct options *o, int part)
{
    return config_read(&p->config, program) && take_seed(&p->config, &run->record) &&
           train_options_past(&run->record, "run", &p->past, &p->files) &&
           train_options_take(&p->config, program, &p->past) &&
           eval_data_open(&p->data, &p->config, run_page_parts[part].name,
                          o->data ? o->data : p->past.data);
}

static void close_pictures(struct pictures *p)
{
    eval_data_close(&p->data);
    config_free(&p->config);
    free(p->files);
}

/* A page without pictures is better than none. */
static bool write_page(const struct run *run, const struct ftmrt_program *program,
                       const struct options *o)
{
    struct pictures p = {0};
    char *folder = realpath(run->path, NULL), *data = o->data ? realpath(o->data, NULL) : NULL;
    struct options own = *o;
    own.data = data ? data : o->data;
    if (!folder)
        return report_error("%s: is not there any more", run->path);
    const int part = run_page_part(folder);
    const bool at_hand = run->own && open_pictures(&p, run, program, &own, part);
    if (!at_hand)
        report_note("the data of the run cannot be read%s, so the page is without pictures",
                    run->own ? "" : ": it is of another network");
    const bool ok = run_page_write(folder, part, at_hand ? &p.data.samples : NULL);
    close_pictures(&p);
    free(folder);
    free(data);
    return ok;
}

int command_report(const struct ftmrt_program *p, const struct options *o)
{
    struct runs r;
    if (o->file_count > 1) {
        report_error("name one run, by number, name or folder: %s report 3", report_command());
        return EXIT_WRONG_USAGE;
    }
    runs_read(&r, p, o->runs);
    const struct run *run = o->file_count ? runs_find(&r, o->files[0]) : runs_default(&r);
    bool ok = run || o->file_count || report_error("there are no runs in %s yet", r.folder);
    ok = ok && run && write_page(run, p, o);
    if (ok)
        printf("report of run %ld (%s) in %s/report.html\n", run->number, run->name, run->path);
    runs_free(&r);
    return ok ? EXIT_OK : EXIT_ERROR;
}

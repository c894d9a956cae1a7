#include "train_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

static bool take_batch(struct config *c, const struct options *o)
{
    if (!o->batch_given)
        return true;
    if (o->batch > c->batch)
        return report_error("--batch %lld: the program was compiled for batches of up to %lld; "
                            "`ftmc -D batch=%lld` makes one for more",
                            (long long)o->batch, (long long)c->batch, (long long)o->batch);
    c->batch = o->batch;
    return true;
}

/* The optimizer's call as one that can be changed. */
static struct ftmrt_arg *own_arguments(struct config *c)
{
    if (c->own_optimizer)
        return c->own_arguments;
    const uint32_t count = ftmrt_call_info(c->optimizer->id)->param_count;
    c->own_arguments = app_alloc(count, sizeof *c->own_arguments);
    c->own_optimizer = app_alloc(1, sizeof *c->own_optimizer);
    memcpy(c->own_arguments, c->optimizer->args, count * sizeof *c->own_arguments);
    *c->own_optimizer = (struct ftmrt_call){c->optimizer->id, c->own_arguments};
    c->optimizer = c->own_optimizer;
    return c->own_arguments;
}

/* Whether a tensor of the optimizer goes by such a name: "fc.weight/momentum_buffer". */
static bool keeps(const struct ftmrt_program *p, const char *slot)
{
    for (uint32_t i = 0; i < p->state_count; i++) {
        const char *name = strrchr(p->states[i].name, '/');
        if (p->states[i].kind == FTMRT_STATE_SLOT && name && !strncmp(name + 1, slot, strlen(slot)))
            return true;
    }
    return false;
}

/* slot: the tensor that the compiled step has only if the recipe's value is not 0; NULL: there is none. */
static bool take_scalar(struct config *c, const struct ftmrt_program *p, const char *name,
                        const char *slot, const char *option, double value)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->optimizer->id);
    double now = 0;
    if (!network_scalar(c->optimizer, name, &now))
        return report_error("%s: %s has no %s", option, info->name, name);
    if (value != now && now == 0 && slot && !keeps(p, slot))
        return report_error("%s %g: the program was compiled without, since the recipe has %g; "
                            "`ftmc -D optimizer.%s=%g` makes one with it",
                            option, value, now, name, value);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_param_info *row = &info->params[i];
        if (strcmp(row->name, name) != 0)
            continue;
        if (row->max >= row->min && !(value >= row->min && value <= row->max))
            return report_error("%s must be from %g to %g, not %g", option, row->min, row->max,
                                value);
        own_arguments(c)[i].number = value;
    }
    return true;
}

/* "2/5": the second of five parts validates. */
static bool take_fold(struct config *c, const struct options *o)
{
    if (!o->fold)
        return true;
    char *slash, *end;
    const long fold = strtol(o->fold, &slash, 10),
               folds = *slash == '/' ? strtol(slash + 1, &end, 10) : 0;
    if (slash == o->fold || folds < 2 || *end || folds > 100 || fold < 0 || fold > folds)
        return report_error("--fold %s: write a part and how many there are, as in 2/5", o->fold);
    if (c->validation)
        return report_error("--fold: the recipe's `validation` is a source of its own; folds are "
                            "parts of `train`");
    c->split = SPLIT_FOLD;
    c->fold = fold;
    c->folds = folds;
    c->validation_percent = fold ? 100.0 / (double)folds : 0;
    return true;
}

bool train_options_take(struct config *c, const struct ftmrt_program *p, const struct options *o)
{
    return take_batch(c, o) && take_fold(c, o) &&
           (!o->weight_decay_given ||
            take_scalar(c, p, "weight_decay", NULL, "--weight-decay", o->weight_decay)) &&
           (!o->momentum_given ||
            take_scalar(c, p, "momentum", "momentum", "--momentum", o->momentum));
}

/* ---- arguments for others ---- */

/* Whether an argument is an option, or gives its value, too. */
static bool is_option(const char *argument, const char *name)
{
    const size_t n = strlen(name);
    return !strncmp(argument, name, n) && (!argument[n] || argument[n] == '=');
}

char **train_options_without(const struct options *o, const char *const *names, int room,
                             int *count)
{
    char **argv = app_alloc((size_t)o->argc + (size_t)room + 1, sizeof *argv);
    *count = 0;
    for (int i = 0; i < o->argc; i++) {
        const char *const *name = names;
        while (*name && !is_option(o->argv[i], *name))
            name++;
        if (*name)
            i += o->argv[i][strlen(*name)] == '\0';
        else
            argv[(*count)++] = app_strdup(o->argv[i]);
    }
    return argv;
}

void train_options_fit(struct options *fitted, const struct options *o, int64_t epochs,
                       int64_t steps)
{
    static const char *const minutes[] = {"--minutes", NULL};
    int count;
    char **argv = train_options_without(o, minutes, 2, &count);
    argv[count++] = app_format("--epochs=%lld", (long long)epochs);
    argv[count++] = app_format("--steps=%lld", (long long)steps);
    *fitted = *o;
    fitted->argc = count;
    fitted->argv = argv;
    fitted->epochs = epochs;
    fitted->steps = steps;
    fitted->epochs_given = fitted->steps_given = true;
}

/* ---- going on ---- */

const char *const train_options_with_resume[] = {
    "--resume", "--runs", "--threads", "--workers", "--cache", "--cache-budget", NULL};

bool train_options_past(const struct run_record *r, const char *what, struct options *past,
                        const char ***files)
{
    if (chdir(r->folder) != 0)
        return report_error("%s: %s; the %s was begun there", r->folder, strerror(errno), what);
    *files = app_alloc((size_t)r->argc, sizeof(char *));
    *past = (struct options){.argc = r->argc, .argv = r->argv};
    return options_parse(past, r->argv[1], r->argc, r->argv, *files);
}

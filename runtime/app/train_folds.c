/* Trainings in folds, each a process and a run of its own. */
#include "train_folds.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"
#include "runs.h"
#include "train_options.h"

/* What was best in a fold. */
struct fold {
    double epoch, accuracy, loss; /* accuracy NaN: labels have none */
};

static void free_arguments(char **argv)
{
    for (int i = 0; argv[i]; i++)
        free(argv[i]);
    free(argv);
}

/* Runs this program with such arguments: its exit code. */
static int run_with(char **argv)
{
    int status = 0;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        execv("/proc/self/exe", argv);
        _exit(EXIT_ERROR);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_ERROR;
}

/* The arguments of a fold or of the last training: those of the command line without what is the other's. */
static char **arguments_of(const struct options *o, int64_t fold, const char *more)
{
    static const char *const last[] = {"--folds", "--epochs", NULL}, *const folds[] = {
                                                                         "--folds", "--out",
                                                                         "--name", "--init-out",
                                                                         NULL};
    int count;
    char **argv = train_options_without(o, fold ? folds : last, 2, &count);
    argv[count++] = app_format("--fold=%lld/%lld", (long long)fold, (long long)o->folds);
    argv[count] = more ? app_strdup(more) : NULL;
    return argv;
}

/* What the newest run of the program found best. */
static struct fold read_fold(const struct ftmrt_program *p, const struct options *o)
{
    struct runs runs;
    struct fold f = {NAN, NAN, NAN};
    runs_read(&runs, p, o->runs);
    for (size_t i = 0; i < runs.count; i++)
        if (runs.at[i]->own) {
            const struct run_record *r = &runs.at[i]->record;
            f = (struct fold){run_record_number(r, "best", "epoch"),
                              run_record_number(r, "best", "validation_accuracy"),
                              run_record_number(r, "best", "validation_loss")};
        }
    runs_free(&runs);
    return f;
}

/* "84.20 %, standard error 0.71" of figures, times `scale`. */
static void print_mean(const char *name, const double *x, int64_t n, double scale, const char *unit)
{
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    printf("%s %.4g%s, standard error %.2g", name, scale * mean, unit,
           scale * sqrt(squares / (double)(n - 1) / (double)n));
}

/* Says what the folds came to; how many epochs did best, in the mean. */
static int64_t sum_up(const struct fold *folds, int64_t n)
{
    double epochs = 0, *accuracies = app_alloc((size_t)n, sizeof *accuracies),
           *losses = app_alloc((size_t)n, sizeof *losses);
    for (int64_t i = 0; i < n; i++) {
        epochs += folds[i].epoch / (double)n;
        accuracies[i] = folds[i].accuracy;
        losses[i] = folds[i].loss;
    }
    printf("%lld folds: ", (long long)n);
    if (isfinite(accuracies[0]))
        print_mean("accuracy", accuracies, n, 100, " %");
    printf("%s", isfinite(accuracies[0]) ? "; " : "");
    print_mean("loss", losses, n, 1, "");
    printf("; the best epoch was %.1f in the mean\n", epochs);
    free(accuracies);
    free(losses);
    return (int64_t)fmax(1, round(epochs));
}

static int train_last(const struct options *o, int64_t epochs)
{
    char *more = app_format("--epochs=%lld", (long long)epochs);
    char **argv = arguments_of(o, 0, more);
    printf("\nall of the data, %lld epoch%s: what it is worth is what the folds say\n",
           (long long)epochs, epochs == 1 ? "" : "s");
    const int code = run_with(argv);
    free_arguments(argv);
    free(more);
    return code;
}

int train_folds(const struct ftmrt_program *p, const struct options *o)
{
    struct fold *folds = app_alloc((size_t)o->folds, sizeof *folds);
    int code = EXIT_OK;
    for (int64_t i = 0; i < o->folds && code == EXIT_OK; i++) {
        char **argv = arguments_of(o, i + 1, NULL);
        printf("%sfold %lld of %lld\n", i ? "\n" : "", (long long)i + 1, (long long)o->folds);
        code = run_with(argv);
        free_arguments(argv);
        if (code == EXIT_OK)
            folds[i] = read_fold(p, o);
        if (code == EXIT_OK && !isfinite(folds[i].epoch)) {
            report_error("fold %lld: its run says of no epoch that it was the best",
                         (long long)i + 1);
            code = EXIT_ERROR;
        }
    }
    if (code == EXIT_OK) {
        puts("");
        code = train_last(o, sum_up(folds, o->folds));
    }
    free(folds);
    return code;
}

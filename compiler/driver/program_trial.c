/* Programs of a search, each as a process of its own. */
#include "program_trial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

enum { WRONG_USAGE = 2 /* a program's exit code */ };

/* ---- signals ---- */

static volatile sig_atomic_t came, running;

/* A second one goes on as well: the program then ends at once. */
static void on_signal(int number)
{
    came = number;
    if (running > 0)
        kill((pid_t)running, number);
}

void program_trials_watch(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}

int program_trials_signal(void) { return came; }

/* ---- processes ---- */

static void add(const struct program_trials *all, tool_words *w, const char *word)
{
    vec_push(&all->compilation->arena, w, word);
}

/* `ftmc run ... -D PATH=VALUE FILE`, as it was typed; what trains is what the value says, and nothing else. */
static void add_head(const struct program_trials *all, const struct program_trial *t, tool_words *w)
{
    const struct options *o = all->compilation->options;
    for (int i = 0; i < o->file_at; i++)
        add(all, w, o->argv[i]);
    if (!strcmp(all->path, "train")) {
        add(all, w, "-D");
        add(all, w, "freeze=all");
    }
    add(all, w, "-D");
    add(all, w, arena_printf(&all->compilation->arena, "%s=%s", all->path, t->value));
    add(all, w, o->file);
}

const char *program_trial_typed(const struct program_trials *all, const struct program_trial *t)
{
    tool_words w = {0};
    const char *text = "";
    add_head(all, t, &w);
    for (uint32_t i = 0; i < w.len; i++)
        text = arena_printf(&all->compilation->arena, "%s%s%s", text, i ? " " : "",
                            compilation_word(all->compilation, w.at[i]));
    return text;
}

/* In a group of its own, so that a terminal's Ctrl-C comes through on_signal alone; it ends with this process. */
static _Noreturn void become(const tool_words *w, int out, int err)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0);
    if (dup2(out, STDOUT_FILENO) >= 0 && (err < 0 || dup2(err, STDERR_FILENO) >= 0))
        execv("/proc/self/exe", (char *const *)(uintptr_t)w->at);
    _exit(127);
}

/* Its pid; -1 after a report. err: -1 leaves stderr as it is. */
static pid_t start(const struct program_trials *all, tool_words *w, int out, int err)
{
    add(all, w, NULL);
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0)
        become(w, out, err);
    if (pid < 0)
        diag_system(&all->compilation->diag, "a process", errno);
    running = (sig_atomic_t)pid;
    if (came && pid > 0)
        kill(pid, came);
    return pid;
}

/* The exit code; 128 and more: a signal. */
static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    running = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What a process prints, as JSON; NULL: it failed. */
static json_t *ask(const struct program_trials *all, tool_words *w, bool quiet)
{
    int ends[2];
    if (pipe(ends) != 0)
        return NULL;
    for (int i = 0; i < 2; i++)
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    const int null = quiet ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
    const pid_t pid = start(all, w, ends[1], null);
    close(ends[1]);
    if (null >= 0)
        close(null);
    FILE *in = fdopen(ends[0], "r");
    json_t *answer = in ? json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
    const int code = pid > 0 ? wait_for(pid) : 1;
    if (in)
        fclose(in);
    if (code != 0)
        json_decref(answer);
    return code ? NULL : answer;
}

bool program_trial_compile(const struct program_trials *all, struct program_trial *t)
{
    tool_words w = {0};
    add_head(all, t, &w);
    add(all, &w, "info");
    add(all, &w, "--json");
    json_t *facts = ask(all, &w, false);
    t->trainable = json_integer_value(json_object_get(facts, "trainable"));
    const bool ok = facts != NULL;
    json_decref(facts);
    return ok;
}

/* ---- figures ---- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_run(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* The record of the newest run in the trial's folder, which becomes t->run; NULL: there is none. */
static json_t *newest_record(const struct program_trials *all, struct program_trial *t)
{
    struct arena *arena = &all->compilation->arena;
    struct dirent **entries;
    json_t *record = NULL;
    const int count = scandir(t->folder, &entries, is_run, by_name);
    for (int i = count - 1; i >= 0; i--) {
        const char *run = arena_printf(arena, "%s/%s", t->folder, entries[i]->d_name);
        if (!record &&
            (record = json_load_file(arena_printf(arena, "%s/run.json", run), 0, NULL)) != NULL)
            t->run = run;
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return record;
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static bool has_outcome(const json_t *record, const char *word)
{
    const char *outcome = json_string_value(json_object_get(record, "outcome"));
    return outcome && !strcmp(outcome, word);
}

static int64_t samples_of(const struct program_trials *all, const struct program_trial *t)
{
    json_t *figures = json_load_file(
        arena_printf(&all->compilation->arena, "%s/validation.json", t->run), 0, NULL);
    const int64_t samples = json_integer_value(json_object_get(figures, "samples"));
    json_decref(figures);
    return samples;
}

/* The last message of a process that failed. */
static const char *last_error(const struct program_trials *all, const struct program_trial *t)
{
    struct arena *arena = &all->compilation->arena;
    char line[1024];
    const char *found = "it failed";
    FILE *said = fopen(arena_printf(arena, "%s/said.txt", t->folder), "re");
    while (said && fgets(line, sizeof line, said)) {
        const char *error = strstr(line, "error: ");
        if (error)
            found = arena_strndup(arena, error + 7, strcspn(error + 7, "\n"));
    }
    if (said)
        fclose(said);
    return found;
}

bool program_trial_take(const struct program_trials *all, struct program_trial *t)
{
    json_t *record = newest_record(all, t);
    const bool finished = has_outcome(record, "finished"), failed = has_outcome(record, "failed");
    if (finished) {
        const json_t *best = json_object_get(record, "best");
        t->accuracy = number_of(best, "validation_accuracy");
        t->loss = number_of(best, "validation_loss");
        t->seconds = number_of(record, "seconds");
        t->steps = json_integer_value(json_object_get(record, "steps"));
        t->memory = json_integer_value(json_object_get(record, "peak_memory_bytes"));
        t->samples = samples_of(all, t);
    }
    t->failure = finished && isfinite(t->loss) ? NULL
                 : failed                      ? last_error(all, t)
                                               : "no epoch has a finite loss in validation";
    json_decref(record);
    return finished || failed;
}

double program_trial_error(const struct program_trial *t)
{
    return t->samples > 0 ? sqrt(t->accuracy * (1 - t->accuracy) / (double)t->samples) : NAN;
}

/* ---- training ---- */

/* Passes on what a program has said of wrong words. */
static bool report_usage(const char *said)
{
    char line[1024];
    FILE *in = fopen(said, "re");
    while (in && fgets(line, sizeof line, in))
        fputs(line, stderr);
    if (in)
        fclose(in);
    return false;
}

bool program_trial_train(const struct program_trials *all, struct program_trial *t)
{
    struct arena *arena = &all->compilation->arena;
    tool_words w = {0};
    json_t *record = newest_record(all, t);
    add_head(all, t, &w);
    add(all, &w, "train");
    add(all, &w, "--runs");
    add(all, &w, t->folder);
    if (record) {
        add(all, &w, "--resume");
        add(all, &w, t->run);
    }
    for (uint32_t i = 0; i < all->words->len && !record; i++)
        add(all, &w, all->words->at[i]);
    json_decref(record);
    const char *path = arena_printf(arena, "%s/said.txt", t->folder);
    const int said = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (said < 0)
        diag_system(&all->compilation->diag, t->folder, errno);
    const pid_t pid = said < 0 ? -1 : start(all, &w, said, said);
    const int code = pid > 0 ? wait_for(pid) : 1;
    if (said >= 0)
        close(said);
    if (came)
        return false;
    if (code == WRONG_USAGE)
        return report_usage(path);
    if (!program_trial_take(all, t))
        t->failure = code > 128 ? "the system ended it, as it does where memory is short"
                                : last_error(all, t);
    return true;
}

double program_trial_test(const struct program_trials *all, const struct program_trial *t)
{
    tool_words w = {0};
    add_head(all, t, &w);
    static const char *const words[] = {"eval", "--split", "test", "--json", "--runs"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        add(all, &w, words[i]);
    add(all, &w, t->folder);
    json_t *figures = ask(all, &w, true);
    const double accuracy = number_of(figures, "accuracy");
    json_decref(figures);
    return accuracy;
}

/* `ftmc run FILE.ftm search` where the recipe's search goes over what is compiled into a program: each value is compiled and trained behind
 * the other, in processes of their own, whose runs are kept below the folder of the search:
 *
 *     runs/NAME-search-001/search.json   what was searched, and what came of it
 *     runs/NAME-search-001/1/            runs of the first value, and what its program said
 *
 * All are compiled before one is trained, so that a mistake in the last is said first. Runs that have ended are not done again: one that
 * was killed goes on. */
#include "program_search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "program_trial.h"
#include "replace.h"

enum { INTERRUPTED = 130 /* the exit code, as in ../../runtime/app/exit_codes.def */ };

struct program_search {
    struct compilation *c;
    const char *name; /* of the finetune */
    bool tested;      /* the recipe has test data */
    struct program_trials trials;
    text_list words; /* of `train` */
    const char *runs, *resume;
    const char *folder;
    int lock;
    json_t *record;
    struct program_trial *at; /* [count] */
    uint32_t count;
};

/* ---- the command line ---- */

/* The value of an option of `search` at words[*i], as `--runs DIR` or `--runs=DIR`; NULL: another word. */
static const char *option_value(const text_list *words, uint32_t *i, const char *option)
{
    const char *word = words->at[*i];
    const size_t n = strlen(option);
    if (!word || strncmp(word, option, n) != 0)
        return NULL;
    if (word[n] == '=')
        return word + n + 1;
    const bool last = *i + 1 >= words->len || !words->at[*i + 1];
    return word[n] || last ? NULL : words->at[++*i];
}

static void take_words(struct program_search *s)
{
    const text_list *words = &s->c->options->rest;
    const char *value;
    for (uint32_t i = 1; i < words->len && words->at[i]; i++)
        if ((value = option_value(words, &i, "--runs")) != NULL)
            s->runs = value;
        else if ((value = option_value(words, &i, "--resume")) != NULL)
            s->resume = value;
        else
            vec_push(&s->c->arena, &s->words, words->at[i]);
    if (!s->runs)
        s->runs = getenv("FTM_RUNS");
    if (!s->runs)
        s->runs = arena_printf(&s->c->arena, "%sruns", file_dir(&s->c->arena, s->c->options->file));
}

/* ---- the folder ---- */

/* The number behind the last hyphen; 0: there is none. */
static long number_of(const char *name)
{
    const char *hyphen = strrchr(name, '-');
    char *end = NULL;
    const long number = hyphen ? strtol(hyphen + 1, &end, 10) : 0;
    return end && !*end && number > 0 ? number : 0;
}

/* The next free folder; numbers are those of all runs. */
static bool make_folder(struct program_search *s)
{
    long last = 0;
    if (mkdir(s->runs, 0777) != 0 && errno != EEXIST) {
        diag_system(&s->c->diag, s->runs, errno);
        return false;
    }
    DIR *dir = opendir(s->runs);
    for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir))
        last = number_of(e->d_name) > last ? number_of(e->d_name) : last;
    if (dir)
        closedir(dir);
    s->folder = arena_printf(&s->c->arena, "%s/%s-search-%03ld", s->runs, s->name, last + 1);
    if (mkdir(s->folder, 0777) == 0)
        return true;
    diag_system(&s->c->diag, s->folder, errno);
    return false;
}

/* The folder that --resume names, by itself or by its number; true without --resume. */
static bool find_folder(struct program_search *s)
{
    if (!s->resume)
        return true;
    if (s->words.len) {
        diag_report(&s->c->diag, SPAN_NONE, DIAG_SEARCH_FOLDER, s->resume,
                    "--resume takes its options from the search; others cannot be given");
        return false;
    }
    const long number = strtol(s->resume, NULL, 10);
    s->folder = strspn(s->resume, "0123456789") == strlen(s->resume)
                    ? arena_printf(&s->c->arena, "%s/%s-search-%03ld", s->runs, s->name, number)
                    : s->resume;
    s->record = json_load_file(arena_printf(&s->c->arena, "%s/search.json", s->folder), 0, NULL);
    const char *outcome = json_string_value(json_object_get(s->record, "outcome"));
    if (outcome && strcmp(outcome, "finished") != 0)
        return true;
    diag_report(&s->c->diag, SPAN_NONE, DIAG_SEARCH_FOLDER, s->folder,
                outcome ? "it is finished" : "there is no search.json that can be read");
    return false;
}

static bool lock_folder(struct program_search *s)
{
    s->lock = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->lock >= 0 && flock(s->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    diag_report(&s->c->diag, SPAN_NONE, DIAG_SEARCH_FOLDER, s->folder,
                "another process searches there");
    return false;
}

static json_t *texts_json(const char *const *texts, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

static json_t *values_json(const struct program_search *s)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->count; i++)
        json_array_append_new(list, json_string(s->at[i].value));
    return list;
}

/* What a search that goes on must be like. */
static json_t *facts_json(const struct program_search *s)
{
    char folder[4096];
    json_t *facts = json_pack("{s:s, s:o}", "path", s->trials.path, "values", values_json(s));
    json_object_set_new(facts, "working_folder",
                        json_string(getcwd(folder, sizeof folder) ? folder : "."));
    return facts;
}

static bool write_record(struct program_search *s, const char *outcome)
{
    json_object_set_new(s->record, "outcome", json_string(outcome));
    char *text = json_dumps(s->record, JSON_INDENT(2) | JSON_REAL_PRECISION(9)), error[512];
    const char *path = arena_printf(&s->c->arena, "%s/search.json", s->folder);
    const bool ok =
        text && replace_whole(path, text, strlen(text), error, sizeof error) == FTMRT_OK;
    if (!ok)
        diag_system(&s->c->diag, path, errno);
    free(text);
    return ok;
}

/* Takes the words of the search that goes on, which must be this one. */
static bool go_on(struct program_search *s)
{
    json_t *facts = facts_json(s);
    const char *key;
    json_t *value;
    bool ok = true;
    json_object_foreach(facts, key,
                        value) if (ok && !json_equal(value, json_object_get(s->record, key)))
    {
        char *was = json_dumps(json_object_get(s->record, key), JSON_ENCODE_ANY);
        diag_report(&s->c->diag, SPAN_NONE, DIAG_SEARCH_FOLDER, s->folder,
                    arena_printf(&s->c->arena, "it was begun with another `%s`: %s", key,
                                 was ? was : "none"));
        free(was);
        ok = false;
    }
    json_decref(facts);
    const json_t *words = json_object_get(s->record, "words");
    for (size_t i = 0; i < json_array_size(words); i++)
        vec_push(&s->c->arena, &s->words,
                 arena_strdup(&s->c->arena, json_string_value(json_array_get(words, i))));
    return ok;
}

static bool begin_folder(struct program_search *s)
{
    if (s->resume)
        return lock_folder(s) && go_on(s);
    if (!make_folder(s) || !lock_folder(s))
        return false;
    s->record = facts_json(s);
    json_object_set_new(s->record, "words", texts_json(s->words.at, s->words.len));
    return write_record(s, "running");
}

/* ---- trials ---- */

static void print_head(const struct program_search *s)
{
    printf("trials %u, search folder %s\n\n", s->count, s->folder);
    printf("trial  parameters     memory   a step    validation           %s\n", s->trials.path);
}

static void print_row(const struct program_search *s, const struct program_trial *t)
{
    printf("%5u  %10" PRId64 "  ", (unsigned)(t - s->at) + 1, t->trainable);
    if (t->failure) {
        printf("%-38s  %s\n", "failed", t->value);
        printf("       failed: %s\n", t->failure);
    } else {
        char figure[64];
        if (isnan(t->accuracy))
            snprintf(figure, sizeof figure, "loss %.4f", t->loss);
        else
            snprintf(figure, sizeof figure, "%.2f %% +- %.2f", 100 * t->accuracy,
                     100 * program_trial_error(t));
        printf("%6.1f MB  %6.4f s  %-19s  %s\n", (double)t->memory / 1e6,
               t->steps ? t->seconds / (double)t->steps : 0.0, figure, t->value);
    }
    fflush(stdout);
}

static bool compile_all(struct program_search *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (!program_trial_compile(&s->trials, &s->at[i])) {
            if (!program_trials_signal())
                diag_report(&s->c->diag, SPAN_NONE, DIAG_SEARCH_PROGRAM, s->trials.path,
                            s->at[i].value);
            return false;
        }
    return true;
}

/* Weights of the last epoch are of no use behind the search. */
static void remove_weights(const struct program_search *s, const struct program_trial *t,
                           const char *name)
{
    if (t->run)
        unlink(arena_printf(&s->c->arena, "%s/%s", t->run, name));
}

static bool train_all(struct program_search *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        struct program_trial *t = &s->at[i];
        t->folder = arena_printf(&s->c->arena, "%s/%u", s->folder, i + 1);
        if (mkdir(t->folder, 0777) != 0 && errno != EEXIST) {
            diag_system(&s->c->diag, t->folder, errno);
            return false;
        }
        if (!program_trial_take(&s->trials, t) && !program_trial_train(&s->trials, t)) {
            write_record(s, "failed");
            return false;
        }
        remove_weights(s, t, "last.safetensors");
        print_row(s, t);
    }
    return true;
}

/* ---- the end ---- */

static double score(const struct program_trial *t)
{
    return t->failure ? -INFINITY : isnan(t->accuracy) ? -t->loss : t->accuracy;
}

/* The first of the best ones. */
static const struct program_trial *find_best(const struct program_search *s)
{
    const struct program_trial *best = &s->at[0];
    for (uint32_t i = 1; i < s->count; i++)
        best = score(&s->at[i]) > score(best) ? &s->at[i] : best;
    return best;
}

/* How much to train: the least that is within a standard error of the best (L. Breiman, J. Friedman, R. Olshen, C. Stone, Classification and
 * Regression Trees, 1984, 3.4.3). Of anything else nothing says what is cheaper. */
static const struct program_trial *recommend(const struct program_search *s,
                                             const struct program_trial *best)
{
    const struct program_trial *least = best;
    const double error = program_trial_error(best);
    const bool counts =
        !strcmp(s->trials.path, "train") || str_begins_with(s->trials.path, "adapt.");
    for (uint32_t i = 0; i < s->count && !isnan(error) && counts; i++)
        if (score(&s->at[i]) >= best->accuracy - error && s->at[i].trainable < least->trainable)
            least = &s->at[i];
    return least;
}

static void print_way(const struct program_search *s, const struct program_trial *best,
                      const struct program_trial *least)
{
    const unsigned number = (unsigned)(least - s->at) + 1;
    if (least != best)
        printf("\nthe best is trial %u; trial %u trains least of those within its standard error\n",
               (unsigned)(best - s->at) + 1, number);
    else
        printf("\nthe best is trial %u\n", number);
    printf("its weights:        %s/best.safetensors\n", least->run);
    if (!strcmp(s->trials.path, "train"))
        printf("in the recipe:      freeze all\n                    train %s\n", least->value);
    printf("the same training:  %s train", program_trial_typed(&s->trials, least));
    for (uint32_t i = 0; i < s->words.len; i++)
        printf(" %s", compilation_word(s->c, s->words.at[i]));
    printf("\n");
}

static json_t *trial_json(const struct program_trial *t)
{
    json_t *row =
        json_pack("{s:s, s:I, s:s}", "value", t->value, "trainable", (json_int_t)t->trainable,
                  "outcome", t->failure ? "failed" : "finished");
    if (t->failure) {
        json_object_set_new(row, "reason", json_string(t->failure));
        return row;
    }
    json_object_set_new(row, "run_folder", json_string(t->run));
    json_object_set_new(row, "peak_memory_bytes", json_integer(t->memory));
    json_object_set_new(row, "steps", json_integer(t->steps));
    json_object_set_new(row, "seconds", json_real(t->seconds));
    json_object_set_new(row, "validation_loss", json_real(t->loss));
    if (!isnan(t->accuracy)) {
        json_object_set_new(row, "validation_accuracy", json_real(t->accuracy));
        json_object_set_new(row, "standard_error", json_real(program_trial_error(t)));
    }
    return row;
}

static void record_results(struct program_search *s, const struct program_trial *best,
                           const struct program_trial *least)
{
    json_t *rows = json_array();
    for (uint32_t i = 0; i < s->count; i++)
        json_array_append_new(rows, trial_json(&s->at[i]));
    json_object_set_new(s->record, "trials", rows);
    json_object_set_new(s->record, "best", json_integer(best - s->at + 1));
    json_object_set_new(s->record, "recommended", json_integer(least - s->at + 1));
}

/* Chooses, and leaves weights of what was chosen alone. */
static bool finish(struct program_search *s)
{
    const struct program_trial *best = find_best(s), *least = recommend(s, best);
    if (best->failure) {
        diag_report(&s->c->diag, SPAN_NONE, DIAG_SEARCH_FAILED, s->folder);
        write_record(s, "failed");
        return false;
    }
    for (uint32_t i = 0; i < s->count; i++)
        if (&s->at[i] != best && &s->at[i] != least)
            remove_weights(s, &s->at[i], "best.safetensors");
    print_way(s, best, least);
    record_results(s, best, least);
    const double test = s->tested ? program_trial_test(&s->trials, least) : NAN;
    if (!isnan(test)) {
        printf("test data, which nothing was chosen by:  accuracy %.2f %%\n", 100 * test);
        json_object_set_new(s->record, "test_accuracy", json_real(test));
    }
    return write_record(s, "finished");
}

/* Ends as programs do. */
static _Noreturn void end_interrupted(struct program_search *s)
{
    if (s->record) {
        write_record(s, "interrupted");
        fprintf(stderr, "interrupted; `%s", compilation_word(s->c, s->c->options->argv[0]));
        for (int i = 1; i <= s->c->options->file_at; i++)
            fprintf(stderr, " %s", compilation_word(s->c, s->c->options->argv[i]));
        fprintf(stderr, " search --resume %s` goes on\n", compilation_word(s->c, s->folder));
    }
    exit(INTERRUPTED);
}

static bool search(struct program_search *s)
{
    program_trials_watch();
    take_words(s);
    bool ok = find_folder(s) && compile_all(s) && begin_folder(s);
    if (ok)
        print_head(s);
    ok = ok && train_all(s);
    if (program_trials_signal())
        end_interrupted(s);
    return ok && finish(s);
}

/* What the search of a recipe goes over, where that is compiled; NULL: it is not. */
static const struct ftmrt_call *compiled_over(const struct recipe *r)
{
    const struct ftmrt_call *search = recipe_call(r, FTMRT_PARAM_finetune_search);
    const struct ftmrt_arg *overs = ftmrt_call_arg(search, FTMRT_PARAM_search_over);
    const bool compiled =
        overs->count && ftmrt_call_arg(&overs->calls[0], FTMRT_PARAM_over_texts)->count;
    return compiled ? &overs->calls[0] : NULL;
}

bool program_search_wanted(struct compilation *c)
{
    const text_list *words = &c->options->rest;
    if (!words->len || strcmp(words->at[0], "search") != 0)
        return false;
    for (uint32_t i = 1; i < words->len && words->at[i]; i++)
        if (!strcmp(words->at[i], "--help"))
            return false;
    struct compilation own = {.options = c->options, .cpu = c->cpu};
    arena_init(&own.arena, "search");
    diag_init(&own.diag, &own.arena);
    const bool wanted = compilation_front(&own) && own.recipe && compiled_over(own.recipe);
    arena_clear(&own.arena);
    return wanted;
}

bool program_search(struct compilation *c)
{
    if (!compilation_front(c))
        return false;
    const struct ftmrt_call *over = compiled_over(c->recipe);
    const struct ftmrt_arg *texts = ftmrt_call_arg(over, FTMRT_PARAM_over_texts);
    struct program_search s = {
        .c = c, .name = c->recipe->bound.name, .count = texts->count, .lock = -1};
    const struct ftmrt_call *data = recipe_call(c->recipe, FTMRT_PARAM_finetune_data);
    s.tested = ftmrt_call_arg(data, FTMRT_PARAM_data_test)->kind != FTMRT_ARG_NONE;
    s.trials = (struct program_trials){c, ftmrt_call_text(over, FTMRT_PARAM_over_path), &s.words};
    s.at = arena_array(&c->arena, struct program_trial, s.count);
    for (uint32_t i = 0; i < s.count; i++)
        s.at[i] = (struct program_trial){.value = texts->texts[i], .accuracy = NAN, .loss = NAN};
    diag_print(&c->diag, stderr);
    const bool ok = search(&s);
    json_decref(s.record);
    if (s.lock >= 0)
        close(s.lock);
    return ok;
}

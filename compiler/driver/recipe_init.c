/* `ftmc init --model NAME --weights FILE --data DIR`: a recipe that compiles as it is, each line with its reason. What it
 * says follows from the data (data_survey.c), the model (lang/model_facts.c) and the table of advice (lang/advice.def). */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "advice.h"
#include "compilation.h"
#include "data_survey.h"
#include "file.h"
#include "model_facts.h"
#include "replace.h"
#include "str.h"

enum { REASON_COLUMN = 52, COMMENT_WIDTH = 110, MANY_PICTURES = 2000, SHOWN_CLASSES = 100 };

/* Of the median side ratio: from where on stretching would show, and up to where pictures count as square. */
static const double square_above = 1.5, square_below = 1.05;

/* What is written. */
struct init {
    struct compilation *c;
    struct arena *arena;
    struct strbuf out;
    const char *path, *data_as,
        *weights; /* of the recipe; how it calls the data; NULL: random weights */
    struct model_facts model;
    struct data_survey data;
    const struct advice *advice;
    const struct advice_pictures *frozen;
    int64_t per_class;
};

/* ---- text ---- */

/* Lines of comment, broken at blanks. */
static void add_comment(struct init *t, const char *indent, const char *text)
{
    while (*text) {
        size_t n = strlen(text);
        if (n > COMMENT_WIDTH) {
            for (n = COMMENT_WIDTH; n && text[n] != ' ';)
                n--;
            n = n ? n : strcspn(text, " ");
        }
        strbuf_addf(&t->out, "%s# %.*s\n", indent, (int)n, text);
        text += n + (text[n] == ' ');
    }
}

/* A line, and why: behind it where there is room. */
static void add_line(struct init *t, const char *line, const char *reason)
{
    strbuf_add(&t->out, line);
    if (*reason) {
        const int blanks = REASON_COLUMN - (int)strlen(line);
        strbuf_addf(&t->out, "%*s# %s", blanks > 2 ? blanks : 2, "", reason);
    }
    strbuf_addc(&t->out, '\n');
}

#define LINE(t, reason, ...) add_line(t, arena_printf((t)->arena, __VA_ARGS__), reason)

/* "photos" of "x/photos.ftm", as a name of the language. */
static const char *recipe_name(struct init *t)
{
    const char *base = file_base(t->path);
    const size_t n = strcspn(base, ".");
    char *name =
        arena_printf(t->arena, "%s%.*s", base[0] >= '0' && base[0] <= '9' ? "_" : "", (int)n, base);
    for (char *c = name; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '_';
    return *name ? name : "recipe";
}

/* ---- the parts of a recipe ---- */

static void add_head(struct init *t)
{
    const uint32_t count = t->data.classes.len;
    struct strbuf classes;
    strbuf_init(&classes, t->arena);
    for (uint32_t i = 0; i < count && i < SHOWN_CLASSES; i++) {
        strbuf_addf(&classes, "%s%s", i ? ", " : "",
                    str_printable(t->arena, t->data.classes.at[i].name));
        if (t->data.labels != SURVEY_NUMBERS)
            strbuf_addf(&classes, ": %" PRId64, t->data.classes.at[i].count);
    }
    if (count > SHOWN_CLASSES)
        strbuf_addf(&classes, ", and %u more", (unsigned)(count - SHOWN_CLASSES));
    static const char *const what[] = {[SURVEY_CLASSES] = "classes",
                                       [SURVEY_TAGS] = "labels, any number of which a picture has,",
                                       [SURVEY_NUMBERS] = "numbers"};
    strbuf_addf(&t->out,
                "# %s learns %u %s from %" PRId64
                " pictures. Written by `ftmc init`; any line may be changed.\n#\n",
                t->model.name, (unsigned)count, what[t->data.labels], t->data.total);
    add_comment(t, "", classes.text);
    strbuf_addf(&t->out, "import \"%s\"\n\nfinetune %s {\n", t->model.file, recipe_name(t));
}

/* Pictures of a step, and the percentage of those that train which validates instead. */
enum { BATCH = 32, SHARE = 20, SMALL_SHARE = 10 };

static int validation_share(const struct data_survey *d)
{
    return d->test || d->total >= MANY_PICTURES ? SMALL_SHARE : SHARE;
}

/* Running statistics look back 1 / momentum steps. Where a training is not so many times as long, they are those of weights that are
 * still changing: EfficientNet-Lite0 (0.01) on 100 digits of a class, 290 steps: 92.6 %, with 0.1 95.9 %. */
static const double few_spans = 10;

/* "bn_momentum = 0.1", where the statistics of the model would not keep up in so few steps; or "". */
static const char *momentum_argument(const struct init *t)
{
    const struct data_survey *d = &t->data;
    const int64_t train = d->validation ? d->total : d->total * (100 - validation_share(d)) / 100,
                  steps = (train + BATCH - 1) / BATCH * t->advice->epochs;
    const bool moves = t->model.bn_momentum > 0 && t->advice->trains != ADVICE_HEAD;
    return moves && t->model.bn_momentum * (double)steps < few_spans ? "bn_momentum = 0.1" : "";
}

static void add_model(struct init *t)
{
    const unsigned classes = t->data.classes.len;
    const char *momentum = momentum_argument(t);
    if (*momentum)
        add_comment(
            t, "    ",
            "Steps are few: the running statistics of batch norms have to keep up with them.");
    if (!t->weights) {
        LINE(t, t->data.named ? "as many classes as the data has" : "",
             "    model   = %s(classes = %u%s%s)", t->model.name, classes, *momentum ? ", " : "",
             momentum);
        LINE(t, "nothing is pretrained: everything is learnt from these pictures",
             "    weights = random");
        return;
    }
    LINE(t, "", "    model   = %s(%s)", t->model.name, momentum);
    LINE(t, "the pretrained network", "    weights = %s", str_quoted(t->arena, t->weights));
    if (t->model.head)
        LINE(t, "a new last layer, for these classes", "    replace %s with %s", t->model.head,
             t->model.head_call);
    if (!t->data.named)
        LINE(t, "numbers in the file of labels: 0, 1, ...", "    classes = %u", classes);
}

/* ", whose shorter side is up to 80 pixels,": where the number of pictures that counts depends on it. */
static const char *small_text(const struct init *t)
{
    return t->frozen->side
               ? arena_printf(t->arena, ", whose shorter side has up to %" PRId64 " pixels,",
                              t->frozen->side)
               : "";
}

/* Why so few are enough, where others would not be: the row's reason. */
static const char *why_all(const struct init *t)
{
    char *text = t->frozen->side ? arena_printf(t->arena, ": %s", t->frozen->reason) : NULL;
    if (text && text[2] >= 'A' && text[2] <= 'Z')
        text[2] = (char)(text[2] + ('a' - 'A'));
    return text ? text : "";
}

static void add_frozen(struct init *t)
{
    if (t->advice->trains != ADVICE_RANDOM)
        strbuf_addc(&t->out, '\n');
    if (t->data.labels == SURVEY_NUMBERS && t->advice->trains == ADVICE_HEAD) {
        add_comment(
            t, "    ",
            "Of few pictures a new layer alone learns better than all layers. With thousands, "
            "take these two lines out.");
        LINE(t, "", "    freeze all");
        LINE(t, "", "    train %s", t->model.head);
    } else if (t->data.labels == SURVEY_NUMBERS) {
        return;
    } else if (t->advice->trains == ADVICE_HEAD) {
        add_comment(t, "    ",
                    arena_printf(
                        t->arena,
                        "A class has %" PRId64 " pictures: with up to %" PRId64
                        " of such pictures%s a new layer alone learns better than all layers. With "
                        "more, take these two lines out.",
                        t->per_class, t->frozen->value, small_text(t)));
        LINE(t, "", "    freeze all");
        LINE(t, "", "    train %s", t->model.head);
    } else if (t->advice->trains == ADVICE_ALL && t->model.head) {
        add_comment(t, "    ",
                    arena_printf(t->arena,
                                 "%" PRId64 " pictures of a class%s are enough for all layers to "
                                 "learn%s. `freeze all` and `train %s` would let the new one alone "
                                 "learn, in a part of the time.",
                                 t->per_class, small_text(t), why_all(t), t->model.head));
    }
}

static void add_data(struct init *t)
{
    const struct data_survey *d = &t->data;
    strbuf_add(&t->out, "\n    data {\n");
    LINE(t, d->about, "        train      = %s", d->train);
    if (d->test)
        LINE(t, "what `eval` measures", "        test       = %s", d->test);
    if (d->validation)
        LINE(t, "what chooses the best epoch", "        validation = %s", d->validation);
    else
        LINE(t, "taken from the pictures that train, to choose the best epoch",
             "        validation = %d%%", validation_share(d));
    if (d->group && !d->validation)
        LINE(t, "pictures taken within seconds of each other are on one side",
             "        group      = %s", str_quoted(t->arena, d->group));
    if (d->labels == SURVEY_NUMBERS)
        LINE(t, "learnt as deviations from the mean, answered in the table's units",
             "        targets    = standardize");
    if (d->transparent)
        LINE(t, "some pictures are transparent: white lies behind them",
             "        alpha      = \"white\"");
    strbuf_add(&t->out, "    }\n\n");
}

/* The step in front of a resize to a square: a border for long pictures; none ("") for square ones, of which nothing needs
 * to be cropped; or NULL: as the network was trained. */
static const char *square_step(const struct init *t)
{
    if (t->data.ratio > square_above)
        return t->data.transparent ? "pad_square(fill = 255)" : "pad_square()";
    return t->data.ratio < square_below ? "" : NULL;
}

static void add_transform(struct init *t)
{
    const struct advice_pictures *row = t->model.any_size ? advice_size_find(t->data.side) : NULL;
    const bool smaller = row && row->value < t->model.size;
    const char *square = t->model.size ? square_step(t) : NULL;
    const bool pads = square && *square;
    const char *steps =
        !smaller && !pads
            ? NULL
            : model_transform(&t->model, smaller ? row->value : t->model.size, square);
    if (smaller)
        add_comment(t, "    ",
                    arena_printf(t->arena,
                                 "The shorter side of half of the pictures is %" PRId64
                                 " pixels or less: %s.",
                                 t->data.side, row->reason));
    if (pads)
        add_comment(
            t, "    ",
            arena_printf(t->arena,
                         "Half of the pictures are at least %.2g times as long as wide: a "
                         "border makes them square, so that nothing is cut off or stretched.",
                         t->data.ratio));
    if (!steps)
        add_comment(t, "    ", "As the network was trained.");
    strbuf_addf(&t->out, "    transform eval = %s\n\n", steps ? steps : "model.preprocess");
}

/* What training makes small, where the labels are no classes. */
static void add_loss(struct init *t)
{
    if (t->data.labels == SURVEY_TAGS) {
        LINE(t, "a yes or no for each label", "    loss      = binary_cross_entropy_with_logits()");
        LINE(t, "of each label, above which it is given: chosen in validation",
             "    thresholds = f1");
    } else if (t->data.labels == SURVEY_NUMBERS) {
        LINE(t, "the square of the distance from the table's numbers", "    loss      = mse()");
    }
    strbuf_add(&t->out, t->data.labels == SURVEY_CLASSES ? "" : "\n");
}

static void add_training(struct init *t)
{
    add_loss(t);
    add_comment(t, "    ", arena_printf(t->arena, "%s.", t->advice->reason));
    LINE(t, "", "    optimizer = %s", t->advice->optimizer);
    LINE(t, "the rate falls to 0 along half a cosine wave", "    schedule  = %s",
         t->advice->schedule);
    LINE(t, "passes over the pictures", "    epochs    = %" PRId64, t->advice->epochs);
    LINE(t, "pictures in a step", "    batch     = %d", BATCH);
    LINE(t, "of the split, the order and the new layers: another one tells what is chance",
         "    seed      = 0");
    strbuf_add(&t->out, "}\n");
}

/* ---- what it is made from ---- */

static bool missing(struct compilation *c, const char *option, const char *advice)
{
    diag_report(&c->diag, SPAN_NONE, DIAG_MISSING_ARGUMENT, "init", option);
    diag_note(&c->diag, "%s", advice);
    return false;
}

static bool check_options(struct compilation *c)
{
    const struct options *o = c->options;
    if (!o->model)
        missing(c, "--model", "`ftmc models` lists the networks; those with a * are to begin with");
    if (!o->weights)
        missing(c, "--weights",
                "`ftmc models NAME` says where a network's pretrained file is; --weights=random "
                "trains from scratch");
    if (!o->data)
        missing(c, "--data",
                "a folder with a folder of pictures per class, as photos/cat/1.jpg, or a table of "
                "pictures and labels, as photos.csv");
    return c->diag.errors == 0;
}

/* How the recipe calls a file: as the command line does, if it lies in the folder that paths start from. NULL after a report. */
static const char *path_in_recipe(struct init *t, const char *path)
{
    if (path[0] == '/' || !strchr(t->path, '/'))
        return path;
    const char *absolute = compilation_absolute(t->c, path);
    if (!absolute)
        diag_system(&t->c->diag, path, errno);
    return absolute;
}

static bool choose_path(struct init *t, const char *data)
{
    const char *base = file_base(data);
    const char *stem =
        strcmp(base, ".") == 0 || strcmp(base, "..") == 0 ? "recipe"
        : str_ends_with(base, ".npz") || str_ends_with(base, ".csv") || str_ends_with(base, ".tsv")
            ? arena_strndup(t->arena, base, strlen(base) - strlen(".npz"))
            : base;
    t->path =
        t->c->options->output ? t->c->options->output : arena_printf(t->arena, "%s.ftm", stem);
    if (!file_exists(t->path))
        return true;
    diag_report(&t->c->diag, SPAN_NONE, DIAG_SYSTEM, t->path, "is there already");
    diag_note(&t->c->diag, "-o names another file; what was changed in this one would be lost");
    return false;
}

static bool find_weights(struct init *t)
{
    const char *given = t->c->options->weights;
    if (!strcmp(given, "random"))
        return true;
    if (!file_exists(given)) {
        diag_system(&t->c->diag, given, ENOENT);
        if (t->model.published)
            published_advise(&t->c->diag, t->model.published, given);
        return false;
    }
    t->weights = path_in_recipe(t, given);
    return t->weights != NULL;
}

/* Whether a recipe can name a file: its text is UTF-8. */
static bool check_text(struct init *t, const char *path)
{
    if (str_is_utf8(path))
        return true;
    diag_report(&t->c->diag, SPAN_NONE, DIAG_SYSTEM, str_bytes(t->arena, path),
                "its name is not UTF-8, so that no recipe can name it; rename it");
    return false;
}

static bool gather(struct init *t)
{
    struct compilation *c = t->c;
    const char *data = file_without_slashes(t->arena, c->options->data);
    const struct lang_options options = {.include_dirs = c->options->includes.at,
                                         .models_dir = compilation_models(c)};
    if (!check_text(t, data) || !check_text(t, c->options->weights))
        return false;
    if (!lang_model_facts(t->arena, &c->diag, &options, c->options->model, &t->model) ||
        !choose_path(t, data) || !find_weights(t))
        return false;
    const char *as = path_in_recipe(t, data);
    return as && survey_data(t->arena, &c->diag, data, as, &t->data);
}

static enum advice_trains choose_trains(const struct init *t)
{
    if (!t->weights)
        return ADVICE_RANDOM;
    return t->per_class <= t->frozen->value && t->model.head ? ADVICE_HEAD : ADVICE_ALL;
}

/* ---- the command ---- */

/* Reads what was written, as `check` would. */
static bool check_written(struct init *t)
{
    struct options own = *t->c->options;
    own.command = COMMAND_check;
    own.file = t->path;
    own.weights = NULL;
    t->c->options = &own;
    const bool ok = compilation_program(t->c);
    t->c->options = NULL;
    return ok;
}

/* The weights are another network's, say: nothing is left to be in the way, and that is said of the places in it. */
static void withdraw(const struct init *t)
{
    unlink(t->path);
    diag_report(&t->c->diag, SPAN_NONE, DIAG_NOT_WRITTEN,
                arena_printf(t->arena, "%s is not written: it would not compile", t->path));
}

/* Of fewer the share that validates is a few dozen. */
enum { FEW_PICTURES = 500 };

static void print_next(const struct init *t)
{
    const char *file = compilation_word(t->c, t->path);
    printf("%s: %u %s, %" PRId64
           " pictures; next:\n  ftmc run %s train\n  ftmc run %s eval\n  ftmc run %s "
           "predict PICTURE...\n",
           t->path, (unsigned)t->data.classes.len,
           t->data.labels == SURVEY_NUMBERS ? "numbers" : "classes", t->data.total, file, file,
           file);
    if (t->data.total < FEW_PICTURES && !t->data.validation)
        printf("of so few pictures no part for validation says much: `ftmc run %s train --folds 5` "
               "validates with each once, then trains on all\n",
               file);
}

/* Numbers are learnt from as many pictures as so many classes, for the table of advice. */
enum { NUMBERS_AS_CLASSES = 10 };

bool init(struct compilation *c)
{
    struct init t = {.c = c, .arena = &c->arena};
    const struct options *const options = c->options;
    strbuf_init(&t.out, t.arena);
    if (!check_options(c) || !gather(&t))
        return false;
    t.per_class =
        t.data.total / (t.data.labels == SURVEY_NUMBERS ? NUMBERS_AS_CLASSES : t.data.classes.len);
    t.frozen = advice_frozen_find(t.data.side);
    t.advice = advice_find(choose_trains(&t), t.per_class);
    add_head(&t);
    add_model(&t);
    add_frozen(&t);
    add_data(&t);
    add_transform(&t);
    add_training(&t);
    if (replace_whole(t.path, t.out.text, t.out.len, NULL, 0) != FTMRT_OK) {
        diag_system(&c->diag, t.path, errno);
        return false;
    }
    const bool ok = check_written(&t);
    c->options = options;
    if (ok)
        print_next(&t);
    else
        withdraw(&t);
    return ok;
}

/* The recipe of a program as plain data, and the table of what a recipe can say (calls.def).
 *
 * The compiler binds `finetune { ... }` to it, prints it as .ftm text for people, and emits it as C; the
 * program and its library read it and parse nothing. Both see the same rows, so that names and defaults cannot drift.
 * Nothing here allocates or fails; everything is constant and may be read by any number of threads. */
#ifndef FTMRT_RECIPE_H
#define FTMRT_RECIPE_H

#include <stdbool.h>
#include <stdint.h>

/* ---- the table ---- */

enum ftmrt_category {
    FTMRT_CATEGORY_LAYER,
    FTMRT_CATEGORY_TRANSFORM,
    FTMRT_CATEGORY_MIX,
    FTMRT_CATEGORY_CACHE,
    FTMRT_CATEGORY_DATA,
    FTMRT_CATEGORY_LOSS,
    FTMRT_CATEGORY_OPTIMIZER,
    FTMRT_CATEGORY_SCHEDULE,
    FTMRT_CATEGORY_INIT,
    FTMRT_CATEGORY_ADAPTER,
    FTMRT_CATEGORY_BLOCK,
    FTMRT_CATEGORY_COUNT
};

/* What an argument may be, and the kind of value that it becomes. */
enum ftmrt_type {
    FTMRT_TYPE_INT,    /* INTEGER */
    FTMRT_TYPE_ODD,    /* INTEGER: an odd one */
    FTMRT_TYPE_FLOAT,  /* NUMBER */
    FTMRT_TYPE_BOOL,   /* INTEGER: 0 or 1 */
    FTMRT_TYPE_EPOCHS, /* NUMBER: 1 epoch */
    FTMRT_TYPE_STRING, /* TEXT */
    FTMRT_TYPE_WORD, /* TEXT: one of some words, which the default lists: "none|tanh", the first is it */
    FTMRT_TYPE_FILE,         /* TEXT: a file's name */
    FTMRT_TYPE_WORD_OR_FILE, /* TEXT: as WORD, or a file's name */
    FTMRT_TYPE_CLASSES,      /* TEXT: a folder of folders, which are the classes and name them */
    FTMRT_TYPE_FOLDER,       /* TEXT: a folder of files of one format */
    FTMRT_TYPE_MEMBER,       /* TEXT: the name of an array in the call's file */
    FTMRT_TYPE_STRINGS,      /* TEXTS: a list, or one string */
    FTMRT_TYPE_COLUMNS,      /* TEXT: a column of a table; or TEXTS: a list of them */
    FTMRT_TYPE_RENAMES,      /* TEXTS, two by two: statements `rename "a" to "b"` */
    FTMRT_TYPE_SKIPS,        /* TEXTS: statements `skip "pattern"` */
    FTMRT_TYPE_NAME,         /* TEXT: the name of a block, `phase head { }` */
    FTMRT_TYPE_EDITS, /* TEXTS: statements as written: `freeze` and `train` of a phase, edits of a teacher */
    FTMRT_TYPE_NUMBERS,       /* NUMBERS: a list, or one number */
    FTMRT_TYPE_CLASS_WEIGHTS, /* NUMBERS, one for each class; or TEXT: `balanced` */
    FTMRT_TYPE_RANGE,         /* NUMBERS: two, from and to; the first is not above the second */
    FTMRT_TYPE_SPREAD,        /* NUMBERS: one, so far either way, or two, from and to */
    FTMRT_TYPE_SPREADS,       /* NUMBERS: likewise, or two pairs */
    FTMRT_TYPE_BOTH,          /* NUMBERS: two, or one for both */
    FTMRT_TYPE_MODEL,         /* TEXT: the call of a model as written */
    FTMRT_TYPE_WEIGHTS,       /* TEXT: a file; NONE: random */
    FTMRT_TYPE_LABEL,         /* INTEGER: enum ftmrt_label_kind */
    FTMRT_TYPE_LOSS, /* CALLS: of the category of this name; several are the terms of a sum */
    FTMRT_TYPE_LOSS_FACTORS, /* NUMBERS: of its terms; NONE: it is one call */
    FTMRT_TYPE_MIX,        /* CALLS: one call of the category of this name, as for the next five */
    FTMRT_TYPE_CACHE,      /* */
    FTMRT_TYPE_OPTIMIZER,  /* */
    FTMRT_TYPE_SCHEDULE,   /* */
    FTMRT_TYPE_DATA,       /* */
    FTMRT_TYPE_INIT,       /* */
    FTMRT_TYPE_SOURCES,    /* CALLS: a list of data sources */
    FTMRT_TYPE_SCHEDULES,  /* CALLS: a list of schedules */
    FTMRT_TYPE_SHARE,      /* NUMBER: 10%; or CALLS: a data source */
    FTMRT_TYPE_TRANSFORMS, /* CALLS: a pipeline in its order */
    FTMRT_TYPE_BLOCK,      /* CALLS: the block of the parameter's name */
    FTMRT_TYPE_FACTOR,     /* NUMBER: 0.1x, or 0 */
    FTMRT_TYPE_PHASES,     /* CALLS: blocks `phase`, in their order */
    FTMRT_TYPE_TEACHERS,   /* CALLS: blocks `teacher`, in their order */
    FTMRT_TYPE_OVERS,      /* CALLS: statements `over`, in their order */
    FTMRT_TYPE_TENSOR,     /* of layers only: the value of a layer */
    FTMRT_TYPE_TENSORS,    /* of layers only: a list of them */
    FTMRT_TYPE_INTEGERS,   /* of layers only: 3 or a list of any count */
    FTMRT_TYPE_PAIR,       /* of layers only: 3 or [3, 3] (height, width) */
    FTMRT_TYPE_SCALE,      /* of layers only: 1.5 or [1.5, 2] (height, width) */
    FTMRT_TYPE_PADDING     /* of layers only: as PAIR, [top, left, bottom, right], or `same` */
};

/* Whether a parameter's default lists words. */
static inline bool ftmrt_type_has_words(enum ftmrt_type type)
{
    return type == FTMRT_TYPE_WORD || type == FTMRT_TYPE_WORD_OR_FILE;
}

/* Whether its text is a path, which starts at the .ftm's folder. */
static inline bool ftmrt_type_is_path(enum ftmrt_type type)
{
    return type == FTMRT_TYPE_FILE || type == FTMRT_TYPE_CLASSES || type == FTMRT_TYPE_FOLDER;
}

/* The words (pytorch, help) are the compiler's: NULL in programs and libraries. */
struct ftmrt_param_info {
    const char *name;
    enum ftmrt_type type;
    const char *
        value; /* default: the text of a literal or a call's name; NULL: must be given; "": may be left out */
    double min, max;     /* of numbers, ends included; max < min: any */
    const char *pytorch; /* its name there, or "none" */
    const char *help;
};

struct ftmrt_call_info {
    const char *name;
    enum ftmrt_category category;
    const char *pytorch, *help;
    uint32_t param_count;
    const struct ftmrt_param_info *params; /* [param_count] */
};

/* FTMRT_CALL_sgd, FTMRT_CALL_cosine, ...: the row of a call. */
enum ftmrt_call_id {
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) FTMRT_CALL_##name,
#include "calls.def"
    FTMRT_CALL_COUNT
};

/* FTMRT_PARAM_sgd_lr, ...: a parameter of a call. A name that is in no row does not compile, and the call that it belongs to
 * is part of it, so that a value of another call is never read for it. */
enum { FTMRT_PARAM_LIMIT = 256 }; /* parameters of a call */
enum ftmrt_param {
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help) FTMRT_PARAM_##call##_##name,
#define FTM_CALL(name, category, pytorch, help, ...)                                               \
    FTMRT_PARAMS_OF_##name = FTMRT_CALL_##name * FTMRT_PARAM_LIMIT - 1, __VA_ARGS__
#include "calls.def"
};

/* What the label of a sample is. */
enum ftmrt_label_kind {
#define FTMRT_LABEL(name, word, meaning) FTMRT_LABEL_##name,
#include "label_kinds.def"
#undef FTMRT_LABEL
    FTMRT_LABEL_COUNT
};

/* The word of a kind in recipes; and the kind of a word, or FTMRT_LABEL_COUNT. */
const char *ftmrt_label_word(enum ftmrt_label_kind kind);
enum ftmrt_label_kind ftmrt_label_find(const char *word);

/* What the numbers of a vector are to a loss. */
enum ftmrt_vector {
    FTMRT_VECTOR_NUMBERS,     /* targets: any */
    FTMRT_VECTOR_SHARES,      /* from 0 to 1 each: no, yes, or between */
    FTMRT_VECTOR_DISTRIBUTION /* the same, and they add up to 1 */
};

struct ftmrt_loss_info {
    uint32_t labels; /* bits 1 << enum ftmrt_label_kind: that it takes */
    enum ftmrt_vector vector;
};

const struct ftmrt_loss_info *ftmrt_loss_info(enum ftmrt_call_id loss);

/* Whether a schedule follows the losses of epochs. */
bool ftmrt_schedule_follows(enum ftmrt_call_id schedule);

const struct ftmrt_call_info *ftmrt_call_info(enum ftmrt_call_id id);

/* The row of this name, or NULL. */
const struct ftmrt_call_info *ftmrt_call_find(const char *name);
/* The number of a row that one of the two above returned. */
enum ftmrt_call_id ftmrt_call_id(const struct ftmrt_call_info *info);

/* The number of a word among those of a parameter of the type WORD, or -1. */
int ftmrt_word_index(const struct ftmrt_param_info *param, const char *word);

/* "data source"; with its article "a data source". */
const char *ftmrt_category_text(enum ftmrt_category category, bool article);

/* ---- what was bound ---- */

enum ftmrt_arg_kind {
    FTMRT_ARG_NONE, /* may be left out, and was */
    FTMRT_ARG_INTEGER,
    FTMRT_ARG_NUMBER,
    FTMRT_ARG_TEXT,
    FTMRT_ARG_NUMBERS,
    FTMRT_ARG_TEXTS,
    FTMRT_ARG_CALLS
};

struct ftmrt_call;

struct ftmrt_arg {
    enum ftmrt_arg_kind kind;
    uint32_t count; /* elements of NUMBERS, TEXTS and CALLS */
    union {
        int64_t integer;
        double number;
        const char *text;
        const double *numbers;
        const char *const *texts;
        const struct ftmrt_call *calls;
    };
};

/* A call with all arguments: defaults filled in, types and ranges checked. */
struct ftmrt_call {
    enum ftmrt_call_id id;
    const struct ftmrt_arg *args; /* one per parameter of the row, in its order */
};

struct ftmrt_recipe {
    const char *name; /* of the finetune */
    const char *base; /* folder that relative paths start from, itself relative to the program's */
    const char *base_model,
        *licence; /* of the published weights that it begins with; NULL: it does not, or nobody knows */
    struct ftmrt_call finetune; /* FTMRT_CALL_finetune: the settings, with everything else inside */
    const void *const *
        linked; /* of a program: what makes the linker take the transforms that run in it, and no others */
};

/* The argument for a parameter. param must be one of c's own call: anything else is a mistake in the program, which traps. */
const struct ftmrt_arg *ftmrt_call_arg(const struct ftmrt_call *c, enum ftmrt_param param);

/* The argument for a parameter by its name; NULL where the row has none of that name, or none was given. */
const struct ftmrt_arg *ftmrt_call_named(const struct ftmrt_call *c, const char *name);

/* As ftmrt_call_arg, of one kind: an INTEGER (also a truth value), a NUMBER, a TEXT or NULL where there is none. */
int64_t ftmrt_call_integer(const struct ftmrt_call *c, enum ftmrt_param param);
double ftmrt_call_number(const struct ftmrt_call *c, enum ftmrt_param param);
const char *ftmrt_call_text(const struct ftmrt_call *c, enum ftmrt_param param);
/* The number of an argument of type WORD among its row's words; -1: it is none of them but a file. */
int ftmrt_call_word(const struct ftmrt_call *c, enum ftmrt_param param);
/* Whether an argument of a block FTMRT_CALL_data is a data source. */
bool ftmrt_is_source(const struct ftmrt_arg *a);
/* What the labels of a data source are: its argument of type LABEL, that of the first of its sources, or INDEX. */
enum ftmrt_label_kind ftmrt_source_labels(const struct ftmrt_call *source);
/* The same of a block FTMRT_CALL_data: of its first source; INDEX where it has none. */
enum ftmrt_label_kind ftmrt_data_labels(const struct ftmrt_call *data);

/* What a path of `-D` names, "batch", "optimizer.lr" or "thaw.optimizer.lr": an argument of the recipe. Places of `phase`, `setting` and
 * `argument` are those in the arguments around them. */
struct ftmrt_place {
    bool of_phase;    /* a setting of the phase with this number, */
    uint32_t phase;   /* from 0 */
    uint32_t setting; /* of the block finetune, or phase */
    bool inner;       /* an argument of the call that the setting is: */
    uint32_t argument;
    const struct ftmrt_param_info *setting_info, *info; /* info: of the argument, or the setting */
    const struct ftmrt_arg *arg;
};

/* false: the recipe has nothing of that name. */
bool ftmrt_recipe_find(const struct ftmrt_recipe *r, const char *path, struct ftmrt_place *out);

/* The only call of an argument, or NULL where there is none. */
const struct ftmrt_call *ftmrt_call_inner(const struct ftmrt_call *c, enum ftmrt_param param);

#endif

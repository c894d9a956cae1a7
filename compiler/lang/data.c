/* The block `data`: sources, classes that are renamed or left out, folders of parts, and the names of the classes. */
#include "recipe_reader.h"

#include <string.h>

#include "csv_file.h"
#include "file.h"
#include "folder_parts.h"
#include "lang.h"
#include "listing.h"
#include "name_pattern.h"
#include "str.h"

/* ---- names of classes ---- */

void report_class_folder(struct arena *arena, struct diag *diag, struct span span,
                         const char *place, const char *name)
{
    diag_report(diag, span, DIAG_CLASS_FOLDER,
                arena_printf(arena, "%s/%s: the name of the folder is not UTF-8",
                             str_bytes(arena, place), str_bytes(arena, name)));
    diag_note(diag,
              "the name of a class is a text: rename the folder; `convmv -f latin1 -t utf8 "
              "--notest %s/*` renames old ones",
              str_bytes(arena, place));
}

/* Names of classes stand in tables, CSV files and lines of output, and are looked up by readers:
 * one line each, none twice. */
static bool check_label(struct recipe_reader *r, const struct value *v, struct span span,
                        struct map *seen)
{
    const char *found = value_text(r->arena, v);
    if (v->kind != VALUE_STRING) {
        diag_report(r->diag, span, DIAG_WRONG_TYPE, "'labels'", "a list of strings",
                    arena_printf(r->arena, "%s in it", found));
        return false;
    }
    bool printable = v->text[0] != '\0';
    if (!str_is_utf8(v->text)) {
        diag_report(r->diag, span, DIAG_BAD_VALUE, "the name of a class", "UTF-8",
                    str_bytes(r->arena, v->text));
        return true;
    }
    for (const char *c = v->text; *c; c++)
        printable = printable && (unsigned char)*c >= ' ' && *c != 0x7f;
    if (!printable)
        diag_report(r->diag, span, DIAG_BAD_VALUE, "a label", "a text on one line",
                    *v->text ? "a control character" : "an empty string");
    else if (map_get(seen, v->text))
        diag_report(r->diag, span, DIAG_BAD_VALUE, "a label", "different from the others",
                    arena_printf(r->arena, "%s twice", found));
    map_set(seen, v->text, r);
    return true; /* it counts as a class in any case */
}

/* Labels of a list, checked; places: of the list's items, or of all. */
static void take_labels(struct recipe_reader *r, const struct value *v, const struct expr *e)
{
    struct map seen;
    map_init(&seen, r->arena);
    for (uint32_t i = 0; i < v->count; i++) {
        struct span span = e->kind == EXPR_LIST ? e->items->list.at[i]->span : e->span;
        if (!check_label(r, &v->items[i], span, &seen))
            return; /* the others are likely of that kind, too */
    }
    *recipe_setting(r->recipe, FTMRT_PARAM_finetune_labels) = plain_arg(r->arena, v);
}

/* A line without blanks around it. */
static const char *trimmed(struct arena *arena, const char *line)
{
    line += strspn(line, " \t");
    size_t length = strlen(line);
    while (length && strchr(" \t", line[length - 1]))
        length--;
    return arena_strndup(arena, line, length);
}

/* The lines of a file as a list. */
static struct value file_lines(struct recipe_reader *r, const char *path, struct span span)
{
    struct csv_file file;
    char error[512];
    struct value v = {.kind = VALUE_LIST};
    VEC(struct value) names = {0};
    if (csv_file_open(&file, path, '\0', error, sizeof error) != FTMRT_OK) {
        diag_report(r->diag, span, DIAG_LABEL_FILE, error);
        diag_note(r->diag, "`labels` is a list of names, or a file with a name on each line");
        return value_error();
    }
    while (csv_file_next(&file, error, sizeof error) > 0)
        vec_push(r->arena, &names,
                 (struct value){.kind = VALUE_STRING, .text = trimmed(r->arena, file.fields[0])});
    csv_file_close(&file);
    if (!names.len)
        diag_report(r->diag, span, DIAG_LABEL_FILE, arena_printf(r->arena, "%s: is empty", path));
    v.items = names.at;
    v.count = names.len;
    return names.len ? v : value_error();
}

static const char *beside_recipe(const struct recipe_reader *r, const char *path)
{
    return file_join(r->arena, file_dir(r->arena, r->files->options->path), path);
}

void read_labels(struct recipe_reader *r, struct frame *scope)
{
    const struct expr *e = setting_value(r, "labels");
    if (!e)
        return;
    struct value v = eval(r->builder, scope, e);
    if (v.kind == VALUE_STRING)
        v = file_lines(r, beside_recipe(r, v.text), e->span);
    if (v.kind == VALUE_ERROR)
        return;
    if (v.kind == VALUE_LIST && v.count > 0)
        take_labels(r, &v, e);
    else
        diag_report(r->diag, e->span, DIAG_WRONG_TYPE, "'labels'",
                    "a list of strings, or a file with a name on each line",
                    v.kind == VALUE_LIST ? "an empty list" : value_text(r->arena, &v));
}

/* ---- keys and statements ---- */

/* Statements of `data` while they are read. */
struct data_reader {
    struct recipe_reader *recipe;
    struct frame *scope;
    struct ftmrt_arg *args;
    VEC(const char *) renames, skips;
    const struct recipe_stmt *share; /* validation = 10% */
    bool train;
};

static void read_setting(struct data_reader *d, const struct recipe_stmt *s)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_data);
    for (uint32_t k = 0; k < info->param_count; k++) {
        if (strcmp(s->name, info->params[k].name) != 0)
            continue;
        d->train = d->train || k == FTMRT_PARAM_data_train % FTMRT_PARAM_LIMIT;
        if (read_key(d->recipe, d->scope, &info->params[k], s, &d->args[k]) &&
            d->args[k].kind == FTMRT_ARG_NUMBER)
            d->share = s;
    }
}

static void read_statement(struct data_reader *d, const struct recipe_stmt *s)
{
    struct recipe_reader *r = d->recipe;
    if (s->kind == RECIPE_SETTING) {
        read_setting(d, s);
    } else if (s->kind == RECIPE_RENAME) {
        vec_push(r->arena, &d->renames, s->name);
        vec_push(r->arena, &d->renames, s->other);
    } else if (s->kind == RECIPE_SKIP) {
        vec_push(r->arena, &d->skips, s->name);
    } else {
        diag_report(r->diag, s->name_span, DIAG_MISPLACED, "from or strip", "`weights`");
    }
}

static struct ftmrt_arg *key_arg(struct recipe_reader *r, enum ftmrt_param key)
{
    return block_arg(r->recipe, FTMRT_PARAM_finetune_data, key);
}

static void keep_statements(struct data_reader *d)
{
    struct recipe_reader *r = d->recipe;
    if (d->renames.len)
        *key_arg(r, FTMRT_PARAM_data_rename) =
            (struct ftmrt_arg){FTMRT_ARG_TEXTS, d->renames.len, {.texts = d->renames.at}};
    if (d->skips.len)
        *key_arg(r, FTMRT_PARAM_data_skip) =
            (struct ftmrt_arg){FTMRT_ARG_TEXTS, d->skips.len, {.texts = d->skips.at}};
}

/* The value of a key of `data` that is written. */
static struct span key_span(const struct recipe_stmt *data, const char *name)
{
    for (uint32_t i = 0; i < data->items->list.len; i++)
        if (!strcmp(data->items->list.at[i]->name, name))
            return data->items->list.at[i]->span;
    return data->span;
}

static void check_group(struct recipe_reader *r, const struct recipe_stmt *data)
{
    const struct ftmrt_arg *group = key_arg(r, FTMRT_PARAM_data_group);
    if (group->kind == FTMRT_ARG_TEXT && !name_has_group(group->text))
        diag_report(r->diag, key_span(data, "group"), DIAG_BAD_VALUE, "'group'",
                    "a pattern with one {}, the part of a name that says the group",
                    arena_printf(r->arena, "\"%s\"", group->text));
}

/* ---- what is of pictures' files alone ---- */

static bool lists_pictures(const struct ftmrt_call *source)
{
    bool lists = listing_can(source);
    for (uint32_t i = 0; source->args[0].kind == FTMRT_ARG_CALLS && i < source->args[0].count; i++)
        lists = lists || lists_pictures(&source->args[0].calls[i]);
    return lists;
}

/* Whether there are samples, and all are in arrays. */
static bool all_in_arrays(struct recipe_reader *r)
{
    static const enum ftmrt_param sources[] = {FTMRT_PARAM_data_train, FTMRT_PARAM_data_test,
                                               FTMRT_PARAM_data_validation,
                                               FTMRT_PARAM_data_unlabelled};
    bool any = false;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        const struct ftmrt_arg *source = key_arg(r, sources[i]);
        if (source->kind != FTMRT_ARG_CALLS)
            continue;
        any = true;
        if (lists_pictures(source->calls))
            return false;
    }
    return any;
}

static const char *word_of(const struct recipe_stmt *s)
{
    return s->kind == RECIPE_SKIP      ? "skip"
           : s->kind == RECIPE_RENAME  ? "rename"
           : s->kind == RECIPE_SETTING ? s->name
                                       : "";
}

static void report_of_files(struct recipe_reader *r, const struct recipe_stmt *s, enum diag_id id)
{
    diag_report(r->diag, s->span, id, word_of(s));
    diag_note(r->diag, id == DIAG_PICTURES_ONLY
                           ? "take it out, and leave such samples out of the arrays"
                           : "take it out");
}

static void check_arrays(struct recipe_reader *r, const struct recipe_stmt *data)
{
    static const struct {
        enum ftmrt_param key;
        enum diag_id id;
    } rows[] = {
        {FTMRT_PARAM_data_skip, DIAG_PICTURES_ONLY},
        {FTMRT_PARAM_data_rename, DIAG_PICTURES_ONLY},
        {FTMRT_PARAM_data_group, DIAG_PICTURES_ONLY},
        {FTMRT_PARAM_data_alpha, DIAG_PICTURES_DECODED},
        {FTMRT_PARAM_data_exif, DIAG_PICTURES_DECODED},
        {FTMRT_PARAM_data_jpeg, DIAG_PICTURES_DECODED},
    };
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_data);
    for (uint32_t i = 0; i < data->items->list.len; i++) {
        const struct recipe_stmt *s = data->items->list.at[i];
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
            if (!strcmp(word_of(s), info->params[rows[k].key % FTMRT_PARAM_LIMIT].name))
                report_of_files(r, s, rows[k].id);
    }
}

/* ---- folders of parts ---- */

/* The argument of a source that names a folder of classes, or NULL. */
static struct ftmrt_arg *classes_folder(const struct ftmrt_call *c)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (info->params[i].type ==
            FTMRT_TYPE_CLASSES) /* the compiler built it, and nobody else has it yet */
            return (struct ftmrt_arg *)(uintptr_t)&c->args[i];
    return NULL;
}

/* A source like another one, of a folder in its folder. */
static struct ftmrt_arg part_source(struct arena *arena, const struct ftmrt_call *whole,
                                    const char *root, const char *part)
{
    const uint32_t count = ftmrt_call_info(whole->id)->param_count;
    struct ftmrt_arg *args = arena_array(arena, struct ftmrt_arg, count);
    struct ftmrt_call *c = arena_new(arena, struct ftmrt_call);
    memcpy(args, whole->args, count * sizeof *args);
    *c = (struct ftmrt_call){whole->id, args};
    classes_folder(c)->text = file_join(arena, arena_printf(arena, "%s/", root), part);
    return (struct ftmrt_arg){FTMRT_ARG_CALLS, 1, {.calls = c}};
}

static void warn_unused(struct recipe_reader *r, const struct recipe_stmt *share, const char *root,
                        const struct folder_parts *parts)
{
    const char *unused = arena_printf(r->arena, "%s/%s", root, parts->names[PART_VALIDATION]);
    diag_report(r->diag, share->span, DIAG_PART_UNUSED,
                arena_printf(r->arena, "%s/%s", root, parts->names[PART_TRAIN]), unused);
    diag_note(r->diag, "leave `validation` out to validate with %s", unused);
}

/* `train = folder("photos")` of photos/train, photos/val, photos/test means these: what it gives no key for they do. */
static void read_parts(struct data_reader *d)
{
    static const enum ftmrt_param keys[PART_COUNT] = {[PART_TRAIN] = FTMRT_PARAM_data_train,
                                                      [PART_VALIDATION] =
                                                          FTMRT_PARAM_data_validation,
                                                      [PART_TEST] = FTMRT_PARAM_data_test};
    struct recipe_reader *r = d->recipe;
    const struct ftmrt_arg *train = key_arg(r, FTMRT_PARAM_data_train);
    const struct ftmrt_call whole =
        train->kind == FTMRT_ARG_CALLS ? *train->calls : (struct ftmrt_call){0};
    const struct ftmrt_arg *folder = whole.args ? classes_folder(&whole) : NULL;
    struct folder_parts parts;
    if (!folder || !folder_parts_find(&parts, beside_recipe(r, folder->text)))
        return;
    const char *root = folder->text;
    for (int i = 0; i < PART_COUNT; i++) {
        struct ftmrt_arg *arg = key_arg(r, keys[i]);
        if (*parts.names[i] && (i == PART_TRAIN || arg->kind == FTMRT_ARG_NONE))
            *arg = part_source(r->arena, &whole, root, parts.names[i]);
    }
    if (d->share && *parts.names[PART_VALIDATION])
        warn_unused(r, d->share, root, &parts);
}

/* ---- classes of the data ---- */

/* Names of classes while sources are listed. */
struct class_names {
    struct recipe_reader *reader;
    struct span span;
    struct map seen;
    VEC(const char *) names;
    bool known;  /* whether all sources have names */
    bool sorted; /* whether their order means nothing: columns have one */
};

static void report_listing(void *context, const char *text)
{
    const struct class_names *c = context;
    diag_report(c->reader->diag, c->span, DIAG_CLASS_FOLDER, text);
}

/* A name that no text of the language can have. */
static void report_name(struct class_names *c, const struct ftmrt_call *source,
                        const struct listing *l, const char *name)
{
    struct diag *diag = c->reader->diag;
    const char *shown = str_bytes(c->reader->arena, name);
    if (ftmrt_call_info(source->id)->params[0].type == FTMRT_TYPE_CLASSES) {
        report_class_folder(c->reader->arena, diag, c->span, l->want->place, name);
        return;
    }
    diag_report(diag, c->span, DIAG_CLASS_FOLDER,
                arena_printf(c->reader->arena, "%s: the name of a class, '%s', is not UTF-8",
                             l->want->place, shown));
    diag_note(diag, "save the file as UTF-8");
}

static void add_names(struct class_names *c, const struct ftmrt_call *source,
                      const struct listing *l)
{
    struct arena *arena = c->reader->arena;
    for (int32_t i = 0; i < l->class_count; i++) {
        if (!str_is_utf8(l->classes[i])) {
            report_name(c, source, l, l->classes[i]);
            c->known = false;
            continue;
        }
        const char *name = arena_strdup(arena, l->classes[i]);
        if (!map_get(&c->seen, name))
            vec_push(arena, &c->names, name);
        map_set(&c->seen, name, c);
    }
}

/* The classes of a source, or of each of its sources. */
static void list_source(struct class_names *c, const struct ftmrt_call *source)
{
    struct recipe_reader *r = c->reader;
    if (source->args[0].kind == FTMRT_ARG_CALLS) {
        for (uint32_t i = 0; i < source->args[0].count; i++)
            list_source(c, &source->args[0].calls[i]);
        return;
    }
    struct listing_want want = listing_want_of(recipe_call(r->recipe, FTMRT_PARAM_finetune_data));
    struct listing l;
    c->known = c->known && listing_can(source);
    if (!c->known)
        return;
    want.place = beside_recipe(r, listing_place(source));
    want.vector = ftmrt_loss_info(written_loss(r))->vector;
    want.classes_only = true;
    want.error = report_listing;
    want.context = c;
    c->known = listing_open(&l, source, &want);
    if (!c->known)
        return;
    add_names(c, source, &l);
    c->sorted = c->sorted && l.form != LISTING_NUMBERS;
    listing_close(&l);
}

/* Names of classes from the training data, where the recipe has none and the data has. */
static void labels_from_data(struct recipe_reader *r, const struct recipe_stmt *data)
{
    const struct ftmrt_arg *train = key_arg(r, FTMRT_PARAM_data_train);
    struct class_names c = {.reader = r, .span = data->span, .known = true, .sorted = true};
    if (train->kind != FTMRT_ARG_CALLS || find_setting(r, RECIPE_SETTING, "labels"))
        return;
    map_init(&c.seen, r->arena);
    list_source(&c, train->calls);
    if (!c.known)
        return;
    const struct expr place = {.kind = EXPR_STRING, .span = data->span};
    struct value v = {.kind = VALUE_LIST,
                      .items = arena_array(r->arena, struct value, c.names.len),
                      .count = c.names.len};
    if (c.sorted)
        listing_sort_names(c.names.at, (int32_t)c.names.len);
    for (uint32_t i = 0; i < v.count; i++)
        v.items[i] = (struct value){.kind = VALUE_STRING, .text = c.names.at[i]};
    take_labels(r, &v, &place);
}

void read_data(struct recipe_reader *r, struct frame *scope)
{
    const struct recipe_stmt *data = find_setting(r, RECIPE_DATA, "data");
    struct data_reader d = {.recipe = r, .scope = scope};
    if (!data)
        return;
    d.args = key_arg(r, FTMRT_PARAM_data_train);
    check_block(r, data->items, RECIPE_SETTING, FTMRT_CALL_data);
    for (uint32_t i = 0; i < data->items->list.len; i++)
        read_statement(&d, data->items->list.at[i]);
    keep_statements(&d);
    if (d.share && !d.train)
        diag_report(r->diag, d.share->span, DIAG_NO_TRAINING_DATA);
    check_group(r, data);
    read_parts(&d);
    if (all_in_arrays(r))
        check_arrays(r, data);
    settle_label_kinds(r, data);
    settle_targets(r, key_span(data, "targets"));
    labels_from_data(r, data);
}

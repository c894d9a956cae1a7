/* `ftmc models`: a row per published model; `ftmc models NAME`: all that is known about one. What the model's file says stands
 * beside what is computed from the model: parameters, multiplications, layers. */
#include "reports.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shape.h"
#include "str.h"

enum { COLUMNS = 8, NAME_WIDTH = 12 };

struct model_size {
    int64_t params, macs;
    uint32_t layers, with_params;
};

static struct model_size measure(const struct net *net)
{
    struct model_size s = {0};
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        s.layers += l->row != NULL;
        s.with_params += l->param_count > 0;
        s.macs += l->row ? layer_work(l) : 0;
        for (uint32_t k = 0; k < l->param_count; k++)
            if (l->params[k].kind == LAYER_PARAMETER)
                s.params += shape_elements(&l->params[k].type.shape, 1);
    }
    return s;
}

/* ---- the table ---- */

struct row {
    int64_t params;
    const char *cells[COLUMNS];
};

static const struct row titles = {
    0, {"", "model", "parameters", "million MACs", "input", "accuracy", "licence", "file"}};

static bool is_number(int column) { return column >= 2 && column <= 4; }

static struct row model_row(struct arena *arena, const struct model_entry *m)
{
    const struct published *p = m->published;
    const struct model_size s = measure(m->net);
    struct row r = {.params = s.params};
    r.cells[0] = p->first ? "*" : "";
    r.cells[1] = p->name;
    r.cells[2] = arena_printf(arena, "%" PRId64, s.params);
    r.cells[3] = arena_printf(arena, "%.1f", (double)s.macs / 1e6);
    r.cells[4] = arena_printf(arena, "%" PRId64, p->input);
    r.cells[5] = p->accuracy > 0
                     ? arena_printf(arena, "%.2f %% of %s (%s)", p->accuracy, p->task, p->source)
                     : "";
    r.cells[6] = p->licence;
    r.cells[7] = published_name(p);
    return r;
}

static int by_size(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return (x->params > y->params) - (x->params < y->params);
}

static void print_row(const struct row *r, const int *widths, FILE *out)
{
    for (int i = 0; i + 1 < COLUMNS; i++)
        fprintf(out, is_number(i) ? "%*s  " : "%-*s  ", widths[i], r->cells[i]);
    fprintf(out, "%s\n", r->cells[COLUMNS - 1]);
}

static void print_table(struct arena *arena, const struct model_list *models, FILE *out)
{
    const uint32_t count = models->list.len;
    struct row *rows = arena_array(arena, struct row, count + 1);
    int widths[COLUMNS] = {0};
    for (uint32_t i = 0; i < count; i++)
        rows[i] = model_row(arena, &models->list.at[i]);
    qsort(rows, count, sizeof *rows, by_size);
    rows[count] = titles;
    for (uint32_t i = 0; i <= count; i++)
        for (int k = 0; k < COLUMNS; k++)
            if (widths[k] < (int)strlen(rows[i].cells[k]))
                widths[k] = (int)strlen(rows[i].cells[k]);
    print_row(&titles, widths, out);
    for (uint32_t i = 0; i < count; i++)
        print_row(&rows[i], widths, out);
    fprintf(out,
            "\n* to begin with. `ftmc models NAME` says where its file is and how to check it.\n");
}

/* ---- one model ---- */

static void print_line(FILE *out, const char *title, const char *text)
{
    if (text)
        fprintf(out, "%-*s %s\n", NAME_WIDTH, title, text);
}

static const char *sha256_text(struct arena *arena, const struct published *p)
{
    return published_is_whole(p) ? p->sha256 : arena_printf(arena, "begins with %s", p->sha256);
}

static const char *accuracy_text(struct arena *arena, const struct published *p)
{
    return p->accuracy > 0
               ? arena_printf(arena, "%g %% of %s (%s)", p->accuracy, p->task, p->source)
               : NULL;
}

static void print_model(struct arena *arena, const struct model_entry *m, FILE *out)
{
    const struct published *p = m->published;
    const struct model_size s = measure(m->net);
    const char *name = published_name(p);
    print_line(out, "model", p->name);
    print_line(
        out, "parameters",
        arena_printf(arena, "%" PRId64 ", in %u of %u layers", s.params, s.with_params, s.layers));
    print_line(out, "MACs", arena_printf(arena, "%.1f million per image", (double)s.macs / 1e6));
    print_line(out, "input", arena_printf(arena, "%" PRId64 " x %" PRId64, p->input, p->input));
    print_line(out, "preprocess", m->preprocess);
    print_line(out, "accuracy", accuracy_text(arena, p));
    print_line(out, "licence", p->licence);
    print_line(out, "file", name);
    print_line(out, p->url ? "address" : "package", p->url ? p->url : p->package);
    print_line(out, "SHA-256", sha256_text(arena, p));
    print_line(out, "fetch", published_fetch(arena, p, name));
    print_line(out, "verify", published_check(arena, p, name));
    fprintf(out, "\nimport \"%s\"\n\nfinetune photos {\n    model   = %s()\n    weights = \"%s\"\n",
            m->file, p->name, name);
    fprintf(out, "    ...\n}\n");
}

void report_models(struct arena *arena, const struct model_list *models, bool one, FILE *out)
{
    for (uint32_t i = 0; one && i < models->list.len; i++)
        print_model(arena, &models->list.at[i], out);
    if (!one)
        print_table(arena, models, out);
}

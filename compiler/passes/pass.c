/* The pass runner.
 *
 * Runs the rows of passes.def in order, or the passes that were named. Before each pass its needs
 * are checked. After each the verifier runs if it was asked for, and so do the properties given so
 * far; what they find is the pass's fault and ends the compiler with the pass's name and a file of
 * the program before it. The scratch arena is cleared between passes, so that nothing a pass
 * allocated there outlives it. */
#include "pass.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "replace.h"
#include "text.h"
#include "verify.h"

/* A run of some passes. */
struct runner {
    struct program *program;
    const struct pass_options *options;
    const struct pass_row *rows;
    uint32_t count;
    uint32_t given; /* properties of the passes that ran */
    char *before;   /* the program before the running pass as text, if it is verified */
    struct arena scratch;
};

static const struct pass_row pass_table[] = {
#define FTM_PASS(name, kind, needs, gives, meaning) {#name, meaning, needs, gives, pass_##name},
#include "passes.def"
#undef FTM_PASS
};

static const struct {
    const char *name, *meaning;
    bool (*holds)(const struct graph *g, value_id v);
} properties[] = {
#define FTM_PROPERTY(name, meaning) {#name, meaning, property_##name},
#include "property.def"
#undef FTM_PROPERTY
};

const char *pass_name(enum pass_id id) { return pass_table[id].name; }

/* The row of that name, or NULL. */
static const struct pass_row *find_pass(const struct runner *r, const char *name, size_t length)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (strlen(r->rows[i].name) == length && memcmp(r->rows[i].name, name, length) == 0)
            return &r->rows[i];
    return NULL;
}

/* The name itself, for a report, where it is not a pass. */
static bool known_pass(const struct runner *r, const char *name, size_t length)
{
    struct program *p = r->program;
    if (find_pass(r, name, length))
        return true;
    diag_report(p->diag, SPAN_NONE, DIAG_UNKNOWN_PASS, arena_strndup(p->arena, name, length));
    for (uint32_t i = 0; i < r->count; i++)
        diag_note(p->diag, "%s: %s", r->rows[i].name, r->rows[i].meaning);
    return false;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- checks ---- */

static bool function_has(const struct graph *g, uint32_t property)
{
    for (uint32_t i = 0; i < g->nodes.len; i++)
        if (!g->nodes.at[i].dead && !properties[property].holds(g, (value_id){i}))
            return false;
    return true;
}

static bool program_has(const struct program *p, uint32_t property)
{
    for (uint32_t f = 0; f < p->functions.len; f++)
        if (!function_has(p->functions.at[f], property))
            return false;
    return true;
}

/* The first property of the set that the program has not, or PROPERTY_COUNT. */
static uint32_t missing_property(const struct program *p, uint32_t set)
{
    uint32_t i = 0;
    while (i < PROPERTY_COUNT && (!(set >> i & 1) || program_has(p, i)))
        i++;
    return i;
}

static bool check_needs(struct runner *r, const struct pass_row *pass)
{
    uint32_t missing = missing_property(r->program, pass->needs);
    if (missing == PROPERTY_COUNT)
        return true;
    FTM_BUG_ON(!r->options->only, "pass '%s' runs before the program is %s", pass->name,
               properties[missing].name);
    diag_report(r->program->diag, SPAN_NONE, DIAG_PASS_NEEDS, pass->name, properties[missing].name,
                properties[missing].meaning);
    for (uint32_t i = 0; i < r->count; i++)
        if (r->rows[i].gives >> missing & 1)
            diag_note(r->program->diag, "%s gives that", r->rows[i].name);
    return false;
}

static void keep_text(struct runner *r)
{
    size_t size = 0;
    free(r->before);
    FILE *out = open_memstream(&r->before, &size);
    FTM_BUG_ON(!out, "out of memory");
    program_print(r->program, out);
    FTM_BUG_ON(fclose(out) != 0, "out of memory");
}

static void blame(const struct runner *r, const struct pass_row *pass, const char *text)
{
    static const char path[] = "ftmc-crash.ftg";
    if (replace_whole(path, r->before, strlen(r->before), NULL, 0) == FTMRT_OK)
        FTM_BUG("pass '%s' left an invalid program: %s\nthe program before it is in %s: "
                "ftmc %s --passes=%s --verify",
                pass->name, text, path, path, pass->name);
    FTM_BUG("pass '%s' left an invalid program: %s", pass->name, text);
}

static void verify_after(struct runner *r, const struct pass_row *pass)
{
    char text[1024];
    if (!program_verify(r->program, text, sizeof(text)))
        blame(r, pass, text);
    uint32_t missing = missing_property(r->program, r->given);
    if (missing != PROPERTY_COUNT) {
        snprintf(text, sizeof(text), "it is not %s (%s)", properties[missing].name,
                 properties[missing].meaning);
        blame(r, pass, text);
    }
}

/* ---- running ---- */

static void print_after(const struct program *p, const struct pass_row *pass, bool changed)
{
    printf("# after %s%s\n", pass->name, changed ? "" : " (unchanged)");
    if (changed)
        program_print(p, stdout);
}

static bool run_one(struct runner *r, const struct pass_row *pass)
{
    struct pass_context c = {.program = r->program, .scratch = &r->scratch};
    const struct pass_options *options = r->options;
    if (!check_needs(r, pass))
        return false;
    if (options->verify && !r->before)
        keep_text(r);
    double start = now_ms();
    bool ok = pass->run(&c);
    if (options->time)
        fprintf(stderr, "%10.3f ms  %s\n", now_ms() - start, pass->name);
    arena_clear(&r->scratch);
    if (!ok)
        return false;
    r->given |= pass->gives;
    if (options->verify)
        verify_after(r, pass);
    if (options->verify && c.changed)
        keep_text(r);
    const char *print = options->print_after;
    if (print && (strcmp(print, "all") == 0 || strcmp(print, pass->name) == 0))
        print_after(r->program, pass, c.changed);
    return true;
}

static bool check_options(const struct runner *r)
{
    const struct pass_options *o = r->options;
    bool ok = true;
    if (o->print_after && strcmp(o->print_after, "all") != 0)
        ok &= known_pass(r, o->print_after, strlen(o->print_after));
    if (o->stop_after)
        ok &= known_pass(r, o->stop_after, strlen(o->stop_after));
    for (const char *at = o->only; at && *at; at += strcspn(at, ","), at += *at == ',')
        ok &= known_pass(r, at, strcspn(at, ","));
    return ok;
}

/* The passes to run, in order; returns how many. */
static uint32_t plan(const struct runner *r, const struct pass_row **passes, uint32_t room)
{
    uint32_t count = 0;
    if (!r->options->only)
        for (; count < r->count; count++)
            passes[count] = &r->rows[count];
    for (const char *at = r->options->only; at && *at && count < room;
         at += strcspn(at, ","), at += *at == ',')
        passes[count++] = find_pass(r, at, strcspn(at, ","));
    return count;
}

bool passes_run_rows(struct program *p, const struct pass_options *options,
                     const struct pass_row *rows, uint32_t count)
{
    const struct pass_row *passes[4 * PASS_COUNT];
    struct runner r = {.program = p, .options = options, .rows = rows, .count = count};
    if (!check_options(&r))
        return false;
    uint32_t planned = plan(&r, passes, sizeof(passes) / sizeof(passes[0]));
    arena_init(&r.scratch, "pass");
    bool ok = true;
    for (uint32_t i = 0; i < planned && ok; i++) {
        ok = run_one(&r, passes[i]);
        if (options->stop_after && strcmp(options->stop_after, passes[i]->name) == 0)
            break;
    }
    arena_clear(&r.scratch);
    free(r.before);
    return ok;
}

bool passes_run(struct program *p, const struct pass_options *options)
{
    return passes_run_rows(p, options, pass_table, PASS_COUNT);
}

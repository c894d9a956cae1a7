/* The pass runner.
 *
 * Runs the rows of passes.def in order, or the passes that were named. After each pass the
 * verifier runs if it was asked for; what it finds is the pass's fault and ends the compiler with
 * the pass's name. The scratch arena is cleared between passes, so that nothing a pass allocated
 * there outlives it. */
#include "pass.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "text.h"
#include "verify.h"

struct pass_row {
    const char *name, *meaning;
    bool (*run)(struct pass_context *c);
};

static const struct pass_row pass_table[] = {
#define FTM_PASS(name, meaning) {#name, meaning, pass_##name},
#include "passes.def"
#undef FTM_PASS
};

const char *pass_name(enum pass_id id) { return pass_table[id].name; }

static enum pass_id find_pass(const char *name, size_t length)
{
    uint32_t i = 0;
    while (i < PASS_COUNT &&
           (strlen(pass_table[i].name) != length || memcmp(pass_table[i].name, name, length) != 0))
        i++;
    return (enum pass_id)i;
}

/* The name itself, for a report, where it is not a pass. */
static bool known_pass(struct program *p, const char *name, size_t length)
{
    if (find_pass(name, length) != PASS_COUNT)
        return true;
    diag_report(p->diag, SPAN_NONE, DIAG_UNKNOWN_PASS, arena_strndup(p->arena, name, length));
    for (uint32_t i = 0; i < PASS_COUNT; i++)
        diag_note(p->diag, "%s: %s", pass_table[i].name, pass_table[i].meaning);
    return false;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void verify_after(const struct program *p, enum pass_id id)
{
    char text[1024];
    if (!program_verify(p, text, sizeof(text)))
        FTM_BUG("pass '%s' left an invalid program: %s", pass_name(id), text);
}

static void print_after(const struct program *p, enum pass_id id, bool changed)
{
    printf("# after %s%s\n", pass_name(id), changed ? "" : " (unchanged)");
    if (changed)
        program_print(p, stdout);
}

static bool run_one(struct program *p, const struct pass_options *options, enum pass_id id,
                    struct arena *scratch)
{
    struct pass_context c = {.program = p, .scratch = scratch};
    double start = now_ms();
    bool ok = pass_table[id].run(&c);
    if (options->time)
        fprintf(stderr, "%10.3f ms  %s\n", now_ms() - start, pass_name(id));
    arena_clear(scratch);
    if (!ok)
        return false;
    if (options->verify)
        verify_after(p, id);
    const char *print = options->print_after;
    if (print && (strcmp(print, "all") == 0 || strcmp(print, pass_name(id)) == 0))
        print_after(p, id, c.changed);
    return true;
}

static bool check_options(struct program *p, const struct pass_options *o)
{
    bool ok = true;
    if (o->print_after && strcmp(o->print_after, "all") != 0)
        ok &= known_pass(p, o->print_after, strlen(o->print_after));
    if (o->stop_after)
        ok &= known_pass(p, o->stop_after, strlen(o->stop_after));
    for (const char *at = o->only; at && *at; at += strcspn(at, ","), at += *at == ',')
        ok &= known_pass(p, at, strcspn(at, ","));
    return ok;
}

/* The passes to run, in order; returns how many. */
static uint32_t plan(const struct pass_options *o, enum pass_id *ids, uint32_t room)
{
    uint32_t count = 0;
    if (!o->only)
        for (; count < PASS_COUNT; count++)
            ids[count] = (enum pass_id)count;
    for (const char *at = o->only; at && *at && count < room;
         at += strcspn(at, ","), at += *at == ',')
        ids[count++] = find_pass(at, strcspn(at, ","));
    return count;
}

bool passes_run(struct program *p, const struct pass_options *options)
{
    enum pass_id ids[4 * PASS_COUNT];
    if (!check_options(p, options))
        return false;
    uint32_t count = plan(options, ids, sizeof(ids) / sizeof(ids[0]));
    struct arena scratch;
    arena_init(&scratch, "pass");
    bool ok = true;
    for (uint32_t i = 0; i < count && ok; i++) {
        ok = run_one(p, options, ids[i], &scratch);
        if (options->stop_after && strcmp(options->stop_after, pass_name(ids[i])) == 0)
            break;
    }
    arena_clear(&scratch);
    return ok;
}

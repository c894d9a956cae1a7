/* link: ftm_passes ftm_graph ftm_base */
/* The pass runner with passes that are wrong on purpose: what it says, and the file it leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "op.h"
#include "pass.h"
#include "text.h"

enum { BUG = 70, OK = 0, REPORTED = 3 };

/* ---- passes ---- */

static bool pass_nothing(struct pass_context *c)
{
    (void)c;
    return true;
}

/* Adds a valid node. */
static bool pass_grow(struct pass_context *c)
{
    struct graph *g = c->program->functions.at[0];
    graph_set_output(g, 0, graph_op(g, OP_relu, NULL, g->outputs.at[0].value));
    c->changed = true;
    return true;
}

/* Leaves an output that is not a value. */
static bool pass_break(struct pass_context *c)
{
    struct graph *g = c->program->functions.at[0];
    g->outputs.at[0].value.i = g->nodes.len;
    c->changed = true;
    return true;
}

/* Valid, but not what passes before have given: a linear. */
static bool pass_undo(struct pass_context *c)
{
    struct graph *g = c->program->functions.at[0];
    struct state s = {.name = "w",
                      .kind = FTMRT_STATE_PARAMETER,
                      .type = {FTMRT_F32, shape_2d(2, 3)},
                      .file_shape = shape_2d(2, 3),
                      .source = -1};
    value_id w = graph_state(g, program_add_state(c->program, s));
    graph_set_output(g, 0, graph_op(g, OP_linear, NULL, g->outputs.at[0].value, w));
    c->changed = true;
    return true;
}

static const struct pass_row rows[] = {
    {"grow", "", 0, 0, pass_grow},
    {"canonical", "", 0, PROPERTY_BIT(canonical), pass_nothing},
    {"break", "", 0, 0, pass_break},
    {"undo", "", 0, 0, pass_undo},
    {"late", "", PROPERTY_BIT(canonical), 0, pass_nothing},
};

/* ---- running them ---- */

struct fixture {
    struct arena arena;
    struct diag diag;
    struct program *program;
    char dir[32], *crash, *output;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->arena, "test");
    diag_init(&f->diag, &f->arena);
    f->program = program_new(&f->arena, &f->diag, "p", 4);
    struct graph *g = program_add_function(f->program, "predict", false);
    value_id x = graph_input(g, "x", (struct type){FTMRT_F32, shape_2d(DIM_BATCH, 3)});
    graph_output(g, "y", graph_op(g, OP_relu, NULL, x));
    strcpy(f->dir, "/tmp/ftm-runner-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->crash = arena_printf(&f->arena, "%s/ftmc-crash.ftg", f->dir);
    f->output = arena_printf(&f->arena, "%s/output", f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    unlink(f->crash);
    unlink(f->output);
    rmdir(f->dir);
    arena_clear(&f->arena);
    free(f);
    return 0;
}

/* The exit code of a process that runs these passes in the folder; what it prints goes to a file.
 * `only` NULL: all rows but the first `skip`. */
static int run(const struct fixture *f, const char *only, uint32_t skip)
{
    pid_t child = fork();
    if (child == 0) {
        struct pass_options o = {.only = only, .verify = true};
        if (chdir(f->dir) != 0 || !freopen("output", "w", stderr))
            _exit(1);
        bool ok = passes_run_rows(f->program, &o, rows + skip,
                                  (uint32_t)(sizeof rows / sizeof *rows) - skip);
        diag_print(f->program->diag, stderr);
        fflush(stderr);
        _exit(ok ? OK : REPORTED);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *contents(struct fixture *f, const char *path)
{
    struct file_map map;
    if (!file_map_open(&map, path))
        return NULL;
    const char *text = arena_strndup(&f->arena, (const char *)map.data, map.size);
    file_map_close(&map);
    return text;
}

static bool said(struct fixture *f, const char *what)
{
    const char *text = contents(f, f->output);
    return text && strstr(text, what);
}

/* The program as text after these passes, made in this process. */
static const char *text_after(struct fixture *f, const char *only)
{
    char *text = NULL;
    size_t size = 0;
    struct pass_options o = {.only = only, .verify = true};
    assert_true(passes_run_rows(f->program, &o, rows, sizeof rows / sizeof *rows));
    FILE *out = open_memstream(&text, &size);
    program_print(f->program, out);
    fclose(out);
    const char *copy = arena_strdup(&f->arena, text);
    free(text);
    return copy;
}

/* ---- tests ---- */

static void test_right_passes_leave_no_file(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "grow,canonical,grow,late", 0), OK);
    assert_null(contents(f, f->crash));
}

static void test_an_invalid_program_is_blamed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "grow,canonical,break,grow", 0), BUG);
    assert_true(said(f, "pass 'break' left an invalid program: "));
    assert_true(said(f, "ftmc ftmc-crash.ftg --passes=break --verify"));
    const char *left = contents(f, f->crash);
    assert_non_null(left);
    assert_string_equal(left, text_after(f, "grow"));
    struct source source = {.path = "crash", .text = left, .size = strlen(left)};
    assert_non_null(program_read(&f->arena, &f->diag, &source));
}

static void test_a_lost_property_is_blamed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "undo,grow", 0), OK);
    assert_int_equal(run(f, "canonical,grow,undo", 0), BUG);
    assert_true(said(f, "pass 'undo' left an invalid program: it is not canonical"));
    assert_string_equal(contents(f, f->crash), text_after(f, "grow"));
}

static void test_needs_are_checked(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "undo,late", 0), REPORTED);
    assert_true(said(f, "pass 'late' needs a program that is canonical"));
    assert_true(said(f, "canonical gives that"));
    assert_null(contents(f, f->crash));
    assert_int_equal(run(f, NULL, 3), BUG); /* the table's own order: undo, late */
    assert_true(said(f, "pass 'late' runs before the program is canonical"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_right_passes_leave_no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_invalid_program_is_blamed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_lost_property_is_blamed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_needs_are_checked, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

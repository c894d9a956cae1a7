/* link: ftm_kernel_run ftm_codegen */
/* Elementary functions as vector code against libm in double precision, over their whole domain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "address.h"
#include "ftmrt.h"
#include "link_shared.h"
#include "vmath.h"

enum { COUNT = 1 << 16 };

typedef void map_fn(const float *x, float *y, int64_t count);

/* void name(x, y, count): y = f(x), a vector at a time. */
static void emit_map(struct ir *ir, const char *name, LLVMValueRef (*f)(struct ir *, LLVMValueRef))
{
    LLVMTypeRef params[] = {ir->ptr, ir->ptr, ir->i64};
    LLVMValueRef fn =
        ir_function(ir, name, LLVMFunctionType(ir->void_type, params, 3, false), false);
    struct ir_loop i = ir_loop_begin(ir, ir_i64(ir, 0), LLVMGetParam(fn, 2), ir->cpu->lanes);
    LLVMValueRef x = ir_load_vec(ir, ir_at(ir, address_of(LLVMGetParam(fn, 0), FTMRT_F32), i.i));
    ir_store_vec(ir, f(ir, x), ir_at(ir, address_of(LLVMGetParam(fn, 1), FTMRT_F32), i.i));
    ir_loop_end(ir, &i);
    LLVMBuildRetVoid(ir->b);
}

static void *compile(const struct cpu *cpu)
{
    char folder[] = "/tmp/ftm-vmath-XXXXXX", object[64], library[64], *error = NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(object, sizeof object, "%s/v.o", folder);
    snprintf(library, sizeof library, "%s/v.so", folder);
    struct ir *ir = ir_new("vmath", cpu, IR_SPEED);
    emit_map(ir, "map_exp", vmath_exp);
    emit_map(ir, "map_log", vmath_log);
    emit_map(ir, "map_tanh", vmath_tanh);
    emit_map(ir, "map_erf", vmath_erf);
    emit_map(ir, "map_abs", vmath_abs);
    assert_true(ir_optimize(ir, &error) && ir_write_object(ir, object, &error));
    ir_free(ir);
    assert_true(link_shared(library, (const char *const[]){object}, 1));
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(handle);
    unlink(object);
    unlink(library);
    rmdir(folder);
    return handle;
}

static map_fn *symbol(void *library, const char *name)
{
    map_fn *f;
    *(void **)&f = dlsym(library, name);
    assert_non_null(f);
    return f;
}

static _Alignas(64) float x[COUNT], y[COUNT];

static void check_exp(map_fn *f)
{
    double worst = 0;
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)(-87.2 + 175.4 * i / (double)COUNT);
    f(x, y, COUNT);
    for (int i = 0; i < COUNT; i++)
        worst = fmax(worst, fabs((double)y[i] / exp((double)x[i]) - 1));
    assert_true(worst < 1e-7);
    x[0] = NAN, x[1] = -INFINITY, x[2] = 0, x[3] = -1000;
    f(x, y, FTMRT_CB);
    assert_true(isnan(y[0]) && y[1] >= 0 && (double)y[1] < 1.3e-38 && (double)y[2] == 1 &&
                (double)y[3] < 1.3e-38);
}

static void check_log(map_fn *f)
{
    double worst = 0;
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)exp(-80 + 160.0 * i / (double)COUNT);
    for (int i = 0; i < COUNT / 4; i++)
        x[i] = 0.5F + (float)i * 8 / (float)COUNT; /* around 1, where the logarithm vanishes */
    f(x, y, COUNT);
    for (int i = 0; i < COUNT; i++) {
        double want = log((double)x[i]);
        worst = fmax(worst, fabs((double)y[i] - want) / fmax(1, fabs(want)));
    }
    assert_true(worst < 1.5e-7);
}

/* An odd function with limits -1 and 1: from -12 to 12 in even steps, and from 1e-30 up in even
 * ratios. */
static void check_odd(map_fn *f, double (*want)(double))
{
    double worst = 0;
    for (int i = 0; i < COUNT / 2; i++) {
        x[i] = (float)(-12 + 24.0 * i / (COUNT / 2));
        x[COUNT / 2 + i] = (float)exp(-69 + 72.0 * i / (COUNT / 2));
    }
    f(x, y, COUNT);
    for (int i = 0; i < COUNT; i++)
        if (x[i] != 0)
            worst = fmax(worst, fabs((double)y[i] / want((double)x[i]) - 1));
    assert_true(worst < 1.8e-7);
    x[0] = NAN, x[1] = -INFINITY, x[2] = INFINITY, x[3] = -0.0F, x[4] = 1e30F;
    f(x, y, FTMRT_CB);
    assert_true(isnan(y[0]) && y[1] == -1 && y[2] == 1 && y[3] == 0 && y[4] == 1);
}

static void check_abs(map_fn *f)
{
    x[0] = NAN, x[1] = -INFINITY, x[2] = -0.0F, x[3] = -1e-40F, x[4] = 3;
    f(x, y, FTMRT_CB);
    assert_true(isnan(y[0]) && y[1] == INFINITY && y[2] == 0 && !signbit(y[2]) && y[3] == 1e-40F &&
                y[4] == 3);
}

static void test_functions(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < cpu_count(); i++) {
        if (!ftmrt_cpu_supported(cpu_at(i)->name))
            continue;
        void *library = compile(cpu_at(i));
        check_exp(symbol(library, "map_exp"));
        check_log(symbol(library, "map_log"));
        check_odd(symbol(library, "map_tanh"), tanh);
        check_odd(symbol(library, "map_erf"), erf);
        check_abs(symbol(library, "map_abs"));
        dlclose(library);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_functions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

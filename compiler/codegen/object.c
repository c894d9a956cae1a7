/* Modules and threads: LLVM is safe to run side by side as long as every thread has a context of
 * its own.
 *
 * Kernel i goes to module i % parts; the number of parts depends on the number of kernels alone, so
 * the object files are the same for any number of threads. */
#include "object.h"

#include <errno.h>
#include <string.h>

#include <llvm-c/Core.h>

#include "code.h"
#include "entry.h"
#include "kernel.h"
#include "replace.h"
#include "rounding.h"
#include "str.h"
#include "tables.h"

enum { MAX_PARTS = 12, KERNELS_PER_PART = 4 };

static uint32_t part_count(uint32_t kernels)
{
    uint32_t parts = (uint32_t)ceil_div(kernels, KERNELS_PER_PART);
    return parts < 1 ? 1 : parts > MAX_PARTS ? MAX_PARTS : parts;
}

/* Emits every parts-th kernel of those that have code of their own, from `first` on. */
static void emit_kernels(struct ir *ir, const struct object_input *in, const struct code *codes,
                         uint32_t first, uint32_t parts)
{
    struct arena arena;
    arena_init(&arena, "kernel names");
    for (uint32_t i = 0, own = 0; i < in->schedule->kernels.len; i++) {
        const struct kernel *k = &in->schedule->kernels.at[i];
        kernel_numbers known = {0};
        if (codes[i].kernel == i && own++ % parts == first)
            kernel_emit(ir, k->graph, k->node, entry_kernel_symbol(&arena, in->descriptor, k),
                        &arena, &known);
    }
    arena_clear(&arena);
}

/* The blob as a section of its own, taken from <dir>/blob by the assembler: LLVM would be slow with so
 * many constants. */
static void include_blob(struct ir *ir, const struct object_input *in, const char *dir)
{
    if (in->descriptor->blob == DESCRIPTOR_BLOB_CONTEXT)
        return;
    struct arena arena;
    arena_init(&arena, "blob");
    const char *path = arena_printf(&arena, "%s/blob", dir);
    const char *symbol = descriptor_blob_symbol(&arena, in->descriptor);
    struct strbuf text;
    strbuf_init(&text, &arena);
    strbuf_addf(&text,
                ".section .ftm_blob,\"a\",@progbits\n.balign 64\n.globl %s\n.hidden %s\n%s:\n"
                ".incbin \"",
                symbol, symbol, symbol);
    for (; *path; path++)
        strbuf_addf(&text, strchr("\"\\", *path) ? "\\%c" : "%c", *path);
    strbuf_add(&text, "\"\n.byte 0\n.text\n");
    LLVMAppendModuleInlineAsm(ir->module, text.text, text.len);
    arena_clear(&arena);
}

struct module {
    struct ir *ir;
    const char *path;
    char *error; /* LLVM's, or NULL */
    bool ok;
};

static bool start_module(struct module *m, struct arena *arena, const struct object_input *in,
                         const char *dir, uint32_t i)
{
    m->path = arena_printf(arena, "%s/%u.o", dir, i);
    m->ir = ir_new("ftmc", in->cpu, i == 0 ? IR_NONE : IR_SPEED);
    return m->ir != NULL;
}

/* Module 0 holds the entries and the blob, the others kernels. */
static void finish_module(struct module *m, const struct object_input *in, const struct code *codes,
                          const char *dir, uint32_t i, uint32_t parts)
{
    if (i == 0) {
        entry_emit_all(m->ir, in->schedule, codes, in->descriptor);
        include_blob(m->ir, in, dir);
    } else {
        emit_kernels(m->ir, in, codes, i - 1, parts);
    }
    m->ok = ir_optimize(m->ir, &m->error) && ir_write_object(m->ir, m->path, &m->error);
    ir_free(m->ir);
    m->ir = NULL;
}

static bool report(const struct object_input *in, char *error, const char *path)
{
    diag_report(in->diag, SPAN_NONE, DIAG_BACKEND, path, error ? error : "LLVM failed");
    if (error)
        LLVMDisposeMessage(error);
    return false;
}

static bool write_file(const struct object_input *in, const char *path, const void *data,
                       size_t bytes)
{
    if (replace_whole(path, data, bytes, NULL, 0) == FTMRT_OK)
        return true;
    diag_system(in->diag, path, errno);
    return false;
}

static bool write_tables(struct arena *arena, const struct object_input *in, const char *dir,
                         object_paths *paths)
{
    const char *path = arena_printf(arena, "%s/tables.c", dir);
    struct strbuf text;
    strbuf_init(&text, arena);
    tables_print(&text, in->descriptor, in->with_main);
    vec_push(arena, paths, path);
    return write_file(in, path, text.text, text.len);
}

bool object_write(struct arena *arena, const struct object_input *in, const char *dir,
                  object_paths *paths)
{
    struct module modules[MAX_PARTS + 1] = {0};
    const struct code *codes = code_of(arena, in->schedule, in->cpu);
    uint32_t parts = part_count(code_count(in->schedule, codes)), count = parts + 1;
    const struct ftmrt_program *p = &in->descriptor->program;
    if (!write_file(in, arena_printf(arena, "%s/blob", dir), p->blob, p->blob_size) ||
        !write_tables(arena, in, dir, paths))
        return false;
    for (uint32_t i = 0; i < count; i++)
        FTM_BUG_ON(!start_module(&modules[i], arena, in, dir, i),
                   "LLVM has no target machine for %s", in->cpu->name);
#pragma omp parallel for schedule(dynamic, 1)
    for (uint32_t i = 0; i < count; i++)
        finish_module(&modules[i], in, codes, dir, i, parts);
    bool ok = true;
    for (uint32_t i = 0; i < count; i++) {
        ok = modules[i].ok ? ok : report(in, modules[i].error, modules[i].path);
        vec_push(arena, paths, modules[i].path);
    }
    return ok;
}

static bool print_module(struct ir *ir, const char *path, char **error)
{
    char *text = LLVMPrintModuleToString(ir->module);
    bool ok = ir_write_file(path, text, strlen(text), error);
    LLVMDisposeMessage(text);
    return ok;
}

bool object_write_text(struct arena *arena, const struct object_input *in, enum object_text text,
                       const char *path)
{
    const struct code *codes = code_of(arena, in->schedule, in->cpu);
    struct ir *ir = ir_new("ftmc", in->cpu, IR_SPEED);
    FTM_BUG_ON(!ir, "LLVM has no target machine for %s", in->cpu->name);
    emit_kernels(ir, in, codes, 0, 1);
    entry_emit_all(ir, in->schedule, codes, in->descriptor);
    char *error = NULL;
    bool ok = ir_optimize(ir, &error);
    if (ok)
        ok = text == OBJECT_LLVM ? print_module(ir, path, &error)
                                 : ir_write_assembly(ir, path, &error);
    ir_free(ir);
    return ok || report(in, error, path);
}

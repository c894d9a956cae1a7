/* How a library comes about:
 *
 *     kernels, entries, blob, tables.c + runtime's archives --cc -r--> one object, without what nobody calls
 *       --objcopy--> the same, with digits_predict for ftmx_predict and everything else hidden in it
 *       --ar--> libdigits.a        --cc -shared--> libdigits.so
 *
 * As nothing but the header's functions is visible, libraries of two recipes, and of two versions of ftmc, go into one
 * program. */
#include "library.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ftmx.h"
#include "library_header.h"
#include "library_runtime.h"
#include "packed.h"
#include "recipe.h"
#include "replace.h"
#include "tables.h"
#include "tool.h"

/* What is made, in this order. */
enum library_file {
    FILE_ARCHIVE,
    FILE_SHARED,
    FILE_HEADER,
    FILE_PKGCONFIG,
    FILE_CMAKE,
    FILE_CMAKE_VERSION,
    FILE_WEIGHTS, /* only where they are not in the library */
    FILE_COUNT
};

static const char *const file_formats[FILE_COUNT] = {
    [FILE_ARCHIVE] = "lib%s.a",      [FILE_SHARED] = "lib%s.so",
    [FILE_HEADER] = "%s.h",          [FILE_PKGCONFIG] = "%s.pc",
    [FILE_CMAKE] = "%sConfig.cmake", [FILE_CMAKE_VERSION] = "%sConfigVersion.cmake",
    [FILE_WEIGHTS] = "%s.weights",
};

struct library {
    const struct library_job *job;
    const char *folder; /* where the files are until all are made */
    int file_count;     /* of enum library_file */
    library_names functions;
};

static const char *file_name(struct arena *arena, const char *format, const char *name)
{
    const char *at = strstr(format, "%s");
    return arena_printf(arena, "%.*s%s%s", (int)(at - format), format, name, at + 2);
}

static const char *path_in(const struct library *l, const char *folder, enum library_file file)
{
    const struct library_job *job = l->job;
    return arena_printf(job->arena, "%s/%s", folder,
                        file_name(job->arena, file_formats[file], job->descriptor->name));
}

static void push(const struct library *l, tool_words *w, const char *word)
{
    vec_push(l->job->arena, w, word);
}

static bool run(const struct library *l, tool_words *w)
{
    push(l, w, NULL);
    return tool_run(l->job->arena, l->job->diag, w, l->job->output);
}

/* ---- code ---- */

struct without {
    const struct library *library;
    tool_words *words;
};

/* A transform that the recipe does not run is not there: whoever looks it up finds 0. */
static void leave_out(void *user, const char *name, bool mix, bool named)
{
    const struct without *w = user;
    struct arena *arena = w->library->job->arena;
    const char *run = arena_printf(arena, "-Wl,--defsym=run_%s%s=0", mix ? "batch_" : "", name);
    if (named)
        return;
    push(w->library, w->words, run);
    if (!mix)
        push(w->library, w->words, arena_printf(arena, "-Wl,--defsym=size_%s=0", name));
}

/* All code and data that the functions want, as one object. */
static bool link_object(const struct library *l, const char *output)
{
    tool_words w = {0};
    tool_add_compiler(l->job->arena, l->job->target, &w);
    push(l, &w, "-o");
    push(l, &w, output);
    if (!tool_add_tables_options(l->job->arena, l->job->diag, &w))
        return false;
    static const char *const words[] = {"-r", "-nostdlib", "-Wl,--gc-sections"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        push(l, &w, words[i]);
    for (uint32_t i = 0; i < l->functions.len; i++)
        push(l, &w, arena_printf(l->job->arena, "-Wl,-u,%s", l->functions.at[i]));
    if (target_is_host(
            l->job->target)) /* elsewhere all source is compiled, and all of them are there */
        tables_transforms(l->job->descriptor->program.recipe, false, leave_out,
                          &(struct without){l, &w});
    for (uint32_t i = 0; i < l->job->objects->len; i++)
        push(l, &w, l->job->objects->at[i]);
    return library_runtime_add(l->job->arena, l->job->diag, l->job->target, l->job->threads, &w) &&
           run(l, &w);
}

/* Gives the functions their names; whatever else has one becomes the object's own. */
static bool name_functions(const struct library *l, const char *input, const char *output)
{
    struct arena *arena = l->job->arena;
    tool_words w = {0};
    tool_add_program(arena, l->job->target, "OBJCOPY", "objcopy", &w);
    for (uint32_t i = 0; i < l->functions.len; i++) {
        const char *from = l->functions.at[i];
        const char *to = library_named(arena, l->job->descriptor, from);
        push(l, &w, arena_printf(arena, "--redefine-sym=%s=%s", from, to));
        push(l, &w, arena_printf(arena, "--keep-global-symbol=%s", to));
    }
    push(l, &w, "--strip-unneeded"); /* names that only left out code wanted */
    push(l, &w, input);
    push(l, &w, output);
    return run(l, &w);
}

static bool make_archive(const struct library *l, const char *object)
{
    tool_words w = {0};
    tool_add_program(l->job->arena, l->job->target, "AR", "ar", &w);
    push(l, &w, "rcsD");
    push(l, &w, path_in(l, l->folder, FILE_ARCHIVE));
    push(l, &w, object);
    return run(l, &w);
}

/* Without the compiler's start files, which have a constructor and a variable. */
static bool make_shared(const struct library *l, const char *object)
{
    static const char *const words[] = {"-shared", "-nostartfiles", "-Wl,-z,relro", "-Wl,-z,now",
                                        "-Wl,--build-id=none"};
#ifdef FTM_SANITIZE
    static const char sanitized[] = "-fsanitize=" FTM_SANITIZE;
#else
    static const char sanitized[] = "-Wl,-z,defs";
#endif
    struct arena *arena = l->job->arena;
    const char *output = path_in(l, l->folder, FILE_SHARED);
    tool_words w = {0};
    tool_add_compiler(arena, l->job->target, &w);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        push(l, &w, words[i]);
    push(l, &w, target_is_host(l->job->target) ? sanitized : "-Wl,-z,defs");
    push(l, &w, arena_printf(arena, "-Wl,-z,max-page-size=%u", l->job->target->page));
    push(l, &w, arena_printf(arena, "-Wl,-soname,lib%s.so", l->job->descriptor->name));
    push(l, &w, "-o");
    push(l, &w, output);
    push(l, &w, object);
    if (l->job->threads) {
        push(l, &w, "-fopenmp");
        push(l, &w, "-Wl,-z,nodelete"); /* OpenMP's threads outlive a dlclose */
    }
    push(l, &w, "-lm");
    return run(l, &w);
}

static bool make_code(const struct library *l)
{
    struct arena *arena = l->job->arena;
    const char *linked = arena_printf(arena, "%s/linked.o", l->job->work);
    const char *object = arena_printf(arena, "%s/%s.o", l->job->work, l->job->descriptor->name);
    const bool ok = link_object(l, linked) && name_functions(l, linked, object) &&
                    make_archive(l, object) && make_shared(l, object);
    unlink(linked);
    unlink(object);
    return ok;
}

/* ---- texts ---- */

static bool write_text(const struct library *l, enum library_file file, const struct strbuf *text)
{
    const char *path = path_in(l, l->folder, file);
    if (replace_whole(path, text->text, text->len, NULL, 0) == FTMRT_OK)
        return true;
    diag_system(l->job->diag, path, errno);
    return false;
}

static bool make_header(const struct library *l)
{
    struct strbuf text;
    strbuf_init(&text, l->job->arena);
    return library_header(&text, l->job->diag, l->job->descriptor) &&
           write_text(l, FILE_HEADER, &text);
}

/* What a program is linked with behind a static library. */
static const char *static_words(const struct library *l)
{
    return l->job->threads ? "-fopenmp -lm" : "-lm";
}

/* What a package begins with. Its version is that of the interface: what else differs between two libraries of one recipe are hashes. */
static void add_origin(const struct library *l, struct strbuf *text)
{
    const struct ftmrt_program *p = &l->job->descriptor->program;
    strbuf_addf(text, "# Of recipe %016" PRIx64 " and weights %016" PRIx64 ", made by %s.\n\n",
                ftmrt_name_hash(p->resolved), p->identity.weights, p->compiler);
}

/* Both packages find the library beside themselves. */
static bool make_pkgconfig(const struct library *l)
{
    const char *name = l->job->descriptor->name;
    struct strbuf text;
    strbuf_init(&text, l->job->arena);
    add_origin(l, &text);
    strbuf_addf(&text,
                "prefix=${pcfiledir}\n\nName: %s\nDescription: %s for %s\nVersion: %d\n"
                "Cflags: -I\"${prefix}\"\nLibs: -L\"${prefix}\" -l%s\nLibs.private: %s\n",
                name, name, l->job->descriptor->program.cpu, FTMX_ABI_VERSION, name,
                static_words(l));
    return write_text(l, FILE_PKGCONFIG, &text);
}

static bool make_cmake(const struct library *l)
{
    const char *name = l->job->descriptor->name;
    struct strbuf text;
    strbuf_init(&text, l->job->arena);
    add_origin(l, &text);
    for (int shared = 1; shared >= 0; shared--) {
        const char *target = arena_printf(l->job->arena, "%s::%s", name, shared ? name : "static");
        const char *file =
            file_name(l->job->arena, file_formats[shared ? FILE_SHARED : FILE_ARCHIVE], name);
        strbuf_addf(&text,
                    "if(NOT TARGET %s)\n"
                    "    add_library(%s %s IMPORTED)\n"
                    "    set_target_properties(%s PROPERTIES\n"
                    "        IMPORTED_LOCATION \"${CMAKE_CURRENT_LIST_DIR}/%s\"\n"
                    "        INTERFACE_INCLUDE_DIRECTORIES \"${CMAKE_CURRENT_LIST_DIR}\"",
                    target, target, shared ? "SHARED" : "STATIC", target, file);
        if (!shared)
            strbuf_addf(&text, "\n        INTERFACE_LINK_LIBRARIES \"%s\"",
                        l->job->threads ? "-fopenmp;m" : "m");
        strbuf_add(&text, ")\nendif()\n");
    }
    return write_text(l, FILE_CMAKE, &text);
}

/* An interface of another number is another one, older or newer. */
static bool make_cmake_version(const struct library *l)
{
    struct strbuf text;
    strbuf_init(&text, l->job->arena);
    add_origin(l, &text);
    strbuf_addf(&text,
                "set(PACKAGE_VERSION %d)\n"
                "if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)\n"
                "    set(PACKAGE_VERSION_COMPATIBLE TRUE)\n"
                "    set(PACKAGE_VERSION_EXACT TRUE)\n"
                "else()\n"
                "    set(PACKAGE_VERSION_COMPATIBLE FALSE)\n"
                "endif()\n",
                FTMX_ABI_VERSION);
    return write_text(l, FILE_CMAKE_VERSION, &text);
}

/* ---- weights ---- */

/* The names of the classes, each with its NUL. */
static uint32_t class_names(const struct descriptor *d, struct strbuf *names)
{
    const struct ftmrt_arg *labels =
        ftmrt_call_arg(&d->program.recipe->finetune, FTMRT_PARAM_finetune_labels);
    const uint32_t count = labels->kind == FTMRT_ARG_TEXTS ? labels->count : 0;
    for (uint32_t i = 0; i < count; i++)
        strbuf_addn(names, labels->texts[i], strlen(labels->texts[i]) + 1);
    return count;
}

/* The facts of the weight file, each with its NUL. */
static void add_source(const struct ftmrt_source *source, struct strbuf *texts)
{
#define FTMRT_SOURCE_FACT(name, key, meaning)                                                      \
    strbuf_addn(texts, source->name, strlen(source->name) + 1);
#include "source_fact.def"
#undef FTMRT_SOURCE_FACT
}

static bool write_parts(struct replace_file *f, const struct packed_header *h,
                        const struct strbuf *texts, const unsigned char *blob)
{
    static const unsigned char padding[PACKED_ALIGNMENT];
    const size_t before = sizeof *h + texts->len;
    return replace_write(f, h, sizeof *h, NULL, 0) == FTMRT_OK &&
           replace_write(f, texts->text, texts->len, NULL, 0) == FTMRT_OK &&
           replace_write(f, padding, h->blob_at - before, NULL, 0) == FTMRT_OK &&
           replace_write(f, blob, h->blob_bytes, NULL, 0) == FTMRT_OK &&
           replace_commit(f, NULL, 0) == FTMRT_OK;
}

static bool make_weights(const struct library *l)
{
    const struct descriptor *d = l->job->descriptor;
    const char *path = path_in(l, l->folder, FILE_WEIGHTS);
    struct strbuf texts;
    struct replace_file f;
    if (l->file_count <= FILE_WEIGHTS)
        return true;
    strbuf_init(&texts, l->job->arena);
    strbuf_add(&texts, "");
    const uint32_t count = class_names(d, &texts);
    if (d->program.source)
        add_source(d->program.source, &texts);
    const struct packed_header h = packed_header_of(&d->program, texts.text, texts.len, count);
    if (replace_open(&f, path, NULL, 0) == FTMRT_OK) {
        if (write_parts(&f, &h, &texts, d->program.blob))
            return true;
        const int error = errno;
        replace_abort(&f);
        errno = error;
    }
    diag_system(l->job->diag, path, errno);
    return false;
}

/* ---- the folder ---- */

static void remove_folder(const struct library *l)
{
    for (int file = 0; file < l->file_count; file++)
        unlink(path_in(l, l->folder, (enum library_file)file));
    rmdir(l->folder);
}

/* Moves the files to where they belong: the folder as a whole where there is none yet. */
static bool publish(const struct library *l)
{
    const char *output = l->job->output;
    if (rename(l->folder, output) == 0)
        return true;
    for (int file = 0; file < l->file_count; file++) {
        const char *to = path_in(l, output, (enum library_file)file);
        if (rename(path_in(l, l->folder, (enum library_file)file), to) == 0)
            continue;
        diag_system(l->job->diag, to, errno);
        return false;
    }
    return rmdir(l->folder) == 0;
}

bool library_make(const struct library_job *job)
{
    struct library l = {
        .job = job, .folder = arena_printf(job->arena, "%s.tmp%ld", job->output, (long)getpid())};
    l.file_count = job->descriptor->blob == DESCRIPTOR_BLOB_CONTEXT ? FILE_COUNT : FILE_WEIGHTS;
    library_functions(job->arena, job->descriptor, &l.functions);
    if (mkdir(l.folder, 0777) != 0) {
        diag_system(job->diag, l.folder, errno);
        return false;
    }
    const bool ok = make_header(&l) && make_code(&l) && make_pkgconfig(&l) && make_cmake(&l) &&
                    make_cmake_version(&l) && make_weights(&l) && publish(&l);
    if (!ok)
        remove_folder(&l);
    return ok;
}

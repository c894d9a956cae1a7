/* Trained files: saving the states of a session and taking them back.
 *
 * A file is accepted as a whole before the first state changes, so a bad file leaves the session as
 * it was. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "safetensors.h"
#include "session.h"

static bool is_frozen(const struct ftmrt_state *s) { return !(s->flags & FTMRT_MUTABLE); }

/* Fills the entry of one state; data is allocated unless it lies in the blob. */
static bool fill_tensor(const struct session *s, uint32_t index, struct st_tensor *t)
{
    const struct ftmrt_program *p = s->program;
    const struct ftmrt_state *state = &p->states[index];
    *t = (struct st_tensor){
        .name = state->name, .dtype = (enum ftmrt_dtype)state->dtype, .rank = state->rank};
    memcpy(t->dim, state->dim, state->rank * sizeof *t->dim);
    t->bytes = (uint64_t)ftmrt_elements(state->rank, state->dim) * ftmrt_dtype_size(t->dtype);
    if (is_frozen(state) && state->source >= 0) {
        const struct ftmrt_tensor *source = &p->tensors[state->source];
        t->dtype = (enum ftmrt_dtype)source->dtype;
        t->bytes = source->bytes;
        t->data = p->blob + source->offset;
        return true;
    }
    unsigned char *data = app_alloc((size_t)t->bytes, 1);
    t->data = data;
    return ftmrt_get_state(p, s->workspace, index, data, (size_t)t->bytes) == FTMRT_OK;
}

static bool in_blob(const struct ftmrt_program *p, const unsigned char *data)
{
    return data >= p->blob && data < p->blob + p->blob_size;
}

static char *class_names(const struct config *c)
{
    char *names = app_strdup("");
    for (int64_t k = 0; k < c->classes; k++) {
        char *next = app_format("%s%s%s", names, k ? "\n" : "", c->labels[k]);
        free(names);
        names = next;
    }
    return names;
}

static bool write_tensors(const struct session *s, const struct st_file *tensors, const char *path,
                          uint64_t seed, int64_t epoch)
{
    char *seed_text = app_format("%llu", (unsigned long long)seed),
         *epoch_text = app_format("%lld", (long long)epoch);
    char *classes = class_names(&s->config), error[512];
    char *recipe = app_format("%016llx", (unsigned long long)ftmrt_name_hash(s->program->resolved));
    struct st_metadata metadata[] = {
        {"format", "pt"},
        {"program", s->program->name},
        {"compiler", s->program->compiler},
        {"classes", classes},
        {"preprocess", s->config.preprocess},
        {"recipe_hash", recipe},
        {"seed", seed_text},
        {"epoch", epoch_text},
    };
    struct st_file f = *tensors;
    f.metadata = metadata;
    f.metadata_count = sizeof(metadata) / sizeof(*metadata);
    enum ftmrt_status status = st_write(&f, path, error, sizeof(error));
    free(seed_text);
    free(epoch_text);
    free(classes);
    free(recipe);
    return status == FTMRT_OK || report_error("%s", error);
}

bool session_save(const struct session *s, const char *path, uint64_t seed, int64_t epoch)
{
    const struct ftmrt_program *p = s->program;
    struct st_file f = {.tensors = app_alloc(p->state_count, sizeof(struct st_tensor))};
    bool ok = true;
    for (uint32_t i = 0; ok && i < p->state_count; i++)
        if (p->states[i].kind != FTMRT_STATE_SLOT)
            ok = fill_tensor(s, i, &f.tensors[f.tensor_count++]) ||
                 report_error("%s: cannot be read back", p->states[i].name);
    ok = ok && write_tensors(s, &f, path, seed, epoch);
    for (size_t i = 0; i < f.tensor_count; i++)
        if (!in_blob(p, f.tensors[i].data))
            free((void *)(uintptr_t)f.tensors[i].data);
    free(f.tensors);
    return ok;
}

/* ---- loading ---- */

static bool same_shape(const struct ftmrt_state *s, const struct st_tensor *t)
{
    bool same = s->rank == t->rank;
    for (uint32_t i = 0; same && i < s->rank; i++)
        same = s->dim[i] == t->dim[i];
    return same;
}

/* Whether a file's tensor may become state `index`. */
static bool check_tensor(const struct ftmrt_program *p, const struct ftmrt_state *s,
                         const struct st_tensor *t, const char *path)
{
    if (!t)
        return report_error("%s: has no tensor '%s', so it is not a trained file of this program",
                            path, s->name);
    if (t->unsupported || !same_shape(s, t))
        return report_error("%s: tensor '%s' has another shape or type than this program's", path,
                            s->name);
    if (is_frozen(s) && s->source >= 0) {
        const struct ftmrt_tensor *source = &p->tensors[s->source];
        if (t->dtype != (enum ftmrt_dtype)source->dtype || t->bytes != source->bytes ||
            memcmp(t->data, p->blob + source->offset, (size_t)t->bytes) != 0)
            return report_error(
                "%s: the frozen tensor '%s' differs from the program's: the file belongs to other "
                "pretrained weights",
                path, s->name);
        return true;
    }
    return t->dtype == (enum ftmrt_dtype)s->dtype ||
           report_error("%s: tensor '%s' is %s, expected %s", path, s->name,
                        ftmrt_dtype_name(t->dtype), ftmrt_dtype_name((enum ftmrt_dtype)s->dtype));
}

static bool take_tensors(struct session *s, const struct st_file *f, const char *path)
{
    const struct ftmrt_program *p = s->program;
    for (uint32_t i = 0; i < p->state_count; i++)
        if (p->states[i].kind != FTMRT_STATE_SLOT &&
            !check_tensor(p, &p->states[i], st_find(f, p->states[i].name), path))
            return false;
    for (uint32_t i = 0; i < p->state_count; i++) {
        if (p->states[i].kind == FTMRT_STATE_SLOT || is_frozen(&p->states[i]))
            continue;
        const struct st_tensor *t = st_find(f, p->states[i].name);
        enum ftmrt_status status = ftmrt_set_state(p, s->workspace, i, t->data, (size_t)t->bytes);
        if (status != FTMRT_OK)
            return report_error("%s: tensor '%s': %s", path, t->name, ftmrt_status_text(status));
    }
    return true;
}

bool session_load(struct session *s, const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) {
        report_error("%s: %s", path, fd < 0 ? strerror(errno) : "not a file of weights");
        if (fd >= 0)
            close(fd);
        return false;
    }
    size_t size = (size_t)info.st_size;
    void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED)
        return report_error("%s: %s", path, strerror(errno));
    struct st_file f;
    char error[512];
    bool pytorch = size > 4 && (!memcmp(data, "PK\003\004", 4) || *(unsigned char *)data == 0x80);
    bool ok = st_read(&f, data, size, error, sizeof(error)) == FTMRT_OK;
    if (!ok)
        report_error("%s: %s", path,
                     pytorch ? "a PyTorch file; trained files are safetensors" : error);
    else
        ok = take_tensors(s, &f, path);
    if (f.header)
        st_free(&f);
    munmap(data, size);
    return ok;
}

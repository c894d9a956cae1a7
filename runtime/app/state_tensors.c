/* States as tensors of files. */
#include "state_tensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

bool state_tensor_take(const struct session *s, uint32_t state, struct st_tensor *t)
{
    const struct ftmrt_program *p = s->program;
    const struct ftmrt_state *from = &p->states[state];
    *t = (struct st_tensor){
        .name = from->name, .dtype = (enum ftmrt_dtype)from->dtype, .rank = from->rank};
    memcpy(t->dim, from->dim, from->rank * sizeof *t->dim);
    t->bytes = (uint64_t)ftmrt_elements(from->rank, from->dim) * ftmrt_dtype_size(t->dtype);
    if (!(from->flags & FTMRT_MUTABLE) && from->source >= 0) {
        const struct ftmrt_tensor *source = &p->tensors[from->source];
        t->dtype = (enum ftmrt_dtype)source->dtype;
        t->bytes = source->bytes;
        t->data = p->blob + source->offset;
        return true;
    }
    unsigned char *data = app_alloc((size_t)t->bytes, 1);
    t->data = data;
    return ftmrt_get_state(p, s->workspace, state, data, (size_t)t->bytes) == FTMRT_OK ||
           report_error("%s: cannot be read back", from->name);
}

void state_tensor_free(const struct session *s, const struct st_tensor *t)
{
    const struct ftmrt_program *p = s->program;
    const bool in_blob = t->data >= p->blob && t->data < p->blob + p->blob_size;
    if (!in_blob)
        free((void *)(uintptr_t)t->data);
}

static bool same_shape(const struct ftmrt_state *s, const struct st_tensor *t)
{
    bool same = s->rank == t->rank;
    for (uint32_t i = 0; same && i < s->rank; i++)
        same = s->dim[i] == t->dim[i];
    return same;
}

/* "[16, 3, 3, 3]"; allocated. */
static char *shape_text(uint32_t rank, const int64_t *dim)
{
    char *text = app_strdup("[");
    for (uint32_t i = 0; i < rank; i++) {
        char *longer = app_format("%s%s%lld", text, i ? ", " : "", (long long)dim[i]);
        free(text);
        text = longer;
    }
    char *whole = app_format("%s]", text);
    free(text);
    return whole;
}

static bool refuse_shape(const struct ftmrt_state *s, const struct st_tensor *t, const char *path)
{
    char *there = shape_text(t->rank, t->dim), *here = shape_text(s->rank, s->dim);
    report_error("%s: tensor '%s' is %s there and %s in this program: the file is of another "
                 "network; train again, or compile the recipe that it was made with",
                 path, s->name, there, here);
    free(there);
    free(here);
    return false;
}

/* A file may have its floats in its source's type (`save = as_source`). */
static bool takes_type(enum ftmrt_dtype state, enum ftmrt_dtype tensor)
{
    return state == tensor || (state == FTMRT_F32 && ftmrt_dtype_is_float(tensor));
}

bool state_tensor_check(const struct ftmrt_state *state, const struct st_tensor *t,
                        const char *path)
{
    if (!t)
        return report_error("%s: has no tensor '%s', so it is not a trained file of this program",
                            path, state->name);
    if (t->unsupported)
        return report_error("%s: tensor '%s' is %s, which is not read", path, state->name,
                            t->unsupported);
    if (!same_shape(state, t))
        return refuse_shape(state, t, path);
    return takes_type((enum ftmrt_dtype)state->dtype, t->dtype) ||
           report_error("%s: tensor '%s' is %s, expected %s", path, state->name,
                        ftmrt_dtype_name(t->dtype),
                        ftmrt_dtype_name((enum ftmrt_dtype)state->dtype));
}

/* Bytes at any address and of any float type, which a state wants at its type's, and in it. */
static const void *as_state(const struct ftmrt_state *s, const struct st_tensor *t, void **copy)
{
    const enum ftmrt_dtype type = (enum ftmrt_dtype)s->dtype;
    *copy = NULL;
    if (t->dtype == type && (uintptr_t)t->data % ftmrt_dtype_size(type) == 0)
        return t->data;
    const int64_t count = ftmrt_elements(s->rank, s->dim);
    *copy = app_alloc((size_t)count, ftmrt_dtype_size(type));
    ftmrt_convert(t->dtype, t->data, type, *copy, count);
    return *copy;
}

bool state_tensor_give(struct session *s, uint32_t state, const struct st_tensor *t,
                       const char *path)
{
    void *copy;
    const struct ftmrt_state *to = &s->program->states[state];
    const void *data = as_state(to, t, &copy);
    const enum ftmrt_status status =
        ftmrt_set_state(s->program, s->workspace, state, data, ftmrt_state_bytes(to));
    free(copy);
    return status == FTMRT_OK ||
           report_error("%s: tensor '%s': %s", path, t->name, ftmrt_status_text(status));
}

/* ---- files ---- */

static bool map_file(struct state_file *f, const char *path)
{
    struct stat info;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) {
        report_error("%s: %s", path, fd < 0 ? strerror(errno) : "not a file of weights");
        if (fd >= 0)
            close(fd);
        return false;
    }
    f->size = (size_t)info.st_size;
    f->data = mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (f->data != MAP_FAILED)
        return true;
    report_error("%s: %s", path, strerror(errno));
    return false;
}

/* Whether a file that is no whole safetensors file begins as PyTorch's do: a zip archive, or a pickle, whose first byte may be that
 * of a header's length, too. */
static bool is_pytorch(const unsigned char *bytes, size_t size)
{
    return size > 8 && (!memcmp(bytes, "PK\003\004", 4) || (bytes[0] == 0x80 && bytes[8] != '{'));
}

bool state_file_open(struct state_file *f, const char *path)
{
    char error[512];
    *f = (struct state_file){0};
    if (!map_file(f, path))
        return false;
    if (st_read(&f->st, f->data, f->size, error, sizeof error) == FTMRT_OK)
        return true;
    const bool pytorch = is_pytorch(f->data, f->size);
    munmap(f->data, f->size);
    if (!pytorch)
        return report_error("%s: %s", path, error);
    return report_error("%s: a PyTorch file; --weights takes what training left (safetensors). "
                        "Pretrained weights are named in the recipe, as in `weights = \"%s\"`, "
                        "and the recipe compiled",
                        path, path);
}

void state_file_close(struct state_file *f)
{
    st_free(&f->st);
    munmap(f->data, f->size);
}

/* A model whose weights are a file that is mapped. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "embed.h"

static void unmap(struct model *m) { munmap(m->map, m->map_bytes); }

static ftmx_status map_file(const char *path, void **map, size_t *bytes)
{
    struct stat info;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return FTMX_ERROR_IO;
    const bool file = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (!file || info.st_size <= 0) {
        close(fd);
        return file ? FTMX_ERROR_FORMAT : FTMX_ERROR_IO;
    }
    *bytes = (size_t)info.st_size;
    *map = mmap(NULL, *bytes, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return *map == MAP_FAILED ? FTMX_ERROR_IO : FTMX_OK;
}

ftmx_status ftmx_model_map(ftmx_model *model, uint32_t abi, const char *path)
{
    struct model opened;
    void *map;
    size_t bytes;
    if (!model_is_aligned(model) || !path)
        return FTMX_ERROR_ARGUMENT;
    ftmx_status status = map_file(path, &map, &bytes);
    if (status != FTMX_OK)
        return status;
    status = model_make(&opened, abi, map, bytes);
    if (status != FTMX_OK) {
        munmap(map, bytes);
        return status;
    }
    opened.release = unmap;
    opened.map = map;
    opened.map_bytes = bytes;
    model_put(model, &opened);
    return FTMX_OK;
}

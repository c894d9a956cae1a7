/* link: ftmrt_picture */
/* No bytes make a decoder of pictures crash; what it decodes fills the memory that it asked for. The first byte chooses
 * options. */
#include "fuzz.h"

#include <stdlib.h>

#include "picture.h"

enum { MOST = 1 << 22 }; /* bytes of pixels */

static unsigned char *need(void *owner, size_t size)
{
    unsigned char **at = owner;
    free(*at);
    *at = size <= MOST ? malloc(size) : NULL;
    return *at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *memory = NULL;
    struct ftmrt_picture p;
    struct ftmrt_picture_report r;
    if (size == 0)
        return 0;
    const struct ftmrt_picture_options options = {.alpha = (enum ftmrt_alpha)(data[0] % 3),
                                                  .exif = (enum ftmrt_exif)(data[0] / 3 % 2),
                                                  .least = {.shorter = data[0] / 6}};
    if (ftmrt_picture_decode(data + 1, size - 1, &options,
                             (struct ftmrt_pixel_memory){need, &memory}, &p, &r))
        fuzz_touch(p.pixels, (uint64_t)(p.height * p.width * p.channels));
    else if (!r.error[0])
        abort();
    free(memory);
    return 0;
}

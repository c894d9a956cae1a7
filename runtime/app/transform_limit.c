/* A thin picture whose shorter side is made longer becomes a huge one. */
#include "transform_limit.h"

#include "report.h"

enum { SPACE_LIMIT_MB = 1024 };

char *transform_limit_defect(const struct ftmrt_transform_task *t,
                             const struct ftmrt_picture *picture)
{
    const uint64_t megabytes = ftmrt_transform_space(t, picture) >> 20;
    if (megabytes < SPACE_LIMIT_MB)
        return NULL;
    return app_format("the transforms of %lld x %lld pixels would take %llu MB of memory; the "
                      "limit is %d MB; crop it, or use resize(height, width) or pad_square()",
                      (long long)picture->width, (long long)picture->height,
                      (unsigned long long)megabytes, SPACE_LIMIT_MB);
}

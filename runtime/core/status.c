/* Texts of the statuses, from their table. */
#include "core.h"

const char *ftmrt_status_text(enum ftmrt_status status)
{
    static const char *const texts[] = {
#define FTMRT_STATUS(name, text) text,
#include "status.def"
#undef FTMRT_STATUS
    };
    const unsigned index = (unsigned)status;
    return index < sizeof texts / sizeof texts[0] ? texts[index] : "unknown status";
}

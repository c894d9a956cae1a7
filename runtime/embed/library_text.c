/* What a library says of itself. */
#include "ftmx.h"

const char *ftmx_status_text(ftmx_status status)
{
    switch (status) {
#define FTMX_STATUS(name, number, text)                                                            \
    case FTMX_##name: return text;
#include "library_status.def"
#undef FTMX_STATUS
    }
    return "no status of this library";
}

uint32_t ftmx_abi_version(void) { return FTMX_ABI_VERSION; }

/* Makes a shared object of compiled objects, for tests that load what they have compiled. */
#ifndef FTM_TESTS_LINK_SHARED_H
#define FTM_TESTS_LINK_SHARED_H

#include <stdbool.h>
#include <stdint.h>

enum { LINK_SHARED_MAX = 64 };

/* Links at most LINK_SHARED_MAX objects and C texts that include ftmrt.h with `cc -shared`; false if it cannot be started or fails. */
bool link_shared(const char *output, const char *const *objects, uint32_t count);

#endif

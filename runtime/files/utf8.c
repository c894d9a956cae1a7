#include "utf8.h"

#include <stdbool.h>

static bool continues(unsigned char c) { return (c & 0xc0) == 0x80; }

size_t utf8_length(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    const unsigned char c = s[0];
    const size_t length = c < 0x80   ? 1
                          : c < 0xc2 ? 0
                          : c < 0xe0 ? 2
                          : c < 0xf0 ? 3
                          : c < 0xf5 ? 4
                                     : 0;
    for (size_t i = 1; i < length; i++)
        if (!continues(s[i]))
            return 0;
    const bool too_long = (c == 0xe0 && s[1] < 0xa0) || (c == 0xf0 && s[1] < 0x90),
               none = (c == 0xed && s[1] >= 0xa0) || (c == 0xf4 && s[1] >= 0x90);
    return too_long || none ? 0 : length;
}

/* Words of the text form that come from tables of the runtime. */
#include "text_words.h"

#include <stddef.h>
#include <string.h>

const char *text_role_word(unsigned role)
{
    static const char *const words[] = {
#define FTMRT_ROLE(name, word, input, output, meaning) word,
#include "role.def"
#undef FTMRT_ROLE
    };
    return role < sizeof words / sizeof words[0] ? words[role] : NULL;
}

const char *text_entry_word(unsigned kind)
{
    static const char *const words[] = {
#define FTMRT_ENTRY_KIND(name, word, meaning) word,
#include "entry_kind.def"
#undef FTMRT_ENTRY_KIND
    };
    return kind < sizeof words / sizeof words[0] ? words[kind] : NULL;
}

enum ftmrt_entry_kind text_kind_by_name(const char *function)
{
    return strcmp(function, "eval") == 0 ? FTMRT_ENTRY_EVAL : FTMRT_ENTRY_PREDICT;
}

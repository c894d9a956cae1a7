/* The rows of page_style.def as CSS. */
#include "html.h"

static const char *const lines[] = {
    ":root {\n",
#define PAGE_COLOUR(name, light, dark) "  --" #name ": " light ";\n",
#include "page_style.def"
    "}\n@media (prefers-color-scheme: dark) { :root {\n",
#define PAGE_COLOUR(name, light, dark) "  --" #name ": " dark ";\n",
#include "page_style.def"
    "} }\n",
#define PAGE_STYLE(selector, declarations) selector " { " declarations " }\n",
#include "page_style.def"
};

void page_style(FILE *out)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        fputs(lines[i], out);
}

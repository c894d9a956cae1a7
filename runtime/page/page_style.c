/* The rows of page_style.def as CSS. */
#include "html.h"

void page_style(FILE *out)
{
    fputs(":root {\n", out);
#define PAGE_COLOUR(name, light, dark) fputs("  --" #name ": " light ";\n", out);
#include "page_style.def"
    fputs("}\n@media (prefers-color-scheme: dark) { :root {\n", out);
#define PAGE_COLOUR(name, light, dark) fputs("  --" #name ": " dark ";\n", out);
#include "page_style.def"
    fputs("} }\n", out);
#define PAGE_STYLE(selector, declarations) fputs(selector " { " declarations " }\n", out);
#include "page_style.def"
}

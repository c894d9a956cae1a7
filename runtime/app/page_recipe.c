/* The recipe, with every default filled in. */
#include <stdio.h>
#include <stdlib.h>

#include "html.h"
#include "report.h"
#include "run_page.h"

void page_recipe(const struct run_page *p)
{
    char *path = app_format("%s/recipe.ftm", p->folder), *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "re");
    free(path);
    if (!f)
        return;
    fputs(
        "<details open><summary>As it was compiled, with every default filled in</summary>\n<pre>",
        p->out);
    while (getline(&line, &room, f) > 0)
        html_text(p->out, line);
    fputs("</pre></details>\n", p->out);
    free(line);
    fclose(f);
}

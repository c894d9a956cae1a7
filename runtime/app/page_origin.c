/* What made the run: program, machine, time, command, hashes. */
#include <math.h>
#include <string.h>

#include "html.h"
#include "progress_line.h"
#include "run_page.h"

static void write_text(const struct run_page *p, const char *what, const char *key)
{
    const char *text = run_record_text(&p->record, key);
    if (*text)
        html(p->out, "<tr><td>%s</td><td><bdi>%s</bdi></td></tr>\n", what, text);
}

static void write_number(const struct run_page *p, const char *what, const char *key)
{
    const double v = run_record_number(&p->record, NULL, key);
    if (isfinite(v))
        html(p->out, "<tr><td>%s</td><td>%.0f</td></tr>\n", what, v);
}

static void write_cost(const struct run_page *p)
{
    const double seconds = run_record_number(&p->record, NULL, "seconds"),
                 bytes = run_record_number(&p->record, NULL, "peak_memory_bytes");
    char time[32];
    if (isfinite(seconds)) {
        progress_time_text(time, sizeof time, seconds);
        html(p->out, "<tr><td>time</td><td>%s (%.1f s)</td></tr>\n", time, seconds);
    }
    if (isfinite(bytes))
        html(p->out, "<tr><td>most memory</td><td>%.0f MB</td></tr>\n", bytes / 1e6);
}

static void write_command(const struct run_page *p)
{
    fputs("<tr><td>command</td><td><code>", p->out);
    for (int i = 0; i < p->record.argc; i++)
        html(p->out, "%s%s", i ? " " : "", p->record.argv[i]);
    fputs("</code></td></tr>\n", p->out);
}

void page_origin(const struct run_page *p)
{
    static const char *const hashes[] = {"recipe_hash",  "data_hash",    "split_hash",
                                         "graph_hash",   "weights_hash", "transform_hash",
                                         "classes_hash", "compiler_hash"};
    fputs("<div class=\"wide\"><table class=\"facts\">\n", p->out);
    write_text(p, "compiler", "compiler");
    write_text(p, "instructions", "cpu");
    write_text(p, "processor", "processor");
    write_number(p, "threads", "threads");
    write_number(p, "seed", "seed");
    write_number(p, "steps", "steps");
    write_number(p, "gone on after a break", "resumed");
    write_cost(p);
    write_text(p, "written", "written");
    write_command(p);
    write_text(p, "in", "working_folder");
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        char what[32];
        snprintf(what, sizeof what, "hash of %.*s", (int)strcspn(hashes[i], "_"), hashes[i]);
        write_text(p, what, hashes[i]);
    }
    fputs("</table></div>\n", p->out);
}

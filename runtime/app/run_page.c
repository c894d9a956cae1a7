#include "run_page.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "html.h"
#include "page_file.h"
#include "report.h"

const struct run_page_part run_page_parts[RUN_PAGE_PARTS] = {
    [PART_OF_VALIDATION] = {"validation", "validation.json", "predictions.csv"},
    [PART_OF_TEST] = {"test", "test.json", "test_predictions.csv"},
};

static const struct {
    const char *title;
    run_page_section_fn *write;
} sections[] = {
#define PAGE_SECTION(name, title) {title, page_##name},
#include "run_page_sections.def"
#undef PAGE_SECTION
};

char *run_page_path(const char *folder) { return app_format("%s/report.html", folder); }

int run_page_part(const char *folder)
{
    char *path = app_format("%s/%s", folder, run_page_parts[PART_OF_TEST].figures_file);
    const int part = access(path, F_OK) == 0 ? PART_OF_TEST : PART_OF_VALIDATION;
    free(path);
    return part;
}

/* ---- what the folder has ---- */

static bool read_run(struct run_page *p)
{
    const char *slash = strrchr(p->folder, '/');
    p->name = slash ? slash + 1 : p->folder;
    if (!run_record_read(&p->record, p->folder))
        return false;
    run_log_read(&p->log, p->folder);
    for (int i = 0; i < RUN_PAGE_PARTS; i++) {
        char *path = app_format("%s/%s", p->folder, run_page_parts[i].figures_file);
        p->figures[i] = json_load_file(path, 0, NULL);
        free(path);
    }
    char *answers = app_format("%s/%s", p->folder, run_page_parts[p->part].answers_file);
    class_answers_read(&p->answers, answers, p->figures[p->part]);
    free(answers);
    if (p->samples && p->samples->count != p->answers.all.count)
        p->samples = NULL;
    return true;
}

static void forget_run(struct run_page *p)
{
    run_record_free(&p->record);
    run_log_free(&p->log);
    class_answers_free(&p->answers);
    for (int i = 0; i < RUN_PAGE_PARTS; i++)
        json_decref(p->figures[i]);
}

/* ---- the page ---- */

/* A section's text is made before its title, which stands only where there is one. */
static void write_section(const struct run_page *p, const char *title, run_page_section_fn *write)
{
    struct run_page own = *p;
    char *text = NULL;
    size_t size = 0;
    own.out = open_memstream(&text, &size);
    if (own.out) {
        write(&own);
        fclose(own.out);
    }
    if (size && *title)
        html(p->out, "<h2>%s</h2>\n", title);
    fwrite(text, 1, size, p->out);
    free(text);
}

static void write_sections(const void *context, FILE *out)
{
    struct run_page p = *(const struct run_page *)context;
    p.out = out;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        write_section(&p, sections[i].title, sections[i].write);
}

static bool write_file(const struct run_page *p)
{
    char error[512], *path = run_page_path(p->folder);
    const bool ok = page_file_write(path, p->name, write_sections, p, error, sizeof error);
    if (!ok)
        report_note("the report of the run could not be written: %s", error);
    free(path);
    return ok;
}

bool run_page_write(const char *folder, int part, const struct subset *samples)
{
    struct run_page p = {.folder = folder, .part = part, .samples = samples};
    const bool ok = read_run(&p) && write_file(&p);
    forget_run(&p);
    return ok;
}

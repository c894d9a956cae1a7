/* The wrong answers that were surest, with their pictures where these are at hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "report.h"
#include "run_page.h"
#include "split_file.h"
#include "thumbnail.h"

enum {
    MOST = 50,
    MOST_BYTES = 1200000, /* of all pictures: a page stays below 2 MB with them */
    SMALL = 48            /* pictures of no more pixels are shown larger */
};

struct mistake {
    const struct prediction *answer;
    int64_t i; /* in the answers' order */
};

static int surest_first(const void *a, const void *b)
{
    const struct mistake *x = a, *y = b;
    const double p = x->answer->confidence, q = y->answer->confidence;
    return p != q ? (p > q ? -1 : 1) : (x->i > y->i) - (x->i < y->i);
}

/* Wrong answers in their order; owned by the caller. */
static struct mistake *find(const struct class_answers *a, int64_t *count)
{
    struct mistake *at = app_alloc((size_t)a->all.count + 1, sizeof *at);
    *count = 0;
    for (int64_t i = 0; i < a->all.count; i++)
        if (a->predicted[i] != NO_ANSWER && a->predicted[i] != a->label[i] &&
            !isnan(a->all.at[i].confidence))
            at[(*count)++] = (struct mistake){&a->all.at[i], i};
    qsort(at, (size_t)*count, sizeof *at, surest_first);
    return at;
}

/* The picture of an answer, unless the sample at hand is another one. */
static bool find_picture(const struct run_page *p, const struct mistake *m, struct thumbnail *t)
{
    char number[SPLIT_NUMBER];
    const struct subset *s = p->samples;
    if (!s)
        return false;
    const int64_t sample = s->indices ? s->indices[m->i] : m->i;
    return !strcmp(split_file_name(s->source, sample, number), m->answer->sample) &&
           thumbnail_make(t, s->source, sample);
}

/* How often a picture is enlarged, by whole pixels. */
static int enlarged(const struct thumbnail *t)
{
    const int longer = t->width > t->height ? t->width : t->height;
    return longer <= SMALL ? THUMBNAIL_SIDE / longer : 1;
}

static void write_picture(const struct run_page *p, const struct mistake *m, size_t *bytes)
{
    struct thumbnail t;
    if (*bytes > MOST_BYTES || !find_picture(p, m, &t))
        return;
    const int times = enlarged(&t);
    html_png(p->out, t.png, t.size, times * t.width, times * t.height, m->answer->sample,
             times > 1);
    *bytes += t.size + t.size / 3;
    free(t.png);
}

static void write_mistake(const struct run_page *p, const struct mistake *m, size_t *bytes)
{
    const struct prediction *a = m->answer;
    fputs("<div class=\"picture\">", p->out);
    write_picture(p, m, bytes);
    html(p->out,
         "<b><bdi>%s</bdi></b> %.1f %%<br>right: <bdi>%s</bdi><br><span class=\"file\"><bdi>%s"
         "</bdi></span></div>\n",
         a->predicted, 100 * a->confidence, a->label, a->sample);
}

void page_mistakes(const struct run_page *p)
{
    int64_t count;
    size_t bytes = 0;
    struct mistake *at = find(&p->answers, &count);
    if (count)
        html(p->out,
             "<p class=\"soft\">In %s: what was said and how surely, what is right, and which "
             "sample it is%s; %lld of %lld wrong answers.</p>\n<div class=\"pictures\">\n",
             run_page_parts[p->part].name, p->samples ? "" : " (its picture is not at hand)",
             (long long)(count < MOST ? count : MOST), (long long)count);
    for (int64_t i = 0; i < count && i < MOST; i++)
        write_mistake(p, &at[i], &bytes);
    if (count)
        fputs("</div>\n", p->out);
    free(at);
}

/* `ftmc inspect FILE`: what is in a weight file, without any .ftm.
 *
 * Statistics are over the finite values, in double precision; a column tells how many are not
 * finite. */
#include "reports.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "bind.h"
#include "str.h"

struct statistics {
    double min, max, mean;
    uint64_t finite, other;
};

static struct statistics measure(const struct weight_tensor *t)
{
    struct statistics s = {.min = (double)INFINITY, .max = -(double)INFINITY};
    const int64_t n = weight_elements(t);
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double v = ftmrt_load_double(t->dtype, t->data, i);
        if (!isfinite(v)) {
            s.other++;
            continue;
        }
        s.min = v < s.min ? v : s.min;
        s.max = v > s.max ? v : s.max;
        sum += v;
        s.finite++;
    }
    s.mean = s.finite ? sum / (double)s.finite : 0;
    return s;
}

static int name_width(const struct weights *w)
{
    size_t width = 4;
    for (uint32_t i = 0; i < w->tensors.len; i++) {
        const size_t n = strlen(str_printable(w->arena, w->tensors.at[i].name));
        width = n > width ? n : width;
    }
    return width > 60 ? 60 : (int)width;
}

static void print_tensor(const struct weights *w, const struct weight_tensor *t, int width,
                         FILE *out)
{
    if (t->unusable)
        return;
    const struct statistics s = measure(t);
    fprintf(out, "  %-*s  %-5s %-20s %12" PRIu64, width, str_printable(w->arena, t->name),
            ftmrt_dtype_name(t->dtype), weight_shape_text(w->arena, t), t->bytes);
    if (s.finite)
        fprintf(out, "  %12.5g %12.5g %12.5g", s.min, s.max, s.mean);
    if (s.other)
        fprintf(out, "  %" PRIu64 " not finite", s.other);
    if (!t->contiguous)
        fputs("  (strided in the file)", out);
    if (t->derived)
        fprintf(out, "  (%s)", str_printable(w->arena, t->derived));
    fputc('\n', out);
}

static void print_totals(const struct weights *w, FILE *out)
{
    uint64_t elements = 0, bytes = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->tensors.len; i++) {
        if (w->tensors.at[i].unusable)
            continue;
        count++;
        elements += (uint64_t)weight_elements(&w->tensors.at[i]);
        bytes += w->tensors.at[i].bytes;
    }
    fprintf(out, "total: %u tensors, %" PRIu64 " values, %" PRIu64 " bytes\n", (unsigned)count,
            elements, bytes);
}

static void print_passed_over(const struct weights *w, FILE *out)
{
    const char *head = "passed over:\n";
    for (uint32_t i = 0; i < w->tensors.len; i++) {
        const struct weight_tensor *t = &w->tensors.at[i];
        if (!t->unusable)
            continue;
        fprintf(out, "%s  %s: %s\n", head, str_printable(w->arena, t->name), t->unusable);
        head = "";
    }
    for (uint32_t i = 0; i < w->skipped.len; i++) {
        fprintf(out, "%s  %s\n", head, str_printable(w->arena, w->skipped.at[i]));
        head = "";
    }
}

void report_inspect(const struct weights *w, FILE *out)
{
    const int width = name_width(w);
    fprintf(out, "%s: %s, %zu bytes\n", w->path, w->format, w->file.size);
    if (w->dictionary)
        fprintf(out, "dictionary: '%s'\n", str_printable(w->arena, w->dictionary));
    fprintf(out, "  %-*s  %-5s %-20s %12s  %12s %12s %12s\n", width, "name", "type", "shape",
            "bytes", "min", "max", "mean");
    for (uint32_t i = 0; i < w->tensors.len; i++)
        print_tensor(w, &w->tensors.at[i], width, out);
    print_totals(w, out);
    for (uint32_t i = 0; i < w->metadata.len; i++)
        fprintf(out, "%s%s = %s\n", i ? "  " : "metadata:\n  ",
                str_printable(w->arena, w->metadata.at[i].key),
                str_printable(w->arena, w->metadata.at[i].value));
    print_passed_over(w, out);
}

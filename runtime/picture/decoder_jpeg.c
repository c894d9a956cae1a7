/* JPEG by libjpeg-turbo with its defaults (exact integer DCT, smooth upsampling), as Pillow reads it. CMYK is brought to RGB by
 * Pillow's formula, with Adobe's inverted inks. */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#include "decoder.h"

enum { EXIF_MARKER = JPEG_APP0 + 1, EXIF_MOST = 65533, SCANS_MOST = 500 };

struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    struct jpeg_source_mgr source;
    jmp_buf failed;
    struct decoding *d;
    bool done; /* all pixels are there */
};

/* ---- libjpeg's calls ---- */

static void keep_error(j_common_ptr jpeg)
{
    struct reader *r = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    if (!r->done && !r->d->report->error[0])
        decoding_fail(r->d, "cannot be read as JPEG: %.150s", text);
    longjmp(r->failed, 1);
}

/* Level -1 is a warning: data that does not fit, and was guessed. */
static void keep_warning(j_common_ptr jpeg, int level)
{
    const struct reader *r = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    if (level >= 0 || r->d->report->warning[0])
        return;
    jpeg->err->format_message(jpeg, text);
    snprintf(r->d->report->warning, sizeof r->d->report->warning, "damaged JPEG: %.150s", text);
}

/* Each scan of a progressive file is a walk over the whole picture, however few bytes it has: a small file could take hours. */
static void count_scans(j_common_ptr jpeg)
{
    struct reader *r = jpeg->client_data;
    if (r->jpeg.input_scan_number <= SCANS_MOST)
        return;
    decoding_fail(r->d, "cannot be read as JPEG: more than %d scans", SCANS_MOST);
    longjmp(r->failed, 1);
}

static void start_source(j_decompress_ptr jpeg) { (void)jpeg; }

/* Called at the end of the bytes: there are no more. */
static boolean no_more_bytes(j_decompress_ptr jpeg)
{
    struct reader *r = jpeg->client_data;
    decoding_fail(r->d, "cannot be read as JPEG: the file ends too early");
    longjmp(r->failed, 1);
}

static void skip_bytes(j_decompress_ptr jpeg, long count)
{
    struct jpeg_source_mgr *s = jpeg->src;
    if (count > 0 && (size_t)count > s->bytes_in_buffer)
        no_more_bytes(jpeg);
    s->next_input_byte += count > 0 ? count : 0;
    s->bytes_in_buffer -= count > 0 ? (size_t)count : 0;
}

/* ---- pixels ---- */

static unsigned char part_of(int whole, int ink)
{
    const int product = ink * whole + 128;
    const int rest = whole - ((product + (product >> 8)) >> 8);
    return (unsigned char)(rest < 0 ? 0 : rest);
}

/* Pixels of four inks, inverted, to RGB at the beginning of the same memory. */
static void inks_to_rgb(unsigned char *pixels, int64_t count)
{
    for (int64_t p = 0; p < count; p++) {
        const unsigned char *in = pixels + 4 * p;
        const int white = in[3], cyan = 255 - in[0], magenta = 255 - in[1], yellow = 255 - in[2];
        pixels[3 * p] = part_of(white, cyan);
        pixels[3 * p + 1] = part_of(white, magenta);
        pixels[3 * p + 2] = part_of(white, yellow);
    }
}

static bool set_colors(struct jpeg_decompress_struct *jpeg)
{
    const int n = jpeg->num_components;
    jpeg->out_color_space = n == 1 ? JCS_GRAYSCALE : n == 3 ? JCS_RGB : JCS_CMYK;
    return n == 1 || n == 3 || n == 4;
}

static void find_orientation(const struct reader *r)
{
    for (jpeg_saved_marker_ptr m = r->jpeg.marker_list; m; m = m->next)
        if (m->data_length >= 6 && !memcmp(m->data, "Exif\0\0", 6)) {
            r->d->report->orientation = exif_orientation(m->data, m->data_length);
            return;
        }
}

static bool is_enough(int64_t height, int64_t width, const struct ftmrt_least *least)
{
    const int64_t shorter = height < width ? height : width;
    return height >= least->height && width >= least->width && shorter >= least->shorter;
}

/* The smallest scale of 1/8, 1/4 and 1/2, for which libjpeg-turbo has transforms of their own, at which enough is left. */
static void set_scale(const struct reader *r, struct jpeg_decompress_struct *jpeg)
{
    const struct ftmrt_picture_options *o = r->d->options;
    const bool turned = r->d->report->orientation > 4 && o->exif == FTMRT_EXIF_APPLY;
    const int64_t height = turned ? jpeg->image_width : jpeg->image_height,
                  width = turned ? jpeg->image_height : jpeg->image_width;
    if (!o->least.height && !o->least.width && !o->least.shorter)
        return;
    for (unsigned part = 8; part > 1; part /= 2)
        if (is_enough(height / part, width / part, &o->least)) {
            jpeg->scale_num = 1;
            jpeg->scale_denom = part;
            return;
        }
}

/* Throws through libjpeg after a failure. */
static bool read_picture(struct reader *r)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    jpeg_save_markers(jpeg, EXIF_MARKER, EXIF_MOST);
    jpeg_read_header(jpeg, TRUE);
    if (!set_colors(jpeg))
        return decoding_fail(r->d, "cannot be read as JPEG: %d kinds of samples in a pixel",
                             jpeg->num_components);
    find_orientation(r);
    set_scale(r, jpeg);
    jpeg_calc_output_dimensions(jpeg);
    const int64_t height = jpeg->output_height, width = jpeg->output_width;
    const int channels = jpeg->num_components;
    unsigned char *at = decoding_pixels(r->d, height, width, channels);
    if (!at)
        return false;
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = at + jpeg->output_scanline * (size_t)(width * channels);
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    r->done = true;
    if (channels == 4) {
        inks_to_rgb(at, height * width);
        r->d->out->channels = 3;
    }
    return true;
}

/* Apart from read_picture: what lives across longjmp is in *r alone. */
static bool catch_errors(struct reader *r)
{
    if (setjmp(r->failed) == 0)
        return read_picture(r);
    return r->done;
}

bool decode_jpeg(struct decoding *d)
{
    struct reader r = {.d = d,
                       .source = {.next_input_byte = d->bytes,
                                  .bytes_in_buffer = d->size,
                                  .init_source = start_source,
                                  .fill_input_buffer = no_more_bytes,
                                  .skip_input_data = skip_bytes,
                                  .resync_to_restart = jpeg_resync_to_restart,
                                  .term_source = start_source},
                       .progress = {.progress_monitor = count_scans}};
    r.jpeg.err = jpeg_std_error(&r.errors);
    r.errors.error_exit = keep_error;
    r.errors.emit_message = keep_warning;
    r.jpeg.client_data = &r;
    if (setjmp(r.failed) == 0) {
        jpeg_create_decompress(&r.jpeg);
        r.jpeg.src = &r.source;
        r.jpeg.progress = &r.progress;
    } else {
        return false;
    }
    const bool ok = catch_errors(&r);
    jpeg_destroy_decompress(&r.jpeg);
    return ok;
}

#include "loadgen/summary_chart.h"

#include "common/clock.h"

#include <math.h>

enum { LEFT = 56, TOP = 10, WIDTH = 640, HEIGHT = 220, POINTS = 80 };

/* Both axes are in powers of ten: of milliseconds upwards, and of how far a
 * share is from the whole to the right (90 %, 99 %, 99.9 %, ...). */
struct axes {
    double low, high; /* log10 of ms */
    double nines;
};

static double log_ms(int64_t ns)
{
    return log10((double)(ns > 1000 ? ns : 1000) / FK_NS_PER_MS);
}

static struct axes axes_of(const struct tally *t)
{
    const struct fk_hist *sent = &t->service, *due = &t->response;
    struct axes a = {floor(log_ms(fk_hist_quantile(sent, 0))),
        ceil(log_ms(due->max)), ceil(log10((double)due->count))};
    if (a.high <= a.low)
        a.high = a.low + 1;
    a.nines = a.nines < 1 ? 1 : a.nines > 6 ? 6 : a.nines;
    return a;
}

static double x_of(const struct axes *a, double nines)
{
    return LEFT + WIDTH * nines / a->nines;
}

static double y_of(const struct axes *a, double log)
{
    return TOP + HEIGHT * (a->high - log) / (a->high - a->low);
}

static void draw_grid(const struct axes *a, struct fk_buf *out)
{
    for (double log = a->low; log <= a->high; log++)
        fk_buf_printf(out,
            "<path class=\"grid\" d=\"M%d %.1fh%d\"/><text x=\"%d\" y=\"%.1f\" "
            "text-anchor=\"end\">%g ms</text>\n",
            LEFT, y_of(a, log), WIDTH, LEFT - 6, y_of(a, log) + 4,
            pow(10, log));
    for (double nines = 0; nines <= a->nines; nines++)
        fk_buf_printf(out,
            "<path class=\"grid\" d=\"M%.1f %dv%d\"/><text x=\"%.1f\" y=\"%d\" "
            "text-anchor=\"middle\">%.*f %%</text>\n",
            x_of(a, nines), TOP, HEIGHT, x_of(a, nines), TOP + HEIGHT + 16,
            nines > 2 ? (int)nines - 2 : 0, 100 * (1 - pow(10, -nines)));
}

static void draw_line(const struct axes *a, const struct fk_hist *h,
    const char *class, struct fk_buf *out)
{
    fk_buf_printf(out, "<polyline class=\"%s\" points=\"", class);
    for (int i = 0; i <= POINTS; i++) {
        double nines = a->nines * i / POINTS;
        int64_t ns = fk_hist_quantile(h, 1 - pow(10, -nines));
        fk_buf_printf(out, "%.1f,%.1f ", x_of(a, nines), y_of(a, log_ms(ns)));
    }
    fk_buf_adds(out, "\"/>\n");
}

void summary_chart(const struct tally *t, struct fk_buf *out)
{
    if (!t->response.count)
        return;
    struct axes a = axes_of(t);
    fk_buf_printf(out,
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Time of a "
        "request by share of the requests\">\n",
        LEFT + WIDTH + 30, TOP + HEIGHT + 24);
    draw_grid(&a, out);
    draw_line(&a, &t->service, "sent", out);
    draw_line(&a, &t->response, "due", out);
    fk_buf_adds(out, "</svg>\n");
}

/* The run second by second, for a spreadsheet (RFC 4180). Names of a plan are
 * letters, digits and a few signs: nothing to quote. */
#include "loadgen/summary.h"

#include "common/clock.h"

#include <stdlib.h>

static double ms(int64_t ns)
{
    return (double)ns / FK_NS_PER_MS;
}

static void line(struct fk_buf *out, const struct run *r, uint32_t phase,
    const struct slot *slot, struct fk_hist *h)
{
    const struct plan_phase *p = &r->plan->phases[phase];
    const struct plan_mix *mix = &p->mix[slot->mix];
    slots_hist(slot, h);
    fk_buf_printf(out, "%s,%u,%lld,%s,%s", p->name, slot->second,
        (long long)(r->phases[phase].from_ms + 1000ll * slot->second),
        r->plan->endpoints[mix->endpoint].name,
        r->plan->num_regions ? r->plan->regions[mix->region].name : "");
    fk_buf_printf(out, ",%llu,%llu,%llu,%llu,%.3f,%.3f,%.3f,%.3f\r\n",
        (unsigned long long)slot->sent, (unsigned long long)slot->ok,
        (unsigned long long)slot->late, (unsigned long long)slot->failed,
        ms(fk_hist_quantile(h, 0.5)), ms(fk_hist_quantile(h, 0.9)),
        ms(fk_hist_quantile(h, 0.99)), ms(h->count ? h->max : 0));
}

void summary_csv(const struct run *r, struct fk_buf *out)
{
    struct tally *scratch = tally_new();
    fk_buf_adds(out, "phase,second,time,endpoint,region,sent,ok,late,failed,"
                     "p50_ms,p90_ms,p99_ms,max_ms\r\n");
    for (uint32_t i = 0; i < r->plan->num_phases; i++)
        for (size_t k = 0; k < r->phases[i].slots.num; k++)
            line(out, r, i, &r->phases[i].slots.slots[k], &scratch->response);
    free(scratch);
}

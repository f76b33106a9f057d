#include "server/intake.h"

#include "server/spans.h"

#include <stdlib.h>
#include <string.h>

size_t intake_bytes(const struct store_batch *batch)
{
    size_t bytes = 0;
    for (size_t i = 0; i < batch->num_profiles; i++)
        bytes += sizeof(struct store_profile) +
                 batch->profiles[i].num_values * sizeof(struct store_value) +
                 batch->profiles[i].num_spans * sizeof(struct store_span);
    return bytes;
}

static enum fk_err check_stacks(
    const struct store_batch *batch, struct fk_diag *diag)
{
    for (size_t i = 0; i < batch->num_stacks; i++) {
        const struct store_stack *s = &batch->stacks[i];
        uint32_t largest = 0;
        for (uint32_t k = 0; k < s->depth; k++)
            largest = s->frames[k] > largest ? s->frames[k] : largest;
        if (s->depth && largest >= batch->num_frames)
            return fk_diag_set(diag, FK_ERR_ARG,
                "stack %zu names frame %u of %zu", i, largest,
                batch->num_frames);
    }
    return FK_OK;
}

static enum fk_err check_profile(const struct store_batch *batch,
    const struct store_profile *p, struct fk_diag *diag)
{
    if (p->time_ms <= 0 || p->time_ms > STORE_MAX_TIME_MS)
        return fk_diag_set(diag, FK_ERR_ARG,
            "the profile's time %lld ms is not between 1970 and 2106",
            (long long)p->time_ms);
    for (size_t i = 0; i < p->num_values; i++)
        if (p->values[i].stack >= batch->num_stacks)
            return fk_diag_set(diag, FK_ERR_ARG,
                "value %zu names stack %u of %zu", i, p->values[i].stack,
                batch->num_stacks);
    return FK_OK;
}

static enum fk_err check_spans(const struct store_batch *batch,
    const struct store_profile *p, struct fk_diag *diag)
{
    for (size_t i = 0; i < p->num_spans; i++)
        if (p->spans[i].stack >= batch->num_stacks)
            return fk_diag_set(diag, FK_ERR_ARG,
                "span %zu names stack %u of %zu", i, p->spans[i].stack,
                batch->num_stacks);
    return FK_OK;
}

static enum fk_err alloc_memos(struct intake *in)
{
    const struct store_batch *batch = in->batch;
    size_t depth = 0, values = 0;
    for (size_t i = 0; i < batch->num_stacks; i++)
        if (batch->stacks[i].depth > depth)
            depth = batch->stacks[i].depth;
    for (size_t i = 0; i < batch->num_profiles; i++)
        if (batch->profiles[i].num_values > values)
            values = batch->profiles[i].num_values;
    in->series = calloc(batch->num_profiles + 1, sizeof *in->series);
    in->frame_memo = calloc(batch->num_frames + 1, sizeof *in->frame_memo);
    in->node_memo = calloc(batch->num_stacks + 1, sizeof *in->node_memo);
    in->stack = calloc(depth + 1, sizeof *in->stack);
    in->pairs = calloc(2 * (values + 1), sizeof *in->pairs);
    in->scratch = in->pairs + values + 1;
    bool ok =
        in->series && in->frame_memo && in->node_memo && in->stack && in->pairs;
    return ok ? FK_OK : FK_ERR_NOMEM;
}

enum fk_err intake_init(struct intake *in, struct catalog *c,
    const struct store_batch *batch, struct fk_diag *diag)
{
    *in = (struct intake){.catalog = c, .batch = batch};
    enum fk_err err = check_stacks(batch, diag);
    for (size_t i = 0; !err && i < batch->num_profiles; i++)
        err = check_profile(batch, &batch->profiles[i], diag);
    for (size_t i = 0; !err && i < batch->num_profiles; i++)
        err = check_spans(batch, &batch->profiles[i], diag);
    if (!err)
        err = alloc_memos(in);
    if (!err)
        err = catalog_resolve(c, batch, in->series, diag);
    if (err)
        intake_fini(in);
    return err;
}

void intake_fini(struct intake *in)
{
    free(in->series);
    free(in->frame_memo);
    free(in->node_memo);
    free(in->stack);
    free(in->pairs);
    *in = (struct intake){0};
}

static void use_trie(struct intake *in, struct trie *t)
{
    if (t == in->trie)
        return;
    in->trie = t;
    memset(in->frame_memo, 0, in->batch->num_frames * sizeof(uint32_t));
    memset(in->node_memo, 0, in->batch->num_stacks * sizeof(uint32_t));
}

/* + 1 wraps TRIE_NONE to "unasked", so a refused frame is asked again. */
static uint32_t frame_of(struct intake *in, uint32_t frame)
{
    if (!in->frame_memo[frame])
        in->frame_memo[frame] =
            trie_intern_frame(in->trie, &in->batch->frames[frame]) + 1;
    return in->frame_memo[frame] - 1;
}

static uint32_t node_of(struct intake *in, uint32_t stack)
{
    const struct store_stack *s = &in->batch->stacks[stack];
    if (in->node_memo[stack])
        return in->node_memo[stack] - 1;
    for (uint32_t i = 0; i < s->depth; i++)
        in->stack[i] = frame_of(in, s->frames[i]);
    uint32_t node = trie_intern_stack(in->trie, in->stack, s->depth);
    in->node_memo[stack] = node + 1;
    return node;
}

void intake_profile(struct intake *in, size_t profile)
{
    const struct store_profile *p = &in->batch->profiles[profile];
    use_trie(
        in, catalog_trie_of(in->catalog,
                catalog_entry(in->catalog, in->series[profile]), p->time_ms));
    in->num_pairs = 0;
    pthread_mutex_lock(&in->trie->lock);
    for (size_t i = 0; i < p->num_values; i++)
        if (p->values[i].value > 0)
            in->pairs[in->num_pairs++] = (struct trie_value){
                node_of(in, p->values[i].stack), p->values[i].value};
    pthread_mutex_unlock(&in->trie->lock);
}

enum fk_err intake_spans(struct intake *in, size_t profile, struct fk_buf *out)
{
    const struct store_profile *p = &in->batch->profiles[profile];
    if (!p->num_spans)
        return FK_OK;
    uint32_t *nodes = calloc(p->num_spans, sizeof *nodes);
    if (!nodes)
        return FK_ERR_NOMEM;
    pthread_mutex_lock(&in->trie->lock);
    for (size_t i = 0; i < p->num_spans; i++)
        nodes[i] = node_of(in, p->spans[i].stack);
    pthread_mutex_unlock(&in->trie->lock);
    enum fk_err err = spans_encode(out, p->spans, nodes, p->num_spans);
    free(nodes);
    return err;
}

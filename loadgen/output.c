#include "loadgen/output.h"

#include "loadgen/file.h"

#include <stdio.h>
#include <string.h>

summary_writer *output_writer(const char *form)
{
    static const struct {
        const char *form;
        summary_writer *write;
    } rows[] = {
        {"text", summary_text}, {"json", summary_json}, {"html", summary_html}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].form, form))
            return rows[i].write;
    return NULL;
}

/* "" = to stdout. */
static enum fk_err write_text(
    const struct fk_buf *text, const char *path, struct fk_diag *diag)
{
    if (text->err)
        return fk_diag_set(diag, FK_ERR_LIMIT, "The summary is too long.");
    if (*path)
        return file_write(path, text, diag);
    fwrite(text->ptr, 1, text->len, stdout);
    return FK_OK;
}

static enum fk_err write_report(const struct report *r, summary_writer *write,
    const char *path, struct fk_diag *diag)
{
    struct fk_buf out;
    fk_buf_init(&out, REPORT_MAX_TEXT);
    write(r, &out);
    enum fk_err err = write_text(&out, path, diag);
    fk_buf_fini(&out);
    return err;
}

enum fk_err output_report(
    const struct options *o, const struct report *r, struct fk_diag *diag)
{
    enum fk_err err =
        write_report(r, output_writer(o->report), o->output, diag);
    if (!err && *o->hgrm)
        err = write_report(r, summary_hgrm, o->hgrm, diag);
    return err;
}

enum fk_err output_csv(
    const struct options *o, const struct run *run, struct fk_diag *diag)
{
    struct fk_buf out;
    if (!*o->csv)
        return FK_OK;
    fk_buf_init(&out, REPORT_MAX_TEXT);
    summary_csv(run, &out);
    enum fk_err err = write_text(&out, o->csv, diag);
    fk_buf_fini(&out);
    return err;
}

enum fk_err output_read(
    const char *path, struct report **out, struct fk_diag *diag)
{
    struct fk_diag why = {""};
    struct fk_buf text;
    fk_buf_init(&text, REPORT_MAX_TEXT);
    enum fk_err err = file_read(path, &text, diag);
    if (!err && report_read(fk_buf_slice(&text), out, &why))
        err = fk_diag_set(diag, FK_ERR_FORMAT, "%s: %s", path, why.text);
    fk_buf_fini(&text);
    return err;
}

/* Quiz files: see quiz.h. */
#include "cli/quiz.h"

#include "cli/words.h"

#include <ctype.h>
#include <stdio.h>

/* LETTER right TEXT REASON | LETTER wrong CODE TEXT REASON */
static bool read_option(const struct words *w, struct quiz_option *o)
{
    *o = (struct quiz_option){0};
    if (w->count < 4 || w->at[0].len != 1)
        return false;
    o->letter = w->at[0].ptr[0];
    o->right = words_is(w, 1, "right");
    size_t text = o->right ? 2 : 3;
    if ((!o->right && !words_is(w, 1, "wrong")) || w->count != text + 2)
        return false;
    if (!o->right)
        words_copy(w, 2, o->code, sizeof o->code);
    words_copy(w, text, o->text, sizeof o->text);
    words_copy(w, text + 1, o->reason, sizeof o->reason);
    return true;
}

enum fk_err quiz_find(struct fk_slice text, const char *file, const char *item,
    struct quiz_item *out, struct fk_diag *diag)
{
    struct fk_slice line;
    bool inside = false, found = false;
    *out = (struct quiz_item){0};
    for (int number = 1; fk_slice_split(&text, '\n', &line); number++) {
        struct words w;
        if (!words_split(line, &w))
            return fk_diag_set(diag, FK_ERR_FORMAT,
                "%s:%d: a quote is not closed", file, number);
        if (!w.count)
            continue;
        if (words_is(&w, 0, "item")) {
            inside = w.count == 3 && fk_slice_eqz(w.at[1], item);
            found |= inside;
            if (inside)
                words_copy(&w, 2, out->question, sizeof out->question);
        } else if (inside &&
                   (out->num_options == QUIZ_OPTIONS_MAX ||
                       !read_option(&w, &out->option[out->num_options++]))) {
            return fk_diag_set(diag, FK_ERR_FORMAT,
                "%s:%d: an option is LETTER right \"TEXT\" \"REASON\" or "
                "LETTER wrong CODE \"TEXT\" \"REASON\"",
                file, number);
        }
    }
    return found ? FK_OK
                 : fk_diag_set(diag, FK_ERR_NOT_FOUND, "%s has no item '%s'",
                       file, item);
}

const struct quiz_option *quiz_option(
    const struct quiz_item *item, const char *letter)
{
    for (size_t i = 0; i < item->num_options; i++)
        if (tolower((unsigned char)*letter) == item->option[i].letter &&
            !letter[1])
            return &item->option[i];
    return NULL;
}

void quiz_print(const struct quiz_item *item)
{
    printf("  ? %s\n", item->question);
    for (size_t i = 0; i < item->num_options; i++)
        printf("      %c) %s\n", item->option[i].letter, item->option[i].text);
}

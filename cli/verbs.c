/* The one table of verbs: `flamekit --help` is printed from it. */
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

static const struct verb verbs[] = {
    {"doctor", verb_doctor, "", "can this machine run the workshop?"},
    {"up", verb_up, "", "start the server and the demo app"},
    {"down", verb_down, "", "stop what this kit started"},
    {"status", verb_status, "", "what runs, and where"},
    {"restart", verb_restart, "[app]", "down, then up; the data stays"},
    {"reset", verb_reset, "[EX]", "forget an exercise, or down and all"},
    {"load", verb_load, "[stop | --plan P --for T]", "send traffic"},
    {"plan", verb_plan, "explain P | diff P Q | expect P", "what it does, did"},
    {"list", verb_list, "", "the exercises and how far you are"},
    {"next", verb_next, "", "show the next exercise"},
    {"predict", verb_predict, "EX [ANSWER]", "guess before you look"},
    {"run", verb_run, "EX", "play the load of an exercise"},
    {"check", verb_check, "EX [--watch] [-v]", "is it solved?"},
    {"hint", verb_hint, "[EX]", "one step of help"},
    {"answer", verb_answer, "EX NAME=VALUE...", "answer without being asked"},
    {"solve", verb_solve, "EX [--speed X | --no-load]", "the robot solves it"},
    {"drawer", verb_drawer, "[EX [ACT]]", "the same for the page, as JSON"},
    {"replay", verb_replay, "[SCENARIO]", "a recorded run, as if just now"},
    {"catch-up", verb_catch_up, "EX", "the recording, up to an exercise"},
    {"keep", verb_keep, "FILE", "record what was played in this run"},
    {"mark", verb_mark, "TEXT", "a marker on the timeline"},
    {"probe", verb_probe, "URL", "does it answer 200? (health checks)"},
    {"hello", verb_hello, "", "write one profile and read it back"},
    {"record", verb_record, "[-o FILE] -- CMD...", "profile any program"},
    {"top", verb_top, "FILE", "its largest functions"},
    {"query", verb_query, "[options]", "functions of what is stored"},
    {"diff", verb_diff, "[options]", "how their shares changed"},
    {"series", verb_series, "[options]", "services and profile types"},
    {"labels", verb_labels, "[NAME]", "names of labels, or values of one"},
    {"export", verb_export, "[-o FILE]", "what is stored, as a file"},
    {"import", verb_import, "--name APP.TYPE FILE...", "store a file"},
    {"push", verb_push, "--name APP FILE...", "the same for pprof, as SDKs do"},
    {"flame", verb_flame, "[--html] [-o FILE] FILE", "its flame graph"},
    {NULL, NULL, NULL, NULL},
};

int verbs_help(void)
{
    printf("usage: flamekit VERB [ARGUMENTS]\n\n");
    for (const struct verb *v = verbs; v->name; v++) {
        char head[64];
        snprintf(head, sizeof head, "%s %s", v->name, v->args);
        printf("  %-32s %s\n", head, v->help);
    }
    printf("\nExercises are named 07.1 to 07.5; 1 to 5 mean the same.\n");
    return 0;
}

int verb_fail(int status, const struct fk_diag *diag)
{
    fprintf(stderr, "flamekit: %s\n", diag->text);
    return status;
}

bool verbs_need_kit(const struct verb *verb)
{
    static verb_fn *const anywhere[] = {verb_query, verb_diff, verb_series,
        verb_labels, verb_export, verb_import, verb_push};
    for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++)
        if (verb->fn == anywhere[i])
            return false;
    return true;
}

const struct verb *verbs_find(const char *name)
{
    for (const struct verb *v = verbs; v->name; v++)
        if (!strcmp(v->name, name))
            return v;
    return NULL;
}

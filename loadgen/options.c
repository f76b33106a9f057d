#include "loadgen/options.h"

#include "common/clock.h"
#include "common/opt.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "loadgen --plan FILE|NAME --target URL [options]\n"
    "       loadgen URL SECONDS        the plan \"mixed\" for so long\n"
    "       loadgen merge [options] A.json B.json ...   add runs up\n"
    "Plays a load plan: requests come due by the plan, not by the answers.\n"
    "Exit status: 0 done, 1 a threshold was missed, 2 plan or arguments are\n"
    "wrong, 3 no request ever succeeded, 130 interrupted.";

static enum fk_err take_merge(
    struct options *o, int argc, char **argv, struct fk_diag *diag)
{
    if (argc < 1 || argc > OPTIONS_MAX_MERGE)
        return fk_diag_set(diag, FK_ERR_ARG,
            "\"loadgen merge\" takes options, then 1 to %d files that were "
            "written with --report json.",
            OPTIONS_MAX_MERGE);
    o->merge = argv;
    o->num_merge = argc;
    return FK_OK;
}

static enum fk_err take_arguments(
    struct options *o, int argc, char **argv, struct fk_diag *diag)
{
    char duration[32];
    if (argc == 0)
        return FK_OK;
    snprintf(duration, sizeof duration, "%ss", argc == 2 ? argv[1] : "");
    if (argc != 2 || strspn(argv[1], "0123456789") != strlen(argv[1]) ||
        !fk_duration_parse(duration, &o->duration_ns))
        return fk_diag_set(diag, FK_ERR_ARG,
            "Arguments are URL SECONDS, such as http://localhost:5000 120; "
            "see --help for the options.");
    o->target = argv[0];
    return FK_OK;
}

/* Index of the word, or FK_ERR_ARG. */
static enum fk_err take_word(const char *option, const char *word,
    const char *const *words, unsigned *out, struct fk_diag *diag)
{
    for (*out = 0; words[*out]; ++*out)
        if (!strcmp(words[*out], word))
            return FK_OK;
    return fk_diag_set(diag, FK_ERR_ARG, "--%s is %s, %s or %s, not \"%s\".",
        option, words[0], words[1], words[2], word);
}

static enum fk_err take_words(struct options *o, const char *engine,
    const char *priority, struct fk_diag *diag)
{
    static const char *const engines[] = {"auto", "fast", "curl", NULL};
    static const char *const priorities[] = {
        "normal", "nice", "realtime", NULL};
    unsigned which;
    enum fk_err err = take_word("engine", engine, engines, &which, diag);
    o->engine = (enum engine_kind)which;
    if (!err)
        err = take_word("priority", priority, priorities, &which, diag);
    o->priority = (enum priority)which;
    return err;
}

enum fk_err options_parse(
    struct options *o, int argc, char **argv, struct fk_diag *diag)
{
    const char *engine = "auto", *priority = "nice";
    *o = (struct options){.plan = "mixed",
        .target = "",
        .server = "",
        .run = "",
        .plans = "",
        .report = "text",
        .output = "",
        .csv = "",
        .hgrm = "",
        .tls = {"", "", "", false},
        .seed = "",
        .speed = "",
        .check = "",
        .explain = "",
        .diff = "",
        .workers = 1};
    const struct fk_opt table[] = {
        {"plan", 'p', NULL, FK_OPT_STRING, &o->plan, 0, 0, "FILE|NAME",
            "what to play (mixed)"},
        {"target", 't', NULL, FK_OPT_STRING, &o->target, 0, 0, "URL",
            "the service; the plan may name it, too"},
        {"for", 'f', NULL, FK_OPT_DURATION, &o->duration_ns, 0, 0, "TIME",
            "make the whole plan this long, such as 30s"},
        {"server", 's', "FLAMEKIT_SERVER", FK_OPT_STRING, &o->server, 0, 0,
            "URL", "profiling server that gets a marker for each phase"},
        {"seed", 0, NULL, FK_OPT_STRING, &o->seed, 0, 0, "N",
            "instead of the plan's; the same seed sends the same requests"},
        {"speed", 0, NULL, FK_OPT_STRING, &o->speed, 0, 0, "X",
            "durations divided by X, rates multiplied by it"},
        {"report", 'r', NULL, FK_OPT_STRING, &o->report, 0, 0, "json|text|html",
            "form of the summary (text)"},
        {"output", 'o', NULL, FK_OPT_STRING, &o->output, 0, 0, "FILE",
            "write the summary to a file"},
        {"csv", 0, NULL, FK_OPT_STRING, &o->csv, 0, 0, "FILE",
            "write every second of every endpoint to a file"},
        {"hgrm", 0, NULL, FK_OPT_STRING, &o->hgrm, 0, 0, "FILE",
            "write all percentiles to a file, as HdrHistogram does"},
        {"cacert", 0, NULL, FK_OPT_STRING, &o->tls.ca, 0, 0, "FILE",
            "who vouches for https targets (the system's list)"},
        {"cert", 0, NULL, FK_OPT_STRING, &o->tls.cert, 0, 0, "FILE",
            "certificate to show to https targets"},
        {"key", 0, NULL, FK_OPT_STRING, &o->tls.key, 0, 0, "FILE", "its key"},
        {"insecure", 0, NULL, FK_OPT_FLAG, &o->tls.insecure, 0, 0, NULL,
            "believe any https target"},
        {"check", 0, NULL, FK_OPT_STRING, &o->check, 0, 0, "FILE|NAME",
            "print the plan as it would be played and send nothing"},
        {"explain", 0, NULL, FK_OPT_STRING, &o->explain, 0, 0, "FILE|NAME",
            "print when what will happen, and send nothing"},
        {"diff", 0, NULL, FK_OPT_STRING, &o->diff, 0, 0, "FILE|NAME",
            "print how --plan differs from this one, and send nothing"},
        {"run", 0, "FLAMEKIT_RUN", FK_OPT_STRING, &o->run, 0, 0, "ID",
            "run of the kit; a target of another run is refused"},
        {"plans", 0, "FLAMEKIT_PLANS", FK_OPT_STRING, &o->plans, 0, 0,
            "FOLDERS", "where plans are looked up first, colon separated"},
        {"workers", 'w', NULL, FK_OPT_INT, &o->workers, 1, 16, "N",
            "sending threads (1)"},
        {"engine", 0, NULL, FK_OPT_STRING, &engine, 0, 0, "auto|fast|curl",
            "who sends: the fast engine where it can, or libcurl"},
        {"priority", 0, NULL, FK_OPT_STRING, &priority, 0, 0,
            "normal|nice|realtime", "of the sending threads (nice)"},
        {"quiet", 'q', NULL, FK_OPT_FLAG, &o->quiet, 0, 0, NULL,
            "no progress on stderr"},
        {0},
    };
    int first, merge = argc > 1 && !strcmp(argv[1], "merge");
    argc -= merge;
    argv += merge;
    enum fk_err err = fk_opt_parse(table, argc, argv, usage, &first, diag);
    if (!err)
        err = (merge ? take_merge : take_arguments)(
            o, argc - first, argv + first, diag);
    return err ? err : take_words(o, engine, priority, diag);
}

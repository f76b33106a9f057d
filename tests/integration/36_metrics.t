#!/bin/sh
# /metrics as a strict reader of Prometheus's text format wants it, and the
# options as YAML.
. tests/integration/lib.sh
need python3 jq

start_server --access-log
fetch -d 'main;work 3' "$URL/ingest?name=shop.cpu"
fetch -d 'x' "$URL/ingest?name=a%22b%0Ac%5C"
fetch "$URL/no%22such%0Apath"
fetch "$URL/pyroscope/render?query=process_cpu:cpu:nanoseconds:cpu:nanoseconds%7B%7D&from=now-1h"
curl -s -D "$TMP/head" "$URL/metrics" >"$TMP/one"
like "its type" "$(tr -d '\r' <"$TMP/head" | grep -i '^content-type:')" '*text/plain; version=0.0.4*'
curl -s "$URL/metrics" >"$TMP/two"

cat >"$TMP/strict.py" <<'EOF2'
import re, sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)$")
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}


def read(path):
    types, helps, samples, done, now = {}, {}, {}, set(), None
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        def must(good, why):
            if not good:
                sys.exit(f"line {number}: {why}: {line}")
        must(line.endswith("\n"), "the last line does not end")
        line = line[:-1]
        head = re.match(rf"# (HELP|TYPE) ({NAME}) (.+)$", line)
        if head:
            kind, name, text = head.groups()
            if name != now:
                must(name not in done, "a metric in two places")
                now = name
                done.add(name)
            into = helps if kind == "HELP" else types
            must(name not in into, "said twice")
            into[name] = text
            continue
        found = SAMPLE.match(line)
        must(found, "no sample")
        name, labels, value = found.groups()
        of = next((n for n, t in types.items()
                   if any(name == n + p for p in PARTS.get(t, ("",)))), None)
        must(of == now and of in helps, "not behind its HELP and TYPE")
        key = (name, tuple(sorted(re.findall(LABEL, labels or ""))))
        must(key not in samples, "a series twice")
        samples[key] = float(value)
        must(types[of] != "counter" or name.endswith("_total"), "a counter without _total")
        must(samples[key] >= 0 or types[of] == "gauge", "less than nothing")
    return types, samples


def histograms(types, samples):
    for name in (n for n, t in types.items() if t == "histogram"):
        sums = {}
        for (n, labels), v in samples.items():
            if n != name + "_bucket":
                continue
            le = next(l for l in labels if l.startswith("le="))[4:-1]
            rest = tuple(l for l in labels if not l.startswith("le="))
            sums.setdefault(rest, []).append((float(le), v))
        for rest, buckets in sums.items():
            values = [v for _, v in sorted(buckets)]
            assert values == sorted(values), (name, rest, "falls")
            assert max(b for b, _ in buckets) == float("inf"), (name, rest, "no +Inf")
            assert values[-1] == samples[(name + "_count", rest)], (name, rest, "count")
            assert (name + "_sum", rest) in samples, (name, rest, "no sum")


types, samples = read(sys.argv[1])
histograms(types, samples)
later_types, later = read(sys.argv[2])
for key, v in samples.items():
    name = key[0]
    if types.get(name) == "counter":
        assert later[key] >= v, (key, "a counter falls")
assert len(samples) > 50 and "histogram" in types.values(), len(samples)
EOF2
ok "a strict reader takes it" python3 "$TMP/strict.py" "$TMP/one" "$TMP/two"
for name in pyroscope_build_info pyroscope_discarded_samples_total pyroscope_discarded_bytes_total \
    pyroscope_request_duration_seconds_bucket; do
    ok "Pyroscope's dashboards find $name" grep -q "^${name}[{ ]" "$TMP/one"
done
is "paths of strangers are no labels" "$(grep -c 'such' "$TMP/one")" 0

# ---- options ----------------------------------------------------------------------
for path in config config/default config/diff; do
    fetch "$URL/api/v1/status/$path"
    is "$path" "$status" 200
    printf '%s\n' "$body" >"$TMP/options.yaml"
    # What is plain in YAML: a name, a colon, a word or a quoted text.
    is "$path is YAML" "$(grep -vE '^[a-z][a-z0-9.-]*:( "([^"\\]|\\.)*"| [^][{}"#&*!|>%@`, :][^#"]*| \[\])?$' "$TMP/options.yaml")" ""
    is "$path has each name once" "$(cut -d: -f1 "$TMP/options.yaml" | sort | uniq -d)" ""
done
fetch "$URL/api/v1/status/buildinfo"
is "build info" "$(printf '%s' "$body" | jq -r '.status + " " + .data.version')" "success $(cat VERSION)"
stop_server
is "the server ends well" "$server_status" 0
tap_done

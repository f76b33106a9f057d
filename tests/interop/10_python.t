#!/bin/sh
# pyroscope-io: py-spy inside, Push with gzip-ed pprof.
. tests/interop/lib.sh
python=$(command -v python3.11 || command -v python3) || toolchain python3
"$python" -m pip --version >/dev/null 2>&1 || toolchain pip

site=$CACHE/python
fetch_client "$python" -m pip install --quiet --upgrade --target "$site" \
    --cache-dir "$CACHE/pip" --only-binary :all: \
    --requirement "$POLYGLOT/python/requirements.txt"
export PYTHONPATH="$site"
node tests/interop/sdk.js python "$python" "$POLYGLOT/python/app.py"

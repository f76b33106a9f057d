#!/bin/sh
# pyroscope-io: py-spy inside, Push with gzip-ed pprof.
. tests/interop/lib.sh
toolchain python3 3.10 python3 --version
python3 -m pip --version >/dev/null 2>&1 || need python3-pip

site=$CACHE/python
fetch_client python3 -m pip install --quiet --upgrade --target "$site" \
    --cache-dir "$CACHE/pip" --only-binary :all: \
    --requirement "$POLYGLOT/python/requirements.txt"
export PYTHONPATH="$site"
node tests/interop/sdk.js python python3 "$POLYGLOT/python/app.py"

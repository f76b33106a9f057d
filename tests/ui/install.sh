#!/bin/sh
# Puts the page's test tools into tests/ui/node_modules, once. Needs no
# network when they are there already.
set -eu
cd "$(dirname "$0")"

wanted=$(sed -n 's/.*"playwright-core": "\([0-9.]*\)".*/\1/p' package.json)
have=node_modules/playwright-core/package.json
if [ -f "$have" ] && grep -q "\"version\": \"$wanted\"" "$have"; then
    exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
    echo "tests/ui: npm is missing; on Debian: apt-get install npm" >&2
    exit 1
fi
npm ci --no-audit --no-fund --loglevel=error >&2

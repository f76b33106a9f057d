#!/bin/sh
# Puts the page's test tools into tests/ui/node_modules, once. Needs no
# network when they are there already.
set -eu
cd "$(dirname "$0")"

# Lines "name version" of package.json's dependencies.
wanted() {
    sed -n '/"dependencies"/,/}/s/.*"\([a-z-]*\)": "\([0-9.]*\)".*/\1 \2/p' \
        package.json
}

missing=$(wanted | while read -r name version; do
    grep -qs "\"version\": \"$version\"" "node_modules/$name/package.json" ||
        echo "$name $version"
done)
[ -n "$missing" ] || exit 0
if ! command -v npm >/dev/null 2>&1; then
    echo "tests/ui: npm is missing; on Debian: apt-get install npm" >&2
    exit 1
fi
npm ci --no-audit --no-fund --loglevel=error >&2

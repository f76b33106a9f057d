#!/bin/sh
# io.pyroscope:agent: JFR of async-profiler with its labels, to /ingest.
. tests/interop/lib.sh
need java javac mvn

jars=$CACHE/java
fetch_client mvn --quiet --batch-mode -Dmaven.repo.local="$CACHE/m2" \
    -f "$POLYGLOT/java/pom.xml" -DbuildDirectory="$CACHE/target" \
    dependency:copy-dependencies -DoutputDirectory="$jars"
fetch_client javac -cp "$jars/*" -d "$jars" "$POLYGLOT/java/App.java"
node tests/interop/sdk.js java java -cp "$jars:$jars/*" App

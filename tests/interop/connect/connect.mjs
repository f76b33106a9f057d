import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { readFileSync } from "node:fs";

const { done, is, levelsOf, ok, startServer } =
  await import(process.env.FK_CLIENT);
const set = fromBinary(FileDescriptorSetSchema,
  readFileSync(new URL("querier.bin", import.meta.url)));
const service = createFileRegistry(set)
  .getService("querier.v1.QuerierService");
const server = await startServer();
const type = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";

await fetch(`${server.url}/ingest?name=connect.app.cpu&from=now`,
  { method: "POST", body: "main;work 3\nmain 1\n" });
const range = { start: BigInt(Date.now() - 60000),
  end: BigInt(Date.now() + 60000) };

for (const useBinaryFormat of [true, false])
  for (const gzip of [true, false]) {
    const what = `${useBinaryFormat ? "proto" : "JSON"}${gzip ? ", gzip" : ""}`;
    const client = createClient(service, createConnectTransport({
      baseUrl: server.url, httpVersion: "1.1", useBinaryFormat,
      compressMinBytes: 0,
      ...(gzip ? {} : { acceptCompression: [] }) }));
    const { profileTypes } = await client.profileTypes(range);
    is(`${what}: profile types`, profileTypes.map((t) => [t.name, t.sampleType,
      t.sampleUnit, t.periodType, t.periodUnit]), [type.split(":")]);
    const { names } = await client.labelValues(
      { ...range, name: "service_name", matchers: [] });
    is(`${what}: label values`, names, ["connect.app"]);
    // JSON writes the original's profile_typeID as profileTypeID, which a
    // schema of our own cannot say; proto has only numbers.
    if (!useBinaryFormat) continue;
    const { flamegraph } = await client.selectMergeStacktraces(
      { ...range, profileTypeId: type, labelSelector: "{}" });
    is(`${what}: flame graph`, [flamegraph.names, levelsOf(flamegraph)],
      [["total", "main", "work"],
        [[0, 4e7, 0, 0], [0, 4e7, 1e7, 1], [1e7, 3e7, 3e7, 2]]]);
    const { series } = await client.selectSeries({ ...range,
      profileTypeId: type, labelSelector: "{}", step: 60,
      groupBy: ["service_name"] });
    is(`${what}: series`, series.map((s) =>
      [s.labels.map((l) => [l.name, l.value]),
        s.points.reduce((n, p) => n + p.value, 0)]),
    [[[["service_name", "connect.app"]], 4e7]]);
    const refused = await client.selectSeries(
      { ...range, profileTypeId: "what", labelSelector: "{}", step: 60 })
      .then(() => null, (error) => ConnectError.from(error));
    is(`${what}: an error has its code`, refused?.code, Code.InvalidArgument);
    ok(`${what}: and its sentence`, /profile-type/.test(refused?.rawMessage),
      refused?.rawMessage);
  }
is("the server ends in order", await server.stop(), 0);
done();

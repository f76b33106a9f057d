// Conventions of HTTP and Connect, and protobuf that is not ours.
import { gunzipSync } from "node:zlib";
import { call, decode, done, encode, is } from "./client.js";
import { all, cpu, json, pprof, proto, push, querier, send, server, shop, url }
  from "./wire.js";

// ---- HTTP and Connect (2.1, 2.2, 2.4; traps 8 to 10, 17, 18) --------------------------------------

const names = `${querier}LabelNames`;
for (const [what, method, path, headers, body, status, header = []] of [
  ["GET on Connect", "GET", names, {}, undefined, 405, ["allow", "POST"]],
  ["PUT on Connect", "PUT", names, { "content-type": json }, "{}", 405,
    ["allow", "POST"]],
  ["POST on render", "POST", "/pyroscope/render", {}, "", 405, ["allow", "GET"]],
  ["HEAD on render", "HEAD", "/ready", {}, undefined, 200],
  ["a path that there is not", "GET", "/nothing", {}, undefined, 404,
    ["content-type", json]],
  ["a service that there is not", "POST", "/vcs.v1.VCSService/GithubApp",
    { "content-type": json }, "{}", 404],
  ["recording rules", "POST",
    "/settings.v1.RecordingRulesService/ListRecordingRules",
    { "content-type": json }, "{}", 404],
  ["no content type", "POST", names, {}, "{}", 415,
    ["accept-post", "application/proto, application/json"]],
  ["text", "POST", names, { "content-type": "text/plain;charset=UTF-8" }, "{}",
    415],
  ["a type in capitals", "POST", names, { "content-type":
    "Application/JSON; charset=utf-8" }, "{}", 200, ["content-type", json]],
  ["an empty protobuf", "POST", names, { "content-type": proto }, "", 200,
    ["content-type", proto]],
  ["an error of a protobuf is JSON", "POST", `${querier}LabelValues`,
    { "content-type": proto }, "", 400, ["content-type", json]],
  ["what an error is may not be guessed", "GET", "/pyroscope/render", {},
    undefined, 400, ["x-content-type-options", "nosniff"]],
  ["several Accept lines", "POST", names, { "content-type": json,
    accept: ["text/html", "*/*;allow-utf8-labelnames=true"] }, "{}", 200],
  ["an Accept with odd parameters", "POST", names, { "content-type": json,
    accept: "*/*; q=0.5;allow-utf8-labelnames=true, text/x" }, "{}", 200],
  ["a tenant is not looked at", "POST", names, { "content-type": json,
    "x-scope-orgid": "somebody" }, "{}", 200],
  ["an id of Grafana neither", "POST", names, { "content-type": json,
    "x-grafana-org-id": "1" }, "{}", 200],
]) {
  const reply = await send(method, path, headers, body);
  is(`${what}: ${status}`, reply.status, status);
  if (header.length)
    is(`${what}: ${header[0]}`, reply.headers[header[0]], header[1]);
}
is("a small answer is not packed", (await send("POST", names,
  { "content-type": json, "accept-encoding": "gzip" }, "{}"))
  .headers["content-encoding"], undefined);
await push(shop({ service_name: "deep" }), pprof([[
  Array.from({ length: 1000 }, (_, i) => `f${i}`), {}, 1]]));
const wide = JSON.stringify({ profileTypeID: cpu, ...all,
  labelSelector: '{service_name="deep"}' });
for (const [what, headers, coding] of [
  ["for those who ask", { "accept-encoding": "br, gzip;q=0.5" }, "gzip"],
  ["not for others", {}, undefined],
  ["not for those who refuse", { "accept-encoding": "gzip;q=0" }, undefined]]) {
  const reply = await send("POST", `${querier}SelectMergeStacktraces`,
    { "content-type": json, ...headers }, wide);
  is(`a large answer is packed ${what}`, reply.headers["content-encoding"],
    coding);
  const plain = coding ? gunzipSync(reply.bytes) : reply.bytes;
  is(`and is whole, ${what}`, JSON.parse(plain).flamegraph.total, "1");
}

// ---- protobuf that is not ours ---------------------------------------------------------------------

const fields = [[1, cpu], [2, '{service_name="shop"}'], [3, all.start], [4, all.end]];
for (const [what, body, status] of [
  ["fields of the future", encode([...fields, [200, 7], [201, "x"],
    [7, [[3, [[1, "x"]]]]], [6, 99]]), 200],
  ["a field twice: the last one", encode([[1, "a:b:c:d:e"], ...fields]), 200],
  ["cut short", encode(fields).subarray(0, -1), 400],
  ["a selector that is not UTF-8", encode([[1, cpu],
    [2, Buffer.from([0x7b, 0xff, 0x7d])], [3, 1], [4, 2]]), 400],
]) {
  const reply = await call(url, `${querier}SelectMergeStacktraces`, proto, body);
  is(`protobuf, ${what}: ${status}`, reply.status, status);
  if (status === 200)
    is(`protobuf, ${what}: its total`, decode(decode(reply.bytes)[1][0])[3],
      [31n]);
}

is("the server ends in order", await server.stop(), 0);
done();

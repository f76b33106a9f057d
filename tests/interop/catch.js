// A stranger's server that takes pushes:
//   catch.js FILE             says "ready URL"; the last body, plain, to FILE
//   catch.js --profile FILE   the first profile of such a body, plain
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";
import { decode } from "../integration/client.js";

const plain = (bytes) =>
  (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes);

if (process.argv[2] === "--profile") {
  const [series] = decode(readFileSync(process.argv[3]))[1];
  const [sample] = decode(series)[2];
  process.stdout.write(plain(decode(sample)[1][0]));
} else {
  const file = process.argv[2];
  const server = createServer((request, reply) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      if (request.url.endsWith("/push.v1.PusherService/Push")) {
        writeFileSync(`${file}.part`, plain(Buffer.concat(parts)));
        renameSync(`${file}.part`, file);
      }
      reply.writeHead(200, { "content-type": "application/proto" }).end();
    });
  });
  server.listen(0, "127.0.0.1", () =>
    console.log(`ready http://127.0.0.1:${server.address().port}`));
}

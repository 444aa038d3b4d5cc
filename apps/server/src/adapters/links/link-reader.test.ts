import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { samplePng } from "@postd/connector-kit/conformance";
import sharp from "sharp";
import { createPicturePool } from "../blob/fair-pool.ts";
import { createEgress } from "../egress/egress.ts";
import { createLinkReader } from "./link-reader.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {} };
const png = samplePng({ width: 10, height: 10 }).bytes;
const pictures = createPicturePool();
/** Grain, which no format makes small. */
const grain = (width: number, height: number, channels: 3 | 4) =>
  sharp(randomBytes(width * height * channels), { raw: { width, height, channels } })
    .png()
    .toBuffer();
const large: Record<string, Uint8Array> = {};
let server: Server;
let egress: ReturnType<typeof createEgress>;
let sentChars = 0;

before(async () => {
  const photo = await grain(1_000, 900, 3);
  Object.assign(large, {
    "/large.png": photo,
    "/see-through.png": await grain(700, 600, 4),
    "/huge.png": Buffer.concat([photo, Buffer.alloc(6_000_000)]),
    "/cut.png": photo.subarray(0, 1_500_000),
  });
  server = createServer((request, response) => {
    const html = (text: string, status = 200) => {
      response.writeHead(status, { "content-type": "text/html; charset=utf-8" });
      response.end(text);
    };
    switch (request.url) {
      case "/page":
        return html('<title>A page</title><meta property="og:image" content="/p.png">');
      case "/untitled":
        return html("<p>hello");
      case "/moved":
        response.writeHead(302, { location: "/page" });
        return response.end();
      case "/inward":
        response.writeHead(302, { location: "http://127.0.0.1:1/secret" });
        return response.end();
      case "/p.png":
        response.writeHead(200, { "content-type": "text/html" });
        return response.end(png);
      case "/large.png":
      case "/see-through.png":
      case "/huge.png":
      case "/cut.png":
        response.writeHead(200, { "content-type": "image/png" });
        return response.end(large[request.url]);
      case "/file.pdf":
        response.writeHead(200, { "content-type": "application/pdf" });
        return response.end("%PDF-1.7");
      case "/long": {
        response.writeHead(200, { "content-type": "text/html" });
        const chunk = "<p>x</p>".repeat(8192);
        const more = (): void => {
          while (!response.destroyed && sentChars < 500_000_000) {
            sentChars += chunk.length;
            if (!response.write(chunk)) return void response.once("drain", more);
          }
        };
        response.write("<title>Long</title>");
        return more();
      }
      case "/cut":
        response.writeHead(200, { "content-type": "text/html", "content-length": "1000" });
        response.write("<title>Cut");
        return response.destroy();
      default:
        return html("gone", 404);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}`;
  egress = createEgress({
    hostMap: [
      { host: "news.example", base, kind: "override" },
      { host: "sim.example", base, kind: "simulator" },
    ],
    allowHosts: [],
    clock: { now: () => new Date() },
    log: quiet,
    lookup: (_host, done) => done(null, [{ address: "10.0.0.1", family: 4 }]),
  });
});

after(async () => {
  await egress.close();
  server.closeAllConnections();
  server.close();
});

const read = async (url: string, mappedOnly = false) => {
  const page = await createLinkReader(egress, { mappedOnly, pictures }).read(url);
  return page.ok ? page.value : page.error.code;
};

test("a page is read with its title and picture, also behind a redirect", async () => {
  const shown = { title: "A page", imageUrl: "https://news.example/p.png" };
  assert.deepEqual(await read("https://news.example/page"), { url: "https://news.example/page", ...shown });
  assert.deepEqual(await read("https://news.example/moved"), { url: "https://news.example/moved", ...shown });
});

test("LI-8: a page without a title, or a file that is no page, is called by its host and never null", async () => {
  assert.deepEqual(await read("https://news.example/untitled"), {
    url: "https://news.example/untitled",
    title: "news.example",
  });
  assert.deepEqual(await read("https://news.example/file.pdf"), {
    url: "https://news.example/file.pdf",
    title: "news.example",
  });
});

test("private addresses are refused, behind a redirect and by name too", async () => {
  for (const url of [
    "http://127.0.0.1/",
    "http://[::1]/",
    "http://169.254.169.254/latest/meta-data",
    "https://inside.example/",
    "https://news.example/inward",
    "ftp://news.example/",
    "nonsense",
    "https://u:p@news.example/page",
  ])
    assert.equal(await read(url), "refused", url);
});

test("two megabytes are read and the rest is not fetched", async () => {
  assert.deepEqual(await read("https://news.example/long"), { url: "https://news.example/long", title: "Long" });
  assert.ok(sentChars < 50_000_000, `${sentChars} characters had to be sent`);
});

test("a page that is gone or breaks off is told and never thrown", async () => {
  assert.equal(await read("https://news.example/nowhere"), "not_found");
  assert.equal(await read("https://news.example/cut"), "unavailable");
});

test("a simulated connection reads mapped hosts and nothing else", async () => {
  assert.notEqual(typeof (await read("https://news.example/page", true)), "string");
  assert.notEqual(typeof (await read("https://sim.example/page", true)), "string");
  assert.equal(await read("https://other.example/page", true), "refused");
  assert.equal(await read("https://sim.example/page", false), "refused", "a real one never reaches a simulator");
});

test("a picture is told by its bytes and kept within its limit", async () => {
  const { image } = createLinkReader(egress, { mappedOnly: false, pictures });
  const found = await image("https://news.example/p.png", { maxBytes: 1_000_000 });
  assert.ok(found.ok && found.value.mimeType === "image/png");
  assert.deepEqual([...found.value.bytes], [...png]);
  const codes = await Promise.all([
    image("https://news.example/page", { maxBytes: 1_000_000 }),
    image("https://news.example/p.png", { maxBytes: 20 }),
    image("http://127.0.0.1:1/p.png", { maxBytes: 20 }),
  ]);
  assert.deepEqual(
    codes.map((answer) => (answer.ok ? "ok" : answer.error.code)),
    ["unsupported", "too_large", "refused"],
  );
});

test("a picture larger than the limit is made smaller, so that the card keeps it", async () => {
  const { image } = createLinkReader(egress, { mappedOnly: false, pictures });
  for (const [name, maxBytes] of [
    ["large", 1_000_000],
    ["large", 60_000],
    ["see-through", 300_000],
  ] as const) {
    const found = await image(`https://news.example/${name}.png`, { maxBytes });
    assert.ok(found.ok, JSON.stringify(found));
    assert.equal(found.value.mimeType, "image/jpeg");
    assert.ok(found.value.bytes.length <= maxBytes, `${found.value.bytes.length}`);
    const { width, height, format, exif } = await sharp(found.value.bytes).metadata();
    assert.deepEqual([format, exif], ["jpeg", undefined]);
    assert.ok(Math.abs(width / height - (name === "large" ? 1_000 / 900 : 700 / 600)) < 0.01, `${width} x ${height}`);
  }
});

test("a picture that is cut off, or larger than any is read, costs the card its picture and nothing else", async () => {
  const { image } = createLinkReader(egress, { mappedOnly: false, pictures });
  for (const name of ["cut", "huge"]) {
    const answer = await image(`https://news.example/${name}.png`, { maxBytes: 1_000_000 });
    assert.equal(answer.ok ? "ok" : answer.error.code, "too_large", name);
  }
});

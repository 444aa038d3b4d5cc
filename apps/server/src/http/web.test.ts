import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { Problem } from "@postd/contracts";
import { startFakeApp } from "./testing/fake-app.ts";

let directory: string;
let app: Awaited<ReturnType<typeof startFakeApp>>["app"];
before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "postd-web-"));
  await mkdir(path.join(directory, "assets"));
  await writeFile(path.join(directory, "index.html"), "<title>POSTD</title>");
  await writeFile(path.join(directory, "assets/app-1.js"), "export {};");
  ({ app } = await startFakeApp({ config: { webDirectory: directory } }));
});
after(async () => {
  await app.close();
  await rm(directory, { recursive: true });
});

test("every page address gives the app, files are kept by browsers, and the page itself is not", async () => {
  for (const url of ["/", "/calendar", "/posts/post_1?target=job_1", "/media", "/accounts/choose?grantId=x"]) {
    const page = await app.inject({ url });
    assert.equal(page.statusCode, 200, url);
    assert.match(page.body, /POSTD/);
    assert.equal(page.headers["cache-control"], "no-cache");
    assert.match(String(page.headers["content-security-policy"]), /frame-ancestors 'none'/);
  }
  const file = await app.inject({ url: "/assets/app-1.js" });
  assert.match(String(file.headers["cache-control"]), /immutable/);
});

test("an unknown API path or file is a problem, not the page, and nothing outside the folder is served", async () => {
  for (const url of [
    "/api/nothing",
    "/assets/gone.js",
    "/../package.json",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/docs/nothing",
  ]) {
    const answer = await app.inject({ url });
    assert.ok(answer.statusCode === 404 || answer.body.includes("<title>POSTD"), `${url}: ${answer.body}`);
    if (url.startsWith("/api")) Problem.parse(answer.json());
    assert.ok(!answer.body.includes("root:"));
  }
});

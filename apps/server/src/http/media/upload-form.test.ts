import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startFakeApp } from "../testing/fake-app.ts";

let server: Awaited<ReturnType<typeof startFakeApp>>;
before(async () => {
  server = await startFakeApp();
});
after(() => server.app.close());

const file = (size: number, name = "file") =>
  `--b\r\nContent-Disposition: form-data; name="${name}"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n${"x".repeat(size)}\r\n`;
const field = (value: string, name = "altText") =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const send = (...parts: string[]) =>
  server.app.inject({
    method: "POST",
    url: "/api/media",
    headers: { authorization: "Bearer session:owner", "content-type": "multipart/form-data; boundary=b" },
    payload: `${parts.join("")}--b--\r\n`,
  });

test("the description counts wherever it stands in the form", async () => {
  for (const parts of [
    [field("Two cups"), file(40_000)],
    [file(40_000), field("Two cups")],
  ]) {
    const answer = await send(...parts);
    assert.equal(answer.statusCode, 201, answer.body);
    assert.deepEqual([answer.json().altText, answer.json().sizeBytes], ["Two cups", 40_000]);
  }
});

test("what is wrong behind the file is told as what is wrong before it", async () => {
  const cases: [string, string[]][] = [
    ["altText", [field("x".repeat(5_001))]],
    ["title", [field("Beans", "title")]],
    ["file", [file(10)]],
    ["file", [file(10, "picture")]],
  ];
  for (const [name, parts] of cases) {
    const answer = await send(file(40_000), ...parts);
    assert.deepEqual([answer.statusCode, answer.json().field], [400, name], answer.body);
  }
  assert.deepEqual([(await send()).json().field, (await send(field("alone"))).json().field], ["file", "file"]);
  const cut = await server.app.inject({
    method: "POST",
    url: "/api/media",
    headers: { authorization: "Bearer session:owner", "content-type": "multipart/form-data; boundary=b" },
    payload: `${file(100)}--b\r\nContent-Disposition: form-da`,
  });
  assert.equal(cut.statusCode, 400, cut.body);
});

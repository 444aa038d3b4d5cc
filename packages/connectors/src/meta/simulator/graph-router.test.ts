import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimulatorHost, describeMedia } from "@postd/connector-kit/simulator";
import { parseFields } from "@postd/connector-kit/simulator/graph";
import { z } from "zod";
import { simulators } from "../simulator.ts";
import { errorOf, fb, ig, jpeg, mp4, png, testClient } from "./test-client.ts";
import { servedVersion } from "./versions.ts";

describe("Graph calls", () => {
  it("reads nested fields with modifiers and refuses broken syntax", () => {
    const [first, second] = parseFields("id,comments.summary(true).limit(0){id,from{name}}");
    assert.equal(first?.name, "id");
    assert.deepEqual(
      [second?.modifiers, second?.fields.map((field) => field.name)],
      [{ summary: "true", limit: "0" }, ["id", "from"]],
    );
    for (const broken of ["id,,name", "a{b", "a.limit", "a}"])
      assert.throws(() => parseFields(broken), /Syntax error/, broken);
  });

  it("answers several ids at once and refuses a field no node has", async () => {
    const client = testClient();
    const page = client.simulator.createAccount({ kind: "page" });
    const ids: string[] = [];
    for (const message of ["One", "Two"])
      ids.push((await client.post(fb(`${page.id}/feed`), page.accessToken, { message })).json.id);
    const both = (await client.get(fb(`?ids=${ids.join(",")}&fields=message`), page.accessToken)).json;
    assert.deepEqual(
      ids.map((id) => both[id].message),
      ["One", "Two"],
    );
    assert.equal(errorOf(await client.get(fb(`${ids[0]}?fields=colour`), page.accessToken)), "100/-");
    assert.equal(errorOf(await client.get(fb(`${ids[0]}/colours`), page.accessToken)), "100/-");
    assert.equal(errorOf(await client.get(fb("123456?fields=id"), page.accessToken)), "100/33");
    assert.equal(errorOf(await client.get(fb("me"))), "190/467");
  });

  it("takes a JSON body and refuses one that is neither form nor JSON", async () => {
    const client = testClient();
    const page = client.simulator.createAccount({ kind: "page" });
    const send = (type: string, body: string) =>
      client.ask({
        url: fb(`${page.id}/feed`),
        token: page.accessToken,
        headers: { "content-type": type },
        bytes: Buffer.from(body),
      });
    assert.equal((await send("application/json", '{"message":"JSON","published":false}')).status, 200);
    assert.equal(errorOf(await send("application/json", "[1]")), "100/-");
    assert.equal(errorOf(await send("text/plain", "message=x")), "100/-");
    assert.deepEqual([client.simulator.posts().length, client.simulator.orphans()], [0, 1]);
  });

  it("shows a live post on its permalink and nothing for one that is gone", async () => {
    const host = await createSimulatorHost({ definitions: simulators, port: 0 });
    try {
      const page = host.simulator("meta").simulator.createAccount({ kind: "page" });
      const call = (path: string, init: RequestInit = {}) => fetch(`${host.url}/${path}`, init);
      const headers = { authorization: `Bearer ${page.accessToken}` };
      const body = new URLSearchParams({ message: "<i>Open</i>" });
      const made = await call(`graph.facebook.com/v25.0/${page.id}/feed`, { method: "POST", headers, body });
      const { id } = z.object({ id: z.string() }).parse(await made.json());
      const look = () => call(`www.facebook.com/${id}`, { headers: { accept: "text/html" } });
      assert.match(await (await look()).text(), /&lt;i&gt;Open&lt;\/i&gt;/);
      await call(`graph.facebook.com/v25.0/${id}`, { method: "DELETE", headers });
      assert.equal((await look()).status, 404);
    } finally {
      await host.close();
    }
  });

  it("gives any code on any call, before the post or after it, in the form of the host", async () => {
    const client = testClient();
    const page = client.simulator.createAccount({ kind: "page" });
    const publish = () => client.post(fb(`${page.id}/feed`), page.accessToken, { message: "x" });
    client.mount.arm({ fault: "graphError", code: 368, subcode: 1390008, match: { method: "POST", path: "/feed$" } });
    assert.equal(client.mount.faults.list()[0]?.left, 1);
    const blocked = await publish();
    assert.deepEqual([blocked.status, errorOf(blocked), client.simulator.posts().length], [400, "368/1390008", 0]);
    client.mount.arm({ fault: "graphError", after: true, code: 4, headers: { "x-app-usage": "{}" } });
    const limited = await publish();
    assert.deepEqual(
      [limited.status, limited.json.error.is_transient, client.simulator.posts().length],
      [403, true, 1],
    );
    assert.equal(limited.headers["x-app-usage"], "{}");
    client.mount.arm({
      fault: "platformError",
      code: 100,
      subcode: 33,
      message: "gone",
      more: { original_response: { id: "1" } },
    });
    assert.deepEqual((await client.get(fb(page.id), page.accessToken)).json.error.original_response, { id: "1" });
    client.mount.arm({ fault: "graphError", code: 24, subcode: 2207006 });
    assert.equal((await client.get(ig("me"), "x")).json.error.type, "IGApiException");
    client.mount.arm({ fault: "graphError", upload: "ProcessingFailedError" });
    const upload = await client.post("https://rupload.facebook.com/video-upload/v25.0/1", page.accessToken);
    assert.deepEqual(upload.json.debug_info.retriable, false);
    client.mount.arm({ fault: "graphError", flat: "OAuthException", code: 400, message: "No." });
    assert.deepEqual((await client.get("https://api.instagram.com/oauth/access_token")).json, {
      error_type: "OAuthException",
      code: 400,
      error_message: "No.",
    });
    client.mount.arm({ fault: "platformError", status: 200, body: "<html>", after: true });
    assert.deepEqual([(await publish()).text, client.simulator.posts().length], ["<html>", 2]);
    assert.throws(() => client.mount.arm({ fault: "graphError", subcode: 1 }), /code/);
  });

  it("retires versions on the dates of the changelog", () => {
    const at = (day: string, version: string) => JSON.stringify(servedVersion(version, new Date(`${day}T00:00:00Z`)));
    assert.match(at("2026-09-23", "v20.0"), /"version":"v20.0","expired":false/);
    assert.match(at("2026-09-24", "v20.0"), /"version":"v21.0","expired":true/);
    assert.match(at("2027-01-21", "v21.0"), /"version":"v22.0","expired":true/);
    assert.match(at("2026-11-20", "v26.0"), /"version":"v26.0","expired":false/);
    for (const never of ["v27.0", "v25.1", "v0"])
      assert.equal(servedVersion(never, new Date("2026-11-20")), undefined, never);
  });

  it("reads sizes and lengths from the files themselves, and never trusts cut ones", () => {
    assert.deepEqual(describeMedia(jpeg(1080, 1350)), {
      mimeType: "image/jpeg",
      width: 1080,
      height: 1350,
      channels: 1,
    });
    assert.deepEqual(describeMedia(png(640, 480)), { mimeType: "image/png", width: 640, height: 480 });
    const { mimeType, durationMs, width, height } = describeMedia(mp4(5000)) ?? {};
    assert.deepEqual([mimeType, durationMs, width, height], ["video/mp4", 5000, 720, 1280]);
    for (const whole of [jpeg(10, 10), png(10, 10), mp4(5000)])
      for (let length = 0; length < whole.byteLength; length++)
        assert.doesNotThrow(() => describeMedia(whole.slice(0, length)));
  });
});

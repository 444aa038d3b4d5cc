import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorOf, fb, ig, jpeg, testClient } from "./test-client.ts";

const bodies = (rows: readonly ({ body: string } | null)[]) => rows.map((row) => row && JSON.parse(row.body));

describe("batches of Graph calls", () => {
  it("answer each part in order, in JSON as text, and a failing one leaves the others and 200", async () => {
    for (const [kind, base, root] of [
      ["page", fb, "https://graph.facebook.com/"],
      ["instagram_login", ig, "https://graph.instagram.com/v25.0/"],
    ] as const) {
      const { simulator, post } = testClient();
      const { id, accessToken: token } = simulator.createAccount({ kind });
      const batch = JSON.stringify([
        { method: "GET", relative_url: `${id}?fields=id` },
        { method: "GET", relative_url: `v25.0/${id}/colours`, name: "second" },
        { method: "get", relative_url: "/123456" },
      ]);
      const told = await post(root, token, { batch });
      assert.equal(told.status, 200, kind);
      assert.deepEqual(
        told.json.map(({ code }: { code: number }) => code),
        [200, 400, 400],
      );
      assert.deepEqual(Object.keys(bodies(told.json)[0]), ["id"]);
      assert.equal(bodies(told.json)[2].error.error_subcode, 33);
      assert.ok(told.json[0].headers.some(({ name }: { name: string }) => name === "facebook-api-version"));
      const bare = await post(base(""), token, { batch, include_headers: "false" });
      assert.equal(bare.json[0].headers, undefined);
    }
  });

  it("change what their parts change, with tokens and files of their own", async () => {
    const { simulator, post, ask } = testClient();
    const one = simulator.createAccount({ kind: "page" });
    const other = simulator.createAccount({ kind: "page" });
    const parts = [
      { method: "POST", relative_url: `${one.id}/feed`, body: "message=One" },
      { method: "POST", relative_url: `${other.id}/feed`, body: `message=Other&access_token=${other.accessToken}` },
      { method: "POST", relative_url: `${other.id}/feed`, body: "message=Not+mine" },
    ];
    const told = await post(fb(""), one.accessToken, { batch: JSON.stringify(parts) });
    assert.deepEqual(
      told.json.map(({ code }: { code: number }) => code),
      [200, 200, 400],
    );
    assert.deepEqual(
      simulator.posts().map(({ text }) => text),
      ["One", "Other"],
    );
    const photo = { method: "POST", relative_url: `${one.id}/photos`, body: "message=Seen", attached_files: "picture" };
    const picture = new Blob([new Uint8Array(jpeg(100, 100))], { type: "image/jpeg" });
    const multipart = { batch: JSON.stringify([photo]), picture };
    const seen = await ask({ url: fb(""), token: one.accessToken, multipart });
    assert.equal(seen.json[0].code, 200, JSON.stringify(seen.json));
    assert.equal(simulator.posts().at(-1)?.media.length, 1);
  });

  it("have null for a part that was not done in time, though a change may have been made", async () => {
    const { simulator, post, mount } = testClient();
    const { id, accessToken: token } = simulator.createAccount({ kind: "page" });
    mount.arm({ fault: "dropAfterAccept" });
    const parts = [
      { method: "POST", relative_url: `${id}/feed`, body: "message=Late" },
      { method: "POST", relative_url: `${id}/feed`, body: "message=Quiet", omit_response_on_success: true },
      { method: "POST", relative_url: `${id}/feed`, omit_response_on_success: true },
    ];
    const told = await post(fb(""), token, { batch: JSON.stringify(parts) });
    assert.deepEqual([told.status, told.json[0], told.json[1], told.json[2].code], [200, null, null, 400]);
    assert.deepEqual(
      simulator.posts().map(({ text }) => text),
      ["Late", "Quiet"],
    );
  });

  it("have at most fifty parts that can be read", async () => {
    const { simulator, post } = testClient();
    const { id, accessToken: token } = simulator.createAccount({ kind: "page" });
    const part = { method: "GET", relative_url: id };
    const send = (batch: unknown) => post(fb(""), token, { batch: JSON.stringify(batch) });
    assert.equal((await send(Array.from({ length: 50 }, () => part))).json.length, 50);
    for (const bad of [Array.from({ length: 51 }, () => part), [], [{ method: "PUT", relative_url: id }], part])
      assert.equal(errorOf(await send(bad)), "100/-");
  });
});

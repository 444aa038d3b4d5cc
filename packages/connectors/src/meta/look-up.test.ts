import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lookUpFacebook, lookUpInstagram } from "./look-up.ts";
import { contextOf, graphError, scriptedGraph } from "./scripted-graph.ts";

const fb = (id: string) => `GET graph.facebook.com/v25.0/${id}`;
const gone = graphError(100, 33);

describe("a post that a look does not find", () => {
  it("is gone only where the account itself can still be read", async () => {
    const seen = await lookUpFacebook(
      { externalId: "123_1" },
      contextOf(scriptedGraph({ [fb("123_1")]: gone, [fb("123")]: { id: "123" } })),
    );
    assert.deepEqual(seen, { ok: true, value: undefined });
    const unseen = await lookUpFacebook(
      { externalId: "123_1" },
      contextOf(scriptedGraph({ [fb("123_1")]: gone, [fb("123")]: gone })),
    );
    assert.equal(unseen.ok, false);
  });

  it("is looked for as a video where its number stands alone, and is there while that one is out", async () => {
    const look = (video: Parameters<typeof scriptedGraph>[0][string]) =>
      lookUpFacebook(
        { externalId: "77" },
        contextOf(scriptedGraph({ [fb("123_77")]: gone, [fb("77")]: video, [fb("123")]: { id: "123" } })),
      );
    const status = { video_status: "ready" };
    assert.deepEqual(await look({ id: "77", from: { id: "123" }, status }), { ok: true, value: { externalId: "77" } });
    assert.deepEqual(await look({ id: "77", from: { id: "9" }, status }), { ok: true, value: undefined });
    assert.deepEqual(await look(gone), { ok: true, value: undefined });
    assert.equal((await look({ id: "77", status })).ok, false, "nobody says whose it is");
  });

  it("is no other account's where Instagram does not say whose it is", async () => {
    const account = { externalId: "789", kind: "professional", authKind: "facebook_login" };
    const look = (media: Parameters<typeof scriptedGraph>[0][string]) =>
      lookUpInstagram(
        { externalId: "55" },
        contextOf(scriptedGraph({ [fb("789/media")]: { data: [] }, [fb("55")]: media }), { account }),
      );
    assert.deepEqual(await look({ id: "55", owner: { id: "789" } }), { ok: true, value: { externalId: "55" } });
    assert.deepEqual(await look({ id: "55", owner: { id: "9" } }), { ok: true, value: undefined });
    assert.equal((await look({ id: "55" })).ok, false);
  });
});

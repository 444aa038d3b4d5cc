import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { film, setUp } from "./client-harness.ts";

const day = 86_400_000;

describe("drafts", () => {
  it("wait in the inbox until their person posts them, once or several times", async () => {
    const { draft, status, publicIds, act, advance, later, simulator } = setUp();
    const id = await draft();
    await later(day);
    assert.deepEqual([(await status(id)).status, simulator.posts().length], ["SEND_TO_USER_INBOX", 0]);
    await act("finishDraft", { publish_id: id, times: 2, title: "My words" });
    assert.equal((await status(id)).status, "PUBLISH_COMPLETE");
    advance(61_000);
    const ids = await publicIds(id);
    assert.deepEqual([ids.length, new Set(ids).size, simulator.posts()[1]?.text], [2, 2, "My words"]);
    await act("finishDraft", { publish_id: id, privacy: "SELF_ONLY" });
    assert.deepEqual([(await publicIds(id)).length, simulator.posts().length], [2, 3]);
  });

  it("of a day are five at most, until one is posted or discarded", async () => {
    const { draft, post, wholeFile, act, advance, later } = setUp();
    const ids: string[] = [];
    for (let nth = 0; nth < 5; nth += 1) ids.push(await draft());
    advance(60_000);
    const init = async () =>
      (await post("post/publish/inbox/video/init/", { source_info: wholeFile(film) })).json.error.code;
    assert.equal(await init(), "spam_risk_too_many_pending_share");
    await act("discardDraft", { publish_id: ids[0] ?? "" });
    assert.equal(await init(), "ok");
    assert.equal(await init(), "spam_risk_too_many_pending_share");
    await assert.rejects(async () => act("finishDraft", { publish_id: ids[0] ?? "" }), /no draft/);
    await later(day);
    assert.equal(await init(), "ok");
    await act("set", { pendingOf: "held", pendingCap: 6 });
    assert.equal(await init(), "spam_risk_too_many_pending_share");
    await act("finishDraft", { publish_id: ids[1] ?? "" });
    assert.equal(await init(), "ok");
  });

  it("of photos ignore privacy, and need the right to upload and not the right to post", async () => {
    const upload = setUp({ scopes: ["video.upload"] });
    const url = upload.host("a.jpg", sampleJpeg({ width: 40, height: 30 }), "image/jpeg");
    const drafted = await upload.photos([url], "MEDIA_UPLOAD", { privacy_level: "nonsense" });
    assert.equal(drafted.status, 200, drafted.text);
    upload.advance(5000);
    assert.equal((await upload.status(drafted.json.data.publish_id)).status, "SEND_TO_USER_INBOX");
    assert.equal((await upload.photos([url])).json.error.code, "scope_not_authorized");
    const only = setUp({ scopes: ["video.publish"] });
    assert.equal((await only.photos([url], "MEDIA_UPLOAD")).status, 401);
  });
});

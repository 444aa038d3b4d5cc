import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleMp4 } from "@postd/connector-kit/media-samples";
import { sha256Hex } from "@postd/connector-kit/simulator";
import { apis, minute, photo, setUp, v4Error } from "../client-harness.ts";

const schedule = {
  startDate: { year: 2026, month: 12, day: 1 },
  startTime: { hours: 19 },
  endDate: { year: 2026, month: 12, day: 1 },
  endTime: { hours: 22, minutes: 30 },
};
const event = { title: "Cupping", schedule };

describe("a local post", () => {
  it("is processed first, and live with its link when its review is over", async () => {
    const { standard, read, advance, simulator, location, act } = setUp();
    const { status, json } = await standard("Fresh beans");
    assert.deepEqual([status, json.state, json.searchUrl], [200, "PROCESSING", undefined]);
    assert.match(json.name, new RegExp(`^${location}/localPosts/\\d+$`));
    assert.equal(simulator.posts().length, 0);
    advance(minute);
    const live = await read(json.name);
    assert.equal(live.state, "LIVE");
    await act("set", { linksEarly: true });
    assert.ok((await standard("Linked at once")).json.searchUrl);
    assert.ok(URL.canParse(live.searchUrl));
    const [post] = simulator.posts();
    assert.deepEqual([post?.id, post?.text, post?.permalink], [json.name, "Fresh beans", live.searchUrl]);
  });

  it("is rejected without a reason for a telephone number, and not for a date or a price", async () => {
    const { standard, read, advance } = setUp();
    const ends = async (text: string) => {
      const { json } = await standard(text);
      advance(2 * minute);
      const { state, ...rest } = await read(json.name);
      assert.deepEqual(
        Object.keys(rest).filter((name) => /reason|violation/i.test(name)),
        [],
      );
      return state;
    };
    for (const text of ["Call +45 31 23 45 67", "Ring 555-123-4567", "Call (020) 7946 0958"])
      assert.equal(await ends(text), "REJECTED", text);
    for (const text of ["Open 2026-12-24", "2026-12-24 10:00", "Now 1.299,00 DKK", "Bag 123456"])
      assert.equal(await ends(text), "LIVE", text);
  });

  it("needs a topic type, words or a photo, at most 1500 characters and fields Google knows", async () => {
    const { create, standard, advance } = setUp();
    assert.equal(v4Error(await create({ summary: "x" })), "400 2 topic_type");
    assert.equal(v4Error(await create({ topicType: "STANDARD" })), "400 2 summary");
    assert.equal((await standard("é".repeat(1500))).status, 200);
    assert.equal(v4Error(await standard("x".repeat(1501))), "400 3 summary");
    advance(minute);
    for (const wrong of [
      { media: "https://media.example/a.jpg" },
      { state: "LIVE" },
      { event: { recurrenceInfo: {} } },
    ]) {
      const { status, json } = await standard("x", wrong);
      assert.equal(status, 400);
      assert.match(json.error.details[0]["@type"], /BadRequest/);
    }
    assert.equal(v4Error(await standard("x", { alertType: "COVID_19" })), "400 2 alert_type");
  });

  it("has a button with an address, but for a call, which has none", async () => {
    const { standard, create, advance, act } = setUp();
    const button = (actionType: string, url?: string) =>
      standard("x", { callToAction: { actionType, ...(url && { url }) } });
    for (const [type, url] of [["BOOK", "https://x.example/"], ["CALL"], ["LEARN_MORE", "https://x.example/"]] as const)
      assert.equal((await button(type, url)).status, 200, type);
    assert.equal(v4Error(await button("CALL", "https://x.example/")), "400 3 call_to_action.url");
    assert.equal(v4Error(await button("SHOP")), "400 2 call_to_action.url");
    assert.equal(v4Error(await button("SHOP", "x.example")), "400 3 call_to_action.url");
    assert.equal(v4Error(await button("GET_OFFER", "https://x.example/")), "400 3 call_to_action.action_type");
    advance(minute);
    const offer = { topicType: "OFFER", event, callToAction: { actionType: "CALL" } };
    assert.equal(v4Error(await create(offer)), "400 3 call_to_action");
    await act("set", { offerButton: "ignored" });
    assert.equal((await create(offer)).status, 200);
  });

  it("of an event or offer has a title and all four parts of its time", async () => {
    const { create, advance, read } = setUp();
    const { startTime: _, ...partly } = schedule;
    assert.equal(v4Error(await create({ topicType: "EVENT", summary: "x" })), "400 2 event.title");
    assert.equal(
      v4Error(await create({ topicType: "OFFER", event: { title: "x", schedule: partly } })),
      "400 2 event.schedule",
    );
    assert.equal(
      v4Error(await create({ topicType: "EVENT", event: { title: "x".repeat(59), schedule } })),
      "400 3 event.title",
    );
    const early = { ...schedule, endTime: { hours: 18, minutes: 59 } };
    assert.equal(
      v4Error(await create({ topicType: "EVENT", event: { title: "x", schedule: early } })),
      "400 3 event.schedule",
    );
    assert.equal(v4Error(await create({ topicType: "STANDARD", summary: "x", event })), "400 3 event");
    const offer = { couponCode: "BEANS", termsConditions: "One each" };
    const { json } = await create({ topicType: "OFFER", event, offer });
    advance(minute);
    const live = await read(json.name);
    assert.deepEqual([live.event.schedule.startTime, live.offer, live.state], [{ hours: 19 }, offer, "LIVE"]);
  });

  it("shows one photo, fetched and measured; a film is an internal error", async () => {
    const { standard, host, advance, simulator } = setUp();
    const bytes = photo();
    const media = (url: string, mediaFormat = "PHOTO") => ({ media: [{ mediaFormat, sourceUrl: url }] });
    const good = media(host("a.jpg", bytes, "image/jpeg"));
    assert.equal((await standard("x", good)).status, 200);
    advance(minute);
    assert.equal(simulator.posts()[0]?.media[0]?.sha256, sha256Hex(bytes));
    assert.equal(v4Error(await standard("x", media("https://media.example/none.jpg"))), "400 1000 media.source_url");
    const small = media(host("s.jpg", photo(1, 12_000, 249), "image/jpeg"));
    assert.equal(v4Error(await standard("x", small)), "400 1001 media");
    const light = media(host("l.jpg", photo(1, 250, 250), "image/jpeg"));
    assert.equal(v4Error(await standard("x", light)), "400 1001 media");
    assert.equal(v4Error(await standard("x", { media: [...good.media, ...good.media] })), "400 3 media");
    const film = host("f.mp4", sampleMp4({ width: 1280, height: 720, durationMs: 3000 }), "video/mp4");
    assert.equal((await standard("x", media(film, "VIDEO"))).json.error.status, "INTERNAL");
  });

  it("is rejected where its photo is fetched at review and cannot be had any more", async () => {
    const { standard, host, advance, act, read, simulator } = setUp();
    await act("set", { photoFetchedAt: "review" });
    const at = (sourceUrl: string) => standard("x", { media: [{ mediaFormat: "PHOTO", sourceUrl }] });
    const lost = (await at("https://media.example/gone.jpg")).json;
    const kept = (await at(host("k.jpg", photo(), "image/jpeg"))).json;
    advance(minute);
    assert.deepEqual([(await read(lost.name)).state, (await read(kept.name)).state], ["REJECTED", "LIVE"]);
    assert.equal(simulator.posts()[0]?.media.length, 1);
  });

  it("waits for its time, looked at up front, and is called back by deleting it", async () => {
    const { standard, advance, read, send, simulator } = setUp();
    const scheduledTime = "2026-11-20T15:00:00+01:00";
    const { json } = await standard("Soon", { scheduledTime });
    assert.deepEqual([json.state, json.scheduledTime], ["SCHEDULED", "2026-11-20T14:00:00.000Z"]);
    const bad = (await standard("Call +45 31 23 45 67", { scheduledTime })).json;
    const second = (await standard("Never", { scheduledTime })).json;
    assert.equal(v4Error(await standard("Late", { scheduledTime: "2026-11-20T12:00:00Z" })), "400 3 scheduled_time");
    advance(minute);
    assert.deepEqual([(await read(json.name)).state, (await read(bad.name)).state], ["SCHEDULED", "REJECTED"]);
    const moved = { scheduledTime: "2026-11-20T14:30:00Z" };
    assert.equal((await send("PATCH", `${apis.v4}/${json.name}?updateMask=scheduledTime`, moved)).status, 200);
    assert.equal((await send("DELETE", `${apis.v4}/${second.name}`)).status, 200);
    advance(149 * minute - 1);
    assert.equal(simulator.posts().length, 0);
    advance(1);
    assert.deepEqual(
      simulator.posts().map(({ text }) => text),
      ["Soon"],
    );
  });

  it("waits for its time again once a refused one is put right", async () => {
    const { standard, advance, read, send, simulator } = setUp();
    const scheduledTime = "2026-11-20T14:00:00Z";
    const { name } = (await standard("Call +45 31 23 45 67", { scheduledTime })).json;
    advance(minute);
    assert.equal((await read(name)).state, "REJECTED");
    await send("PATCH", `${apis.v4}/${name}?updateMask=summary`, { summary: "Soon" });
    advance(minute);
    assert.equal((await read(name)).state, "SCHEDULED");
    assert.equal(simulator.posts().length, 0);
    advance(120 * minute);
    assert.equal(simulator.posts().length, 1);
  });

  it("can turn out to be rejected after it was live", async () => {
    const { standard, advance, read, act, simulator } = setUp();
    const { name } = (await standard("Fresh")).json;
    advance(minute);
    assert.equal((await read(name)).state, "LIVE");
    await act("decide", { verdict: "REJECTED", post: name });
    assert.equal((await read(name)).state, "REJECTED");
    assert.equal(simulator.posts().length, 0);
  });

  it("changes only what the mask names, never its photo, and is looked at again", async () => {
    const { standard, send, read, advance, simulator } = setUp();
    const callToAction = { actionType: "BOOK", url: "https://x.example/" };
    const { name } = (await standard("Old", { callToAction })).json;
    advance(minute);
    const patch = (mask: string, body: object) => send("PATCH", `${apis.v4}/${name}${mask}`, body);
    assert.equal(v4Error(await patch("", { summary: "New" })), "400 2 update_mask");
    assert.equal(v4Error(await patch("?updateMask=media", { media: [] })), "400 3 update_mask");
    assert.equal((await patch("?updateMask=summary", { summary: "New", callToAction: {} })).status, 200);
    const after = await read(name);
    assert.deepEqual([after.summary, after.callToAction, after.state], ["New", callToAction, "LIVE"]);
    assert.equal((await patch("?updateMask=callToAction", {})).status, 200);
    assert.equal((await read(name)).callToAction, undefined);
    await patch("?updateMask=summary", { summary: "Call +45 31 23 45 67" });
    advance(minute);
    assert.equal((await read(name)).state, "REJECTED");
    assert.equal(simulator.posts().length, 0);
  });

  it("is listed newest first by pages, and is gone for good once deleted", async () => {
    const { standard, send, get, location, advance } = setUp();
    const names: string[] = [];
    for (let nth = 0; nth < 9; nth += 1) names.push((await standard(`Post ${nth}`)).json.name);
    const list = `${apis.v4}/${location}/localPosts`;
    const first = (await get(`${list}?pageSize=5`)).json;
    assert.deepEqual(
      first.localPosts.map(({ name }: { name: string }) => name),
      names.slice(4).reverse(),
    );
    assert.equal((await get(`${list}?pageSize=5&pageToken=${first.nextPageToken}`)).json.localPosts.length, 4);
    advance(minute);
    const gone = `${apis.v4}/${names[0]}`;
    assert.equal((await send("DELETE", gone)).status, 200);
    assert.deepEqual([(await send("DELETE", gone)).status, (await get(gone)).status], [404, 404]);
  });

  it("is refused at a profile nobody verified or a chain's, and after ten edits in a minute", async () => {
    assert.equal(v4Error(await setUp({ kind: "unverified" }).standard("x")), "400 1301 location");
    const { standard, act, location, advance } = setUp();
    for (let nth = 0; nth < 10; nth += 1) assert.equal((await standard(`x${nth}`)).status, 200);
    assert.equal((await standard("one more")).json.error.status, "RESOURCE_EXHAUSTED");
    advance(minute);
    await act("setLocation", { location, isChain: true });
    assert.equal(v4Error(await standard("x")), "400 LOCATION_DISABLED_FOR_LOCAL_POST_API");
  });
});

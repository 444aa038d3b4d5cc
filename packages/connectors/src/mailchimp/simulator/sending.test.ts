import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setUp } from "./client-harness.ts";

const at = (time: string) => ({ schedule_time: `2026-11-26T${time}Z` });

describe("scheduling and sending a campaign", () => {
  it("is scheduled on quarter hours only, with an empty reason else, and goes out then", async () => {
    const { get, post, draft, advance, simulator } = setUp();
    const id = await draft();
    const schedule = (body: object) => post(`campaigns/${id}/actions/schedule`, body);
    for (const time of ["19:13:00", "19:15:30", "11:45:00"]) {
      const refused = await schedule(at(time));
      assert.equal(refused.json.detail, "This campaign cannot be scheduled: .", time);
    }
    const both = { ...at("19:15:00"), timewarp: true, batch_delivery: { batch_delay: 10, batch_count: 2 } };
    assert.equal((await schedule(both)).json.title, "Invalid Resource");
    assert.equal((await schedule(at("12:30:00"))).status, 204);
    const waiting = (await get(`campaigns/${id}`)).json;
    assert.deepEqual([waiting.status, waiting.send_time], ["schedule", "2026-11-26T12:30:00+00:00"]);
    assert.equal(simulator.posts().length, 0);
    assert.equal((await post(`campaigns/${id}/actions/unschedule`)).status, 204);
    assert.equal((await get(`campaigns/${id}`)).json.status, "save");
    assert.equal((await schedule(at("12:30:00"))).status, 204);
    advance(28 * 60_000);
    assert.equal((await get(`campaigns/${id}`)).json.status, "sent");
    assert.equal(simulator.posts()[0]?.createdAt, "2026-11-26T12:30:00.000Z");
    assert.equal((await post(`campaigns/${id}/actions/unschedule`)).json.title, "Invalid Action");
  });

  it("is not scheduled on the free plan, in either of the ways that are met", async () => {
    const { post, draft, act } = setUp({ kind: "free" });
    const id = await draft();
    assert.equal((await post(`campaigns/${id}/actions/schedule`, at("19:15:00"))).json.title, "Forbidden");
    await act("set", { freePlanSchedule: 400 });
    assert.equal((await post(`campaigns/${id}/actions/schedule`, at("19:15:00"))).status, 400);
    assert.equal((await post(`campaigns/${id}/actions/send`)).status, 204);
  });

  it("is stopped half way on a premium plan only", async () => {
    const paid = setUp();
    const running = await paid.draft();
    await paid.post(`campaigns/${running}/actions/send`);
    assert.equal((await paid.post(`campaigns/${running}/actions/cancel-send`)).status, 403);
    const { get, post, draft, advance, simulator } = setUp({ kind: "premium" });
    const id = await draft();
    await post(`campaigns/${id}/actions/send`);
    advance(15_000);
    assert.equal((await get(`campaigns/${id}`)).json.delivery_status.can_cancel, true);
    assert.equal((await post(`campaigns/${id}/actions/cancel-send`)).status, 204);
    advance(60_000);
    const over = (await get(`campaigns/${id}`)).json;
    assert.deepEqual([over.status, over.emails_sent, over.delivery_status.emails_canceled], ["canceled", 2, 2]);
    assert.equal(simulator.posts().length, 1, "two people have it");
  });

  it("is held by a review until that lets it go", async () => {
    const { get, post, draft, advance, act, simulator } = setUp();
    for (const review of ["paused", "sending"]) {
      const id = await draft();
      const before = simulator.posts().length;
      await act("set", { review });
      await post(`campaigns/${id}/actions/send`);
      advance(86_400_000);
      assert.equal((await get(`campaigns/${id}`)).json.status, review);
      assert.equal(simulator.posts().length, before);
      await act("set", { review: "none" });
      await act("release", { campaign_id: id });
      assert.equal(simulator.posts().length, before + 1);
      advance(30_000);
      assert.equal((await get(`campaigns/${id}`)).json.status, "sent");
    }
  });

  it("is tried on a few addresses without an audience seeing it", async () => {
    const { post, draft, simulator } = setUp();
    const id = await draft();
    const test = { test_emails: ["ida@northfold.example"], send_type: "html" };
    assert.equal((await post(`campaigns/${id}/actions/test`, test)).status, 204);
    assert.deepEqual([simulator.posts().length, simulator.orphans()], [0, 1]);
  });

  it("has no report until it was sent", async () => {
    const { get, post, draft, advance, act } = setUp();
    const id = await draft();
    assert.equal((await get(`reports/${id}`)).status, 404);
    await post(`campaigns/${id}/actions/send`);
    advance(30_000);
    const clicks = [{ url: "https://northfold.example/beans", total: 3, unique: 2 }];
    await act("engage", { campaign_id: id, opens: 5, uniqueOpens: 3, clicks });
    const report = (await get(`reports/${id}`)).json;
    assert.deepEqual([report.emails_sent, report.opens.open_rate, report.clicks.click_rate], [4, 0.75, 0.5]);
    assert.equal(report.list_stats.open_rate, 75);
  });
});

describe("limits and faults", () => {
  it("refuses more than ten connections of one person, and counts those that hang for two minutes", async () => {
    const { get, post, draft, act, mount, client, base, token, advance } = setUp();
    await act("set", { othersConnections: 10 });
    const limited = await get("ping");
    assert.deepEqual([limited.status, limited.json.title], [429, "Too Many Requests"]);
    assert.equal(limited.headers["retry-after"], undefined);
    await act("set", { othersConnections: 9 });
    const id = await draft();
    mount.arm({ fault: "dropAfterAccept" });
    const url = `${base}campaigns/${id}/actions/send`;
    assert.equal(await client.send({ url, token, method: "POST" }), "drop");
    assert.equal((await post(`campaigns/${id}/actions/send`)).status, 429);
    advance(120_000);
    assert.equal((await get(`campaigns/${id}`)).json.status, "sent", "the cut one was taken");
  });

  it("answers faults in the words of Mailchimp", async () => {
    const { get, post, draft, mount, act, simulator } = setUp();
    mount.arm({ fault: "rateLimited", params: { withoutBody: 403 } });
    const throttled = await get("ping");
    assert.deepEqual([throttled.status, throttled.json], [403, undefined]);
    mount.arm({ fault: "rateLimited", params: { retryAfterSeconds: 7 } });
    assert.equal((await get("ping")).headers["retry-after"], "7");
    mount.arm({ fault: "serverError", params: { applied: true } });
    assert.equal((await get("ping")).json.title, "Internal Server Error");
    mount.arm({ fault: "tokenExpired" });
    assert.equal((await get("ping")).json.title, "API Key Invalid");
    const id = await draft();
    await act("set", { isSendingDisabled: true });
    assert.equal((await post(`campaigns/${id}/actions/send`)).json.title, "ComplianceRelated");
    mount.arm({ fault: "platformError", status: 400, title: "Member Exists", detail: "x is already a list member." });
    assert.equal((await get("ping")).json.detail, "x is already a list member.");
    assert.equal(simulator.posts().length, 0);
    assert.equal((await post("ping", {})).status, 405);
    assert.equal((await get("nothing")).json.title, "Resource Not Found");
  });
});

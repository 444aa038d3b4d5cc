import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpResponse } from "@postd/connector-kit";
import type { RunFormatOptions } from "@postd/connector-kit/conformance";
import type { JsonObject } from "@postd/contracts";
import { api, livingAt } from "./api.ts";
import { putContent } from "./campaign.ts";
import { creations, options, photo, sends, setUp } from "./campaign-harness.ts";
import { mailchimp } from "./platform.ts";
import type { CampaignState } from "./state.ts";

// A mail sent twice, or to people it was not for, is the worst there is: each of these tries to bring it about.

type Meddle = NonNullable<RunFormatOptions["meddle"]>;
type Tamper = NonNullable<RunFormatOptions["tamper"]>;
type Answer = Readonly<Record<string, unknown>>;
const isCampaign = (json: unknown): json is Answer =>
  typeof json === "object" && json !== null && "emails_sent" in json;
/** What is said of a campaign, changed on its way. */
const telling = (change: (told: Answer) => Answer): Tamper => {
  return (answer: HttpResponse) =>
    isCampaign(answer.json) ? { ...answer, json: change(answer.json) as JsonObject } : answer;
};
/** Something happens once, right before the first run of a step. */
function before(name: string, doing: () => unknown): Meddle {
  let isDone = false;
  return (_run, step) => {
    if (step.name === name && !isDone) {
      isDone = true;
      doing();
    }
    return undefined;
  };
}

async function withSegment() {
  const all = await setUp();
  const limits = await mailchimp.publishing.accountLimits?.(all.ctx());
  assert.ok(limits?.ok);
  const [tag, segment] = limits.value.options?.segment ?? [];
  assert.ok(tag && segment);
  const newest = () => all.campaignIds().at(-1) ?? "";
  return { ...all, tag: tag.value, segment: segment.value, newest };
}

test("a segment deleted between the plan and the order sends to nobody", async () => {
  const { publish, act, tag, live, calls } = await withSegment();
  const meddle = before("wait_until_ready", () => act("deleteSegment", { segment: tag }));
  const told = await publish({ options: { ...options, segment: tag } }, { meddle });
  assert.ok(told.failure?.kind === "content_rejected", JSON.stringify(told));
  assert.deepEqual([told.failure.field, calls("POST", sends), live().length], ["options.segment", 0, 0]);
});

test("an order that waited is given only after another look, sent now or held by Mailchimp", async () => {
  for (const name of ["send_campaign", "schedule_campaign"]) {
    const { publish, act, world, audience, empty, live, calls, newest } = await withSegment();
    const publishAt = new Date(world.clock.now().getTime() + 6 * 3_600_000);
    const meddle = before(name, () => {
      world.advance(3 * 60_000);
      return act("readdress", { campaign_id: newest(), list_id: empty.id });
    });
    const told = await publish(
      { destination: audience.id },
      { meddle, ...(name === "schedule_campaign" && { publishAt }) },
    );
    assert.ok(told.failure?.kind === "content_rejected" && told.failure.field === "destination", JSON.stringify(told));
    world.advance(86_400_000);
    assert.deepEqual([live().length, calls("POST", sends), calls("POST", /\/schedule$/)], [0, 0, 0], name);
  }
});

test("a draft that was given to other people by hand is not sent", async () => {
  const kinds = [
    { ordered: "tag", given: {}, field: "options.segment" },
    { ordered: "tag", given: { segment: "segment" }, field: "options.segment" },
    { ordered: "all", given: { segment: "tag" }, field: "options.segment" },
    { ordered: "all", given: { list: "empty" }, field: "destination" },
  ] as const;
  for (const { ordered, given, field } of kinds) {
    const { publish, act, tag, segment, live, calls, audience, empty, newest } = await withSegment();
    const list_id = "list" in given ? empty.id : audience.id;
    const to = "segment" in given ? { segment: given.segment === "tag" ? tag : segment } : {};
    const meddle = before("wait_until_ready", () => act("readdress", { campaign_id: newest(), list_id, ...to }));
    const told = await publish({ options: ordered === "tag" ? { ...options, segment: tag } : options }, { meddle });
    const said = JSON.stringify({ ordered, given, failure: told.failure });
    assert.ok(told.failure?.kind === "content_rejected" && told.failure.field === field, said);
    assert.deepEqual([calls("POST", sends), live().length], [0, 0], said);
  }
});

test("a segment is known by its number or by the condition Mailchimp makes of it, and by nothing else", async () => {
  const { tag } = await withSegment();
  const condition = { condition_type: "StaticSegment", field: "static_segment", op: "static_is", value: Number(tag) };
  const cases: readonly (readonly [boolean, object | null | undefined, "sent" | "kept"])[] = [
    [true, { saved_segment_id: Number(tag), match: "any", conditions: [condition] }, "sent"],
    [true, { match: "any", conditions: [condition] }, "sent"],
    [true, { match: "any", conditions: [{ ...condition, value: 1 }] }, "kept"],
    [true, { match: "any", conditions: [condition, condition] }, "kept"],
    [true, { match: "any", conditions: [] }, "kept"],
    [true, undefined, "kept"],
    [false, { match: "any", conditions: [] }, "sent"],
    [false, { saved_segment_id: 0 }, "sent"],
    [false, null, "sent"],
    [false, { match: "all", conditions: [{ field: "EMAIL", op: "contains", value: "ek@" }] }, "kept"],
  ];
  for (const [isTagged, segment_opts, end] of cases) {
    const { publish, live, tag: own } = await withSegment();
    const shown = JSON.parse(JSON.stringify(segment_opts ?? null).replaceAll(tag, own));
    const tamper = telling((all) => ({
      ...all,
      recipients: { ...(all.recipients as object), segment_opts: segment_opts === undefined ? undefined : shown },
    }));
    await publish({ options: isTagged ? { ...options, segment: own } : options }, { tamper });
    assert.equal(live().length, end === "sent" ? 1 : 0, JSON.stringify([isTagged, segment_opts]));
  }
});

test("an answer that does not say whom a campaign is for sends nothing", async () => {
  const { publish, calls, live } = await setUp();
  const told = await publish({}, { tamper: telling((all) => ({ ...all, recipients: { recipient_count: 4 } })) });
  assert.deepEqual([told.end, calls("POST", sends), live().length], ["failed", 0, 0]);
});

test("each call's answer lost, or the proxy's page in its place, is one campaign and one mail at most", async () => {
  const effects = ["host_pictures", "create_campaign", "put_content", "send_campaign"];
  const cuts: readonly Meddle[] = effects.flatMap((name) =>
    (["before", "after"] as const).map((when): Meddle => {
      let isCut = false;
      return (_run, step) => {
        if (step.name !== name || isCut) return undefined;
        isCut = true;
        return { kind: "cut", when };
      };
    }),
  );
  for (const meddle of cuts) {
    const { publish, calls, live } = await setUp();
    const told = await publish({ media: [photo.info] }, { meddle });
    assert.ok(live().length <= 1 && calls("POST", sends) <= 1, JSON.stringify(told));
    assert.equal(told.end, live().length === 1 ? "published" : "asks_person");
  }
  for (const status of [200, 403, 429, 500, 502, 503, 504]) {
    const { publish, live, calls, world } = await setUp();
    world.sim.arm({
      fault: "platformError",
      match: { method: "POST", path: "/actions/send$" },
      status,
      body: "<html>Bad Gateway</html>",
      after: true,
    });
    const told = await publish();
    assert.deepEqual([told.end, live().length, calls("POST", sends)], ["published", 1, 1], `${status} ${told.end}`);
  }
});

test("recipients that were never counted are counted anew once, and nobody at the end is no mail", async () => {
  const { publish, act, calls, live } = await setUp();
  await act("set", { countMs: 86_400_000 });
  const meddle = before("count_anew", () => act("set", { countMs: 8_000 }));
  assert.equal((await publish({}, { meddle })).end, "published");
  assert.deepEqual([calls("PATCH", /\/campaigns\//), calls("POST", sends), live().length], [1, 1, 1]);
  const never = await setUp();
  await never.act("set", { countMs: 86_400_000 });
  const told = await never.publish();
  assert.ok(told.failure?.kind === "content_rejected" && told.failure.reason === "no_recipients");
  assert.deepEqual([never.calls("PATCH", /\/campaigns\//), never.calls("POST", sends)], [1, 0]);
});

test("a campaign whose sending is being stopped is not called unsent while mail may leave", async () => {
  const { publish, calls } = await setUp();
  let looks = 0;
  const stopping = telling((all) => {
    if (all.status !== "sending" && all.status !== "sent") return all;
    looks += 1;
    return looks < 5 ? { ...all, status: "canceling", emails_sent: 0, delivery_status: { enabled: false } } : all;
  });
  const told = await publish({}, { tamper: stopping });
  assert.deepEqual([told.end, calls("POST", sends), looks >= 5], ["published", 1, true], JSON.stringify(told.failure));
});

test("words of a status nobody knows are waited out after the order, and stop it before", async () => {
  const after = await setUp();
  let looks = 0;
  const odd = telling((all) => {
    if (all.status === "save") return all;
    looks += 1;
    return looks < 8 ? { ...all, status: "warming_up" } : all;
  });
  const told = await after.publish({}, { tamper: odd });
  assert.deepEqual([told.end, after.calls("POST", sends), after.live().length], ["published", 1, 1]);
  const early = await setUp();
  const never = await early.publish({}, { tamper: telling((all) => ({ ...all, status: "warming_up" })) });
  assert.deepEqual([never.end, early.calls("POST", sends)], ["failed", 0]);
});

test("a template takes the post where it has its place, with pictures Mailchimp hosts, and no sign of it is HTML", async () => {
  const { ctx, publish, live } = await setUp();
  const limits = await mailchimp.publishing.accountLimits?.(ctx());
  const [template] = (limits?.ok && limits.value.options?.template) || [];
  assert.ok(template, JSON.stringify(limits));
  const text = "Hi *|FNAME|*\n\n</div><script>alert(1)</script>";
  const told = await publish({ text, media: [photo.info], options: { ...options, template: template.value } });
  assert.equal(told.end, "published", JSON.stringify(told.failure));
  const html = String(live()[0]?.details?.html);
  assert.match(html, /<h1>Letter<\/h1><div mc:edit="body"><p>Hi \*\|FNAME\|\*<\/p>/);
  assert.ok(html.includes("&lt;script&gt;") && !html.includes("<script>") && !html.includes("Write here"), html);
  assert.ok(html.includes("*|UNSUB|*"), "there is a way out, whoever put it there");
  assert.match(html, /<img src="https:\/\/mcusercontent\.com\//);
});

test("a sign-in that is asked at another data centre finds its own, however that is told, and posts", async () => {
  for (const wrongDataCentre of [401, 403]) {
    const { act, connected, publish, live } = await setUp("mailchimp");
    await act("set", { wrongDataCentre });
    connected.credentials = livingAt(connected.credentials, "us6");
    assert.deepEqual([(await publish()).end, live().length], ["published", 1], String(wrongDataCentre));
  }
});

test("a draft that somebody sent or timed by hand before it was filled is told, and no other is made", async () => {
  for (const doing of ["send", "schedule"] as const) {
    const { ctx, calls, world, connected, post, live } = await setUp();
    const { steps = [] } = mailchimp.publishing.formats.campaign ?? {};
    const run = async (name: string, state: CampaignState) => {
      const step = steps.find((one) => one.name === name);
      const prepared = { title: "Roasting day (1)" };
      const told = await step?.run({ post: post(), state, prepared }, world.context(connected, step.effect));
      assert.ok(told, name);
      return told;
    };
    const checked = await run("check_sender", {});
    const made = checked.ok ? await run("create_campaign", checked.value.state) : checked;
    assert.ok(made.ok, JSON.stringify(made));
    const path = ["campaigns", made.value.state.campaignId ?? ""];
    await putContent(ctx(), made.value.state.campaignId ?? "", { html: "<p>By hand</p>" });
    world.advance(20_000);
    const at = new Date(Math.ceil(world.clock.now().getTime() / 3_600_000) * 3_600_000).toISOString();
    const json = doing === "send" ? {} : { json: { schedule_time: at } };
    const byHand = await api.send(ctx(), { method: "POST", path: [...path, "actions", doing], ...json });
    assert.ok(byHand.ok, JSON.stringify(byHand));
    const filled = await run("put_content", made.value.state);
    assert.ok(!filled.ok && filled.error.kind === "content_rejected", JSON.stringify(filled));
    assert.match(filled.error.message, /no draft any more/);
    // The state may be lost too: the campaign is found by its name, whatever has become of it.
    const again = checked.ok ? await run("create_campaign", checked.value.state) : undefined;
    assert.ok(again?.ok && again.value.state.campaignId === made.value.state.campaignId);
    assert.deepEqual([calls("POST", creations), live().length], [1, doing === "send" ? 1 : 0]);
  }
});

test("a campaign Mailchimp holds is moved and taken back, whichever answer is lost, without a second mail", async () => {
  const { schedule } = mailchimp.publishing;
  for (const lost of [/unschedule$/, /\/schedule$/])
    for (const at of ["before", "after"] as const) {
      const { publish, world, ctx, live, calls } = await setUp();
      const publishAt = new Date(world.clock.now().getTime() + 3_600_000);
      const told = await publish({}, { publishAt });
      assert.ok(told.published);
      const later = new Date(publishAt.getTime() + 3_600_000);
      world.sim.arm({ fault: "drop", at, match: { method: "POST", path: lost.source } });
      const first = await schedule?.move(told.published, later, ctx());
      assert.ok(first && !first.ok, "the answer is lost");
      const again = await schedule?.move(told.published, later, ctx());
      assert.ok(again?.ok, JSON.stringify(again));
      world.advance(3_700_000);
      assert.equal(live().length, 0, "not at the old time");
      if (at === "before") {
        assert.ok((await schedule?.cancel(told.published, ctx()))?.ok);
        assert.ok((await schedule?.cancel(told.published, ctx()))?.ok, "taken back twice");
      }
      world.advance(86_400_000);
      assert.deepEqual([live().length, calls("POST", sends)], [at === "before" ? 0 : 1, 0]);
    }
});

test("a plan that turns out not to schedule is told at the time, and blocks nothing else", async () => {
  for (const freePlanSchedule of [400, 403]) {
    const { publish, world, act, connected, live } = await setUp();
    await act("setAccount", { account: connected.account.externalId, plan: "forever_free" });
    await act("set", { freePlanSchedule });
    const told = await publish({}, { publishAt: new Date(world.clock.now().getTime() + 3_600_000) });
    assert.ok(told.failure?.kind === "content_rejected", JSON.stringify(told));
    assert.deepEqual([told.failure.field, told.failure.reason, live().length], ["scheduledFor", "not_schedulable", 0]);
    assert.equal((await publish()).end, "published");
  }
});

test("a campaign whose new time Mailchimp refuses keeps the one it had", async () => {
  const { schedule } = mailchimp.publishing;
  const { publish, world, ctx, live } = await setUp();
  const publishAt = new Date(world.clock.now().getTime() + 3_600_000);
  const told = await publish({}, { publishAt });
  assert.ok(told.published);
  const past = new Date(publishAt.getTime() - 86_400_000);
  const refused = await schedule?.move(told.published, past, ctx());
  assert.ok(refused && !refused.ok && refused.error.kind === "content_rejected", JSON.stringify(refused));
  const still = await schedule?.verify(told.published, ctx());
  assert.ok(still?.ok && still.value.state === "waiting");
  world.advance(2 * 3_600_000);
  assert.equal(live()[0]?.createdAt, publishAt.toISOString());
});

test("two jobs with equal words for one audience are two campaigns, each sent once", async () => {
  const { publish, calls, live } = await setUp();
  const ends = [(await publish()).end, (await publish()).end];
  assert.deepEqual(
    [ends, calls("POST", creations), calls("POST", sends), live().length],
    [["published", "published"], 2, 2, 2],
  );
});

test("ten open connections are a wait, whichever call meets them", async () => {
  const { publish, act, live, calls } = await setUp();
  let runs = 0;
  const busy: Meddle = () => {
    runs += 1;
    void act("set", { othersConnections: runs % 2 === 0 ? 10 : 0 });
    return undefined;
  };
  const told = await publish({}, { meddle: busy });
  assert.deepEqual(
    [told.end, live().length, calls("POST", creations)],
    ["published", 1, 1],
    JSON.stringify(told.failure),
  );
});

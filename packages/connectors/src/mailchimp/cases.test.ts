import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConnectorContext, checkPost, type OutgoingPost, secret } from "@postd/connector-kit";
import { createWorld, type RunFormatOptions } from "@postd/connector-kit/conformance";
import { contentBody, preview } from "./campaign.ts";
import { creations, options, photo, sends, setUp } from "./campaign-harness.ts";
import { simulator } from "./connect-harness.ts";
import { mailchimp } from "./platform.ts";
import { provider } from "./provider.ts";
import { mailchimpSignIn } from "./sign-in.ts";
import type { CampaignState } from "./state.ts";

test("MC-1: a time between quarter hours is refused for Mailchimp's clock with the nearest, and ours takes it", async () => {
  const { connected, live, publish, world } = await setUp();
  const { schedule } = mailchimp.publishing;
  const told = schedule?.check?.(new Date("2026-11-20T19:13:00Z"), connected.account) ?? [];
  assert.deepEqual(
    told.map(({ field, code, severity }) => [field, code, severity]),
    [["nativeSchedule", "quarter_hours_only", "error"]],
  );
  assert.match(told[0]?.message ?? "", /19:00 UTC and 2026-11-20 19:15 UTC/);
  assert.deepEqual(schedule?.check?.(new Date("2026-11-20T19:15:00Z"), connected.account), []);
  const free = { ...connected.account, extras: { ...connected.account.extras, plan: "forever_free" } };
  const plan = schedule?.check?.(new Date("2026-11-20T19:15:00Z"), free).map(({ code }) => code);
  assert.deepEqual(plan, ["plan_without_schedule"]);
  world.advance(13 * 60_000);
  assert.equal((await publish()).end, "published");
  assert.equal(live().length, 1);
});

test("MC-1: a campaign Mailchimp holds is moved between quarter hours only, and taken back until it is out", async () => {
  const { world, ctx, live, publish } = await setUp();
  const { schedule } = mailchimp.publishing;
  const publishAt = new Date(world.clock.now().getTime() + 3_600_000);
  const told = await publish({}, { publishAt });
  assert.ok(told.end === "handed_over" && told.published, JSON.stringify(told.failure));
  const odd = await schedule?.move(told.published, new Date(publishAt.getTime() + 60_000), ctx());
  assert.ok(odd && !odd.ok && odd.error.kind === "content_rejected", JSON.stringify(odd));
  const still = await schedule?.verify(told.published, ctx());
  assert.ok(still?.ok && still.value.state === "waiting", "a refused move leaves its time");
  world.advance(2 * 3_600_000);
  const out = await schedule?.verify(told.published, ctx());
  assert.ok(out?.ok && out.value.state === "live" && live().length === 1, JSON.stringify(out));
  const late = await schedule?.cancel(told.published, ctx());
  assert.ok(late && !late.ok && late.error.kind === "content_rejected" && late.error.reason === "already_sent");
});

test("MC-2: recipients are waited for, and what stands in the checklist is what the author is told", async () => {
  const { publish, calls, live, empty } = await setUp();
  assert.equal((await publish()).end, "published");
  assert.deepEqual([calls("POST", sends), live().length], [1, 1]);
  const nobody = await publish({ destination: empty.id });
  assert.ok(nobody.end === "failed" && nobody.failure?.kind === "content_rejected", JSON.stringify(nobody.failure));
  assert.equal(nobody.failure.field, "destination");
  assert.deepEqual([calls("POST", sends), live().length], [1, 1], "nothing more was sent");
});

test("MC-2: an order refused because recipients are still counted is waited with; one refused for good says why", async () => {
  const { world, connected, post, act, live } = await setUp();
  const steps = mailchimp.publishing.formats.campaign?.steps ?? [];
  const run = async (name: string, state: CampaignState) => {
    const step = steps.find((one) => one.name === name);
    const ctx = world.context(connected, step?.effect ?? "none");
    const told = await step?.run({ post: post(), state, prepared: { title: "Roasting day (1)" } }, ctx);
    assert.ok(told, name);
    return told;
  };
  const checked = await run("check_sender", {});
  const made = checked.ok ? await run("create_campaign", checked.value.state) : checked;
  const filled = made.ok ? await run("put_content", made.value.state) : made;
  assert.ok(filled.ok, JSON.stringify(filled));
  const early = await run("send_campaign", { ...filled.value.state, readyAt: world.clock.now().toISOString() });
  assert.ok(early.ok && early.value.refused && early.value.waitMs, JSON.stringify(early));
  assert.deepEqual([early.value.state.readyAt, early.value.state.isTaken], [undefined, undefined]);
  world.advance(60_000);
  await act("setDomain", { account: connected.account.externalId, domain: "northfold.example", verified: false });
  const never = await run("send_campaign", { ...early.value.state, readyAt: world.clock.now().toISOString() });
  assert.ok(!never.ok && never.error.refused && never.error.kind === "content_rejected", JSON.stringify(never));
  assert.match(never.error.message, /checklist/);
  assert.equal(live().length, 0);
});

test("MC-4: a token that says it ends after 0 seconds never ends, and its data centre is found", async () => {
  const world = createWorld({ provider, platform: mailchimp }, simulator);
  world.sim.simulator.createAccount({ name: "Nordlys Coffee" });
  const ctx = world.authContext("mailchimp");
  const redirectUri = "https://postd.example/api/oauth/mailchimp/callback";
  const begun = await mailchimpSignIn.start({ redirectUri, state: "s1", scopes: [], fields: {} }, ctx);
  assert.ok(begun.ok, JSON.stringify(begun));
  assert.deepEqual([...begun.value.url.searchParams.keys()].toSorted(), [
    "client_id",
    "redirect_uri",
    "response_type",
    "state",
  ]);
  const answer = { access_token: "token-1", expires_in: 0, scope: null };
  const replies: Readonly<Record<string, object>> = {
    "/oauth2/token": answer,
    "/oauth2/metadata": { dc: "us7", user_id: 5, accountname: "Nordlys", login: { login_id: 12, login_name: "ida" } },
  };
  const http = {
    request: async ({ url }: { readonly url: string }) => {
      const json = replies[new URL(url).pathname];
      return {
        ok: true as const,
        value: { status: 200, headers: {}, text: JSON.stringify(json), json, effect: "none" as const },
      };
    },
  };
  const input = {
    callback: { code: "c", state: "s1" },
    redirectUri,
    state: "s1",
    fields: {},
    keep: begun.value.keep ?? {},
  };
  const granted = await mailchimpSignIn.finish(input, { ...ctx, http });
  assert.ok(granted.ok, JSON.stringify(granted));
  const { credentials, subject, scopes } = granted.value;
  assert.deepEqual(
    [credentials.expiresAt, credentials.refreshToken, scopes, subject.externalId],
    [undefined, undefined, [], "12"],
  );
  assert.equal(credentials.extra?.endpoint?.reveal(), "https://us7.api.mailchimp.com");
});

test("MC-6: an order to send whose answer was lost is published once, also where a person has it sent again", async () => {
  const { publish, calls, live } = await setUp();
  const cut: RunFormatOptions["meddle"] = (_run, { name }) =>
    name === "send_campaign" ? { kind: "cut", when: "after" } : undefined;
  const told = await publish({}, { meddle: cut });
  assert.deepEqual([told.end, calls("POST", sends), calls("POST", creations), live().length], ["published", 1, 1, 1]);
});

test("MC-6: an order that never arrived is not given again by itself, and then only for the same campaign", async () => {
  const { publish, world, connected, post, calls, live } = await setUp();
  const lost: RunFormatOptions["meddle"] = (_run, { name }) =>
    name === "send_campaign" ? { kind: "cut", when: "before" } : undefined;
  const told = await publish({}, { meddle: lost });
  assert.deepEqual([told.end, calls("POST", sends), live().length], ["asks_person", 0, 0]);
  // A person says that it is not live, twice: the steps go on from what is known.
  const { steps = [] } = mailchimp.publishing.formats.campaign ?? {};
  const order = post();
  for (const times of [1, 2]) {
    let state = told.state as CampaignState;
    for (let run = 0; run < 20 && state.live === undefined; run += 1) {
      const step = steps.find((one) => !one.done(state, order));
      const ran = await step?.run({ post: order, state, prepared: null }, world.context(connected, step.effect));
      assert.ok(ran?.ok, `${times}: ${JSON.stringify(ran)}`);
      ({ state } = ran.value);
      world.advance(ran.value.waitMs ?? 0);
    }
    assert.ok(state.live, `${times}: ${JSON.stringify(state)}`);
    assert.deepEqual([calls("POST", sends), calls("POST", creations), live().length], [1, 1, 1], `time ${times}`);
  }
});

test("MC-8: an account with more audiences than a page shows all of them", async () => {
  const { act, ctx, connected } = await setUp();
  for (let count = 0; count < 10; count += 1)
    await act("addAudience", { account: connected.account.externalId, name: `Letter ${count}` });
  const lists = await mailchimp.publishing.destinations?.list(undefined, ctx());
  assert.ok(lists?.ok);
  assert.equal(lists.value.length, 12);
  const found = await mailchimp.publishing.destinations?.list("letter 7", ctx());
  assert.ok(found?.ok && found.value.length === 1 && found.value[0]?.name === "Letter 7", JSON.stringify(found));
});

test("a draft whose answer was lost is found again: one campaign for a job", async () => {
  const { publish, calls, live, world } = await setUp();
  for (const when of ["after", "before"] as const) {
    let isCut = false;
    const cut: RunFormatOptions["meddle"] = (_run, { name }) => {
      if (name !== "create_campaign" || isCut) return undefined;
      isCut = true;
      return { kind: "cut", when };
    };
    const told = await publish({ text: `Fresh beans ${when}` }, { meddle: cut });
    assert.equal(told.end, "published");
  }
  assert.deepEqual([calls("POST", creations), live().length, world.sim.simulator.orphans()], [2, 2, 0]);
});

test("mail from a domain nobody verified is refused before anything is made", async () => {
  const { publish, calls } = await setUp();
  const told = await publish({ options: { ...options, replyTo: "ida@elsewhere.example" } });
  assert.ok(
    told.failure?.kind === "content_rejected" && told.failure.field === "options.replyTo",
    JSON.stringify(told),
  );
  assert.match(told.failure.message, /elsewhere\.example/);
  assert.equal(calls("POST", /./), 0);
});

test("segments and tags are offered with their audience, and one of another audience is refused by its option", async () => {
  const { publish, ctx, live, empty, calls } = await setUp();
  const limits = await mailchimp.publishing.accountLimits?.(ctx());
  assert.ok(limits?.ok, JSON.stringify(limits));
  const [tag, segment] = limits.value.options?.segment ?? [];
  assert.ok(tag && segment && /\(tag\)$/.test(tag.label) && /\(segment\)$/.test(segment.label), JSON.stringify(limits));
  assert.equal((await publish({ options: { ...options, segment: tag.value } })).end, "published");
  assert.match(
    JSON.stringify(live()[0]?.details),
    new RegExp(`"segment":"?${tag.value}|${tag.label.split(/[:(]/)[1]?.trim()}`),
  );
  const before = calls("POST", creations);
  const wrong = await publish({ destination: empty.id, options: { ...options, segment: tag.value } });
  assert.ok(
    wrong.failure?.kind === "content_rejected" && wrong.failure.field === "options.segment",
    JSON.stringify(wrong.failure),
  );
  assert.equal(calls("POST", creations), before);
});

/** The platform, with another answer at one address. */
const answering = (ctx: ConnectorContext, path: RegExp, json: object): ConnectorContext => ({
  ...ctx,
  http: {
    request: async (request) =>
      path.test(request.url)
        ? { ok: true, value: { status: 200, headers: {}, text: JSON.stringify(json), json, effect: "none" } }
        : ctx.http.request(request),
  },
});

test("a template takes the post in its area, and one with several asks which", async () => {
  const { ctx, post } = await setUp();
  const limits = await mailchimp.publishing.accountLimits?.(ctx());
  const [template] = (limits?.ok && limits.value.options?.template) || [];
  assert.ok(template, JSON.stringify(limits));
  const areas = async (sections: object, templateArea?: string) => {
    const wanted = { ...options, template: template.value, ...(templateArea && { templateArea }) };
    const read = await preview(answering(ctx(), /default-content/, { sections }), post({ options: wanted }));
    return read.ok ? read.value.area : read.error.kind === "content_rejected" && [read.error.field, read.error.message];
  };
  assert.equal(await areas({ body: "" }), "body");
  assert.equal(await areas({ body: "", header: "" }, "header"), "header");
  const which = "Name the area of the template that takes the post, one of: body, header.";
  assert.deepEqual(await areas({ body: "", header: "" }), ["options.templateArea", which]);
  assert.deepEqual(await areas({ body: "", header: "" }, "footer"), ["options.templateArea", which]);
  const taken = contentBody(post({ options: { ...options, template: template.value } }), { area: "body" });
  assert.deepEqual(taken, { template: { id: Number(template.value), sections: { body: "<p>Fresh beans</p>" } } });
});

test("a test mail goes to the people named, nobody of the audience sees it, and its draft goes", async () => {
  const { world, post, ctx, live, calls } = await setUp();
  const done = await mailchimp.publishing.trial?.run(post({ media: [photo.info] }), ["ida@northfold.example"], ctx());
  assert.ok(done?.ok, JSON.stringify(done));
  assert.deepEqual([live().length, calls("POST", /\/actions\/test$/), calls("POST", sends)], [0, 1, 0]);
  assert.equal(calls("DELETE", /\/campaigns\//), 1);
  assert.equal(JSON.stringify(world.sim.simulator.inspect?.()).includes('"status":"save"'), false);
});

test("what a campaign lacks is told at the check", () => {
  const account = { externalId: "1", kind: "account", authKind: "api_key", name: "Nordlys", extras: {} };
  const problems = (over: Partial<OutgoingPost>) =>
    checkPost(
      mailchimp,
      { format: "campaign", text: "x", media: [], options, destination: "a1", ...over },
      account,
    ).map(({ field, code, severity }) => `${severity} ${field} ${code}`);
  assert.deepEqual(problems({}), []);
  assert.deepEqual(problems({ options: {} }), ["error options.subject subject_required"]);
  const { destination: _, ...placeless } = { format: "campaign", text: "x", media: [], options, destination: "a1" };
  assert.deepEqual(
    checkPost(mailchimp, placeless, account).map(({ field, code }) => `${field} ${code}`),
    ["destination destination_required"],
  );
  assert.deepEqual(problems({ options: { ...options, templateArea: "body" } }), [
    "error options.templateArea no_template",
  ]);
  assert.deepEqual(problems({ options: { ...options, replyTo: "ida@gmail.com" } }), [
    "warning options.replyTo free_mail_sender",
  ]);
  assert.deepEqual(problems({ text: "<".repeat(30_000) }), ["warning text clipped"]);
  assert.deepEqual(problems({ media: [{ ...photo.info, sizeBytes: 2_000_000 }] }), ["warning media.0 picture_heavy"]);
});

test("a key without its data centre is refused at its field, and a removed one is dead after a second look", async () => {
  const { world, connected, act, ctx } = await setUp();
  const [, apiKey] = provider.signIns;
  assert.ok(apiKey?.kind === "keys");
  for (const typed of ["0123456789abcdef", "0123456789abcdef-evil.example/", ""]) {
    const told = await apiKey.connect({ apiKey: secret(typed) }, world.authContext("api_key"));
    assert.ok(!told.ok && told.error.kind === "content_rejected" && told.error.field === "apiKey", typed);
  }
  await act("disableKey", { key: connected.credentials.accessToken.reveal() });
  const ill = await mailchimp.health(ctx());
  assert.ok(!ill.ok && ill.error.kind === "auth_expired", JSON.stringify(ill));
  const again = await apiKey.refresh?.(world.signInContext(connected, "none"));
  assert.ok(again && !again.ok && again.error.kind === "auth_revoked", JSON.stringify(again));
});

test("a campaign Mailchimp is to hold is named once, also where the answer was lost or somebody sent it by hand", async () => {
  for (const when of ["before", "after"] as const) {
    const { world, publish } = await setUp();
    const publishAt = new Date(world.clock.now().getTime() + 3_600_000);
    let isCut = false;
    const cut: RunFormatOptions["meddle"] = (_run, { name }) => {
      if (name !== "schedule_campaign" || isCut) return undefined;
      isCut = true;
      return { kind: "cut", when };
    };
    const told = await publish({}, { publishAt, meddle: cut });
    assert.ok(told.end === "handed_over" && told.published, `${when}: ${JSON.stringify(told)}`);
  }
  const { world, connected, publish, live, calls } = await setUp();
  const publishAt = new Date(world.clock.now().getTime() + 3_600_000);
  const told = await publish({}, { publishAt });
  assert.ok(told.published);
  const { steps = [] } = mailchimp.publishing.formats.campaign ?? {};
  const { readyAt: _, isTaken: __, live: ___, ...before } = told.state as CampaignState;
  world.advance(2 * 3_600_000);
  assert.equal(live().length, 1);
  const post = { format: "campaign", text: "Fresh beans", media: [], options };
  let state: CampaignState = before;
  for (let run = 0; run < 5 && state.live === undefined; run += 1) {
    const step = steps.find((one) => !one.done(state, post));
    const ran = await step?.run({ post, state, prepared: null }, world.context(connected, step.effect));
    assert.ok(ran?.ok, JSON.stringify(ran));
    ({ state } = ran.value);
  }
  assert.deepEqual(
    [state.live?.externalId, calls("POST", /\/schedule$/), calls("POST", sends)],
    [told.published.externalId, 1, 0],
  );
});

test("mail held for Mailchimp's review is waited for, and what it seems not to begin is looked up and not sent again", async () => {
  // An hour of it: what says `sending` and sends nothing is not out.
  for (const review of ["paused", "sending"]) {
    const { act, publish, live, campaignIds } = await setUp();
    await act("set", { review });
    let looks = 0;
    const release: RunFormatOptions["meddle"] = (_run, { name }) => {
      if (name === "wait_until_sent") looks += 1;
      if (looks === 60) for (const campaign_id of campaignIds()) void act("release", { campaign_id });
      return undefined;
    };
    const told = await publish({}, { meddle: release });
    const said = `${review} ${JSON.stringify(told.failure)}`;
    assert.deepEqual([told.end, live().length, looks > 60], ["published", 1, true], said);
  }
  const stuck = await setUp();
  const asDraft: RunFormatOptions["tamper"] = (answer) =>
    answer.json && typeof answer.json === "object" && "emails_sent" in answer.json
      ? { ...answer, json: { ...answer.json, status: "save", emails_sent: 0 } }
      : answer;
  const never = await stuck.publish({}, { tamper: asDraft });
  const troubles = never.trace.flatMap(({ failure }) => failure?.message ?? []);
  assert.match(troubles[0] ?? "", /still calls the campaign a draft/);
  // Only runs are told the draft; the look that follows sees the truth.
  assert.deepEqual([never.end, stuck.calls("POST", sends), stuck.live().length], ["published", 1, 1]);
});

test("what ended because nobody was in the audience is waited for anew when it is tried again", async () => {
  const { world, connected, publish, post, empty } = await setUp();
  const told = await publish({ destination: empty.id });
  assert.equal(told.end, "failed");
  world.advance(3_600_000);
  const step = mailchimp.publishing.formats.campaign?.steps.find(({ name }) => name === "wait_until_ready");
  const input = { post: post({ destination: empty.id }), state: told.state, prepared: null };
  const again = await step?.run(input, world.context(connected, "none"));
  assert.ok(again?.ok && again.value.waitMs, JSON.stringify(again));
  assert.equal((again.value.state as CampaignState).polled, undefined);
});

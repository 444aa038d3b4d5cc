import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuthContext, InboundRequest } from "@postd/connector-kit";
import { createWorld } from "@postd/connector-kit/conformance";
import type { JsonObject } from "@postd/contracts";
import { provider } from "../provider.ts";
import { connect, simulator } from "./connect-harness.ts";
import { businessProfile } from "./platform.ts";
import { businessWebhooks } from "./webhooks.ts";

const address = "https://postd.example/api/webhooks/google";

/** A push about a new review, as it arrives. */
async function pushed(set: JsonObject = {}, publicUrl = "https://postd.example") {
  const world = createWorld({ provider, platform: businessProfile }, simulator);
  const connected = await connect(world);
  const act = async (name: string, about: JsonObject) => world.sim.simulator.act?.(name, about);
  await act("set", set);
  await businessWebhooks.subscribe?.(world.context(connected, "invisible"), { address });
  await act("pushTo", { address });
  await act("addReview", { location: `${connected.account.extras.account}/${connected.account.externalId}` });
  await act("settle", {});
  const [first] = world.delivered;
  assert.ok(first);
  const rawBody = new TextEncoder().encode(first.body);
  const request: InboundRequest = { method: "POST", query: {}, headers: first.headers, rawBody };
  const ctx = world.context(connected, "none");
  const verify = (changed: Partial<InboundRequest> = {}, about: Partial<AuthContext> = {}, now = world.clock.now()) =>
    businessWebhooks.verify({ request: { ...request, ...changed }, keys: [], now, publicUrl }, { ...ctx, ...about });
  const appWith = (values: Readonly<Record<string, string | undefined>>): AuthContext["app"] => ({
    ...ctx.app,
    value: (field) => (Object.hasOwn(values, field) ? values[field] : ctx.app.value(field)),
  });
  return { world, connected, request, verify, appWith };
}

test("every spelling of an event is read, and the location is found in the review where it comes short", async () => {
  for (const set of [{}, { pushNames: "snake" }, { pushNames: "short" }, { pushLocation: "bare" }]) {
    const { connected, request } = await pushed(set);
    const [event, ...others] = businessWebhooks.parse(request);
    assert.deepEqual(
      [event?.type, event?.accountExternalId, others.length],
      ["review.created", connected.account.externalId, 0],
    );
    assert.match(String(event?.data.entry), /^locations\/\d+\/reviews\/\w+$/);
  }
  const inner = (told: object) => {
    const message = { data: btoa(JSON.stringify(told)), messageId: "1" };
    return businessWebhooks.parse({
      headers: {},
      query: {},
      rawBody: new TextEncoder().encode(JSON.stringify({ message })),
    });
  };
  const review = "accounts/1/locations/2/reviews/3";
  for (const told of [
    { notificationType: "NEW_REVIEW", review },
    { notification_type: "NEW_REVIEW", location: "locations/2" },
    { type: "NEW_REVIEW", location_name: "accounts/1/locations/2", review_name: review },
    { notificationType: "NEW_REVIEW", locationName: "2", reviewName: review },
  ])
    assert.deepEqual(
      inner(told).map(({ type, accountExternalId }) => [type, accountExternalId]),
      [["review.created", "locations/2"]],
      JSON.stringify(told),
    );
});

test("a push by another service account, for another audience, too late or when none is set is refused", async () => {
  const { world, verify, appWith } = await pushed();
  const refusal = async (...given: Parameters<typeof verify>) => {
    const answer = await verify(...given);
    return answer.kind === "refused" ? answer.status : answer.kind;
  };
  assert.equal(await refusal(), "accepted");
  const stranger = appWith({ pubsub_push_service_account: "other@postd-simulated.iam.gserviceaccount.com" });
  assert.equal(await refusal({}, { app: stranger }), 403);
  assert.equal(await refusal({}, { app: appWith({ pubsub_push_service_account: undefined }) }), 403);
  assert.equal(await refusal({}, { app: appWith({ pubsub_audience: "https://other.example/" }) }), 401);
  assert.equal(await refusal({ headers: {} }), 401);
  assert.equal(await refusal({}, {}, new Date(world.clock.now().getTime() + 2 * 3_600_000)), 401);
});

test("without an audience of its own a subscription is for this server's address", async () => {
  const own = await pushed();
  assert.equal((await own.verify({}, { app: own.appWith({ pubsub_audience: undefined }) })).kind, "accepted");
  const other = await pushed({}, "https://elsewhere.example");
  assert.equal((await other.verify({}, { app: other.appWith({ pubsub_audience: undefined }) })).kind, "refused");
});

test("an envelope nobody can read is taken, so that it does not come back for a week, and says nothing", async () => {
  const { verify } = await pushed();
  for (const text of [
    "",
    "<html>",
    "{}",
    '{"message":{"data":"%%%","messageId":"1"}}',
    '{"message":{"data":"e30=","messageId":"1"}}',
  ]) {
    const rawBody = new TextEncoder().encode(text);
    assert.equal((await verify({ rawBody })).kind, "accepted", text);
    assert.deepEqual(businessWebhooks.parse({ headers: {}, query: {}, rawBody }), [], text);
  }
});

test("while Google's keys cannot be read nothing is taken, and Pub/Sub comes again", async () => {
  const { verify } = await pushed();
  const http: AuthContext["http"] = {
    request: async () => ({ ok: false, error: { kind: "unavailable", message: "no line" } }),
  };
  const answer = await verify({}, { http });
  assert.ok(answer.kind === "refused" && answer.status === 503);
});

test("locations of one account share its setting, under one name", async () => {
  const { world, connected } = await pushed();
  const made = await businessWebhooks.subscribe?.(world.context(connected, "invisible"), { address });
  assert.ok(made?.ok && made.value.id === `${connected.account.extras.account}/notificationSetting`);
});

test("what another program has set for the account is left to it", async () => {
  const { world, connected, appWith } = await pushed();
  const ctx = world.context(connected, "invisible");
  const topic = () => {
    const told = world.sim.simulator.inspect?.() ?? {};
    const { notifications = [] } = told as { notifications?: { account: string; topic: unknown }[] };
    return notifications.find(({ account }) => account === connected.account.extras.account)?.topic;
  };
  const theirs = "projects/other/topics/theirs";
  await businessWebhooks.subscribe?.({ ...ctx, app: appWith({ pubsub_topic: theirs }) }, { address });
  assert.deepEqual(await businessWebhooks.unsubscribe?.(ctx, { id: "1" }), { ok: true, value: undefined });
  assert.equal(topic(), theirs);
  await businessWebhooks.unsubscribe?.({ ...ctx, app: appWith({ pubsub_topic: theirs }) }, { id: "1" });
  assert.equal(topic(), null);
});

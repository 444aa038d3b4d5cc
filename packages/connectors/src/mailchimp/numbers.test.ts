import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld, runFormat } from "@postd/connector-kit/conformance";
import { readAudiences } from "./audiences.ts";
import { connect, simulator } from "./connect-harness.ts";
import { mailchimp } from "./platform.ts";
import { provider } from "./provider.ts";

async function sent() {
  const world = createWorld({ provider, platform: mailchimp }, simulator);
  const connected = await connect(world, "api_key");
  const ctx = () => world.context(connected, "none");
  const lists = await readAudiences(ctx());
  const destination = (lists.ok && lists.value[0]?.id) || "";
  const post = {
    format: "campaign",
    text: "Fresh beans",
    media: [],
    options: { subject: "Roasting day" },
    destination,
  };
  const { published, failure } = await runFormat({ world, connected, post });
  assert.ok(published, JSON.stringify(failure));
  return { world, connected, ctx, published };
}

test("campaigns are listed newest first, whoever made them, and those before the asked time are not", async () => {
  const { ctx, published, world } = await sent();
  const { recent } = mailchimp.numbers ?? {};
  const since = new Date(world.clock.now().getTime() - 3_600_000);
  const read = await recent?.({ since }, ctx());
  assert.ok(read?.ok, JSON.stringify(read));
  assert.deepEqual(
    read.value.posts.map(({ externalId, format, text }) => [externalId, format, text]),
    [[published.externalId, "campaign", "Roasting day"]],
  );
  assert.equal(read.value.posts[0]?.permalink, published.permalink);
  const later = await recent?.({ since: new Date(world.clock.now().getTime() + 1) }, ctx());
  assert.ok(later?.ok && later.value.posts.length === 0, JSON.stringify(later));
});

test("a report is read under Mailchimp's own names", async () => {
  const { ctx, published } = await sent();
  const read = await mailchimp.numbers?.posts?.([{ ...published, format: "campaign" }], ctx());
  assert.ok(read?.ok, JSON.stringify(read));
  const names = new Map(read.value[0]?.metrics.map(({ platformName, name }) => [platformName, name]));
  for (const [theirs, ours] of [
    ["emails_sent", "recipients"],
    ["opens.unique_opens", "uniqueOpens"],
    ["clicks.clicks_total", "clicks"],
    ["bounces.hard_bounces", "hardBounces"],
  ] as const)
    assert.equal(names.get(theirs), ours, JSON.stringify([...names]));
});

test("a campaign is found by its id, its archive's address or its address in the app, and a draft by none", async () => {
  const { ctx, published, world, connected } = await sent();
  const { lookUp } = mailchimp.publishing;
  const http = ctx().http;
  const read = await http.request({
    method: "GET",
    url: `https://us19.api.mailchimp.com/3.0/campaigns/${published.externalId}`,
    bearer: connected.credentials.accessToken,
  });
  assert.ok(read.ok);
  const { web_id, archive_url } = JSON.parse(read.value.text);
  for (const named of [
    { externalId: published.externalId },
    { permalink: published.permalink ?? "" },
    { permalink: archive_url },
    { permalink: `https://us19.admin.mailchimp.com/campaigns/show/?id=${web_id}` },
  ]) {
    const found = await lookUp?.(named, ctx());
    assert.ok(found?.ok && found.value?.externalId === published.externalId, JSON.stringify([named, found]));
    assert.equal(found.value.preview, "Roasting day");
  }
  for (const named of [
    { externalId: "0000000000" },
    { permalink: "https://example.com/?id=zz" },
    { permalink: "no address" },
  ]) {
    const found = await lookUp?.(named, ctx());
    assert.ok(found?.ok && found.value === undefined, JSON.stringify([named, found]));
  }
  const made = await world.context(connected, "invisible").http.request({
    method: "POST",
    url: "https://us19.api.mailchimp.com/3.0/campaigns",
    bearer: connected.credentials.accessToken,
    json: { type: "regular" },
  });
  assert.ok(made.ok && made.value.status === 200, JSON.stringify(made));
  const draft = await lookUp?.({ externalId: JSON.parse(made.value.text).id }, ctx());
  assert.ok(draft?.ok && draft.value === undefined, JSON.stringify(draft));
});

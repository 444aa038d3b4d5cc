import assert from "node:assert/strict";
import { test } from "node:test";
import type { Metric } from "../numbers.ts";
import { signInsOf } from "../provider.ts";
import { runFormat } from "./run-format.ts";
import type { Suite } from "./suite.ts";
import type { Connected, World } from "./world.ts";

const publicUrl = "https://postd.example";

/** Whatever the connector declares is used once, so that the capability matrix cannot promise what does not work. */
export function capabilityCases(suite: Suite): void {
  const { provider, platform, samples, inWorld, setup } = suite;
  const said = (result: unknown) => JSON.stringify(result);
  const publish = async (world: World, connected: Connected, post: Suite["samples"][number]["post"]) => {
    const { published, failure, state } = await runFormat({ world, connected, post });
    assert.ok(published, said(failure));
    return { ...published, format: post.format, state };
  };

  inWorld("health knows a working account, and tells a revoked one", async (world, connected) => {
    const well = await platform.health(world.context(connected, "none"));
    assert.ok(well.ok, said(well));
    assert.deepEqual(well.value.missingScopes, []);
    world.seen.push(said(well));
    world.sim.arm({ fault: "tokenRevoked", times: "always" });
    const ill = await platform.health(world.context(connected, "none"));
    assert.ok(!ill.ok && ["auth_revoked", "auth_expired"].includes(ill.error.kind), said(ill));
  });

  for (const auth of signInsOf(provider, platform.id)) {
    if (auth.refresh)
      inWorld(`${auth.id}: renewed credentials work, and end later than the old ones`, async (world, connected) => {
        if (connected.account.authKind !== auth.id) return;
        world.advance(60_000);
        const renewed = await auth.refresh?.(world.context(connected, "none"));
        assert.ok(renewed?.ok, said(renewed));
        const before = connected.credentials.expiresAt;
        if (before && renewed.value.expiresAt) assert.ok(renewed.value.expiresAt > before);
        connected.credentials = renewed.value;
        const well = await platform.health(world.context(connected, "none"));
        assert.ok(well.ok, said(well));
      });
    if (auth.revoke)
      inWorld(`${auth.id}: withdrawing works, and a second time does no harm`, async (world, connected) => {
        if (connected.account.authKind !== auth.id) return;
        for (let i = 0; i < 2; i++) {
          const gone = await auth.revoke?.(world.context(connected, "visible"));
          assert.ok(gone?.ok, said(gone));
        }
      });
  }

  for (const { title, post, livePosts, noNumbers } of samples) {
    const { remove, edit } = platform.publishing ?? {};
    const { numbers } = platform;
    if (remove?.formats.includes(post.format))
      inWorld(
        `${title}: a removed post is gone with all its parts, and again does no harm`,
        async (world, connected) => {
          const { published, state, failure } = await runFormat({ world, connected, post });
          assert.ok(published, said(failure));
          if (remove.authKinds && !remove.authKinds.includes(connected.account.authKind)) return;
          const ref = { ...published, format: post.format, state };
          for (let times = 0; times < 2; times += 1) {
            const gone = await remove.run(ref, world.context(connected, "visible"));
            assert.ok(gone.ok, said(gone));
            assert.deepEqual(
              world.sim.simulator.posts().map(({ text }) => text),
              [],
            );
          }
        },
      );
    if (edit?.formats.includes(post.format))
      inWorld(`${title}: an edited post shows the new text and stays one post`, async (world, connected) => {
        const ref = await publish(world, connected, post);
        const text = setup.editedText ?? `${post.text} edited`;
        const done = await edit.run(ref, { text, format: post.format }, world.context(connected, "visible"));
        assert.ok(done.ok, said(done));
        assert.equal(world.sim.simulator.posts().length, livePosts);
        assert.ok(world.sim.simulator.posts().some((live) => live.text === text));
      });
    if (numbers?.posts && !noNumbers)
      inWorld(
        `${title}: numbers of a live post are read, each dated and with the platform's own name`,
        async (world, connected) => {
          const ref = await publish(world, connected, post);
          const unknown = { externalId: `${ref.externalId}0`, format: ref.format };
          const refs = (numbers.batchSize ?? 1) > 1 ? [unknown, ref] : [ref];
          const read = await numbers.posts?.(refs, world.context(connected, "none"));
          assert.ok(read?.ok, said(read));
          assert.deepEqual(
            read.value.map(({ externalId }) => externalId),
            [ref.externalId],
            said(read),
          );
          for (const metric of read.value.flatMap(({ metrics }) => metrics)) assertDated(metric, world.clock.now());
          assert.ok((read.value[0]?.metrics.length ?? 0) > 0, said(read));
        },
      );
  }

  if (platform.numbers?.account)
    inWorld(
      "numbers of the account are read, each dated and with the platform's own name",
      async (world, connected) => {
        const until = world.clock.now();
        const since = new Date(until.getTime() - 7 * 24 * 3_600_000);
        const numbers = await platform.numbers?.account?.({ since, until }, world.context(connected, "none"));
        assert.ok(numbers?.ok, said(numbers));
        for (const metric of numbers.value) assertDated(metric, until);
      },
    );

  const { webhooks } = provider;
  const { schedule } = platform.publishing ?? {};
  if (webhooks) {
    test("webhooks have a sample", () => assert.ok(setup.webhook, "give `webhook` in the setup"));
    inWorld("a signed event is taken and understood; a changed one is refused", async (world, connected) => {
      const sample = await setup.webhook?.(world, connected);
      assert.ok(sample);
      const { request } = sample;
      const verify = async (changed: Partial<typeof request>) => {
        const { app, ...ctx } = world.context(connected, "none");
        const keys = world.signingKeys(connected.account.authKind);
        const input = { request: { ...request, ...changed }, keys, now: world.clock.now(), publicUrl };
        return (await webhooks.verify(input, { ...ctx, app })).kind;
      };
      assert.equal(await verify({}), "accepted");
      assert.deepEqual(
        webhooks.parse(sample.request).map(({ type }) => type),
        sample.events,
      );
      const again = webhooks.parse(sample.request).map(({ dedupeKey }) => dedupeKey);
      assert.deepEqual(
        again,
        webhooks.parse(sample.request).map(({ dedupeKey }) => dedupeKey),
      );
      const rawBody = new Uint8Array([...sample.request.rawBody, 32]);
      assert.equal(await verify({ rawBody }), "refused");
      for (const name of Object.keys(request.headers).filter((header) => /signature/i.test(header)))
        assert.equal(await verify({ headers: { ...request.headers, [name]: undefined } }), "refused");
    });
    const { subscribe, renew, unsubscribe } = webhooks;
    if (subscribe)
      inWorld(
        "an account's events are subscribed, renewed and ended, and ending twice does no harm",
        async (world, connected) => {
          const ctx = () => world.context(connected, "invisible");
          const address = `${publicUrl}/api/webhooks/${provider.id}`;
          const made = await subscribe(ctx(), { address });
          assert.ok(made.ok, said(made));
          if (made.value.secret) world.secrets.add(made.value.secret.reveal());
          let { id } = made.value;
          if (renew) {
            const renewed = await renew(ctx(), { id, address });
            assert.ok(renewed.ok, said(renewed));
            ({ id } = renewed.value);
          }
          for (let times = 0; unsubscribe && times < 2; times += 1) {
            const ended = await unsubscribe(ctx(), { id });
            assert.ok(ended.ok, said(ended));
          }
        },
      );
  }
  if (schedule)
    for (const { title, post } of samples.filter((sample) => schedule.formats.includes(sample.post.format)))
      inWorld(`${title}: a handed over post waits, moves and can be called back`, async (world, connected) => {
        const aheadMs = setup.scheduleAheadMs ?? schedule.minLeadMs + 3_600_000;
        const publishAt = new Date(world.clock.now().getTime() + aheadMs);
        const { published, failure } = await runFormat({ world, connected, post, publishAt });
        assert.ok(published, said(failure));
        assert.equal(world.sim.simulator.posts().length, 0, "not live yet");
        const ctx = () => world.context(connected, "visible");
        const waiting = await schedule.verify(published, ctx());
        assert.ok(waiting.ok && waiting.value.state === "waiting", said(waiting));
        const moved = await schedule.move(published, new Date(publishAt.getTime() + 3_600_000), ctx());
        assert.ok(moved.ok, said(moved));
        const canceled = await schedule.cancel(published, ctx());
        assert.ok(canceled.ok, said(canceled));
        const gone = await schedule.verify(published, ctx());
        assert.ok(gone.ok && gone.value.state === "gone", said(gone));
      });
}

function assertDated(metric: Metric, now: Date): void {
  const { platformName, value, at, since } = metric;
  assert.ok(platformName && Number.isFinite(value), JSON.stringify(metric));
  assert.ok(at <= now && (since === undefined || since < at), JSON.stringify(metric));
}

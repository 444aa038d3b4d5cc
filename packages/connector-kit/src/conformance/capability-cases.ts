import assert from "node:assert/strict";
import { test } from "node:test";
import { runFormat } from "./run-format.ts";
import type { Suite } from "./suite.ts";
import type { Connected, World } from "./world.ts";

/** Whatever the connector declares is used once, so that the capability matrix cannot promise what does not work. */
export function capabilityCases(suite: Suite): void {
  const { connector, samples, inWorld, setup } = suite;
  const said = (result: unknown) => JSON.stringify(result);
  const publish = async (world: World, connected: Connected, post: Suite["samples"][number]["post"]) => {
    const { published, failure, state } = await runFormat({ world, connected, post });
    assert.ok(published, said(failure));
    return { ...published, format: post.format, state };
  };

  inWorld("health knows a working account, and tells a revoked one", async (world, connected) => {
    const well = await connector.health(world.context(connected, "none"));
    assert.ok(well.ok, said(well));
    assert.deepEqual(well.value.missingScopes, []);
    world.seen.push(said(well));
    world.sim.arm({ fault: "tokenRevoked", times: "always" });
    const ill = await connector.health(world.context(connected, "none"));
    assert.ok(!ill.ok && ["auth_revoked", "auth_expired"].includes(ill.error.kind), said(ill));
  });

  for (const auth of connector.auth) {
    if (auth.refresh)
      inWorld(`${auth.id}: renewed credentials work, and end later than the old ones`, async (world, connected) => {
        if (connected.account.authKind !== auth.id) return;
        world.advance(60_000);
        const renewed = await auth.refresh?.(world.context(connected, "none"));
        assert.ok(renewed?.ok, said(renewed));
        const before = connected.credentials.expiresAt;
        if (before && renewed.value.expiresAt) assert.ok(renewed.value.expiresAt > before);
        connected.credentials = renewed.value;
        const well = await connector.health(world.context(connected, "none"));
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
    const { remove, edit, analytics } = connector;
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
    if (analytics?.post && !noNumbers)
      inWorld(
        `${title}: numbers of a live post are read, each with the platform's own name`,
        async (world, connected) => {
          const ref = await publish(world, connected, post);
          const numbers = await analytics.post?.(ref, world.context(connected, "none"));
          assert.ok(numbers?.ok && numbers.value.length > 0, said(numbers));
          for (const metric of numbers.value)
            assert.ok(metric.platformName && Number.isFinite(metric.value), said(metric));
        },
      );
  }

  if (connector.analytics?.account)
    inWorld("numbers of the account are read", async (world, connected) => {
      const until = world.clock.now();
      const since = new Date(until.getTime() - 7 * 24 * 3_600_000);
      const numbers = await connector.analytics?.account?.({ since, until }, world.context(connected, "none"));
      assert.ok(numbers?.ok, said(numbers));
    });

  const { webhooks, schedule } = connector;
  if (webhooks) {
    test("webhooks have a sample", () => assert.ok(setup.webhook, "give `webhook` in the setup"));
    inWorld("a signed event is taken and understood; a changed one is refused", async (world, connected) => {
      const sample = await setup.webhook?.(world, connected);
      assert.ok(sample);
      const { app } = world.context(connected, "none");
      assert.equal(webhooks.verify(sample.request, app).kind, "accepted");
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
      assert.equal(webhooks.verify({ ...sample.request, rawBody }, app).kind, "refused");
      const headers = { ...sample.request.headers, "x-hub-signature-256": undefined };
      if (sample.request.headers["x-hub-signature-256"])
        assert.equal(webhooks.verify({ ...sample.request, headers }, app).kind, "refused");
    });
    for (const name of ["subscribe", "unsubscribe"] as const)
      if (webhooks[name])
        inWorld(`${name} works for a connected account`, async (world, connected) => {
          const done = await webhooks[name]?.(world.context(connected, "invisible"));
          assert.ok(done?.ok, said(done));
        });
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

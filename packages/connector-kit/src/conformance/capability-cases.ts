import assert from "node:assert/strict";
import type { Metric } from "../numbers.ts";
import type { OutgoingPost } from "../publish.ts";
import type { PostEdit } from "../publishing.ts";
import { type Secret, secret } from "../secret.ts";
import { runFormat } from "./run-format.ts";
import type { Suite } from "./suite.ts";
import type { Connected, World } from "./world.ts";

const publicUrl = "https://postd.example";

/** Whatever the connector declares is used once, so that the capability matrix cannot promise what does not work. */
export function capabilityCases(suite: Suite): void {
  const { provider, platform, signIn, samples, inWorld, setup, test } = suite;
  const health = (world: World, connected: Connected) => platform.health(world.context(connected, "none"));
  const said = (result: unknown) => JSON.stringify(result);
  const publish = async (world: World, connected: Connected, post: Suite["samples"][number]["post"]) => {
    const { published, failure, state } = await runFormat({ world, connected, post });
    assert.ok(published, said(failure));
    return { ...published, format: post.format, state };
  };

  inWorld("health knows a working account, and tells a revoked one", async (world, connected) => {
    const well = await health(world, connected);
    assert.ok(well.ok, said(well));
    assert.deepEqual(well.value.missingScopes, []);
    world.seen.push(said(well));
    world.sim.arm({ fault: "tokenRevoked", times: "always" });
    const ill = await health(world, connected);
    assert.ok(!ill.ok && expiredKinds.includes(ill.error.kind), said(ill));
  });

  const lacks = (what: "renewing" | "numbers" | "listing") =>
    setup.without?.some((gap) => gap.signIn === signIn.id && gap.what === what) === true;
  const { refresh, revoke } = signIn;
  if (refresh && !lacks("renewing"))
    inWorld("renewed credentials end later than the old ones, and work when those have ended", async (world, old) => {
      world.advance(60_000);
      const answer = await refresh(world.signInContext(old, "none"));
      assert.ok(answer.ok, said(answer));
      const renewed: Connected = { ...old, credentials: answer.value };
      const { expiresAt } = old.credentials;
      if (expiresAt) {
        const later = answer.value.expiresAt;
        assert.ok(later && later > expiresAt, `${expiresAt.toISOString()}, then ${later?.toISOString()}`);
        world.advance(expiresAt.getTime() + 1_000 - world.clock.now().getTime());
        const ended = await health(world, old);
        assert.ok(!ended.ok && expiredKinds.includes(ended.error.kind), `the old ones go on: ${said(ended)}`);
      }
      const well = await health(world, renewed);
      assert.ok(well.ok, said(well));
    });
  if (revoke)
    inWorld(
      "after withdrawing nothing can be renewed or done any more, and a second time does no harm",
      async (world, connected) => {
        const before = await health(world, connected);
        assert.ok(before.ok, said(before));
        for (let times = 0; times < 2; times += 1) {
          const gone = await revoke(world.signInContext(connected, "visible"));
          assert.ok(gone.ok, said(gone));
        }
        const ill = await health(world, connected);
        // Some platforms let an access token live out its hour; then nothing may follow it.
        const renewed = ill.ok ? await refresh?.(world.signInContext(connected, "none")) : ill;
        assert.ok(renewed && !renewed.ok, `the sign-in is as good as before: ${said([ill, renewed])}`);
        assert.ok(expiredKinds.includes(renewed.error.kind), said(renewed));
      },
    );

  for (const { title, post, livePosts, noNumbers } of samples) {
    const { remove, edit, lookUp } = platform.publishing ?? {};
    const { numbers } = platform;
    const mayRemove = remove?.authKinds === undefined || remove.authKinds.includes(signIn.id);
    if (remove?.formats.includes(post.format) && mayRemove)
      inWorld(
        `${title}: a removed post is gone with all its parts, and again does no harm`,
        async (world, connected) => {
          const { published, state, failure } = await runFormat({ world, connected, post });
          assert.ok(published, said(failure));
          assert.equal(world.sim.simulator.posts().length, livePosts);
          const ref = { ...published, format: post.format, state };
          const parts = remove.parts?.(ref) ?? [published];
          // Core looks at each of them before it calls a removal done that nobody answered.
          assert.equal(parts.length, livePosts, `what stays when the post itself is deleted: ${said(parts)}`);
          assert.equal(parts[0]?.externalId, published.externalId);
          const areFound = async () => {
            const looks = parts.map(({ externalId }) => lookUp?.({ externalId }, world.context(connected, "none")));
            return (await Promise.all(looks)).map((look) => look?.ok === true && look.value !== undefined);
          };
          if (parts.length > 1) assert.ok((await areFound()).every(Boolean), "a live part is not found by lookUp");
          for (let times = 0; times < 2; times += 1) {
            const gone = await remove.run(ref, world.context(connected, "visible"));
            assert.ok(gone.ok, said(gone));
            assert.deepEqual(
              world.sim.simulator.posts().map(({ text }) => text),
              [],
            );
          }
          if (parts.length > 1) assert.ok(!(await areFound()).some(Boolean), "lookUp finds what is gone");
        },
      );
    if (edit?.formats.includes(post.format))
      inWorld(`${title}: an edited post shows the new text and stays one post`, async (world, connected) => {
        const ref = await publish(world, connected, post);
        const text = setup.editedText ?? `${post.text} edited`;
        const done = await edit.run(ref, { ...wordsOf(post), text }, world.context(connected, "visible"));
        assert.ok(done.ok, said(done));
        assert.equal(world.sim.simulator.posts().length, livePosts);
        assert.ok(world.sim.simulator.posts().some((live) => live.text === text));
      });
    if (numbers?.posts && !noNumbers && !lacks("numbers"))
      inWorld(
        `${title}: numbers of a live post are read, each dated and with the platform's own name`,
        async (world, connected) => {
          const ref = await publish(world, connected, post);
          await setup.engage?.(world, ref.externalId);
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

  const listed = samples.find(({ noNumbers }) => !noNumbers);
  const recent = platform.numbers?.recent;
  if (recent && listed && !lacks("listing"))
    inWorld(`${listed.title}: what stands on the account is listed, that post with it`, async (world, connected) => {
      const since = new Date(world.clock.now().getTime() - 60_000);
      const ref = await publish(world, connected, listed.post);
      await setup.engage?.(world, ref.externalId);
      const read = await recent({ since }, world.context(connected, "none"));
      assert.ok(read.ok, said(read));
      const [post] = read.value.posts.filter(({ createdAt }) => createdAt >= since);
      // An id may be another one for lists; then the address leads to the same post.
      const isSame = post?.externalId === ref.externalId || (post?.permalink && post.permalink === ref.permalink);
      assert.ok(post && isSame, said({ ref, read }));
      assert.ok(post.createdAt <= world.clock.now(), said(post));
    });
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
      const known = sample.keys ?? world.signingKeys(connected.account.authKind);
      const verify = async (changed: Partial<typeof request>, keys: readonly Secret[] = known) => {
        const input = { request: { ...request, ...changed }, keys, now: world.clock.now(), publicUrl };
        return (await webhooks.verify(input, world.context(connected, "none"))).kind;
      };
      assert.equal(await verify({}), "accepted");
      assert.deepEqual(
        webhooks.parse(request).map(({ type }) => type),
        sample.events,
      );
      const once = webhooks.parse(request).map(({ dedupeKey }) => dedupeKey);
      const keysAgain = webhooks.parse(structuredClone(request)).map(({ dedupeKey }) => dedupeKey);
      assert.deepEqual(keysAgain, once, "the same event has the same key");
      assert.equal(new Set(once).size, once.length, "two events have one key");
      const rawBody = new Uint8Array([...request.rawBody, 32]);
      assert.notEqual(sample.unsignedBody, "", "say why the body is not signed");
      if (!sample.unsignedBody) assert.equal(await verify({ rawBody }), "refused", "a changed body");
      assert.equal(await verify({ headers: {}, query: {} }), "refused", "a request without any signature");
      if (known.length === 0) return;
      const stranger = secret("a key this app never had");
      assert.equal(await verify({}, [stranger]), "refused", "signed with another key");
      assert.equal(await verify({}, []), "refused", "no key is known");
      assert.equal(await verify({}, [stranger, ...known]), "accepted", "while a new key takes the old one's place");
    });
    const { subscribe, renew, unsubscribe } = webhooks;
    if (subscribe)
      inWorld(
        "an account's events are subscribed, renewed and ended, and ending twice does no harm",
        async (world, connected) => {
          if (webhooks.accountKinds && !webhooks.accountKinds.includes(connected.account.kind)) return;
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

/** A sign-in that has ended, by itself or by somebody's hand. */
const expiredKinds: readonly string[] = ["auth_revoked", "auth_expired"];

function assertDated(metric: Metric, now: Date): void {
  const { platformName, value, at, since } = metric;
  assert.ok(platformName && Number.isFinite(value), JSON.stringify(metric));
  assert.ok(at <= now && (since === undefined || since < at), JSON.stringify(metric));
}

/** What a change of a live post says again where nothing of it changes. */
const wordsOf = ({ format, text, mentions, hashtags, options }: OutgoingPost): PostEdit => ({
  format,
  text,
  options,
  ...(mentions && { mentions }),
  ...(hashtags && { hashtags }),
});

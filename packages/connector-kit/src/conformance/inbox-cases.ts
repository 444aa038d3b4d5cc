import assert from "node:assert/strict";
import type { InboxEntry } from "../inbox.ts";
import { replyFormat } from "../inbox.ts";
import type { OutgoingPost } from "../publish.ts";
import { type RunReport, refresh, runFormat } from "./run-format.ts";
import type { Suite } from "./suite.ts";
import type { Connected, Meddling, World } from "./world.ts";

/** What of a lost answer counts as kept; see `lossCases`. */
export type Judge = (
  report: RunReport,
  seen: { readonly made: number; readonly livePosts: number; readonly format: string; readonly step: string },
) => void;

const mostPages = 20;

/** Whether accounts connected by this sign-in have an inbox. */
export const triesInbox = ({ platform, signIn, setup }: Suite): boolean =>
  platform.inbox !== undefined && !setup.without?.some((gap) => gap.signIn === signIn.id && gap.what === "inbox");

/**
 * What somebody writes is listed, may be hidden and liked where the connector says so, and is answered once: every effect
 * call of an answer loses its own answer once, before and after the platform applied it.
 */
export function inboxCases(suite: Suite, judge: Judge): void {
  const { platform, samples, setup, inWorld, test } = suite;
  const { inbox } = platform;
  const { comment } = setup;
  if (!inbox || !triesInbox(suite)) return;
  test("inbox: somebody can write to the account", () => {
    assert.ok(comment, "the connector has an inbox, and the setup has no comment(world, connected, postId)");
  });
  if (!comment) return;
  const said = (result: unknown) => JSON.stringify(result);

  /** The post people write to, where there is one. */
  async function published(world: World, connected: Connected): Promise<string> {
    const [sample] = samples;
    if (!sample) return "";
    const { published: ref, failure } = await runFormat({ world, connected, post: sample.post });
    assert.ok(ref?.externalId, said(failure));
    return ref.externalId;
  }

  async function listed(world: World, connected: Connected, postId: string): Promise<readonly InboxEntry[]> {
    const all: InboxEntry[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < mostPages; page += 1) {
      const input = { ...(inbox?.lists === "post" && { postId }), ...(cursor !== undefined && { cursor }) };
      const ask = async () => inbox?.list(input, world.context(connected, "none"));
      let told = await ask();
      // Answers may have taken longer than a token lives.
      if (told && !told.ok && told.error.kind === "auth_expired" && !(await refresh(world, connected)))
        told = await ask();
      assert.ok(told?.ok, said(told));
      world.seen.push(said(told.value));
      all.push(...told.value.entries);
      cursor = told.value.cursor;
      if (cursor === undefined) return all;
    }
    return assert.fail(`after ${mostPages} pages the list has no end`);
  }

  /** What somebody wrote just now, as the connector lists it. */
  async function written(world: World, connected: Connected, postId: string) {
    const before = new Set((await listed(world, connected, postId)).map(({ externalId }) => externalId));
    world.advance(60_000);
    const words = await comment?.(world, connected, postId);
    const entry = (await listed(world, connected, postId)).find(
      ({ externalId, isOwn }) => !before.has(externalId) && !isOwn,
    );
    assert.ok(entry, "what somebody wrote is not listed");
    return { entry, words };
  }

  inWorld("inbox: what somebody wrote is listed once, with its words and its time", async (world, connected) => {
    const postId = await published(world, connected);
    const { entry, words } = await written(world, connected, postId);
    assert.equal(entry.text, words);
    assert.ok(entry.createdAt <= world.clock.now(), `${entry.createdAt.toISOString()} is later than now`);
    const ids = (await listed(world, connected, postId)).map(({ externalId }) => externalId);
    assert.equal(ids.length, new Set(ids).size, "an entry is listed twice");
    for (const { externalId, rating } of await listed(world, connected, postId)) {
      assert.ok(externalId);
      assert.ok(rating === undefined || (rating >= 1 && rating <= 5), `${rating} stars`);
    }
  });

  const { hide, like } = inbox;
  for (const [act, change, shown] of [
    [
      "hide",
      hide && ((externalId: string, value: boolean) => ({ run: hide, entry: { externalId, isHidden: value } })),
      "isHidden",
    ],
    [
      "like",
      like && ((externalId: string, value: boolean) => ({ run: like, entry: { externalId, isLiked: value } })),
      "isLiked",
    ],
  ] as const) {
    if (!change) continue;
    inWorld(`inbox: ${act} is done and taken back, each as often as asked`, async (world, connected) => {
      const postId = await published(world, connected);
      const { entry } = await written(world, connected, postId);
      assert.ok(!entry.cannot?.includes(act), `the setup's comment cannot be tried with ${act}`);
      for (const value of [true, true, false, false]) {
        const { run, entry: wanted } = change(entry.externalId, value);
        const done = await run(wanted as never, world.context(connected, "visible"));
        assert.ok(done.ok, said(done));
        const now = (await listed(world, connected, postId)).find(({ externalId }) => externalId === entry.externalId);
        assert.ok(now || value, "what is shown again is not listed");
        // A platform that does not tell it leaves it out.
        assert.notEqual(now?.[shown], !value, `${shown} is ${now?.[shown]} after it was made ${value}`);
      }
    });
  }

  if (!inbox.reply) return;
  const replyTo = (entry: InboxEntry, text: string): OutgoingPost => ({
    ...{ format: replyFormat, text, media: [], options: {}, destination: entry.externalId },
  });
  /** How often words stand anywhere an audience or the account sees them. */
  async function timesSeen(world: World, connected: Connected, postId: string, text: string): Promise<number> {
    const everywhere = said([world.sim.simulator.posts(), await listed(world, connected, postId)]);
    return everywhere.split(text).length - 1;
  }

  /** Answers once untroubled, then one comment after the other with trouble in the way of one call each. */
  async function eachCall(
    world: World,
    connected: Connected,
    mark: string,
    answer: (
      meddle: (how: Meddling) => (run: number) => Meddling | undefined,
      post: OutgoingPost,
    ) => Promise<RunReport>,
  ): Promise<readonly { readonly report: RunReport; readonly made: number; readonly step: string }[]> {
    const postId = await published(world, connected);
    const first = await written(world, connected, postId);
    const plain = `Thank you, plain ${mark}.`;
    const { trace, end, failure } = await runFormat({ world, connected, post: replyTo(first.entry, plain) });
    assert.equal(end, "published", said(failure));
    const once = await timesSeen(world, connected, postId, plain);
    assert.ok(once > 0, "the answer is seen neither among the simulator's posts nor in the list");
    const changing = trace.flatMap(({ step, effectCalls }, run) =>
      Array.from({ length: effectCalls }, (_, call) => ({ step, run, call })),
    );
    const reports = [];
    for (const { step, run, call } of changing) {
      const { entry } = await written(world, connected, postId);
      const text = `Thank you, ${mark} ${run}-${call}.`;
      const report = await answer((how) => (at) => (at === run ? { ...how, call } : undefined), replyTo(entry, text));
      reports.push({ report, step, made: (await timesSeen(world, connected, postId, text)) / once });
    }
    assert.ok(reports.length > 0, "no step of an answer changes anything");
    return reports;
  }

  for (const when of ["after", "before"] as const)
    inWorld(
      `reply: an answer lost ${when} the platform applied the call never answers twice`,
      async (world, connected) => {
        const reports = await eachCall(world, connected, when, (meddle, post) =>
          runFormat({ world, connected, post, meddle: meddle({ kind: "cut", when }) }),
        );
        for (const { report, made, step } of reports) judge(report, { made, livePosts: 1, format: replyFormat, step });
      },
    );
  inWorld("reply: a call that never left is made again, and nobody is asked about it", async (world, connected) => {
    const reports = await eachCall(world, connected, "unsent", (meddle, post) =>
      runFormat({ world, connected, post, meddle: meddle({ kind: "unsent" }) }),
    );
    for (const { report, made } of reports) assert.deepEqual([report.end, made], ["published", 1], said(report.trace));
  });
}

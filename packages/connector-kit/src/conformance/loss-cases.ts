import assert from "node:assert/strict";
import { replyFormat } from "../inbox.ts";
import type { OutgoingPost } from "../publish.ts";
import { inboxCases, triesInbox } from "./inbox-cases.ts";
import { type RunReport, runFormat } from "./run-format.ts";
import type { AskReason, Suite } from "./suite.ts";
import type { Connected, Meddling, World } from "./world.ts";

/**
 * Every effect call of every format loses its answer once, before and after the platform applied it, and then the
 * whole way is walked as the pipeline walks it. There is never one post more than meant; a person may be asked only
 * where the setup says what the platform does not tell, and where that is written.
 */
export function lossCases(suite: Suite): void {
  const { signIn, setup, samples, inWorld, test } = suite;
  const { asksPerson = [] } = setup;
  /** Steps whose lost answer did end in asking, as `format step`. */
  const asked = new Set<string>();
  for (const { title, post, livePosts } of samples) {
    inWorld(
      `${title}: goes out as ${livePosts === 1 ? "one post" : `${livePosts} posts`}, named as the platform names it`,
      async (world, connected) => {
        const sent = await runFormat({ world, connected, post });
        assert.equal(sent.end, "published", JSON.stringify(sent.failure));
        assert.equal(world.sim.simulator.posts().length, livePosts);
        assert.ok(sent.published?.externalId);
        if (sent.published.permalink) assert.ok(URL.canParse(sent.published.permalink), sent.published.permalink);
      },
    );

    for (const when of ["after", "before"] as const)
      inWorld(
        `${title}: an answer lost ${when} the platform applied the call never makes a second post`,
        async (world, connected) => {
          await eachCall(world, connected, { post, mark: when }, async (meddle, twin, step) => {
            const before = world.sim.simulator.posts().length;
            const report = await runFormat({ world, connected, post: twin, meddle: meddle({ kind: "cut", when }) });
            const made = world.sim.simulator.posts().length - before;
            judge(report, { made, livePosts, format: post.format, step });
          });
        },
      );

    inWorld(
      `${title}: a call that never left is made again, and nobody is asked about it`,
      async (world, connected) => {
        await eachCall(world, connected, { post, mark: "unsent" }, async (meddle, twin) => {
          const before = world.sim.simulator.posts().length;
          const report = await runFormat({ world, connected, post: twin, meddle: meddle({ kind: "unsent" }) });
          assert.equal(report.end, "published", JSON.stringify(report.trace));
          assert.equal(world.sim.simulator.posts().length - before, livePosts, JSON.stringify(report.trace));
        });
      },
    );

    inWorld(
      `${title}: a platform that applies and then drops the line never holds a second post`,
      async (world, connected) => {
        world.sim.arm({ fault: "dropAfterAccept" });
        const report = await runFormat({ world, connected, post });
        const lost = report.trace.find(({ outcome }) => outcome === "outcome_unknown");
        const step = (lost ?? report.trace.find(({ effectCalls }) => effectCalls > 0))?.step ?? "";
        judge(report, { made: world.sim.simulator.posts().length, livePosts, format: post.format, step });
      },
    );
  }

  inboxCases(suite, judge);

  const ofReplies = ({ formats }: AskReason) => formats?.every((format) => format === replyFormat) === true;
  for (const reason of asksPerson.filter((one) => !ofReplies(one) || triesInbox(suite)))
    test(`${reason.step}: the reason to ask a person is written, with its source, and needed`, () => {
      assertWritten(reason);
      const needed = [...asked].some((key) => {
        const [format = "", step = ""] = key.split(" ");
        return holdsFor(reason, { format, step });
      });
      assert.ok(needed, `no lost answer to ${reason.step} ends in asking; the reason is not needed`);
    });

  /**
   * Publishes once untroubled, then once for each call that changed something, with a text of its own; `meddle` puts
   * trouble in that call's way. Counts are taken inside: stories are gone when a day has passed.
   */
  async function eachCall(
    world: World,
    connected: Connected,
    { post, mark }: { readonly post: OutgoingPost; readonly mark: string },
    publish: (
      meddle: (how: Meddling) => (run: number) => Meddling | undefined,
      twin: OutgoingPost,
      step: string,
    ) => Promise<void>,
  ): Promise<void> {
    const { trace } = await runFormat({ world, connected, post });
    const changing = trace.flatMap(({ step, effectCalls }, run) =>
      Array.from({ length: effectCalls }, (_, call) => ({ step, run, call })),
    );
    assert.ok(changing.length > 0, "no step changes anything");
    for (const { step, run, call } of changing) {
      world.advance(24 * 3_600_000);
      await freshToken(world, connected);
      const twin = { ...post, text: `${post.text} ${mark}${run}${call > 0 ? `-${call}` : ""}` };
      await publish((how) => (at) => (at === run ? { ...how, call } : undefined), twin, step);
    }
  }

  /** A day between samples keeps daily limits and look-back windows apart; sessions end meanwhile. */
  async function freshToken(world: World, connected: Connected): Promise<void> {
    const renewed = await signIn.refresh?.(world.signInContext(connected, "none"));
    if (renewed?.ok) connected.credentials = renewed.value;
  }

  function judge(
    report: RunReport,
    seen: { readonly made: number; readonly livePosts: number; readonly format: string; readonly step: string },
  ): void {
    const story = `${seen.step}: ${JSON.stringify(report.trace.map(({ step, outcome }) => `${step} ${outcome}`))}`;
    assert.ok(seen.made <= seen.livePosts, `${seen.made} posts instead of ${seen.livePosts}; ${story}`);
    if (report.end === "asks_person") {
      assert.ok(
        asksPerson.some((reason) => holdsFor(reason, seen)),
        `a person is asked and no reason is written for it (asksPerson); ${story}`,
      );
      asked.add(`${seen.format} ${seen.step}`);
      return;
    }
    assert.equal(report.end, "published", `${story} ${JSON.stringify(report.failure)}`);
    assert.equal(seen.made, seen.livePosts, story);
  }
}

const holdsFor = ({ step, formats }: AskReason, seen: { readonly format: string; readonly step: string }): boolean =>
  step === seen.step && (formats === undefined || formats.includes(seen.format));

/** A reason somebody can check: a sentence, and an address or a section of a page that says so. */
function assertWritten({ step, why, source }: AskReason): void {
  assert.ok(/\s\S+\s/.test(why) && why.length >= 20, `${step}: the reason is no sentence: "${why}"`);
  assert.ok(/^https:\/\/\S+|\.md\b.*\bsection\b/.test(source), `${step}: no address and no section: "${source}"`);
}

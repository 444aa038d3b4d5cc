import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { installRealServers } from "../install.ts";
import { startMetaClient } from "./client.ts";
import { day } from "./day.ts";
import { differencesOf, plainCall } from "./sheet.ts";
import { signInAtMeta } from "./sign-in.ts";

/** Differences from the fact sheet that many steps have, with their reason. One that none has any more fails the test. */
const everywhere: Readonly<Record<string, string>> = {
  "asks for v24.0": "the client is bound to its own version, which lives until 2028-02-18 (§1)",
  "sends id besides": "the client counts an object's id among its changes; Graph takes it and passes it over (§1b)",
};
/** Differences of one step, by title and what differs. */
const differences: Readonly<Record<string, string>> = {
  'uploads a video with the client\'s own uploader: calls ["POST graph-video.facebook.com/{page}/advideos"] instead of ["POST graph-video.facebook.com/{page}/videos"]':
    "24.0.1 knows the ad accounts' edge alone, which a Page lacks, and drops the body it was given on the way to the wire",
  "uploads a video with the client's own uploader: the client's result: id: Invalid input: expected string, received undefined":
    "so it is refused; nor could it read an answer, for it parses as text what its transport has parsed already",
  "lists the older ones: sends __paging_token besides":
    "the link is called as it is, and its mark for posts of one second is the simulator's own (§1b names none)",
  "reads two posts by their ids: the client's result: [].id: Invalid input: expected string, received object":
    "the client hands each whole record to a constructor that takes an id; the answer itself is as the sheet has it",
};

let sdk: Awaited<ReturnType<typeof startMetaClient>>;
before(async () => {
  await installRealServers();
  sdk = await startMetaClient();
});
after(() => sdk?.stop());

test("the official client gets through a publisher's day, and each difference from the fact sheet has its reason", async (t) => {
  const known = await signInAtMeta(sdk);
  const names = { pageId: known.pageId ?? "", igId: known.igId ?? "" };
  const found: string[] = [];
  for (const step of day) {
    await step.before?.(sdk, known);
    const told = await sdk.take(step.step, step.input(known, sdk));
    for (const call of told.calls) t.diagnostic(inWords(step.title, plainCall(call, names)));
    const differing = differencesOf(step, told, names);
    found.push(...differing.map((line) => (line in everywhere ? line : `${step.title}: ${line}`)));
    const unexplained = differing.filter((line) => !(line in everywhere || `${step.title}: ${line}` in differences));
    // Later steps rest on this one.
    assert.deepEqual(unexplained, [], `${step.title} (${step.section})`);
    if (told.value !== undefined) Object.assign(known, step.keep?.(told.value as never));
    step.after?.(sdk, known, told);
  }
  const needless = Object.keys({ ...everywhere, ...differences }).filter((line) => !found.includes(line));
  assert.deepEqual(needless, [], "listed, and no longer different");
  assert.deepEqual(sdk.simulator.crashes(), []);
  t.diagnostic(`${day.length} steps, ${new Set(found).size} differences, each with a reason`);
});

test("every step has a name of its own", () => {
  assert.equal(new Set(day.map(({ title }) => title)).size, day.length);
});

/** What was sent and what came back, without what only this run has. */
function inWords(title: string, { call, params, status, body }: ReturnType<typeof plainCall>): string {
  const answer = Array.isArray(body) ? `a list of ${body.length}` : Object.keys(body ?? {}).join(", ");
  return `${title}: ${call} (${params.join(", ")}) -> ${status} {${answer}}`;
}

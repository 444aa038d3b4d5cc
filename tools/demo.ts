import { setTimeout as sleep } from "node:timers/promises";
import { tryOuts } from "@postd/connectors/try-outs";
import type { JobView, PlatformView, PostView } from "@postd/contracts";
import { type ApiSession, randomPassword, signUp } from "@postd/testkit/api";
import { destinationFor, optionsOf, takesPicture, uploadSample } from "./connectors/sample.ts";
import { signInSimulated } from "./connectors/sign-in.ts";
import { startOwnServer } from "./demo/start-own-server.ts";

/**
 * `npm run demo`: the main job through the public HTTP API and nothing else. Uses the server at the address given as
 * first argument or the one running on port 3000; where none runs, it starts one on a throw-away data folder and stops
 * it again at the end.
 */
const say = (text: string) => process.stdout.write(`${text}\n`);
const asked = process.argv[2]?.replace(/\/$/, "");
const own = asked === undefined && !(await answers("http://127.0.0.1:3000")) ? await startOwnServer() : undefined;
const baseUrl = asked ?? own?.url ?? "http://127.0.0.1:3000";

try {
  if (!(await answers(baseUrl))) throw new Error(`No POSTD answers at ${baseUrl}. Start one with: npm start`);
  await demo();
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await own?.stop();
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/api/live`).then(
    (answer) => answer.ok,
    () => false,
  );
}

async function demo(): Promise<void> {
  const health = await fetch(`${baseUrl}/api/health`);
  const { simulated } = (await health.json()) as { simulated?: boolean };
  if (!simulated)
    throw new Error("This server talks to real platforms. The demo only runs where platforms are simulated.");
  say(`\nPOSTD at ${baseUrl}, every platform simulated.\n`);

  const person = { name: "Ida Holm", email: `ida-${Date.now()}@example.com`, password: randomPassword() };
  const session = await step("Sign up", () => signUp(baseUrl, person));
  const { items }: { items: readonly PlatformView[] } = await session.must("GET", "/api/platforms");
  const platforms = items.filter((platform) => platform.simulated && takesPicture(platform));
  const simulators = await simulatorsOf(session, items);
  const targets: Target[] = [];
  for (const platform of platforms)
    targets.push(await step(`Sign in at ${platform.name}`, () => connect(session, simulators, platform)));
  const media = await step("Upload a picture", () => uploadSample(session, "picture", Date.now()));
  const post = await step(`Publish one post to all ${targets.length}`, () =>
    session.must("POST", "/api/posts", {
      text: `Fresh beans are in: Sidamo, washed, roasted this morning. https://northfold.example/sidamo (roast ${Date.now() % 10_000})`,
      mediaIds: media,
      targets: targets.map(({ connectionId, destination }) => ({ connectionId, ...(destination && { destination }) })),
      versions: Object.fromEntries(
        platforms.flatMap(({ id }) => {
          const options = optionsOf(tryOuts[id] ?? {});
          return options ? [[id, { options }]] : [];
        }),
      ),
    }),
  );

  const nameOf = new Map(targets.map(({ connectionId, name }) => [connectionId, name]));
  const widest = Math.max(...platforms.map(({ id }) => id.length));
  const widestName = Math.max(...targets.map(({ name }) => name.length));
  say("\nAs each platform has it (reviews and sendings take up to two minutes):");
  const done = await settled(session, post.id, (job, afterMs) => {
    const name = (nameOf.get(job.connectionId) ?? job.connectionId).padEnd(widestName);
    const where = job.permalink ?? job.failure?.message ?? job.externalPostId ?? "";
    const seconds = `${(afterMs / 1000).toFixed(1)} s`.padStart(7);
    say(`  ${seconds}  ${job.platform.padEnd(widest)}  ${name}  ${job.state.padEnd(9)}  ${where}`);
  });
  say("\nWhat happened, step by step:");
  for (const job of done.jobs) {
    const { attempts = [] } = await session.must("GET", `/api/publish/${job.id}`);
    for (const attempt of attempts)
      say(
        `  ${job.platform.padEnd(widest)}  ${attempt.intentAt.slice(11, 23)}  ${attempt.step.padEnd(22)} ${String(attempt.outcome).padEnd(8)} ${attempt.latencyMs ?? ""} ms`,
      );
  }
  if (!own) say(`\nSign in as ${person.email} with the password ${person.password} to look around.`);
  const isLive = done.jobs.every(({ state }) => state === "published");
  say(isLive ? "\nEverything is live, once each.\n" : "\nNot everything is live; the table says why.\n");
  if (!isLive) process.exitCode = 1;
}

interface Target {
  readonly connectionId: string;
  readonly name: string;
  /** The place below the account, where the platform wants one named. */
  readonly destination: string | undefined;
}

/** Where the simulators run, which nobody tells a client: it is where their sign-in pages are. */
async function simulatorsOf(session: ApiSession, items: readonly PlatformView[]): Promise<string> {
  const asking = items.find(({ simulated, auth }) => simulated && auth.some(({ kind }) => kind === "oauth2"));
  if (!asking) throw new Error("No simulated platform of this server has a sign-in page.");
  return new URL((await session.must("POST", `/api/oauth/${asking.id}/start`, {})).authUrl).origin;
}

/** One account of the platform, by its sign-in page where it has one, else by keys. */
async function connect(session: ApiSession, simulators: string, platform: PlatformView): Promise<Target> {
  const signIn = platform.auth.find(({ kind }) => kind === "oauth2") ?? platform.auth[0];
  if (!signIn) throw new Error(`${platform.name} has no sign-in.`);
  const { accounts, connect: choose } = await signInSimulated({
    session,
    platform,
    signIn,
    tryOut: tryOuts[platform.id] ?? {},
    makeAccount: async () =>
      (await fetch(`${simulators}/__sim/${platform.id}/accounts`, { method: "POST", body: "{}" })).json(),
  });
  const account = accounts.find(({ blocked }) => blocked === undefined);
  if (!account) throw new Error(accounts[0]?.blocked ?? `The sign-in opened no account at ${platform.name}.`);
  const connectionId = await choose(account);
  return { connectionId, name: account.name, destination: await destinationFor(session, platform, connectionId) };
}

async function step<T>(title: string, run: () => Promise<T>): Promise<T> {
  process.stdout.write(`  ${title} ... `);
  const startedAt = performance.now();
  const value = await run();
  say(`${Math.round(performance.now() - startedAt)} ms`);
  return value;
}

/** Tells of each job once, when it has come to rest. */
async function settled(session: ApiSession, postId: string, onRest: (job: JobView, afterMs: number) => void) {
  const startedAt = performance.now();
  const told = new Set<string>();
  for (let tries = 0; tries < 720; tries += 1) {
    const post: PostView = await session.must("GET", `/api/posts/${postId}`);
    const rested = post.jobs.filter(({ state }) => ["published", "failed", "held", "unknown"].includes(state));
    for (const job of rested) {
      if (!told.has(job.id)) onRest(job, performance.now() - startedAt);
      told.add(job.id);
    }
    if (rested.length === post.jobs.length) return post;
    await sleep(250);
  }
  throw new Error("The post did not settle within three minutes. See GET /api/health.");
}

import { setTimeout as sleep } from "node:timers/promises";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { type ApiSession, grantThroughBrowser, randomPassword, signUp } from "@postd/testkit/api";
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
  const meta = await step("Sign in at Facebook and agree", () => grantThroughBrowser(session, "facebook"));
  const chosen = await step("Choose a Page and its Instagram account", () => choose(session, meta.grantId));
  const bluesky = await step("Connect Bluesky with an app password", () =>
    session.must("POST", "/api/connections", {
      platform: "bluesky",
      keys: { identifier: "northfold.bsky.social", appPassword: "fold-demo-post-aaaa" },
    }),
  );
  const media = await step("Upload a picture", () =>
    session.upload(
      sampleJpeg({ width: 1080, height: 1080, seed: Date.now() }),
      "beans.jpg",
      "A handful of roasted coffee beans",
    ),
  );
  const connections: { id: string; platform: string; name: string }[] = [...chosen.connections, ...bluesky.connections];
  const post = await step("Publish one post to all three", () =>
    session.must("POST", "/api/posts", {
      content: `Fresh beans are in: Sidamo, washed, roasted this morning. https://northfold.example/sidamo ${new Date().toISOString()}`,
      mediaIds: [media.id],
      targets: connections.map(({ id }) => ({ connectionId: id })),
    }),
  );
  const done = await step("Wait until every platform has it", () => settled(session, post.id));

  say("");
  for (const job of done.jobs) {
    const name = connections.find(({ id }) => id === job.connectionId)?.name ?? job.connectionId;
    say(
      `${job.platform.padEnd(10)} ${name.padEnd(22)} ${job.state.padEnd(10)} ${job.permalink ?? job.failure?.message ?? ""}`,
    );
  }
  say("\nWhat happened, step by step:");
  for (const job of done.jobs) {
    const { attempts = [] } = await session.must("GET", `/api/publish/${job.id}`);
    for (const attempt of attempts)
      say(
        `  ${job.platform.padEnd(10)} ${attempt.intentAt.slice(11, 23)}  ${attempt.step.padEnd(22)} ${String(attempt.outcome).padEnd(8)} ${attempt.latencyMs ?? ""} ms`,
      );
  }
  if (!own) say(`\nSign in as ${person.email} with the password ${person.password} to look around.`);
  say(
    done.jobs.every(({ state }: { state: string }) => state === "published")
      ? "\nEverything is live, once each.\n"
      : "\nNot everything is live; the table says why.\n",
  );
}

async function step<T>(title: string, run: () => Promise<T>): Promise<T> {
  process.stdout.write(`  ${title} ... `);
  const startedAt = performance.now();
  const value = await run();
  say(`${Math.round(performance.now() - startedAt)} ms`);
  return value;
}

async function choose(session: ApiSession, grantId: string) {
  const grant = await session.must("GET", `/api/grants/${grantId}`);
  const usable = grant.accounts.filter((account: { blocked?: string }) => !account.blocked);
  const accounts = ["facebook", "instagram"].flatMap(
    (platform) => usable.find((account: { platform: string }) => account.platform === platform) ?? [],
  );
  return session.must("POST", "/api/connections", {
    grantId,
    accounts: accounts.map(({ platform, externalId }) => ({ platform, externalId })),
  });
}

async function settled(session: ApiSession, postId: string) {
  for (let tries = 0; tries < 240; tries += 1) {
    const post = await session.must("GET", `/api/posts/${postId}`);
    if (post.jobs.every(({ state }: { state: string }) => ["published", "failed", "held", "unknown"].includes(state)))
      return post;
    await sleep(250);
  }
  throw new Error("The post did not settle within a minute. See GET /api/health.");
}

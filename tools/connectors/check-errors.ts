import { failed, notTried, type Outcome, ok, publish, saidOf, samplePayload, type Try } from "./checks.ts";

/**
 * What goes wrong is told for what it is: words that are too long before anything is sent; and where the platform is
 * simulated, being told to slow down, after which the post goes out once, and access that was withdrawn, which asks a person.
 */
export async function checkErrors(at: Try): Promise<Outcome> {
  const { simulated } = at.stage;
  const cases = at.platform.formats.length === 0 ? [] : [tooLong, ...(simulated ? [slowedDown, withdrawn] : [])];
  const seen: string[] = [];
  for (const run of cases) {
    const outcome = await run(at).finally(() => simulated?.disarm(at.platform.id));
    if (outcome.status === "failed") return outcome;
    if (outcome.detail && outcome.status === "ok") seen.push(outcome.detail);
  }
  return seen.length > 0 ? ok(seen.join(", ")) : notTried("nothing can be made to go wrong here");
}

/** A check of a post, which sends nothing. */
async function tooLong(at: Try): Promise<Outcome> {
  const { session, platform, connectionId } = at;
  const { destination, ...sample } = await samplePayload(at, "Too long");
  const check = async (text: unknown) => {
    const targets = [{ connectionId, ...(destination !== undefined && { destination }) }];
    return (await session.must("POST", "/api/posts/validate", { ...sample, text, targets })).targets[0];
  };
  const { format } = await check(sample.text);
  const { limits = {} } = await session.must("GET", `/api/connections/${connectionId}/limits`);
  const max: number | undefined = limits.textMax ?? platform.formats.find(({ id }) => id === format)?.text.max;
  if (!max) return notTried("it takes no words");
  const { problems }: { problems: readonly { field: string; severity: string }[] } = await check("a".repeat(max + 1));
  const isTold = problems.some(({ field, severity }) => severity === "error" && field === "text");
  return isTold ? ok("too long") : failed(`${max + 1} letters pass the check: ${JSON.stringify(problems)}`);
}

/** Of a POST, which the looks that go on beside the job seldom are. */
async function slowedDown(at: Try): Promise<Outcome> {
  const { stage, platform } = at;
  const payload = await samplePayload(at, "Told to slow down");
  const before = (await stage.simulated?.countPosts(platform.id)) ?? 0;
  await stage.simulated?.arm(platform.id, { fault: "rateLimited", match: { method: "POST" } });
  const { job, failures } = await publish(at, payload);
  if (!failures.includes("rate_limited"))
    return failed(`told to slow down, POSTD says ${failures.join(", ") || "nothing"}`);
  const more = ((await stage.simulated?.countPosts(platform.id)) ?? 0) - before;
  if (job.state !== "published" || more !== 1) return failed(`after being slowed down ${saidOf(job)}; ${more} live`);
  return ok("told to slow down");
}

async function withdrawn(at: Try): Promise<Outcome> {
  const { stage, platform, session, connectionId } = at;
  const payload = await samplePayload(at, "Access withdrawn");
  await stage.simulated?.arm(platform.id, { fault: "tokenRevoked", times: "always" });
  const { job } = await publish(at, payload);
  if (job.state !== "held" || job.heldReason !== "attention") return failed(`with access withdrawn ${saidOf(job)}`);
  const { status } = await session.must("GET", `/api/connections/${connectionId}`);
  if (!["attention", "revoked"].includes(status)) return failed(`access is withdrawn and the account is ${status}`);
  return ok("access withdrawn");
}

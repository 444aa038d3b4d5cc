import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

interface Problem {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
}

describe("a check says what an account got before and gets around that time", () => {
  let system: System;
  let ida: ApiSession;
  let account: { readonly id: string };
  let other: { readonly id: string };

  before(async () => {
    system = await startSystem();
    ida = await system.signUp();
    account = await connectBluesky(system, ida);
    other = await connectBluesky(system, ida, "Nordlys");
  });
  after(() => system?.close());

  const inMs = (ms: number) => new Date(system.clock.now().getTime() + ms).toISOString();
  const check = async (body: object, who = ida, targets = [account, other]) => {
    const answer = await who.must("POST", "/api/posts/validate", {
      targets: targets.map(({ id }) => ({ connectionId: id })),
      ...body,
    });
    const found: Record<string, readonly Problem[]> = {};
    for (const { connectionId, problems } of answer.targets)
      found[connectionId] = problems.filter(({ code }: Problem) => ["went_out_before", "near_another"].includes(code));
    return { ok: answer.ok, found };
  };
  const codes = (problems: readonly Problem[] | undefined) => (problems ?? []).map(({ code }) => code);

  it("the same text that went out there is named with its day and account, and may go out again", async () => {
    await ida.must("POST", "/api/posts", { text: "Beans are in", targets: [{ connectionId: account.id }] });
    await system.settle();
    const wentOut = system.clock.now();
    await system.clock.advance(40 * dayMs);
    const { ok, found } = await check({ text: "Beans are in" });
    assert.equal(ok, true);
    const [said] = found[account.id] ?? [];
    assert.equal(said?.code, "went_out_before");
    assert.equal(said?.severity, "warning");
    const day = `${wentOut.getUTCDate()} `;
    assert.match(
      said?.message ?? "",
      new RegExp(`^The same went out on ${day}.*${wentOut.getUTCFullYear()} .*Northfold`),
    );
    assert.deepEqual(codes(found[other.id]), [], "it never went out there");
    assert.deepEqual(codes((await check({ text: "Beans are out" })).found[account.id]), []);
    const again = await ida.call("POST", "/api/posts", {
      text: "Beans are in",
      targets: [{ connectionId: account.id }],
      scheduledFor: inMs(10 * dayMs),
    });
    assert.equal(again.status, 201, JSON.stringify(again.body));
  });

  it("another planned post within a quarter of an hour is named on either side, and none that is further, canceled or elsewhere", async () => {
    const at = inMs(20 * dayMs);
    const around = (minutes: number) => new Date(Date.parse(at) + minutes * minuteMs).toISOString();
    const planned = await ida.must("POST", "/api/posts", {
      text: "Planned",
      targets: [{ connectionId: account.id }],
      scheduledFor: at,
    });
    const after = await check({ text: "Close", scheduledFor: around(5) });
    assert.equal(after.ok, true);
    assert.match(
      after.found[account.id]?.[0]?.message ?? "",
      /Another post to Northfold is planned 5 min before this one\./,
    );
    assert.deepEqual(codes(after.found[other.id]), []);
    const before = await check({ text: "Close", scheduledFor: around(-14) });
    assert.match(before.found[account.id]?.[0]?.message ?? "", /planned 14 min after this one\./);
    assert.match(
      (await check({ text: "Close", scheduledFor: at })).found[account.id]?.[0]?.message ?? "",
      /same minute/,
    );
    assert.deepEqual(codes((await check({ text: "Far", scheduledFor: around(16) })).found[account.id]), []);
    await ida.must("POST", `/api/jobs/${planned.jobs[0].id}/cancel`);
    assert.deepEqual(codes((await check({ text: "Close", scheduledFor: around(5) })).found[account.id]), []);
  });

  it("nobody is told what another workspace's account got", async () => {
    const ole = await system.signUp();
    const his = await connectBluesky(system, ole, "Elsewhere");
    const { found } = await check({ text: "Beans are in" }, ole, [his]);
    assert.deepEqual(codes(found[his.id]), []);
    const foreign = await ole.call("POST", "/api/posts/validate", {
      text: "Beans are in",
      targets: [{ connectionId: account.id }],
    });
    assert.equal(foreign.status, 404);
  });
});

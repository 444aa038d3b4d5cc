import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PlatformFailure } from "../failure.ts";
import { type DecideInput, decide, leavesOpen } from "./decide.ts";

const m = { message: "" };
const failures: Record<string, PlatformFailure> = {
  expired: { kind: "auth_expired", ...m },
  tooNew: { kind: "auth_expired", retryAfterMs: 5_000, ...m },
  revoked: { kind: "auth_revoked", ...m },
  scope: { kind: "scope_missing", scopes: ["a"], ...m },
  limited: { kind: "rate_limited", ...m },
  limited30s: { kind: "rate_limited", retryAfterMs: 30_000, ...m },
  limited1h: { kind: "rate_limited", retryAfterMs: 3_600_000, ...m },
  limited0: { kind: "rate_limited", retryAfterMs: 0, ...m },
  limitedApp: { kind: "rate_limited", retryAfterMs: 60_000, scope: "app", ...m },
  endless: { kind: "rate_limited", retryAfterMs: 1e300, ...m },
  blocked: { kind: "account_blocked", ...m },
  operator: { kind: "operator_must_act", what: "the version", ...m },
  quota: { kind: "rate_limited", quota: true, ...m },
  quota2h: { kind: "rate_limited", quota: true, retryAfterMs: 7_200_000, ...m },
  rejected: { kind: "content_rejected", field: "text", reason: "x", ...m },
  down: { kind: "unavailable", ...m },
  down40s: { kind: "unavailable", retryAfterMs: 40_000, ...m },
  lost: { kind: "outcome_unknown", ...m },
  odd200: { kind: "unexpected_response", status: 200, ...m },
  odd404: { kind: "unexpected_response", status: 404, ...m },
  odd500: { kind: "unexpected_response", status: 500, ...m },
};
const steps: Record<string, DecideInput["step"]> = {
  read: { effect: "none", repeatable: true, settleMs: 5_000 },
  hidden: { effect: "invisible", repeatable: false, settleMs: 5_000 },
  keyed: { effect: "visible", repeatable: true, settleMs: 5_000 },
  visible: { effect: "visible", repeatable: false, settleMs: 5_000 },
};

/** failure | step | what was sent: none, this call (open), an earlier one (doubt) | failed tries | token renewed | decision */
const table = `
expired    | visible | none  | 0 | no  | refresh
expired    | visible | none  | 0 | yes | hold attention broken
expired    | visible | open  | 0 | no  | probe 5000
tooNew     | visible | none  | 0 | no  | refresh
tooNew     | visible | none  | 0 | yes | retry 5000 counted
tooNew     | visible | none  | 1 | yes | hold attention broken
revoked    | visible | none  | 0 | no  | hold attention broken
revoked    | visible | open  | 0 | no  | probe 5000 broken
revoked    | keyed   | open  | 0 | no  | probe 5000 broken
revoked    | keyed   | doubt | 0 | no  | probe 0 broken
scope      | read    | none  | 0 | no  | hold attention broken
blocked    | read    | none  | 0 | no  | hold attention broken
blocked    | keyed   | doubt | 0 | no  | probe 0 broken
operator   | read    | none  | 0 | no  | hold operator 3600000 blocks app
operator   | visible | doubt | 0 | no  | probe 0 blocks app
limited    | visible | none  | 0 | no  | retry 1000 counted blocks account
limited    | visible | none  | 3 | no  | retry 27000 counted blocks account
limited    | visible | none  | 4 | no  | hold quota 900000 blocks account
limited    | visible | open  | 0 | no  | probe 5000 blocks account
limited    | keyed   | open  | 0 | no  | retry 1000 counted blocks account
limited0   | visible | none  | 0 | no  | retry 1000 counted blocks account
limited0   | visible | none  | 4 | no  | hold quota 60000 blocks account
limited30s | visible | none  | 0 | no  | retry 30000 counted blocks account
limited30s | keyed   | open  | 0 | no  | retry 30000 counted blocks account
limited1h  | visible | none  | 0 | no  | hold quota 3600000 blocks account
limited1h  | keyed   | doubt | 0 | no  | probe 3600000 blocks account
limitedApp | read    | none  | 0 | no  | retry 60000 counted blocks app
endless    | read    | none  | 0 | no  | hold quota 2592000000 blocks account
quota      | read    | none  | 0 | no  | hold quota 3600000 blocks account
quota2h    | read    | none  | 0 | no  | hold quota 7200000 blocks account
rejected   | visible | none  | 0 | no  | fail
rejected   | visible | open  | 0 | no  | probe 5000
rejected   | keyed   | open  | 0 | no  | retry 1000 counted
rejected   | keyed   | doubt | 0 | no  | probe 0
down       | visible | none  | 0 | no  | retry 1000 counted
down       | visible | none  | 1 | no  | retry 3000 counted
down       | visible | none  | 2 | no  | retry 9000 counted
down       | visible | none  | 3 | no  | retry 27000 counted
down       | visible | none  | 4 | no  | hold outage 60000
down       | keyed   | doubt | 4 | no  | probe 0
down40s    | read    | none  | 0 | no  | retry 40000 counted
lost       | visible | open  | 0 | no  | probe 5000
lost       | visible | open  | 4 | yes | probe 5000
lost       | keyed   | open  | 0 | no  | retry 1000 counted
lost       | keyed   | open  | 4 | no  | probe 5000
lost       | hidden  | none  | 1 | no  | retry 3000 counted
lost       | read    | none  | 4 | no  | hold outage 60000
odd200     | visible | open  | 0 | no  | probe 5000
odd404     | visible | open  | 0 | no  | probe 5000
odd500     | visible | open  | 0 | no  | probe 5000
odd200     | keyed   | open  | 0 | no  | retry 1000 counted
odd404     | visible | none  | 0 | no  | fail operator
odd404     | keyed   | doubt | 0 | no  | probe 0
odd200     | visible | none  | 0 | no  | retry 1000 counted
odd500     | visible | none  | 4 | no  | fail operator
odd404     | visible | none  | 0 | no  | fail operator
odd200     | hidden  | none  | 0 | no  | retry 1000 counted
odd200     | hidden  | none  | 4 | no  | fail operator
odd404     | hidden  | none  | 0 | no  | fail operator
odd500     | read    | none  | 0 | no  | retry 1000 counted
`;

describe("decide", () => {
  for (const line of table.trim().split("\n")) {
    const [failure = "", step = "", sent = "", tries = "", renewed = "", expected = ""] = line
      .split("|")
      .map((cell) => cell.trim());
    it(`${failure} on a ${step} step, sent ${sent}, after ${tries} tries${renewed === "yes" ? ", token renewed" : ""}: ${expected}`, () => {
      const input: DecideInput = {
        failure: given(failures, failure),
        step: given(steps, step),
        sent: sent === "open",
        mayBeLive: sent === "doubt",
        tries: Number(tries),
        refreshed: renewed === "yes",
        random: 0,
      };
      assert.equal(said(input), expected);
    });
  }

  it("spreads retries by up to a fifth, later and never earlier", () => {
    for (const random of [0, 0.5, 1]) {
      const decision = decide({ ...nothingSent, failure: given(failures, "down"), step: given(steps, "read"), random });
      assert.ok(decision.do === "retry" && decision.afterMs === 1_000 + random * 200);
    }
  });

  it("never fails, holds or repeats blindly what may be live, whatever the failure and the step", () => {
    for (const failure of Object.values(failures))
      for (const step of Object.values(steps))
        for (const tries of [0, 4])
          for (const doubt of [{ sent: true }, { mayBeLive: true }]) {
            const decision = decide({ ...nothingSent, ...doubt, failure, step, tries });
            const said = `${failure.kind} ${step.effect} ${tries} ${JSON.stringify(doubt)} ${decision.do}`;
            assert.ok(decision.do !== "fail" && decision.do !== "hold", said);
            if ("sent" in doubt && !step.repeatable) assert.equal(decision.do, "probe", said);
          }
  });

  it("believes a refusal after a visible call only in the platform's documented words", () => {
    const bare: PlatformFailure = { kind: "unexpected_response", status: 404, message: "" };
    assert.equal(leavesOpen(true, bare), true);
    assert.equal(leavesOpen(true, { ...bare, refused: true }), false);
    assert.equal(leavesOpen(false, bare), false);
  });

  it("sleeps no platform's nonsense: no wait, a negative one, one without end", () => {
    for (const retryAfterMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300])
      for (const kind of ["rate_limited", "unavailable"] as const) {
        const failure: PlatformFailure = { kind, retryAfterMs, message: "" };
        const decision = decide({ ...nothingSent, failure, step: given(steps, "read") });
        const waitMs = decision.do === "retry" ? decision.afterMs : decision.do === "hold" ? decision.wakeAfterMs : 0;
        assert.ok(waitMs !== undefined && waitMs >= 1_000 && waitMs <= 32 * 24 * 3_600_000, `${kind} ${waitMs}`);
      }
  });
});

const nothingSent = { sent: false, mayBeLive: false, tries: 0, refreshed: false, random: 0 } as const;

function said(input: DecideInput): string {
  const decision = decide(input);
  const words: unknown[] = [];
  if (decision.do === "retry") words.push("retry", decision.afterMs, decision.countTry ? "counted" : "");
  else if (decision.do === "hold") words.push("hold", decision.reason, decision.wakeAfterMs ?? "");
  else if (decision.do === "probe") words.push("probe", decision.afterMs);
  else if (decision.do === "fail") words.push("fail", decision.tellOperator ? "operator" : "");
  else words.push(decision.do);
  if ("breakConnection" in decision && decision.breakConnection) words.push("broken");
  if ("blocks" in decision && decision.blocks !== "nothing") words.push("blocks", decision.blocks);
  return words.filter((word) => word !== "").join(" ");
}

function given<T>(from: Record<string, T>, name: string): T {
  const value = from[name];
  if (value === undefined) throw new Error(`the table names ${name}, which is not there`);
  return value;
}

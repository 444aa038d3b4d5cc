import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PlatformFailure } from "@postd/connector-kit";
import { type DecideInput, decide } from "./decide.ts";

const m = { message: "" };
const failures: Record<string, PlatformFailure> = {
  expired: { kind: "auth_expired", ...m },
  revoked: { kind: "auth_revoked", ...m },
  scope: { kind: "scope_missing", scopes: ["a"], ...m },
  limited: { kind: "rate_limited", ...m },
  limited30s: { kind: "rate_limited", retryAfterMs: 30_000, ...m },
  limited1h: { kind: "rate_limited", retryAfterMs: 3_600_000, ...m },
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

/** failure | step | failed tries | token renewed | decision */
const table = `
expired    | visible | 0 | no  | refresh
expired    | visible | 0 | yes | hold attention broken
revoked    | visible | 0 | no  | hold attention broken
scope      | read    | 0 | no  | hold attention broken
limited    | visible | 0 | no  | retry 1000 counted blocks
limited    | visible | 3 | no  | retry 27000 counted blocks
limited    | visible | 4 | no  | hold quota 900000
limited30s | visible | 9 | no  | retry 30000 blocks
limited1h  | visible | 0 | no  | hold quota 3600000
quota      | read    | 0 | no  | hold quota 3600000
quota2h    | read    | 0 | no  | hold quota 7200000
rejected   | visible | 0 | no  | fail
down       | visible | 0 | no  | retry 1000 counted
down       | visible | 1 | no  | retry 3000 counted
down       | visible | 2 | no  | retry 9000 counted
down       | visible | 3 | no  | retry 27000 counted
down       | visible | 4 | no  | hold outage 60000
down40s    | read    | 0 | no  | retry 40000 counted
lost       | visible | 0 | no  | probe 5000
lost       | visible | 4 | yes | probe 5000
lost       | keyed   | 0 | no  | retry 1000 counted
lost       | hidden  | 1 | no  | retry 3000 counted
lost       | read    | 4 | no  | hold outage 60000
odd200     | visible | 0 | no  | probe 5000
odd500     | visible | 0 | no  | probe 5000
odd404     | visible | 0 | no  | fail operator
odd200     | keyed   | 0 | no  | fail operator
odd500     | read    | 0 | no  | fail operator
`;

describe("decide", () => {
  for (const line of table.trim().split("\n")) {
    const [failure = "", step = "", tries = "", renewed = "", expected = ""] = line
      .split("|")
      .map((cell) => cell.trim());
    it(`${failure} on a ${step} step after ${tries} tries${renewed === "yes" ? ", token renewed" : ""}: ${expected}`, () => {
      assert.equal(said(given(failures, failure), given(steps, step), Number(tries), renewed === "yes"), expected);
    });
  }

  it("spreads retries by up to a fifth, later and never earlier", () => {
    for (const random of [0, 0.5, 1]) {
      const decision = decide({
        failure: given(failures, "down"),
        step: given(steps, "read"),
        tries: 0,
        refreshed: false,
        random,
      });
      assert.ok(decision.do === "retry" && decision.afterMs === 1_000 + random * 200);
    }
  });

  it("never repeats blindly what may have shown a post, for any failure", () => {
    for (const failure of Object.values(failures)) {
      const decision = decide({ failure, step: given(steps, "visible"), tries: 0, refreshed: false, random: 0 });
      const open =
        failure.kind === "outcome_unknown" ||
        (failure.kind === "unexpected_response" && (failure.status < 300 || failure.status >= 500));
      assert.equal(decision.do === "probe", open, failure.kind);
    }
  });
});

function said(failure: PlatformFailure, step: DecideInput["step"], tries: number, refreshed: boolean): string {
  const decision = decide({ failure, step, tries, refreshed, random: 0 });
  switch (decision.do) {
    case "retry":
      return ["retry", decision.afterMs, decision.countTry ? "counted" : "", decision.blockConnection ? "blocks" : ""]
        .filter((word) => word !== "")
        .join(" ");
    case "hold":
      return ["hold", decision.reason, decision.wakeAfterMs ?? "", decision.breakConnection ? "broken" : ""]
        .filter((word) => word !== "")
        .join(" ");
    case "probe":
      return `probe ${decision.afterMs}`;
    case "fail":
      return decision.tellOperator ? "fail operator" : "fail";
    default:
      return decision.do;
  }
}

function given<T>(from: Record<string, T>, name: string): T {
  const value = from[name];
  if (value === undefined) throw new Error(`the table names ${name}, which is not there`);
  return value;
}

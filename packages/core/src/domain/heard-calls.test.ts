import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpRequest, PlatformFailure } from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { HeardCalls, tellsOf } from "./heard-calls.ts";

const answer = (status: number) => ok({ status });
const failure = (kind: "unavailable" | "outcome_unknown", cause?: string) =>
  fail<PlatformFailure>({ kind, message: "No.", ...(cause && { cause }) });

test("a platform is down by 5xx, no connection and no answer; by its own words and our refusals it never is", () => {
  for (const [told, is] of [
    [answer(500), "failed"],
    [answer(503), "failed"],
    [answer(200), "answered"],
    [answer(401), "answered"],
    [answer(404), "answered"],
    [answer(408), "answered"],
    [answer(429), "answered"],
    [failure("unavailable", "ECONNREFUSED"), "failed"],
    [failure("unavailable", "timeout"), "failed"],
    [failure("outcome_unknown", "ECONNRESET"), "failed"],
    [failure("unavailable", "refused:busy"), "nothing"],
    [failure("unavailable", "refused:circuit_open"), "nothing"],
    [failure("unavailable", "refused:private_address"), "nothing"],
    [failure("unavailable", "lease"), "nothing"],
    [fail<PlatformFailure>({ kind: "unexpected_response", status: 200, message: "Too long." }), "answered"],
  ] as const)
    assert.equal(tellsOf(told), is, JSON.stringify(told));
});

async function heard(statuses: readonly number[], understood?: PlatformFailure): Promise<string> {
  const calls = new HeardCalls();
  const left = [...statuses];
  const http = calls.listen({
    request: async () => ok({ status: left.shift() ?? 0, headers: {}, text: "", json: undefined, effect: "none" }),
  });
  for (const _ of statuses) await http.request({ method: "GET", url: "https://platform.test" } as HttpRequest);
  if (understood) calls.understood(understood);
  return calls.end();
}

test("a try fails by one failing call, unless the connector read a refusal in it; without a call it says nothing", async () => {
  const rejected = { kind: "content_rejected", field: "text", reason: "long", message: "Too long." } as const;
  const down = { kind: "unavailable", message: "Down." } as const;
  const ours = { kind: "unexpected_response", status: 500, message: "POSTD itself failed." } as const;
  for (const [statuses, understood, end] of [
    [[200, 200], undefined, "answered"],
    [[200, 200, 500], undefined, "failed"],
    [[500], rejected, "answered"],
    [[500], down, "failed"],
    [[], down, "failed"],
    [[], undefined, "silent"],
    [[], ours, "silent"],
    [[200], ours, "answered"],
    [[], { ...down, cause: "refused:busy" }, "silent"],
  ] as const)
    assert.equal(await heard(statuses, understood), end, JSON.stringify({ statuses, understood }));
});

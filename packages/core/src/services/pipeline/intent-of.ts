import { defaultSettleMs, defaultTimeoutMs, type StepFacts } from "@postd/connector-kit/rules";
import type { ClaimedJob, IntentRecord } from "../../ports/ledger.ts";
import type { PipelineDeps } from "./worker-deps.ts";

/** How much longer than a visible call and its margin a lease is made, so that there is time to begin the call. */
const startMs = 3_000;

/** What is committed before a call that changes the platform, and the lease the call is made under. */
export function intentOf(
  step: StepFacts,
  input: Pick<IntentRecord, "kind" | "prepared" | "note">,
  { job, deps }: { readonly job: ClaimedJob; readonly deps: PipelineDeps },
): { readonly intent: IntentRecord; readonly leaseMs: number } {
  const { name, effect, repeatable, timeoutMs = defaultTimeoutMs, settleMs = defaultSettleMs } = step;
  const facts = { step: name, effect, repeatable, timeoutMs, settleMs, fingerprint: job.fingerprint };
  // A visible call must end within its lease, so that nobody looks, or sends again, while it may still arrive.
  const { leaseMs: usualMs, leaseMarginMs } = deps.settings;
  const leaseMs = effect === "visible" ? timeoutMs + leaseMarginMs + startMs : usualMs;
  return { intent: { attemptId: deps.newAttemptId(), ...facts, ...input }, leaseMs };
}

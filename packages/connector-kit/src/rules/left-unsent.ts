import type { Drive, ProbeRecord } from "./drive.ts";

/**
 * Surely not live after a doubt: what a person asked meanwhile, or the plan, goes on with the next claim. One whose time
 * passed long ago while nobody looked is held, and a person decides whether it still goes out.
 */
export async function leftUnsent(drive: Drive, probe?: ProbeRecord): Promise<false> {
  const { port, visible } = drive;
  const waitedMs = visible ? port.now().getTime() - visible.intentAt.getTime() : 0;
  const isMissed = waitedMs > drive.lateAfterMs && !drive.isWished && !drive.published;
  const settled = { pending: "answered", mayBeLive: false, needsPerson: false, ...(probe && { probe }) } as const;
  if (isMissed) await port.commit({ ...settled, state: "held", heldReason: "missed", wake: null });
  else await port.commit({ ...settled, state: "retrying", wake: 0, tries: drive.tries, failure: null });
  return false;
}

import type { NativeSchedule } from "../publish.ts";
import type { Drive } from "./drive.ts";

/** When the platform is to show it, where it still takes that time. */
export function nativeTime(drive: Drive, schedule: NativeSchedule | undefined): { publishAt?: Date } {
  const { plannedAt } = drive;
  if (!plannedAt || !schedule?.formats.includes(drive.post.format)) return {};
  const leadMs = plannedAt.getTime() - drive.port.now().getTime();
  return leadMs >= schedule.minLeadMs && leadMs <= schedule.maxLeadMs ? { publishAt: plannedAt } : {};
}

/**
 * A post the platform was to hold, but whose time is now outside the platform's window: sent now it would be early, so
 * POSTD holds the clock. Answers true when the run ends here.
 */
export async function keepsOwnClock(drive: Drive, schedule: NativeSchedule | undefined): Promise<boolean> {
  if (!drive.plannedAt) return false;
  const leadMs = drive.plannedAt.getTime() - drive.port.now().getTime();
  if (leadMs <= 0 || nativeTime(drive, schedule).publishAt) return false;
  await drive.port.commit({ state: "scheduled", wake: leadMs, nativeSchedule: false, forgetSteps: true });
  return true;
}

/** Begun for the platform to show at its time, and the platform takes that time no more. Nothing was sent. */
export function namesPastTime(drive: Drive, schedule: NativeSchedule | undefined): boolean {
  const { plannedAt, state, mayBeLive, published } = drive;
  if (!plannedAt || state === undefined || mayBeLive || published) return false;
  return !nativeTime(drive, schedule).publishAt;
}

import type { Container } from "./model.ts";
import { dayMs, type World } from "./world.ts";

export type Status = "IN_PROGRESS" | "FINISHED" | "PUBLISHED" | "ERROR" | "EXPIRED";

/**
 * Where a container stands (fact sheet, section 5):
 *
 *   IN_PROGRESS -> FINISHED -> PUBLISHED
 *        \-> ERROR    \-> EXPIRED   unpublished for 24 hours
 */
export function statusOf(world: World, container: Container): Status {
  const now = world.nowMs();
  if (container.isPublished) return "PUBLISHED";
  if (now >= container.createdAt + dayMs) return "EXPIRED";
  if (now < container.readyAt) return "IN_PROGRESS";
  return container.error === undefined ? "FINISHED" : "ERROR";
}

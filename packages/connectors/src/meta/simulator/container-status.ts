import type { Container } from "./model.ts";
import type { World } from "./world.ts";

export type ContainerCode = "IN_PROGRESS" | "FINISHED" | "ERROR" | "EXPIRED" | "PUBLISHED";

const containerLifeMs = 86_400_000;

/**
 * Where a container stands (meta.md §6):
 *
 *   IN_PROGRESS -> FINISHED -> PUBLISHED
 *        \-> ERROR    \-> EXPIRED   unpublished for 24 hours
 */
export function containerStatus(
  world: World,
  container: Container,
): { readonly code: ContainerCode; readonly text: string } {
  const now = world.nowMs();
  if (container.mediaId !== undefined)
    return { code: "PUBLISHED", text: "Published: Media has been already published." };
  if (now >= container.createdAt + containerLifeMs)
    return { code: "EXPIRED", text: "Expired: Media could not be published within 24 hours." };
  if (container.error) return { code: "ERROR", text: `Error: ${container.error.message} ${container.error.subcode}` };
  if (container.readyAt === undefined || now < container.readyAt)
    return { code: "IN_PROGRESS", text: "In Progress: Media is still being processed." };
  return { code: "FINISHED", text: "Finished: Media has been uploaded and it is ready to be published." };
}

import type { StoredMedia } from "@postd/connector-kit/simulator";

// Fact sheet, "Media & text constraints".

const [fewestBytes, mostBytes, shortEdge] = [10_240, 5_000_000, 250];

/** Why a photo is not taken, in words; undefined: it is. */
export function photoTrouble({ mimeType, sizeBytes, width = 0, height = 0 }: StoredMedia): string | undefined {
  if (mimeType !== "image/jpeg" && mimeType !== "image/png") return "Photos must be JPG or PNG.";
  if (sizeBytes < fewestBytes) return `Photos must have at least ${fewestBytes} bytes.`;
  if (sizeBytes > mostBytes) return "Photos must have at most 5 MB.";
  if (Math.min(width, height) < shortEdge) return `Photos must have ${shortEdge} px on the short edge.`;
  return undefined;
}

import type { TryOut } from "@postd/connector-kit";
import { sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import type { PlatformView } from "@postd/contracts";
import type { ApiSession } from "@postd/testkit/api";

type Medium = "none" | "picture" | "video";

/** Something every format of the platform takes: words alone where one does, else a picture, else a film. Pure. */
export function mediumFor({ formats }: Pick<PlatformView, "formats">): Medium {
  if (formats.some(({ media }) => media.min === 0)) return "none";
  return formats.some(({ media }) => media.image !== undefined) ? "picture" : "video";
}

/** Whether the platform shows one picture with a post. Pure. */
export const takesPicture = ({ formats }: Pick<PlatformView, "formats">): boolean =>
  formats.some(({ media }) => media.image !== undefined && media.min <= 1 && media.max >= 1);

/** A file of its own each time, so that no platform takes two posts for one. Answers its id. */
export async function uploadSample(session: ApiSession, medium: Medium, seed: number): Promise<string[]> {
  if (medium === "none") return [];
  const file =
    medium === "picture"
      ? { bytes: sampleJpeg({ width: 1080, height: 1080, seed, channels: 3 }), name: "beans.jpg" }
      : { bytes: sampleMp4({ width: 1080, height: 1920, durationMs: 5_000, seed }), name: "beans.mp4" };
  const { id } = await session.upload(file.bytes, file.name, "A handful of roasted coffee beans");
  return [id];
}

/** The place below the account that a try goes to: the first, where a post has to name one. */
export async function destinationFor(
  session: ApiSession,
  { name, destinations }: Pick<PlatformView, "name" | "destinations">,
  connectionId: string,
): Promise<string | undefined> {
  if (!destinations?.required) return undefined;
  const { items } = await session.must("GET", `/api/connections/${connectionId}/destinations`);
  const id: unknown = items[0]?.id;
  if (typeof id !== "string") throw new Error(`${name} has no ${destinations.label.toLowerCase()} to post to`);
  return id;
}

/** Options a platform takes no post without. Pure. */
export const optionsOf = (tryOut: TryOut, isLive = false): TryOut["options"] =>
  (isLive ? tryOut.liveOptions : undefined) ?? tryOut.options;

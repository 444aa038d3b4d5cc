import type { PublishedRef, PublishingPlatform } from "@postd/connector-kit";
import { answered } from "../answered.ts";
import { unbroken } from "../unbroken.ts";
import type { Run } from "./run.ts";

/** What one look shows of everything a job made, the post itself first. */
export interface Look {
  readonly there: readonly PublishedRef[];
  /** Surely not at the platform. */
  readonly gone: readonly PublishedRef[];
  /** The platform did not say, or nobody can ask it. */
  readonly unclear: readonly PublishedRef[];
}

/** Everything of the job that an audience may see, the post itself first; undefined: the connector broke, so nobody knows. */
export function partsOf(
  run: Run,
  { id, publishing }: PublishingPlatform,
  ref: PublishedRef,
): readonly PublishedRef[] | undefined {
  const { state } = run.drive;
  const named = () =>
    publishing.remove?.parts?.({ ...ref, format: run.job.post.format, ...(state ? { state } : {}) }) ?? [ref];
  return unbroken<readonly PublishedRef[] | undefined>(run.deps.log, { platform: id }, named, () => undefined);
}

/** Looks at every part. What the platform still holds for its time is one, and is asked for as such. Never fails. */
export async function whatIsLeft(run: Run, platform: PublishingPlatform, ref: PublishedRef): Promise<Look> {
  const isHandedOver = run.job.state === "handed_over";
  const parts = isHandedOver ? [ref] : partsOf(run, platform, ref);
  if (!parts) return { there: [], gone: [], unclear: [ref] };
  const opened = await run.open();
  if ("failure" in opened) return { there: [], gone: [], unclear: parts };
  const look = isHandedOver ? isPlannedThere : isLiveThere;
  const seen: Record<keyof Look, PublishedRef[]> = { there: [], gone: [], unclear: [] };
  for (const part of parts) seen[await look(run, platform, part)].push(part);
  return seen;
}

type OneLook = (run: Run, platform: PublishingPlatform, part: PublishedRef) => Promise<keyof Look>;

const readOnly = { effect: "none", repeatable: true } as const;

const isPlannedThere: OneLook = async (run, platform, part) => {
  const { schedule } = platform.publishing;
  if (!schedule) return "unclear";
  const ctx = run.context(readOnly);
  const read = await answered(ctx, { call: "verify", platform: platform.id }, () => schedule.verify(part, ctx));
  if (!read.ok) return "unclear";
  return read.value.state === "gone" ? "gone" : "there";
};

const isLiveThere: OneLook = async (run, platform, { externalId }) => {
  const { lookUp } = platform.publishing;
  if (!lookUp) return "unclear";
  const ctx = run.context(readOnly);
  const read = await answered(ctx, { call: "lookUp", platform: platform.id }, () => lookUp({ externalId }, ctx));
  if (!read.ok) return "unclear";
  return read.value ? "there" : "gone";
};

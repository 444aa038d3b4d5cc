import { checkNamed, type MediaInfo, type OutgoingPost, type PublishingPlatform } from "@postd/connector-kit";
import type { FieldProblem, ServiceError } from "@postd/contracts";
import type { TenantPublishing } from "../../ports/publishing-store.ts";
import { no } from "./refusals.ts";

interface Holder {
  /** Files it names that are there. */
  readonly files: readonly MediaInfo[];
}

export const noFile = (id: string, field = "mediaIds") =>
  no("not_found", field, `There is no media ${id}.`, "Upload it first with POST /api/media.");

/** The files of the post that must stay, for the moment it is taken. */
export const fileIdsOf = (prepared: readonly Holder[]): readonly string[] => [
  ...new Set(prepared.flatMap(({ files }) => files.map(({ id }) => id as string))),
];

/** The refusal of a post one of whose files was deleted while it was being taken; undefined: all are there. */
export async function fileGone(
  prepared: readonly Holder[],
  store: Pick<TenantPublishing, "media">,
): Promise<{ readonly ok: false; readonly error: ServiceError } | undefined> {
  const there = await store.media(fileIdsOf(prepared));
  const gone = prepared.flatMap(({ files }) => files).find(({ id }) => !there.some((item) => item.id === id));
  if (!gone) return undefined;
  const name = gone.fileName ? `${gone.fileName} (${gone.id})` : gone.id;
  return no(
    "not_found",
    "mediaIds",
    `The file ${name} was deleted while the post was being taken, so nothing was taken.`,
    "Upload it again and put it into the post.",
  );
}

/** The author's own picture of a link card, where the platform takes one. */
export function checkThumb(
  { name, publishing }: PublishingPlatform,
  { link }: OutgoingPost,
  media: ReadonlyMap<string, MediaInfo>,
): readonly FieldProblem[] {
  const thumb = publishing.link?.thumb;
  const id = link?.thumbMediaId;
  if (id === undefined || !publishing.link) return [];
  if (thumb)
    return checkNamed(name, { field: "link.thumbMediaId", id, rule: { ...thumb, label: "The card's picture" } }, media);
  const message = `${name} takes the card's picture from the page. Leave link.thumbMediaId out.`;
  return [{ field: "link.thumbMediaId", code: "not_supported", message, severity: "error" }];
}

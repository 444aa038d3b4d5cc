import type { PostRecord } from "../../ports/publishing-store.ts";
import { hashBody } from "../kept-answer.ts";

/**
 * What an approver's word is about, as SHA-256 in hex: text, parts, media, options, versions, targets and the time. Whatever
 * of these changes, even by one letter, is another hash. Notes a program keeps in `metadata` are not part of it.
 */
export const postHash = ({
  content,
  versions,
  targets,
  scheduledFor,
}: Pick<PostRecord, "content" | "versions" | "targets" | "scheduledFor">): string =>
  hashBody({
    content,
    versions,
    targets: targets.map(({ connectionId, nativeSchedule, destination }) => ({
      connectionId,
      nativeSchedule,
      destination,
    })),
    scheduledFor: scheduledFor?.toISOString(),
  });

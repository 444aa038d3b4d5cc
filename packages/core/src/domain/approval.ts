import type { PostStatus } from "@postd/contracts";

/** Who asks, as far as approval goes. */
export interface Asker {
  /** `usr_...` or `key_...`. */
  readonly actorId: string;
  readonly role: string;
}

/** Whose own word is enough: a person who owns or administers the workspace. A program with a key never decides alone. */
export const decidesAlone = ({ actorId, role }: Asker): boolean =>
  !actorId.startsWith("key_") && (role === "owner" || role === "admin");

export interface Approvable {
  readonly status: PostStatus;
  /** Somebody asked for an approver's word, and nobody who decides alone has made it a draft again. */
  readonly approvalAsked: boolean;
  readonly createdBy: string;
  /** Who last changed what it says or where it goes. */
  readonly changedBy: string;
}

/** Whether this post goes out on another one's word only: it was asked for, or the workspace wants that of every post. */
export const needsApproval = (
  { status, approvalAsked }: Pick<Approvable, "status" | "approvalAsked">,
  ofEveryPost: boolean,
): boolean => ofEveryPost || approvalAsked || status === "awaiting_approval" || status === "rejected";

/** Nobody approves what they wrote, or changed last, but who decides alone. */
export const mayApprove = ({ createdBy, changedBy }: Approvable, asker: Asker): boolean =>
  decidesAlone(asker) || (createdBy !== asker.actorId && changedBy !== asker.actorId);

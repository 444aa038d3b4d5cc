import type { JsonObject, NoticeKind, NoticeSubject, TenantId } from "@postd/contracts";

/** Something that people of a tenant are to know. */
export interface NewNotice {
  readonly tenantId: TenantId;
  readonly kind: NoticeKind;
  /** What it is about; `id` is the connection's, post's, platform's, tenant's or channel's. */
  readonly subject: NoticeSubject;
  /** While a notice with this key is open, the same is not told again. Begin it with the kind: `budget_spent:con_...`. */
  readonly dedupeKey: string;
  /**
   * What its words are made of; see `noticeKinds` for what each kind reads. Raised again while open, it is merged over
   * what was there. Never a secret, nor what an author wrote.
   */
  readonly data?: JsonObject;
  /** Says what has been and ends by itself: told once by its key, for ever. Default: open until settled. */
  readonly momentary?: boolean;
}

/**
 * Telling people once. A notice is open until what it says has ended; raised while open it tells nothing anew, raised
 * after it was settled it does. Who is told, and how, is theirs to choose.
 *
 * What a connection's status asks of people is raised and settled by the database, in the transaction that changes the
 * status; what waits at the dead-letter desk by a task of the worker. Neither is raised here.
 */
export interface Notices {
  /** true: told anew. */
  raise(notice: NewNotice): Promise<boolean>;
  /** true: one was open. */
  settle(input: { readonly tenantId: TenantId; readonly dedupeKey: string }): Promise<boolean>;
}

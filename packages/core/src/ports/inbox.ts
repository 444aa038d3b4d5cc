import type { InboundEvent } from "@postd/connector-kit";
import type { ConnectionId } from "@postd/contracts";

export interface InboxItem {
  readonly id: string;
  /** Who sent it; requests stored by older versions name a platform. */
  readonly provider: string;
  /** Whose app signed it: `instance`, or a tenant's own. */
  readonly appId: string;
  /** What the provider calls that app; each of its sets may be another. */
  readonly clientIds: readonly string[];
  /** Signed with the secret of this account's subscription, so it may be about this account only. */
  readonly connectionId?: ConnectionId | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Of all that the request says. One that is there already is not stored again; absent: it always is. */
  readonly requestHash?: string | undefined;
  /** Absent: now. */
  readonly receivedAt?: Date | undefined;
}

export interface EventReceiver {
  readonly tenantId: string;
  readonly connectionId: string;
}

/** What work on one request may do; everything it stores is committed together with the mark that the request is done. */
export interface InboxWork {
  /**
   * Connections to the account, or whose sign-in is the person's of this id, that were signed in to with this app; of all
   * tenants, live ones unless told. No event reaches what another app was let into, whatever it names. Of one app that is
   * registered more than once, this server's speaks for all, since nobody proves an id when registering; a tenant's for its
   * other registrations. `within`: this one alone, whose subscription signed it.
   */
  receivers(about: {
    readonly appId: string;
    readonly clientIds: readonly string[];
    readonly platforms: readonly string[];
    readonly accountExternalId: string;
    readonly within?: ConnectionId | undefined;
    readonly disconnected?: boolean;
  }): Promise<readonly EventReceiver[]>;
  /** False: this event was already there. */
  keepEvent(receiver: EventReceiver, event: InboundEvent): Promise<boolean>;
  /**
   * The platform has news of a post it calls one of these: a job of the account that waits for it looks at once. One in doubt
   * keeps its own time unless `isNewPost`, since the post that went live may be the one it looks for; it never looks before a
   * look can tell. One the platform holds until later has no time.
   */
  hasten(
    receiver: EventReceiver,
    news: { readonly names: readonly string[]; readonly isNewPost: boolean },
  ): Promise<void>;
  /** Something about the account itself changed: it is looked at now, unless it just was. */
  checkSoon(receiver: EventReceiver): Promise<void>;
  /** Somebody wrote to the account, or changed what they wrote: it is read at once. */
  readSoon(receiver: EventReceiver): Promise<void>;
  /** The account's events wait at the platform: the worker fetches them. */
  askForPull(receiver: EventReceiver): Promise<void>;
  /** Kept for the operator, once. */
  keepUnmatched(event: InboundEvent): Promise<void>;
  /**
   * One event by itself: when `run` throws, what it stored here is undone and the request fails, but the events before
   * and after it stay. Trouble that passes by itself, such as a lost database, is thrown on and undoes all.
   */
  apart(run: () => Promise<void>): Promise<void>;
}

/**
 * How one turn ended. `failed`: tried again after a pause that grows; `buried`: it failed by its own doing too often
 * and waits for an operator.
 */
export type InboxTurn =
  | { readonly kind: "none" }
  | { readonly kind: "done" }
  | {
      readonly kind: "failed" | "buried";
      readonly id: string;
      readonly provider: string;
      readonly tries: number;
      readonly error: string;
    };

/** What platforms sent, raw until it was fanned out. */
export interface Inbox {
  /**
   * Committed before the platform gets its answer. Headers and query are made storable, the body is kept as it came. One
   * that is there already, by its id or as the very same request, is left as it is.
   */
  store(item: InboxItem): Promise<void>;
  /**
   * The oldest request that is due. Its try is counted and its next one set before `work` begins, so that one which
   * kills the process waits like the others. Throws when the database is away; then nothing was marked.
   */
  processNext(work: (item: InboxItem, work: InboxWork) => Promise<{ readonly events: number }>): Promise<InboxTurn>;
}

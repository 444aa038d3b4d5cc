import type { Secret } from "@postd/connector-kit";
import type { NoticeChannelKind, Result } from "@postd/contracts";

/** `again`: it may work later. Else the chat refuses for good, until somebody changes something. */
export interface ChatRefusal {
  readonly again: boolean;
  /** For people; never with the address. */
  readonly message: string;
  readonly retryAfterMs?: number;
  /** The answer was lost after it may have arrived, so saying it again could say it twice. */
  readonly lost?: true;
}

/** A chat's incoming webhook. */
export interface Chat {
  /** Plain text; the link stands below it. Never throws. */
  send(
    kind: NoticeChannelKind,
    address: Secret,
    message: {
      readonly title: string;
      readonly text: string;
      readonly link?: { readonly label: string; readonly url: string };
    },
  ): Promise<Result<undefined, ChatRefusal>>;
}

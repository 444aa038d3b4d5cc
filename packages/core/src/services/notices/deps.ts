import type { Clock, ConnectorLog } from "@postd/connector-kit";
import type { Chat } from "../../ports/chat.ts";
import type { Mail } from "../../ports/mail.ts";
import type { Notices } from "../../ports/notices.ts";
import type { NoticesRepo } from "../../ports/notices-repo.ts";
import type { OwnerLinksService } from "../../ports/owner-links.ts";
import type { Vault } from "../../ports/vault.ts";
import type { NewId } from "../new-id.ts";

/** What telling people is made of. */
export interface NoticesDeps {
  readonly repo: NoticesRepo;
  readonly notices: Notices;
  readonly vault: Pick<Vault, "put" | "open" | "remove">;
  readonly chat: Chat;
  readonly mail: Mail;
  /** A mail server is configured. */
  readonly mailed: boolean;
  readonly links: Pick<OwnerLinksService, "linkFor">;
  readonly clock: Clock;
  readonly log: ConnectorLog;
  readonly newId: NewId;
  /** What a platform is called; its id where it is not known here. */
  readonly platformName: (id: string) => string;
  /** Without a slash at the end. */
  readonly publicUrl: string;
}

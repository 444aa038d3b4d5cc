export interface OutgoingMail {
  /** Counted apart: strangers' invitations must not keep a person's own mails from them. */
  readonly about: "account" | "invitation" | "notice";
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same for programs that show it; without pictures, script or addresses of others. */
  readonly html?: string;
  /** The same for each try of one mail, so that a mailbox knows the second of them. */
  readonly messageId?: string;
}

/** Sends mail. `false`: no mail server is configured, so whoever asked must show another way. Throws never. */
export interface Mail {
  send(mail: OutgoingMail): Promise<boolean>;
}

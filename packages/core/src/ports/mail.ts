export interface OutgoingMail {
  /** Counted apart: strangers' invitations must not keep a person's own mails from them. */
  readonly about: "account" | "invitation";
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Sends plain-text mail. `false`: no mail server is configured, so whoever asked must show another way. Throws never. */
export interface Mail {
  send(mail: OutgoingMail): Promise<boolean>;
}

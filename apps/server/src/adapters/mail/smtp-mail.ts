import type { Secret } from "@postd/connector-kit";
import type { Mail } from "@postd/core";
import { createTransport } from "nodemailer";

export interface MailLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface SmtpSettings {
  /** `smtp://` or `smtps://` with user and password. */
  readonly url: Secret;
  readonly from: string;
}

/** Sends through a mail server. One that cannot be reached is a warning without the text, and `false`. */
export function createSmtpMail({ url, from }: SmtpSettings, log: MailLog): Mail {
  const transport = createTransport(url.reveal(), {
    from,
    // A stray "https://" or file path in a mail must never make the mailer fetch anything.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ about, to, subject, text, html, messageId }) {
      try {
        await transport.sendMail({
          to,
          subject,
          text,
          ...(html === undefined ? {} : { html }),
          ...(messageId === undefined ? {} : { messageId }),
          // RFC 3834: no mailbox that answers by itself answers this.
          ...(about === "notice" ? { headers: { "Auto-Submitted": "auto-generated" } } : {}),
        });
        return true;
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
        log.warn({ code }, "mail could not be sent");
        return false;
      }
    },
  };
}

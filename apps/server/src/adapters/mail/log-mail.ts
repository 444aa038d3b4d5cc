import type { Mail } from "@postd/core";
import type { MailLog } from "./smtp-mail.ts";

/**
 * Where no mail server is configured. On a laptop the whole mail, links included, goes to the server's own log, which
 * only its operator reads: the documented way to reset a password there. Logs of production are read by many, so there
 * the line says only that a mail was not sent, and `npm run people -- password` makes the link.
 */
export const createLogMail = (log: MailLog, { showsText }: { readonly showsText: boolean }): Mail => ({
  async send({ to, subject, text }) {
    if (showsText) log.info({ to, subject, text }, "no mail server is configured, so this mail is written here");
    else log.warn({ subject }, "no mail server is configured (POSTD_SMTP_URL), so a mail was not sent");
    return false;
  },
});

import type { Mail } from "@postd/core";
import type { MailLog } from "./smtp-mail.ts";

/**
 * Where no mail server is configured: the whole mail, links included, goes to the server's own log, which only its
 * operator reads. This is the documented way to reset a password on a laptop.
 */
export const createLogMail = (log: MailLog): Mail => ({
  async send({ to, subject, text }) {
    log.info({ to, subject, text }, "no mail server is configured, so this mail is written here");
    return false;
  },
});

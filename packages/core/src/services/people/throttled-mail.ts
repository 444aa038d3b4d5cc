import type { Mail } from "../../ports/mail.ts";
import type { Throttle } from "../../ports/sign-in.ts";

const hourMs = 60 * 60_000;
/** Sign-ups and forgotten passwords are counted before, 5 an hour each, so that a link that is made is also mailed. */
const perAddress = {
  account: { max: 20, windowMs: hourMs },
  invitation: { max: 3, windowMs: hourMs },
  notice: { max: 60, windowMs: hourMs },
} as const;

/** Every mail to people goes through here: nobody's mailbox is filled, whoever causes the mails. Over: `false`. */
export function throttledMail(mail: Mail, throttle: Throttle): Mail {
  return {
    async send(outgoing) {
      const taken = await throttle.take(
        `mail ${outgoing.about} ${outgoing.to.toLowerCase()}`,
        perAddress[outgoing.about],
      );
      return taken.allowed ? mail.send(outgoing) : false;
    },
  };
}

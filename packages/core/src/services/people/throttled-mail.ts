import type { Mail } from "../../ports/mail.ts";
import type { Throttle } from "../../ports/sign-in.ts";

const perAddress = { max: 6, windowMs: 60 * 60_000 } as const;

/** Every mail to people goes through here: nobody's mailbox is filled, whoever causes the mails. Over: `false`. */
export function throttledMail(mail: Mail, throttle: Throttle): Mail {
  return {
    async send(outgoing) {
      const taken = await throttle.take(`mail ${outgoing.to.toLowerCase()}`, perAddress);
      return taken.allowed ? mail.send(outgoing) : false;
    },
  };
}

import type { Secret } from "../secret.ts";
import type { InboundAnswer, VerifyInput } from "../webhooks.ts";

/** How a platform asks whether an address is ours before it sends anything there. */
export interface Challenge {
  /** The parameter of the GET that carries its code. */
  readonly parameter: string;
  /**
   * Forms of code that are answered. Anybody may ask, and the answer is signed by the key that also signs events, so no text
   * that events are signed over may have this form: without braces and signs it has none.
   */
  readonly form?: RegExp;
  /** What is answered, as JSON; the newest key signs. */
  readonly answer: (code: string, key: Secret) => Readonly<Record<string, string>>;
  /** What an operator has to set where no key is known. */
  readonly keyName: string;
}

const plainCode = /^[\w-]{1,200}$/;

/** `verify` for platforms that ask with a GET first; `verify` judges everything else, such as `signedRequests`. */
export const withChallenge =
  ({ parameter, form = plainCode, answer, keyName }: Challenge, verify: (input: VerifyInput) => InboundAnswer) =>
  (input: VerifyInput): InboundAnswer => {
    const { request, keys } = input;
    const refused = (status: number, reason: string): InboundAnswer => ({ kind: "refused", status, reason });
    const [newest] = keys;
    if (!newest) return refused(403, `no key is set that events are signed with; set ${keyName}`);
    if (request.method !== "GET") return verify(input);
    const code = Object.hasOwn(request.query, parameter) ? request.query[parameter] : undefined;
    if (code === undefined || !form.test(code)) return refused(400, `no ${parameter} that could be answered`);
    const body = JSON.stringify(answer(code, newest));
    return { kind: "handshake", status: 200, body, contentType: "application/json" };
  };

import type { Clock } from "@postd/connector-kit";
import { asId, fail, ok, type Result, type ServiceError } from "@postd/contracts";
import type { Mail } from "../../ports/mail.ts";
import type { InvitationsRepo } from "../../ports/people.ts";
import type {
  LinkSecrets,
  LinksRepo,
  PasswordWeakness,
  SignInRules,
  SignInTry,
  SignUpRule,
  Throttle,
  ThrottleLimit,
} from "../../ports/sign-in.ts";
import { invitationStands } from "./standing.ts";

const minuteMs = 60_000;
const confirmationMs = 24 * 60 * minuteMs;

interface Limits {
  /** From one client address, whatever accounts it tries. */
  readonly perAddress: ThrottleLimit;
  /** At one account, from wherever; wrong tries only where `passed` is told of the right ones. */
  readonly perAccount: ThrottleLimit;
}

const limits: Readonly<Record<SignInTry["kind"], Limits>> = {
  sign_in: { perAddress: { max: 30, windowMs: minuteMs }, perAccount: { max: 10, windowMs: 15 * minuteMs } },
  sign_up: { perAddress: { max: 60, windowMs: minuteMs }, perAccount: { max: 5, windowMs: 60 * minuteMs } },
  ask_reset: { perAddress: { max: 20, windowMs: 60 * minuteMs }, perAccount: { max: 5, windowMs: 60 * minuteMs } },
  reset: { perAddress: { max: 20, windowMs: 15 * minuteMs }, perAccount: { max: 10, windowMs: 15 * minuteMs } },
  change_password: { perAddress: { max: 30, windowMs: minuteMs }, perAccount: { max: 10, windowMs: 15 * minuteMs } },
  // Behind these the library counts wrong codes of a person, ten of which close the door for a quarter of an hour.
  second_factor: { perAddress: { max: 30, windowMs: minuteMs }, perAccount: { max: 10, windowMs: 15 * minuteMs } },
  confirm_address: {
    perAddress: { max: 20, windowMs: 15 * minuteMs },
    perAccount: { max: 10, windowMs: 15 * minuteMs },
  },
};
/** A sign-up that sends a mail to an address somebody typed. */
const mailingSignUps: ThrottleLimit = { max: 30, windowMs: 60 * minuteMs };

export interface SignInRulesDeps {
  readonly signUp: SignUpRule;
  /** Mail leaves: addresses are confirmed, and nobody learns which are known. */
  readonly hasMail: boolean;
  readonly throttle: Throttle;
  readonly weakness: PasswordWeakness;
  readonly invitations: Pick<InvitationsRepo, "byLink">;
  readonly links: LinksRepo;
  readonly linkSecrets: LinkSecrets;
  readonly mail: Mail;
  readonly clock: Clock;
  readonly publicUrl: string;
}

/** Throttles, who may sign up, weak passwords, and the confirmation of addresses. */
export function createSignInRules(deps: SignInRulesDeps): SignInRules {
  const { throttle, links, linkSecrets, clock } = deps;
  return {
    async admit(wish) {
      const slow = await throttled(deps, wish);
      if (slow) return fail(slow);
      if (wish.kind === "sign_up") {
        const allowed = await mayJoin(deps, wish);
        if (!allowed.ok) return allowed;
      }
      if (wish.newPassword === undefined) return ok(undefined);
      const weak = await deps.weakness(wish.newPassword, wish.hints ?? []);
      return weak === undefined ? ok(undefined) : fail(weakPassword(wish, weak));
    },

    async passed({ kind, account }) {
      if (account !== undefined && (kind === "sign_in" || kind === "change_password"))
        await throttle.forget(`${kind} account ${account}`);
    },

    async openAgain(email) {
      await throttle.forget(`sign_in account ${email.toLowerCase()}`);
    },

    async sendConfirmation({ id, email }) {
      const { token, hash } = linkSecrets.make();
      const at = clock.now();
      const expiresAt = new Date(at.getTime() + confirmationMs);
      await links.add({ hash, purpose: "confirm_address", subject: id, at, expiresAt });
      await deps.mail.send({
        about: "account",
        to: email,
        subject: "Confirm your address for POSTD",
        text: `Somebody, hopefully you, made a POSTD account with this address.\n\nOpen this link within a day, and give the password you chose:\n${deps.publicUrl}/confirm-address?token=${token}\n\nIf it was not you, do nothing: without this the account cannot be used.\n`,
      });
    },

    async confirmationOf(token) {
      const subject = await links.subjectOf(linkSecrets.hash(token), "confirm_address", clock.now());
      return subject === undefined ? undefined : asId("user", subject);
    },

    confirmAddress: (token) => links.confirmAddress({ hash: linkSecrets.hash(token), at: clock.now() }),
  };
}

async function throttled({ throttle, hasMail }: SignInRulesDeps, wish: SignInTry): Promise<ServiceError | undefined> {
  const { kind, clientAddress, account } = wish;
  const { perAddress, perAccount } = limits[kind];
  const ofAddress = kind === "sign_up" && hasMail ? mailingSignUps : perAddress;
  const taken = await throttle.take(`${kind} address ${clientAddress}`, ofAddress);
  if (!taken.allowed) return tooMany("from your network", taken.retryAfterMs);
  if (account === undefined) return undefined;
  const here = await throttle.take(`${kind} account ${account}`, perAccount);
  if (here.allowed) return undefined;
  const error = tooMany("at this account", here.retryAfterMs);
  return kind === "sign_in"
    ? { ...error, next: `${error.next} A new password by "forgot password" opens it at once.` }
    : error;
}

function tooMany(where: string, retryAfterMs: number): ServiceError {
  const minutes = Math.max(1, Math.ceil(retryAfterMs / minuteMs));
  return {
    code: "rate_limited",
    detail: `There were too many tries ${where}.`,
    next: `Wait ${minutes} ${minutes === 1 ? "minute" : "minutes"} and try again.`,
    retryAfterMs,
  };
}

function weakPassword({ kind }: SignInTry, why: string): ServiceError {
  const field = kind === "sign_up" ? "password" : "newPassword";
  return {
    code: "invalid_input",
    field,
    detail: `${field}: ${why}`,
    next: "Choose at least 10 characters that are not on every list, several unrelated words for instance.",
  };
}

/** Under `invite` the link decides; it must be for the address that signs up, so that one link makes one account. */
async function mayJoin(deps: SignInRulesDeps, { account, link }: SignInTry): Promise<Result<undefined, ServiceError>> {
  if (deps.signUp === "closed")
    return fail({
      code: "forbidden",
      detail: "Nobody new can sign up on this instance, invited or not.",
      next: "Ask its operator, who sets POSTD_SIGN_UP.",
    });
  if (link === undefined)
    return deps.signUp === "open"
      ? ok(undefined)
      : fail({
          code: "forbidden",
          detail: "Sign-up is by invitation on this instance.",
          field: "link",
          next: "Open the link of your invitation and sign up from there; link is the last part of it. Operators make a first link with: npm run people -- link",
        });
  const hash = deps.linkSecrets.hash(link);
  const now = deps.clock.now();
  if (await deps.links.subjectOf(hash, "operator", now)) return ok(undefined);
  const invitation = await deps.invitations.byLink(hash);
  if (invitation?.status !== "pending" || invitation.expiresAt <= now || !invitationStands(invitation))
    return fail({
      code: "forbidden",
      detail: "This link was used, withdrawn, or has ended.",
      field: "link",
      next: "Ask whoever sent it for a new one.",
    });
  if (invitation.email.toLowerCase() !== account)
    return fail({
      code: "forbidden",
      detail: "This invitation is for another address.",
      field: "email",
      next: "Sign up with the address that was invited, or ask for an invitation to yours.",
    });
  return ok(undefined);
}

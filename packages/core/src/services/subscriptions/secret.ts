import { type Secret, secret } from "@postd/connector-kit";
import { z } from "zod";
import { Tampered } from "../../ports/vault.ts";

/** Name under which a subscription's secret is sealed. */
export const subscriptionSecretName = "signing_secret";

/** What signs a subscription's events, newest first: the secret that is in force and the one it replaced. */
export interface SubscriptionSecret {
  readonly current: Secret | undefined;
  readonly previous: Secret | undefined;
}

const Stored = z.object({ current: z.string().optional(), previous: z.string().optional() });

export const packSubscriptionSecret = ({ current, previous }: SubscriptionSecret): Secret =>
  secret(JSON.stringify({ current: current?.reveal(), previous: previous?.reveal() }));

/** Throws `Tampered` when the value is not what `packSubscriptionSecret` made. */
export function unpackSubscriptionSecret(packed: Secret | undefined): SubscriptionSecret {
  if (!packed) return { current: undefined, previous: undefined };
  const parsed = Stored.safeParse(JSON.parse(packed.reveal()));
  if (!parsed.success) throw new Tampered("a subscription's secret has an unknown shape");
  const { current, previous } = parsed.data;
  return {
    current: current === undefined ? undefined : secret(current),
    previous: previous === undefined ? undefined : secret(previous),
  };
}

export const keysOf = ({ current, previous }: SubscriptionSecret): readonly Secret[] =>
  [current, previous].filter((key) => key !== undefined);

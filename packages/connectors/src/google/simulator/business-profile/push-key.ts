import type { SignDelivery, SimRsaKeys } from "@postd/connector-kit/simulator";

// Fact sheet, "Webhooks": Pub/Sub signs a push with a token of the subscription's service account.

export interface PushIdentity {
  readonly audience: string;
  readonly email: string;
  readonly emailVerified?: boolean;
  readonly issuer?: string;
}

export function signPush(keys: SimRsaKeys, { secret, at }: Parameters<SignDelivery>[0]): Record<string, string> {
  const { audience, email, emailVerified = true, issuer }: PushIdentity = JSON.parse(secret);
  const iat = Math.floor(at.getTime() / 1000);
  const token = keys.sign({
    aud: audience,
    azp: "100000000000000000099",
    sub: "100000000000000000099",
    email,
    email_verified: emailVerified,
    iss: issuer ?? "https://accounts.google.com",
    iat,
    exp: iat + 3600,
  });
  return { authorization: `Bearer ${token}` };
}

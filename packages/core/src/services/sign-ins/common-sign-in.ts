import type { Credentials, Secret } from "@postd/connector-kit";
import { isSame, shareSecret } from "../connections/credentials.ts";

/** What two accounts' stored credentials have in common. `keepOwn`: each also has a secret of its own. */
export interface CommonSignIn {
  readonly credentials: Credentials;
  readonly keepOwn: boolean;
}

/**
 * The sign-in behind two accounts, read off the secrets they hold; undefined: theirs are two. Before sign-ins were kept,
 * each account held all of it: the same pair, or a Page token with the person's own behind it as a further secret.
 */
export function commonSignIn(known: Credentials, other: Credentials): CommonSignIn | undefined {
  if (!shareSecret(known, other)) return undefined;
  if (known.refreshToken && known.refreshToken.reveal() === other.refreshToken?.reveal())
    return { credentials: known, keepOwn: !isSame(known, other) };
  if (further(other).some((value) => value.reveal() === known.accessToken.reveal()))
    return { credentials: known, keepOwn: true };
  const [behind, ...more] = further(known).filter((value) =>
    further(other).some((it) => it.reveal() === value.reveal()),
  );
  if (behind && more.length === 0)
    return {
      credentials: { accessToken: behind, ...(known.scopes === undefined ? {} : { scopes: known.scopes }) },
      keepOwn: true,
    };
  return isSame(known, other) ? { credentials: known, keepOwn: false } : undefined;
}

const further = ({ extra }: Credentials): readonly Secret[] => Object.values(extra ?? {});

import { type Provider, signInsOf } from "@postd/connector-kit";
import { previousOf } from "@postd/core";
import { appCredentialEnvName } from "../../apps/server/src/config/apps.ts";

export interface PlatformVariable {
  readonly name: string;
  readonly kind: "credential" | "apiVersion";
  readonly required: boolean;
  readonly secret: boolean;
  readonly help: string;
  /** Names of the platforms that read it. */
  readonly platforms: readonly string[];
}

/** Every variable the providers declare, once each, sorted by name. Pure. */
export function providerVariables(providers: readonly Provider[]): PlatformVariable[] {
  return providers
    .flatMap((provider) => [...credentials(provider), ...version(provider)])
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function credentials(provider: Provider): PlatformVariable[] {
  return provider.apps.flatMap((set) => {
    const platforms = readersOf(provider, set.id);
    return set.fields.flatMap(({ name, required, secret, help, signs }): PlatformVariable[] => {
      const own = { name: appCredentialEnvName(set.id, name), kind: "credential", required, secret, help } as const;
      const previous = {
        ...own,
        name: appCredentialEnvName(set.id, previousOf(name)),
        required: false,
        help: `The one before, while ${provider.name} still signs with it.`,
      };
      return [{ ...own, platforms }, ...(signs ? [{ ...previous, platforms }] : [])];
    });
  });
}

/** Platforms that a sign-in of this app opens; the set of no sign-in serves them all. */
function readersOf(provider: Provider, setId: string): string[] {
  const readers = provider.platforms.filter(({ id }) =>
    signInsOf(provider, id).some((signIn) => signIn.kind === "oauth2" && signIn.app === setId),
  );
  return (readers.length > 0 ? readers : provider.platforms).map(({ name }) => name);
}

function version({ apiVersion: { env, current }, platforms }: Provider): PlatformVariable[] {
  if (!env) return [];
  const help = `API version to use instead of ${current}.`;
  return [
    {
      name: env,
      kind: "apiVersion",
      required: false,
      secret: false,
      help,
      platforms: platforms.map(({ name }) => name),
    },
  ];
}

import type { PlannedPlatform } from "./planned.ts";
import type { Platform } from "./platform.ts";
import type { Provider } from "./provider.ts";

/** All connectors of an instance: platforms by id, and the providers they belong to. */
export interface Registry {
  get(platform: string): Platform | undefined;
  /** The provider of a platform. */
  providerOf(platform: string): Provider | undefined;
  /** A provider by its own id, or by the id of one of its platforms, as addresses name it either way. */
  provider(id: string): Provider | undefined;
  /** Platforms, sorted by id. */
  all(): readonly Platform[];
  /** Sorted by id. */
  providers(): readonly Provider[];
  /** Those that are to come, sorted by id; none that is here. */
  planned(): readonly PlannedPlatform[];
}

/**
 * Throws where two claim one id: which of them publishes must never be a matter of order. A platform may have the id of
 * its own provider and of no other.
 */
export function createRegistry(providers: readonly Provider[], plan: readonly PlannedPlatform[] = []): Registry {
  const byId = new Map<string, Provider>();
  const platforms = new Map<string, { readonly platform: Platform; readonly provider: Provider }>();
  for (const provider of providers) {
    if (byId.has(provider.id)) throw new Error(`Two providers have the id "${provider.id}". Rename or remove one.`);
    byId.set(provider.id, provider);
    for (const platform of provider.platforms) {
      if (platforms.has(platform.id))
        throw new Error(`Two platforms have the id "${platform.id}". Rename or remove one.`);
      platforms.set(platform.id, { platform, provider });
    }
  }
  for (const [id, { provider }] of platforms) {
    const namesake = byId.get(id);
    if (namesake && namesake !== provider)
      throw new Error(`The platform "${id}" of ${provider.id} has the id of another provider. Rename one.`);
  }
  const sorted = <T extends { readonly id: string }>(list: Iterable<T>): readonly T[] =>
    [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
  const all = sorted([...platforms.values()].map(({ platform }) => platform));
  const every = sorted(byId.values());
  const planned = sorted(plan.filter(({ id }) => !platforms.has(id) && !byId.has(id)));
  return {
    get: (platform) => platforms.get(platform)?.platform,
    providerOf: (platform) => platforms.get(platform)?.provider,
    provider: (id) => byId.get(id) ?? platforms.get(id)?.provider,
    all: () => all,
    providers: () => every,
    planned: () => planned,
  };
}

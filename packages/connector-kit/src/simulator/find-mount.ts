import type { MountedSimulator } from "./mount.ts";

/** The simulator serving a real host: an exact name wins over a wildcard, a longer wildcard over a shorter one. */
export function findMount(mounts: readonly MountedSimulator[], host: string): MountedSimulator | undefined {
  const name = host.toLowerCase();
  let best: { readonly mount: MountedSimulator; readonly weight: number } | undefined;
  for (const mount of mounts) {
    for (const pattern of mount.definition.hosts) {
      const weight = hostWeight(pattern.toLowerCase(), name);
      if (weight > (best?.weight ?? 0)) best = { mount, weight };
    }
  }
  return best?.mount;
}

function hostWeight(pattern: string, host: string): number {
  if (pattern === host) return Number.MAX_SAFE_INTEGER;
  if (!pattern.startsWith("*.")) return 0;
  const suffix = pattern.slice(1);
  return host.endsWith(suffix) && host.length > suffix.length ? suffix.length : 0;
}

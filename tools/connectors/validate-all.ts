import { tryOuts } from "@postd/connectors/try-outs";
import type { PlatformView } from "@postd/contracts";
import type { Stage } from "./stage.ts";
import { type TriedPlatform, validatePlatform } from "./validate.ts";

/** Tries the platforms a server has, one after another; `only` names those, or providers, that are meant. */
export async function validateAll(
  stage: Stage,
  { only = [], onRow = () => {} }: { readonly only?: readonly string[]; readonly onRow?: (line: string) => void } = {},
): Promise<readonly TriedPlatform[]> {
  const session = await stage.openSession();
  const { items }: { items: readonly PlatformView[] } = await session.must("GET", "/api/platforms");
  const isNamed = (name: string, { id, provider }: PlatformView) => name === id || name === provider;
  const unknown = only.find((name) => !items.some((platform) => isNamed(name, platform)));
  if (unknown)
    throw new Error(`There is no platform called ${unknown}. There are: ${items.map(({ id }) => id).join(", ")}.`);
  const tried: TriedPlatform[] = [];
  for (const platform of items) {
    if (only.length > 0 && !only.some((name) => isNamed(name, platform))) continue;
    const done = await validatePlatform(stage, platform, tryOuts[platform.id] ?? {});
    onRow(`${platform.name} tried in ${(done.tookMs / 1000).toFixed(1)} s`);
    tried.push(done);
  }
  return tried;
}

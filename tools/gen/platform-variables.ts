import type { Connector } from "@postd/connector-kit";
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

/** Every variable the connectors declare, once each, sorted by name; two platforms may share one. Pure. */
export function connectorVariables(connectors: readonly Connector[]): PlatformVariable[] {
  const found = new Map<string, PlatformVariable>();
  const add = (variable: Omit<PlatformVariable, "platforms">, platform: string) => {
    const platforms = [...(found.get(variable.name)?.platforms ?? []), platform];
    found.set(variable.name, { ...variable, platforms });
  };
  for (const connector of connectors) {
    for (const set of connector.appCredentials)
      for (const { name, required, secret, help } of set.fields)
        add({ name: appCredentialEnvName(set.id, name), kind: "credential", required, secret, help }, connector.name);
    const { env, current } = connector.apiVersion;
    if (env) {
      const help = `API version to use instead of ${current}.`;
      add({ name: env, kind: "apiVersion", required: false, secret: false, help }, connector.name);
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

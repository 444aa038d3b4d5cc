import type { Auth, Connector } from "@postd/connector-kit";
import type { ConnectionRecord } from "../../ports/connections-repo.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { authOf } from "../connector-context.ts";

/** How a connection signs in: its own connector's login, or a sibling's whose grant opened it. */
export function authFor(
  registry: ConnectorRegistry,
  { platform, authKind }: Pick<ConnectionRecord, "platform" | "authKind">,
): Auth | undefined {
  const own = registry.get(platform);
  if (!own) return undefined;
  return (
    authOf(own, authKind) ??
    siblings(registry, own)
      .map((it) => authOf(it, authKind))
      .find(Boolean)
  );
}

/** Connectors whose grants may open accounts of this one, itself included. */
export function siblings(registry: ConnectorRegistry, connector: Connector): readonly Connector[] {
  return registry.all().filter(({ family }) => family === connector.family);
}

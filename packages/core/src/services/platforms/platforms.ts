import type { Auth, Connector, Format, MediaRule, TextLimit } from "@postd/connector-kit";
import type { PlatformView } from "@postd/contracts";
import { z } from "zod";
import type { PlatformsService } from "../../ports/operations.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";

/** What this instance knows about platforms beyond the connectors' own words. */
export interface PlatformFacts {
  isSimulated(platform: string): boolean;
  /** Whether app credentials (of the platform or of its simulator) are there. */
  isConfigured(connector: Connector, setId: string): boolean;
  apiVersion(connector: Connector): string;
  health(platform: string): "ok" | "degraded" | "down" | "unknown";
}

/** The capability matrix. Every cell is read off a connector: what it has no function for, it cannot do. Pure. */
export function platformMatrix(registry: ConnectorRegistry, facts: PlatformFacts): PlatformView[] {
  return registry.all().map((connector) => platformView(connector, facts));
}

/** The matrix as a service; `health` is asked anew for every list. */
export function createPlatformsService(deps: {
  readonly registry: ConnectorRegistry;
  readonly facts: Omit<PlatformFacts, "health">;
  readonly health: () => Promise<PlatformFacts["health"]>;
}): PlatformsService {
  return {
    async list() {
      const health = await deps.health();
      const { facts } = deps;
      return platformMatrix(deps.registry, {
        isSimulated: (platform) => facts.isSimulated(platform),
        isConfigured: (connector, setId) => facts.isConfigured(connector, setId),
        apiVersion: (connector) => facts.apiVersion(connector),
        health,
      });
    },
    isSimulated: (platform) => deps.facts.isSimulated(platform),
  };
}

function platformView(connector: Connector, facts: PlatformFacts): PlatformView {
  const auth = connector.auth.map((entry) => authView(connector, entry, facts));
  return {
    id: connector.id,
    name: connector.name,
    family: connector.family,
    icon: connector.icon,
    color: connector.color,
    previewKind: connector.previewKind,
    accountKinds: connector.accountKinds.map(({ id, label }) => ({ id, label })),
    auth,
    formats: Object.entries(connector.publish).map(([id, format]) => formatView(id, format, connector.limits.text)),
    supports: {
      edit: [...(connector.edit?.formats ?? [])],
      delete: [...(connector.remove?.formats ?? [])],
      nativeSchedule: [...(connector.schedule?.formats ?? [])],
      postAnalytics: connector.analytics?.post !== undefined,
      accountAnalytics: connector.analytics?.account !== undefined,
      webhooks: connector.webhooks !== undefined,
      refresh: connector.auth.some((entry) => entry.refresh !== undefined),
      revoke: connector.auth.some((entry) => entry.revoke !== undefined),
    },
    constraints: { text: textView(connector.limits.text) },
    optionsSchema: z.toJSONSchema(connector.options, { io: "input", unrepresentable: "any" }),
    apiVersion: {
      current: facts.apiVersion(connector),
      ...(connector.apiVersion.sunsetAt === undefined ? {} : { sunsetAt: connector.apiVersion.sunsetAt }),
    },
    healthStatus: auth.some(({ configured }) => configured) ? facts.health(connector.id) : "not_configured",
    simulated: facts.isSimulated(connector.id),
  };
}

function authView(connector: Connector, auth: Auth, facts: PlatformFacts): PlatformView["auth"][number] {
  return {
    id: auth.id,
    kind: auth.kind,
    label: auth.label,
    scopes: { required: [...auth.scopes.required], optional: [...auth.scopes.optional] },
    configured: auth.kind === "keys" || facts.isConfigured(connector, auth.appCredentials),
    ...(auth.kind === "keys" ? { fields: auth.fields.map((field) => ({ ...field })) } : {}),
  };
}

function formatView(id: string, format: Format, text: TextLimit): PlatformView["formats"][number] {
  return {
    id,
    label: format.label,
    ...(format.accountKinds === undefined ? {} : { accountKinds: [...format.accountKinds] }),
    media: mediaView(format.media),
    text: textView(format.text ?? text),
  };
}

function mediaView(rule: MediaRule): PlatformView["formats"][number]["media"] {
  return {
    min: rule.min,
    max: rule.max,
    ...(rule.image === undefined ? {} : { image: { ...rule.image } }),
    ...(rule.video === undefined ? {} : { video: { ...rule.video } }),
  };
}

function textView(limit: TextLimit): PlatformView["constraints"]["text"] {
  return {
    max: limit.max,
    unit: limit.unit,
    rule: limit.rule,
    ...(limit.maxBytes === undefined ? {} : { maxBytes: limit.maxBytes }),
    required: limit.required ?? false,
  };
}

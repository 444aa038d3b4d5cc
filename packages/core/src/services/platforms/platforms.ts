import {
  type Format,
  type Inbox,
  type MediaRule,
  type Platform,
  type Provider,
  type Publishing,
  type SignInMethod,
  scopesFor,
  signInsOf,
  type TextLimit,
} from "@postd/connector-kit";
import type { OutageView, PlannedPlatformView, PlatformView, TenantId } from "@postd/contracts";
import { z } from "zod";
import type { PlatformsService } from "../../ports/operations.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { budgetFacts } from "../budgets/show-budgets.ts";
import { facetsOf, plannedFacets, statusOfFacets } from "./facets.ts";
import type { PlatformStanding } from "./standing.ts";
import { widestOf } from "./widest.ts";

/** What this instance knows about platforms beyond the connectors' own words. */
export interface PlatformFacts {
  /** By platform or provider. */
  isSimulated(id: string): boolean;
  /** Whether app credentials (of the provider or of its simulator) are there. */
  isConfigured(provider: Provider, setId: string): boolean;
  apiVersion(provider: Provider): string;
  health(platform: string): "ok" | "degraded" | "down" | "unknown";
  /** What of it does not answer; undefined: all does, as far as is known. */
  circuit?(platform: string): OutageView | undefined;
  /** Of the tenant that asks; absent: nobody asks, or nothing is connected. */
  readonly standing?: ReadonlyMap<string, PlatformStanding>;
}

/** The capability matrix. Every cell is read off a connector: what it has no function for, it cannot do. Pure. */
export function platformMatrix(registry: ConnectorRegistry, facts: PlatformFacts): PlatformView[] {
  return registry.all().map((platform) => {
    const provider = registry.providerOf(platform.id);
    if (!provider) throw new Error(`${platform.id} has no provider`);
    return platformView(platform, provider, facts);
  });
}

/** What is to come. Pure. */
export const plannedMatrix = (registry: ConnectorRegistry): PlannedPlatformView[] =>
  registry.planned().map((planned) => ({
    id: planned.id,
    name: planned.name,
    status: "planned",
    facets: plannedFacets(planned),
    impossible: (planned.impossible ?? []).map((fact) => ({ ...fact })),
  }));

/** The matrix as a service; `health` and `standing` are asked anew for every list. */
export function createPlatformsService(deps: {
  readonly registry: ConnectorRegistry;
  readonly facts: Omit<PlatformFacts, "health" | "circuit" | "standing">;
  readonly health: () => Promise<Pick<PlatformFacts, "health" | "circuit">>;
  readonly standing: (tenantId: TenantId) => Promise<ReadonlyMap<string, PlatformStanding>>;
}): PlatformsService {
  return {
    async list({ tenantId }) {
      const [health, standing] = await Promise.all([deps.health(), deps.standing(tenantId)]);
      const { facts } = deps;
      const items = platformMatrix(deps.registry, {
        isSimulated: (id) => facts.isSimulated(id),
        isConfigured: (provider, setId) => facts.isConfigured(provider, setId),
        apiVersion: (provider) => facts.apiVersion(provider),
        ...health,
        standing,
      });
      return { items, planned: plannedMatrix(deps.registry) };
    },
    isSimulated: (id) => deps.facts.isSimulated(id),
  };
}

function platformView(platform: Platform, provider: Provider, facts: PlatformFacts): PlatformView {
  const { publishing, numbers } = platform;
  const signIns = signInsOf(provider, platform.id);
  const auth = signIns.map((signIn) => authView(signIn, { platform, provider, facts }));
  const { sunsetAt } = provider.apiVersion;
  const facets = facetsOf(platform, provider, signIns);
  const standing = facts.standing?.get(platform.id);
  const circuit = facts.circuit?.(platform.id);
  return {
    id: platform.id,
    provider: provider.id,
    name: platform.name,
    status: statusOfFacets(facets),
    facets,
    impossible: (platform.impossible ?? []).map((fact) => ({ ...fact })),
    icon: platform.icon,
    color: platform.color,
    previewKind: platform.previewKind,
    accountKinds: platform.accountKinds.map(({ id, label }) => ({ id, label })),
    auth,
    formats: Object.entries(publishing?.formats ?? {}).flatMap(([id, format]) =>
      publishing ? [formatView(id, format, publishing)] : [],
    ),
    supports: {
      productTags: publishing?.productTags !== undefined,
      trendingAudio: publishing?.trendingAudio ?? false,
      // By POSTD's own clock, whatever the platform's.
      scheduling: publishing !== undefined,
      editing: publishing?.edit !== undefined,
      deletion: publishing?.remove !== undefined,
      reply: platform.inbox?.reply !== undefined,
      // No format goes out while it is made.
      stream: false,
      edit: [...(publishing?.edit?.formats ?? [])],
      delete: [...(publishing?.remove?.formats ?? [])],
      nativeSchedule: [...(publishing?.schedule?.formats ?? [])],
      trial: [...(publishing?.trial?.formats ?? [])],
      takes: partNames.filter((part) => publishing?.[part] !== undefined),
      accountLimits: publishing?.accountLimits !== undefined,
      postAnalytics: numbers?.posts !== undefined,
      accountAnalytics: numbers?.account !== undefined,
      siteAnalytics: numbers?.site !== undefined,
      source: platform.source !== undefined,
      inbox: platform.inbox !== undefined,
      audience: platform.audience !== undefined,
      webhooks: provider.webhooks !== undefined,
      refresh: signIns.some((entry) => entry.refresh !== undefined),
      revoke: signIns.some((entry) => entry.revoke !== undefined),
    },
    ...(platform.inbox && { inbox: inboxView(platform.inbox, publishing) }),
    ...(publishing?.destinations === undefined
      ? {}
      : { destinations: { label: publishing.destinations.label, required: publishing.destinations.required } }),
    constraints: publishing ? { text: textView(publishing.limits.text), ...widestOf(publishing) } : {},
    ...(platform.budgets && {
      budgets: platform.budgets.map((one) => budgetFacts({ platform: platform.id, provider: provider.id }, one)),
    }),
    ...(platform.prices ? { prices: platform.prices.map((price) => ({ ...price })) } : {}),
    optionsSchema: publishing
      ? z.toJSONSchema(publishing.options, { io: "input", unrepresentable: "any" })
      : { type: "object", properties: {} },
    apiVersion: { current: facts.apiVersion(provider), ...(sunsetAt === undefined ? {} : { sunsetAt }) },
    ...(circuit && { circuit }),
    healthStatus: auth.some(({ configured }) => configured) ? facts.health(platform.id) : "not_configured",
    scopesGranted: [...(standing?.scopesGranted ?? [])],
    ...(standing?.warning && { warning: standing.warning }),
    simulated: facts.isSimulated(platform.id),
  };
}

const partNames = ["parts", "link", "mentions", "hashtags", "productTags", "firstComment"] as const;

function authView(
  signIn: SignInMethod,
  { platform, provider, facts }: { platform: Platform; provider: Provider; facts: PlatformFacts },
): PlatformView["auth"][number] {
  const { required, optional } = scopesFor(signIn, platform);
  return {
    id: signIn.id,
    kind: signIn.kind,
    label: signIn.label,
    scopes: { required: [...required], optional: [...optional] },
    configured: signIn.kind === "keys" || facts.isConfigured(provider, signIn.app),
    ...(signIn.fields ? { fields: signIn.fields.map((field) => ({ ...field })) } : {}),
  };
}

function formatView(id: string, format: Format, { aliases = {}, limits }: Publishing): PlatformView["formats"][number] {
  const names = Object.keys(aliases).filter((alias) => aliases[alias] === id);
  return {
    id,
    label: format.label,
    ...(names.length > 0 ? { aliases: names } : {}),
    ...(format.accountKinds === undefined ? {} : { accountKinds: [...format.accountKinds] }),
    media: mediaView(format.media),
    text: textView(format.text ?? limits.text),
  };
}

function inboxView(
  { accountKinds, reply, hide, like }: Inbox,
  publishing: Publishing | undefined,
): PlatformView["inbox"] {
  const text = reply?.text ?? publishing?.limits.text;
  return {
    ...(accountKinds && { accountKinds: [...accountKinds] }),
    ...(reply && text && { reply: { text: textView(text) } }),
    hide: hide !== undefined,
    like: like !== undefined,
  };
}

function mediaView(rule: MediaRule): PlatformView["formats"][number]["media"] {
  return {
    min: rule.min,
    max: rule.max,
    ...(rule.image === undefined ? {} : { image: { ...rule.image } }),
    ...(rule.video === undefined ? {} : { video: { ...rule.video } }),
    ...(rule.audio === undefined ? {} : { audio: { ...rule.audio, mimeTypes: [...rule.audio.mimeTypes] } }),
    ...(rule.document === undefined ? {} : { document: { ...rule.document, mimeTypes: [...rule.document.mimeTypes] } }),
  };
}

function textView(limit: TextLimit): NonNullable<PlatformView["constraints"]["text"]> {
  return {
    max: limit.max,
    unit: limit.unit,
    rule: limit.rule,
    ...(limit.maxBytes === undefined ? {} : { maxBytes: limit.maxBytes }),
    required: limit.required ?? false,
  };
}

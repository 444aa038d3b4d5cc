import type { EventType, JsonObject } from "@postd/contracts";

/** What a rule waits for. Named accounts narrow it; none named: every account. */
export interface AutomationTrigger {
  readonly event: EventType;
  readonly connectionIds?: readonly string[];
  /** Values the event's data must have, such as `kind: review`. */
  readonly having?: Readonly<Record<string, string | number | boolean>>;
}

/** Rules whose doing led to something, the first of them first. Empty: people or a platform made it. */
export type AutomationChain = readonly string[];

export interface Happening {
  readonly type: EventType;
  readonly data: JsonObject;
  readonly chain: AutomationChain;
}

export type AutomationDecision =
  | { readonly kind: "other" }
  /** What a chain leaves behind carries it on. */
  | { readonly kind: "fires"; readonly chain: AutomationChain }
  /** It would have fired; `message` is for the log. */
  | { readonly kind: "stopped"; readonly reason: "own_doing" | "too_deep"; readonly message: string };

/** Rules that may follow from one another before a person has to look. */
export const longestChain = 3;

/**
 * Whether a rule fires on what happened. It never fires on what a chain with itself in it made, so that rules that set off
 * one another, however many, stop after one turn. Pure.
 */
export function decideAutomation(
  rule: { readonly id: string; readonly when: AutomationTrigger },
  { type, data, chain }: Happening,
): AutomationDecision {
  if (!isMeant(rule.when, type, data)) return { kind: "other" };
  if (chain.includes(rule.id))
    return {
      kind: "stopped",
      reason: "own_doing",
      message: "This came of what this automation did itself, so it did nothing more.",
    };
  if (chain.length >= longestChain)
    return {
      kind: "stopped",
      reason: "too_deep",
      message: `This came of ${chain.length} automations one after another, so no further one followed.`,
    };
  return { kind: "fires", chain: [...chain, rule.id] };
}

function isMeant({ event, connectionIds, having = {} }: AutomationTrigger, type: EventType, data: JsonObject): boolean {
  if (event !== type) return false;
  const ofAccount =
    !connectionIds?.length ||
    connectionIds.some((id) => Object.hasOwn(data, "connectionId") && data.connectionId === id);
  return (
    ofAccount && Object.entries(having).every(([name, value]) => Object.hasOwn(data, name) && data[name] === value)
  );
}

/** Words a text may take from what happened, as `{{permalink}}`. */
export const automationPlaceholders = ["title", "permalink", "account", "platform", "number"] as const;
export type AutomationPlaceholder = (typeof automationPlaceholders)[number];

const placeholder = /\{\{\s*([^{}\s]{1,40})\s*\}\}/g;
const isKnown = (name: string): name is AutomationPlaceholder => automationPlaceholders.some((known) => known === name);

/** Names in a text that nothing fills, each once. */
export const unknownPlaceholders = (text: string): readonly string[] => [
  ...new Set([...text.matchAll(placeholder)].map(([, name = ""]) => name).filter((name) => !isKnown(name))),
];

/**
 * Puts values in the place of their names, each as `written` makes it for where the text goes. What a value holds is never
 * read as a placeholder itself; one without a value leaves nothing.
 */
export const fillPlaceholders = (
  text: string,
  values: Readonly<Partial<Record<AutomationPlaceholder, string>>>,
  written: (value: string) => string,
): string => text.replace(placeholder, (whole, name: string) => (isKnown(name) ? written(values[name] ?? "") : whole));

import type { World } from "./world.ts";

/** Business use case of a call: which headers and which limit code it gets (meta.md §12, §13). */
type UseCase = { readonly type: "pages" | "instagram"; readonly id: string } | undefined;

/** Usage is counted per Page or Instagram account where the call concerns one, else per app (§13). */
export function useCaseOf({ data }: World, owner: string | undefined): UseCase {
  return owner === undefined ? undefined : { type: data.pages.get(owner) ? "pages" : "instagram", id: owner };
}

/**
 * X-App-Usage for user tokens, X-Business-Use-Case-Usage for Pages and Instagram; percentages, and minutes until access
 * is regained (§13).
 */
export function usageHeaders(
  world: World,
  useCase: UseCase,
  minutes = 0,
  percent = world.data.settings.usagePercent,
): Record<string, string> {
  const load = { call_count: percent, total_cputime: percent, total_time: percent };
  if (useCase === undefined) return { "x-app-usage": JSON.stringify(load) };
  const { type, id } = useCase;
  const usage = { [id]: [{ type, ...load, estimated_time_to_regain_access: minutes }] };
  return { "x-business-use-case-usage": JSON.stringify(usage) };
}

/** Codes of §12 by use case: 4 for the app, 32 for Pages, 80002 for Instagram. */
export const limitCode = (useCase: UseCase): number =>
  useCase === undefined ? 4 : useCase.type === "pages" ? 32 : 80002;

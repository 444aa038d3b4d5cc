import type { Provider } from "@postd/connector-kit";
import { code, markdownTable, replaceSection } from "./markdown.ts";
import { providerVariables } from "./platform-variables.ts";
import { settings } from "./settings.ts";

/** docs/configuration.md with its two tables made anew; what people wrote around them stays. Pure. */
export function configurationDoc(text: string, providers: readonly Provider[]): string {
  const general = markdownTable(
    ["Variable", "What", "Without it"],
    settings().map(({ name, what, unset }) => [code(name), what, unset]),
  );
  const platforms = markdownTable(
    ["Variable", "Platforms", "Required", "What"],
    providerVariables(providers).map(({ name, platforms: readers, kind, required, secret, help }) => [
      code(name),
      readers.join(", "),
      kind === "credential" && required ? "to use real accounts" : "no",
      `${help}${secret ? " Secret." : ""}`,
    ]),
  );
  return replaceSection(replaceSection(text, "settings", general), "platforms", platforms);
}

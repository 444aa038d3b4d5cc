import {
  createRegistry,
  facetNames,
  inWords,
  type MediaRule,
  type PlannedPlatform,
  type Platform,
  type Provider,
} from "@postd/connector-kit";
import type { FacetsView, PlannedPlatformView, PlatformView } from "@postd/contracts";
import { plannedMatrix, platformMatrix } from "@postd/core";
import { code, codes, markdownTable, yes } from "./markdown.ts";
import { providerVariables } from "./platform-variables.ts";
import type { ConnectorFolder } from "./scan-connectors.ts";
import { bytesText, durationText, rangeText } from "./units.ts";

/** docs/connectors.md: what every platform can do, read off the connectors, and what is to come. Pure. */
export function connectorsDoc(folders: readonly ConnectorFolder[], plan: readonly PlannedPlatform[] = []): string {
  const registry = createRegistry(
    folders.map(({ provider }) => provider),
    plan,
  );
  const simulated = new Set(folders.flatMap(({ simulators }) => simulators.flatMap(({ platforms }) => platforms)));
  const views = platformMatrix(registry, {
    isSimulated: (platform) => simulated.has(platform),
    isConfigured: () => true,
    apiVersion: ({ apiVersion }) => apiVersion.current,
    health: () => "ok",
  });
  const sections = views.map((view) => {
    const home = folders.find(({ provider }) => provider.id === view.provider);
    const platform = registry.get(view.id);
    return home && platform ? platformSection(view, platform, home) : "";
  });
  const planned = plannedMatrix(registry);
  return `${[intro, matrix(views), progress(views, planned), limits(views), impossible([...views, ...planned]), ...sections].join("\n\n")}\n`;
}

/** Names of the platforms, for the README. Pure. */
export function platformNames(folders: readonly ConnectorFolder[], plan: readonly PlannedPlatform[]): string {
  const providers = folders.map(({ provider }) => provider);
  const registry = createRegistry(providers, plan);
  const list = (all: readonly { readonly name: string }[]) =>
    all
      .map(({ name }) => name)
      .sort((a, b) => a.localeCompare(b, "en"))
      .join(", ");
  return `Today: ${list(registry.all())}.\n\nPlanned: ${list(registry.planned())}.`;
}

const intro = `# Connectors

Made by \`npm run gen\` from the connectors themselves; do not edit. What a connector has no function for is not in the
table, so the table cannot promise more than the code does. A running instance serves the same as \`GET /api/platforms\`.
How to register an app at a platform, what its review asks for and where the facts come from is in each connector's notes.`;

function matrix(views: readonly PlatformView[]): string {
  const rows = views.map((view) => {
    const { supports } = view;
    return [
      `[${view.name}](#${anchor(view.name)})`,
      view.formats.map(({ label }) => label).join(", "),
      formatsOf(view, supports.edit),
      formatsOf(view, supports.delete),
      formatsOf(view, supports.nativeSchedule),
      yes(supports.postAnalytics),
      yes(supports.accountAnalytics),
      yes(supports.webhooks),
      yes(supports.refresh),
      yes(supports.revoke),
      yes(view.simulated),
    ];
  });
  const head = [
    "Platform",
    "Formats",
    "Edit",
    "Delete",
    "Native schedule",
    "Post numbers",
    "Account numbers",
    "Webhooks",
    "Renews sign-in",
    "Revokes",
    "Simulator",
  ];
  return `## What each platform can do\n\n${markdownTable(head, rows)}`;
}

const facetHeads = ["Sign-in", "Publishing", "Numbers", "Webhooks", "Health"];

/** Every platform of the plan, those that are here first. */
function progress(views: readonly PlatformView[], planned: readonly PlannedPlatformView[]): string {
  const cells = (facets: FacetsView) =>
    facetNames.map((name) => {
      const { status, lacks = [] } = facets[name];
      return lacks.length === 0 ? status : `${status}: without ${lacks.join(", ")}`;
    });
  const rows = [...views, ...planned].map(({ name, id, status, facets }) => [name, code(id), status, ...cells(facets)]);
  return [
    "## How far each platform is",
    "`active`: whole. `partial`: without what is named. `planned`: to come. `absent`: the platform has nothing of the kind for programs, or POSTD is to make no use of it. By rule and from the connector alone: a sign-in is partial where it does not renew itself or cannot be withdrawn by POSTD, publishing where some format is neither edited nor deleted once it is live, numbers where those of posts, of the account or of posts made elsewhere are not read, webhooks where some kind of account has none. A platform is partial where one of them is.",
    markdownTable(["Platform", "Id", "Status", ...facetHeads], rows),
  ].join("\n\n");
}

/** The widest over all formats; the sections below say each format's own. */
function limits(views: readonly PlatformView[]): string {
  const text = (value: number | undefined, unit = "") =>
    value === undefined ? "" : `${value.toLocaleString("en-US")}${unit}`;
  const rows = views.map(({ name, supports, constraints: most }) => [
    name,
    yes(supports.productTags),
    supports.trendingAudio === "limited" ? "limited" : yes(supports.trendingAudio),
    yes(supports.reply),
    yes(supports.stream),
    text(most.characterLimit),
    [text(most.imageSizeMin, " wide"), text(most.imageSizeMax, " square")].filter(Boolean).join(" to "),
    rangeText(text(most.videoLengthMin, " s") || undefined, text(most.videoLengthMax, " s") || undefined),
    most.videoSizeMax === undefined ? "" : bytesText(most.videoSizeMax),
    text(most.carouselMax),
  ]);
  const head = ["Platform", "Product tags", "Trending audio", "Reply", "Stream", "Characters", "Picture in pixels"];
  return `## Limits in one line\n\n${markdownTable([...head, "Film", "Film's size", "Files"], rows)}`;
}

/** What people ask for and a platform rules out. */
function impossible(views: readonly (PlatformView | PlannedPlatformView)[]): string {
  const rows = views.flatMap((view) =>
    view.impossible.map(({ what, why, checkedOn }) => [view.name, what, why, checkedOn]),
  );
  if (rows.length === 0) return "## What the platforms rule out\n\nNothing that is known.";
  return `## What the platforms rule out\n\n${markdownTable(["Platform", "What", "Why", "Checked"], rows)}`;
}

/** "all" where every format is meant. */
function formatsOf(view: PlatformView, ids: readonly string[]): string {
  if (ids.length === view.formats.length) return "all";
  return view.formats
    .filter(({ id }) => ids.includes(id))
    .map(({ label }) => label)
    .join(", ");
}

function platformSection(view: PlatformView, platform: Platform, { folder, provider }: ConnectorFolder): string {
  const { apiVersion } = provider;
  const { text } = view.constraints;
  const facts = [
    `- Id: ${code(view.id)}${provider.id === view.id ? "" : `, of the provider ${code(provider.id)}`}`,
    `- Accounts: ${view.accountKinds.map(({ label }) => label).join(", ")}`,
    `- API version: ${code(apiVersion.current)}${apiVersion.sunsetAt ? `, ends ${apiVersion.sunsetAt}` : ""}${apiVersion.env ? `; another one by ${code(apiVersion.env)}` : ""}`,
    `- Hosts: ${codes(provider.hosts)}${provider.customHosts ? " and the server an account lives on" : ""}`,
    ...(text ? [`- Text: ${textRule(text)}`] : []),
    ...(view.destinations ? [`- Places below an account: ${view.destinations.label}`] : []),
    `- Notes: [packages/connectors/src/${folder}/NOTES.md](../packages/connectors/src/${folder}/NOTES.md)`,
  ];
  return [
    `## ${view.name}`,
    facts.join("\n"),
    "### Signing in",
    view.auth.map(signIn).join("\n"),
    ...credentials(provider, platform),
    ...(platform.publishing ? ["### Formats", formatTable(view, platform)] : []),
    ...optionTable(view),
    ...priceTable(view),
  ].join("\n\n");
}

function signIn(auth: PlatformView["auth"][number]): string {
  const lines = [`- **${auth.label}** (${code(auth.id)}, ${auth.kind === "oauth2" ? "OAuth 2" : "typed keys"})`];
  if (auth.scopes.required.length > 0) lines.push(`  - Scopes it needs: ${codes(auth.scopes.required)}`);
  if (auth.scopes.optional.length > 0) lines.push(`  - Scopes it makes use of: ${codes(auth.scopes.optional)}`);
  for (const field of auth.fields ?? [])
    lines.push(
      `  - ${code(field.name)}: ${field.label}${field.required ? "" : ", optional"}${field.secret ? ", secret" : ""}`,
    );
  return lines.join("\n");
}

function credentials(provider: Provider, { name }: Platform): string[] {
  const own = providerVariables([provider]).filter(
    ({ kind, platforms }) => kind === "credential" && platforms.includes(name),
  );
  if (own.length === 0) return [];
  const rows = own.map(({ name: variable, required, help }) => [code(variable), required ? "yes" : "no", help]);
  return ["App credentials:", markdownTable(["Variable", "Required", "What"], rows)];
}

function formatTable(view: PlatformView, { publishing }: Platform): string {
  const rows = view.formats.map((format) => [
    code(format.id),
    format.label,
    mediaRule(publishing?.formats[format.id]?.media ?? { min: 0, max: 0 }),
    textRule(format.text),
    format.accountKinds?.join(", ") ?? "all",
  ]);
  return markdownTable(["Format", "Name", "Media", "Text", "Accounts"], rows);
}

function textRule(text: NonNullable<PlatformView["constraints"]["text"]>): string {
  const unit = text.unit === "utf16" ? "UTF-16 code units" : text.unit;
  const bytes = text.maxBytes === undefined ? "" : `, ${text.maxBytes.toLocaleString("en-US")} bytes`;
  return `${text.max.toLocaleString("en-US")} ${unit}${bytes}${text.required ? ", required" : ""}`;
}

function mediaRule({ min, max, image, video }: MediaRule): string {
  if (max === 0) return "none";
  const kinds = [image && kindRule("images", image), video && kindRule("videos", video)].filter(
    (kind) => kind !== undefined,
  );
  return [min === max ? String(max) : `${min} to ${max}`, ...kinds].join("; ");
}

function kindRule(
  name: string,
  rule: NonNullable<MediaRule["image"]> & Partial<NonNullable<MediaRule["video"]>>,
): string {
  const types = rule.mimeTypes.map((type) => type.split("/")[1] ?? type).join(", ");
  const ms = (value: number | undefined) => (value === undefined ? undefined : durationText(value));
  const ratio = (value: number | undefined) =>
    value === undefined ? undefined : String(Math.round(value * 1000) / 1000);
  const aspect = rangeText(ratio(rule.minAspect), ratio(rule.maxAspect));
  const parts = [
    `${name} ${types} up to ${bytesText(rule.maxBytes)}`,
    rangeText(ms(rule.minMs), ms(rule.maxMs)),
    aspect && `width to height ${aspect}`,
    sizeText(rule),
    rule.videoCodecs?.map(inWords).join(" or ") ?? "",
    rule.audioCodecs === undefined ? "" : `${rule.audioCodecs.map(inWords).join(" or ")} sound`,
    withUnit(rangeText(text(rule.minFramesPerSecond), text(rule.maxFramesPerSecond)), "frames a second"),
    rule.maxBitsPerSecond === undefined ? "" : `at most ${rule.maxBitsPerSecond / 1_000_000} Mbit a second`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

const text = (value: number | undefined) => (value === undefined ? undefined : String(value));
const withUnit = (range: string, unit: string) => (range === "" ? "" : `${range} ${unit}`);

type Sides = Partial<NonNullable<MediaRule["video"]> & NonNullable<MediaRule["image"]>>;

function sizeText({ minWidth, minHeight, maxWidth, maxHeight, maxLongSide, maxShortSide, maxPixels }: Sides): string {
  const least = minHeight === undefined ? "" : `at least ${minWidth ?? 1} x ${minHeight} px`;
  const most = maxLongSide && maxShortSide ? `at most ${maxLongSide} x ${maxShortSide} px, either way up` : "";
  return [
    least || withUnit(rangeText(text(minWidth), text(maxWidth)), "px wide"),
    least && maxWidth !== undefined ? `at most ${maxWidth} px wide` : "",
    maxHeight === undefined ? "" : `at most ${maxHeight} px high`,
    most,
    maxPixels === undefined ? "" : `at most ${Math.floor(maxPixels / 100_000) / 10} megapixels`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function optionTable(view: PlatformView): string[] {
  const properties = propertiesOf(view.optionsSchema);
  if (properties.length === 0) return [];
  const rows = properties.map(({ name, title, description }) => [code(name), title, description]);
  return ["### Options", markdownTable(["Option", "Name", "What"], rows)];
}

function priceTable({ name, prices = [] }: PlatformView): string[] {
  if (prices.length === 0) return [];
  const rows = prices.map(({ label, usdMicros, since, perItem, unsure }) => [
    label,
    `${(usdMicros / 1_000_000).toFixed(3)} USD${perItem ? " for each" : ""}`,
    since,
    unsure ?? "",
  ]);
  const words = `${name} bills whoever registered the app:`;
  return ["### Prices", words, markdownTable(["Call", "Price", "Since", "Unsure"], rows)];
}

function propertiesOf(schema: Readonly<Record<string, unknown>>) {
  const { properties } = schema;
  if (typeof properties !== "object" || properties === null) return [];
  return Object.entries(properties).map(([name, property]: [string, unknown]) => {
    const text = (key: string): string => {
      const value: unknown = typeof property === "object" && property !== null ? Reflect.get(property, key) : undefined;
      return typeof value === "string" ? value : "";
    };
    return { name, title: text("title"), description: text("description") };
  });
}

/** The way GitHub makes anchors of headings. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

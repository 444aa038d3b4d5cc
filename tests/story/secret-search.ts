import { Buffer } from "node:buffer";
import type { SimAnswer, SimRequest, SimulatorDefinition } from "@postd/connector-kit/simulator";

/** Secrets by what they are; collected while they pass by. */
export type Planted = Map<string, Set<string>>;

const secretName = /token|secret|password|jwt|verifier|proof|assertion|^code$/i;
const shortest = 12;

export function plant(planted: Planted, name: string, value: unknown): void {
  if (typeof value !== "string" || value.length < shortest) return;
  const known = planted.get(name) ?? new Set();
  known.add(value);
  // The signature of a JWT gives away as much as all of it, and may be cut off from the rest.
  const signature = value.startsWith("eyJ") ? value.split(".").at(-1) : undefined;
  if (signature && signature.length >= 20) known.add(signature);
  planted.set(name, known);
}

/** Collects every credential that a simulator is sent, and every one it hands out. */
export function tapped(definition: SimulatorDefinition, planted: Planted): SimulatorDefinition {
  return {
    ...definition,
    create(env) {
      const simulator = definition.create({
        ...env,
        fetchMedia(url) {
          // What opens the file: the signature in the path, and the address as a whole.
          const last = new URL(url).pathname.split("/").at(-1)?.split(".")[0];
          if (url.includes("/media/med_")) plant(planted, "signed media URL", last);
          return env.fetchMedia(url);
        },
      });
      return {
        ...simulator,
        async handle(request) {
          heard(request, planted);
          const answer = await simulator.handle(request);
          said(answer, planted);
          return answer;
        },
      };
    },
  };
}

function heard(request: SimRequest, planted: Planted): void {
  const [, bearer] = /^(?:Bearer|OAuth|Basic|DPoP) (.+)$/.exec(request.headers.authorization ?? "") ?? [];
  plant(planted, "Authorization", bearer);
  for (const [name, value] of request.query) if (secretName.test(name)) plant(planted, name, value);
  const text = new TextDecoder().decode(request.rawBody.subarray(0, 100_000));
  const type = request.headers["content-type"] ?? "";
  if (type.includes("urlencoded"))
    for (const [name, value] of new URLSearchParams(text)) if (secretName.test(name)) plant(planted, name, value);
  if (type.includes("json")) walk(parsed(text), planted);
}

function said(answer: SimAnswer, planted: Planted): void {
  if (typeof answer !== "string" && (answer.status ?? 200) < 400) walk(answer.json, planted);
}

function walk(value: unknown, planted: Planted): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, child] of Object.entries(value)) {
    if (secretName.test(name) && !/type$/i.test(name)) plant(planted, name, child);
    walk(child, planted);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface Find {
  readonly place: string;
  readonly secret: string;
  readonly form: string;
}

/** Every planted secret in every place, plain or in a form that gives it back. Never answers the secret itself. */
export function findSecrets(places: Readonly<Record<string, string>>, planted: Planted): Find[] {
  const lower = Object.entries(places).map(([place, text]) => [place, text, text.toLowerCase()] as const);
  return [...planted].flatMap(([name, values]) =>
    [...values].flatMap((value) =>
      Object.entries(formsOf(value)).flatMap(([form, needle]) =>
        lower
          .filter(([, text, small]) => (form === "hex" ? small : text).includes(needle))
          .map(([place]) => ({ place, secret: name, form })),
      ),
    ),
  );
}

/** Base64 of a longer text depends on where the secret begins in it: three ways, without the characters at the ends. */
export function formsOf(value: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(value, "utf8");
  const aligned = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replaceAll("=", "");
    return text.slice(before === 0 ? 0 : before + 1, -1);
  });
  return {
    plain: value,
    "URL-encoded": encodeURIComponent(value),
    hex: bytes.toString("hex"),
    ...Object.fromEntries(aligned.map((text, index) => [`base64 ${index}`, text])),
    ...Object.fromEntries(
      aligned.map((text, index) => [`base64url ${index}`, text.replaceAll("+", "-").replaceAll("/", "_")]),
    ),
  };
}

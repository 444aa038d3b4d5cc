import { Buffer } from "node:buffer";
import { type Secret, secret } from "@postd/connector-kit";
import { z } from "zod";

/** A port a server listens on; 0 takes any free one. */
export const Port = z.coerce.number("must be a number").int().min(0).max(65_535);

const protocolUrl = (protocols: readonly string[], example: string) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `must be an address such as ${example}`,
    );

export const HttpUrl = protocolUrl(["http:", "https:"], "https://postd.example.org").transform((text) =>
  text.replace(/(?<!\/)\/+$/, ""),
);

/** Addresses that hold a password; they print as `[secret]`. */
export const secretUrl = (protocols: readonly string[], example: string) =>
  protocolUrl(protocols, example).transform((text): Secret => secret(text));

const listed = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** Host names or addresses, separated by commas. */
export const HostList = z.string().transform((text, ctx) => {
  const hosts = listed(text).map((host) => host.toLowerCase());
  for (const host of hosts)
    if (!/^[a-z0-9.:[\]*-]+$/.test(host)) {
      ctx.addIssue({ code: "custom", message: `"${host}" is not a host name` });
    }
  return hosts;
});

/** E-mail addresses, separated by commas; lower case. */
export const EmailList = z.string().transform((text, ctx) => {
  const emails = listed(text).map((email) => email.toLowerCase());
  for (const email of emails)
    if (!z.email().safeParse(email).success)
      ctx.addIssue({ code: "custom", message: "must be e-mail addresses separated by commas" });
  return emails;
});

export interface HostMapping {
  readonly host: string;
  readonly url: string;
}

/** `host=url,host=url`: where calls to a host go instead. */
export const HostMap = z.string().transform((text, ctx): HostMapping[] =>
  listed(text).flatMap((pair) => {
    const at = pair.indexOf("=");
    const url = HttpUrl.safeParse(pair.slice(at + 1));
    if (!/^(\*\.)?[a-z0-9.-]+(:\d+)?$/i.test(pair.slice(0, Math.max(0, at))) || !url.success) {
      ctx.addIssue({ code: "custom", message: `"${pair}" must look like bsky.social=http://127.0.0.1:2583` });
      return [];
    }
    return [{ host: pair.slice(0, at).toLowerCase(), url: url.data }];
  }),
);

/** `linkedin.app_calls_day=none,x.posts_day=500`: limits of platforms, in place of those POSTD knows. */
export const BudgetList = z.string().transform((text, ctx): ReadonlyMap<string, number | "none"> => {
  const limits = new Map<string, number | "none">();
  for (const pair of listed(text)) {
    const [, name, value] = /^([a-z0-9_]+\.[a-z0-9_]+)=(none|[1-9]\d{0,11})$/.exec(pair) ?? [];
    if (name === undefined || value === undefined)
      ctx.addIssue({
        code: "custom",
        message: `"${pair}" must look like linkedin.app_calls_day=none or x.posts_day=500`,
      });
    else limits.set(name, value === "none" ? value : Number(value));
  }
  return limits;
});

/** A size in bytes, with or without a unit of a thousand: `500MB`, `20 GB`. */
export const ByteSize = z.string().transform((text, ctx): number => {
  const [, number, unit = ""] = /^(\d{1,15}(?:\.\d{1,3})?) ?(KB|MB|GB|TB)?$/i.exec(text.trim()) ?? [];
  const power = ["", "KB", "MB", "GB", "TB"].indexOf(unit.toUpperCase());
  const bytes = Math.floor(Number(number) * 1_000 ** power);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  ctx.addIssue({ code: "custom", message: "must be a size such as 20GB" });
  return z.NEVER;
});

/** Where simulated platforms are: not at all, started beside the server, or at an address. */
export interface SimulatorSetting {
  readonly mode: "off" | "own" | "elsewhere";
  readonly url?: string;
  /** Platforms that are real all the same. */
  readonly except: readonly string[];
}

/** `on`, `off` or an address, followed by `-platform` for the ones left out. */
export const Simulators = z.string().transform((text, ctx): SimulatorSetting => {
  const [first = "", ...rest] = listed(text);
  const except = rest.filter((part) => /^-[a-z][a-z0-9_]*$/.test(part)).map((part) => part.slice(1));
  if (except.length === rest.length) {
    if (first === "on") return { mode: "own", except };
    if (first === "off") return { mode: "off", except };
    const url = HttpUrl.safeParse(first);
    if (url.success) return { mode: "elsewhere", url: url.data, except };
  }
  ctx.addIssue({ code: "custom", message: "must be on, off, an address, or one of them with exceptions: on,-bluesky" });
  return z.NEVER;
});

/** Base64 of 32 random bytes each, separated by commas; the first one is current, the others still open old values. */
export const MasterKeys = z.string().transform((text, ctx): readonly Secret[] => {
  const keys = listed(text);
  if (keys.length === 0 || keys.some((key) => !/^[A-Za-z0-9+/_-]{42,44}={0,2}$/.test(key) || decoded(key) !== 32)) {
    ctx.addIssue({
      code: "custom",
      message: "must be base64 of 32 bytes, several separated by commas. Make one with: openssl rand -base64 32",
    });
    return z.NEVER;
  }
  return keys.map((key) => secret(key));
});

const decoded = (key: string): number => Buffer.from(key, "base64").length;

import { type ApiContext, apiClient, type ConnectorContext } from "@postd/connector-kit";
import { z } from "zod";
import { failures } from "./failures.ts";

/** The versioned API. A call without a version is refused, so every one names it. @source platforms/linkedin.md "Versioning" */
export const api = apiClient({
  base: "https://api.linkedin.com/rest",
  headers: ({ apiVersion }: ApiContext) => ({ "linkedin-version": apiVersion, "x-restli-protocol-version": "2.0.0" }),
  failures,
});

/** The few unversioned addresses that are still in use. */
export const V2 = "https://api.linkedin.com/v2";

/** A post, picture, person or page by the name LinkedIn gives it. */
export const Urn = z.string().regex(/^urn:li:[A-Za-z]+:[A-Za-z0-9_-]{1,100}$/);
export const PostUrn = z.string().regex(/^urn:li:(?:share|ugcPost|activity):\d{1,30}$/);

/** Who a mention may lead to. */
export const HANDLE = /^urn:li:(?:organization|person):[A-Za-z0-9_-]+$/;

export const personUrn = (sub: string): string => `urn:li:person:${sub}`;
/** Accounts go by their URN, which is also the author of everything they make. */
export const authorOf = ({ account }: Pick<ConnectorContext, "account">): string => account.externalId;
export const idIn = (urn: string): string => urn.split(":").at(-1) ?? urn;

export const permalinkOf = (urn: string): string => `https://www.linkedin.com/feed/update/${urn}/`;

/** Rest.li 2 syntax stays as it is; only the names inside are escaped. */
export const list = (urns: readonly string[]): string => `List(${urns.map(encodeURIComponent).join(",")})`;

// Made by `npm run gen` from the try-out.ts of the connector folders that have one. Do not edit.
import type { TryOut } from "@postd/connector-kit";
import { tryOuts as bluesky } from "./bluesky/try-out.ts";
import { tryOuts as linkedin } from "./linkedin/try-out.ts";
import { tryOuts as mailchimp } from "./mailchimp/try-out.ts";
import { tryOuts as tiktok } from "./tiktok/try-out.ts";

/** By platform; one that is not here needs nothing said. */
export const tryOuts: Readonly<Record<string, TryOut>> = { ...bluesky, ...linkedin, ...mailchimp, ...tiktok };

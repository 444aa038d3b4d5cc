import {
  type ConnectorContext,
  type PlatformResult,
  type PublishedRef,
  rowsOf,
  truncateGraphemes,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api, Campaign, campaignFields, isOut, readCampaign, refOf } from "./api.ts";

type Found = PublishedRef & { readonly preview?: string };

const toFound = (campaign: Campaign): Found | undefined => {
  if (!isOut(campaign)) return undefined;
  const preview = truncateGraphemes(campaign.settings?.subject_line ?? "", 200);
  return { ...refOf(campaign), ...(preview && { preview }) };
};

/** The newest a person could mean by an address. */
const NEWEST = 200;

/** The id an archive's address has in it; `web_id` where it is that of the app. */
function idsIn(permalink: string): { readonly id?: string | undefined; readonly webId?: string | undefined } {
  if (!URL.canParse(permalink)) return {};
  const { hostname, searchParams } = new URL(permalink);
  const named = searchParams.get("id") ?? undefined;
  if (/(^|\.)admin\.mailchimp\.com$/.test(hostname)) return { webId: named };
  return { id: named && /^[0-9a-f]{10}$/.test(named) ? named : undefined };
}

/** A campaign that went out, by its id, its archive's address, or its address in Mailchimp's own app. */
export async function lookUp(
  { externalId, permalink = "" }: { readonly externalId?: string; readonly permalink?: string },
  ctx: ConnectorContext,
): PlatformResult<Found | undefined> {
  const { id, webId } = idsIn(permalink);
  const named = externalId ?? id;
  if (named !== undefined) {
    const read = await readCampaign(ctx, named);
    if (!read.ok) return read.error.status === 404 ? ok(undefined) : read;
    return ok(toFound(read.value));
  }
  if (permalink === "") return ok(undefined);
  const read = await api.get(ctx, "campaigns", z.object({ campaigns: rowsOf(Campaign) }), {
    query: {
      status: "sent",
      sort_field: "send_time",
      sort_dir: "DESC",
      count: NEWEST,
      fields: campaignFields.map((field) => `campaigns.${field}`).join(","),
    },
  });
  if (!read.ok) return read;
  const found = read.value.campaigns.find(({ web_id, archive_url, long_archive_url }) =>
    webId === undefined ? [archive_url, long_archive_url].includes(permalink) : web_id === webId,
  );
  return ok(found && toFound(found));
}

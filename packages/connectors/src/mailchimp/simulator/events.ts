import type { Audience, Campaign, Hook, Member } from "./model.ts";
import type { World } from "./world.ts";

// Fact sheet, "Webhooks": a form, `fired_at` in UTC without a zone.

export type Source = "user" | "admin" | "api";

const firedAt = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

function tell(
  world: World,
  audience: Audience,
  event: { readonly type: string; readonly at: number; readonly data: Readonly<Record<string, string>> },
  takes: (hook: Hook) => boolean,
): void {
  const fields = Object.entries(event.data).map(([name, value]) => [`data${name}`, value]);
  const body = String(
    new URLSearchParams({ type: event.type, fired_at: firedAt(event.at), ...Object.fromEntries(fields) }),
  );
  for (const { id } of world.hookFacts.all((hook) => hook.audience === audience && takes(hook))) {
    const to = world.hooks.get(id);
    if (to) world.hooks.send(to, event.type, body, "application/x-www-form-urlencoded");
  }
}

export function tellMember(
  world: World,
  type: "subscribe" | "unsubscribe" | "profile" | "cleaned" | "upemail",
  member: Member,
  source: Source,
  more: Readonly<Record<string, string>> = {},
): void {
  const merges = Object.entries({ EMAIL: member.email, ...member.fields });
  const usual = {
    "[id]": member.hash.slice(0, 10),
    "[list_id]": member.audience.id,
    "[email]": member.email,
    "[email_type]": "html",
    ...Object.fromEntries(merges.map(([name, value]) => [`[merges][${name}]`, String(value)])),
  };
  const short = { "[list_id]": member.audience.id, ...(type === "cleaned" && { "[email]": member.email }) };
  const data = { ...(type === "cleaned" || type === "upemail" ? short : usual), ...more };
  const at = world.env.now().getTime();
  tell(world, member.audience, { type, at, data }, ({ events, sources }) => Boolean(events[type] && sources[source]));
}

/** A campaign was sent or cancelled. Which source that counts as is not documented; every webhook that wants it gets it. */
export function tellCampaign(world: World, campaign: Campaign, at: number): void {
  if (campaign.recipients === undefined) return;
  const { audience } = campaign.recipients;
  const data = {
    "[id]": campaign.id,
    "[list_id]": audience.id,
    "[subject]": String(campaign.settings.subject_line ?? ""),
    "[status]": campaign.status,
  };
  tell(world, audience, { type: "campaign", at, data }, ({ events }) => events.campaign === true);
}

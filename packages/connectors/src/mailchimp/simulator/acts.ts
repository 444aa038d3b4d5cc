import { type Acts, actsOf } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { tellMember } from "./events.ts";
import type { Account, Audience, Campaign, Member } from "./model.ts";
import { release } from "./progress.ts";
import { Settings } from "./settings.ts";
import { hashOf, type World } from "./world.ts";

const act = actsOf<World>();

function found<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new RangeError(`there is no ${what}`);
  return thing;
}
const accountIn = (world: World, id: string): Account => found(world.accounts.get(id), `account ${id}`);
const audienceIn = (world: World, id: string): Audience => found(world.audiences.get(id), `audience ${id}`);
const campaignIn = (world: World, id: string): Campaign => found(world.campaigns.get(id), `campaign ${id}`);
const memberIn = (world: World, list: string, email: string): Member =>
  found(world.members.get(`${list}:${hashOf(email)}`), `member ${email}`);

/** Names without a value are left as they are. */
const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

const count = z.int().min(0);

export const acts: Acts<World> = {
  set: act(Settings.partial(), (world, changes) => {
    world.settings = { ...world.settings, ...given(changes) };
    return { ...world.settings };
  }),
  setAccount: act(
    z.strictObject({
      account: z.string(),
      role: z.enum(["owner", "admin", "manager", "author", "viewer"]).optional(),
      plan: z.enum(["monthly", "pay_as_you_go", "forever_free"]).optional(),
      isPremium: z.boolean().optional(),
      isDisabled: z.boolean().optional(),
    }),
    (world, { account, ...changes }) => {
      Object.assign(accountIn(world, account), given(changes));
      return { changed: Object.keys(given(changes)) };
    },
  ),
  setDomain: act(
    z.strictObject({
      account: z.string(),
      domain: z.string(),
      verified: z.boolean(),
      authenticated: z.boolean().default(false),
    }),
    (world, { account, domain, ...state }) => {
      accountIn(world, account).domains.set(domain, state);
      return state;
    },
  ),
  addAudience: act(
    z.strictObject({ account: z.string(), name: z.string(), people: z.array(z.email()).default([]) }),
    (world, { account, name, people }) => ({ list_id: world.addAudience(accountIn(world, account), name, people).id }),
  ),
  /** A draft is given to another audience, or another segment of it, by hand. */
  readdress: act(
    z.strictObject({ campaign_id: z.string(), list_id: z.string(), segment: z.string().optional() }),
    (world, { campaign_id, list_id, segment }) => {
      const saved = segment === undefined ? undefined : found(world.segments.get(segment), `segment ${segment}`);
      const campaign = campaignIn(world, campaign_id);
      campaign.recipients = { audience: audienceIn(world, list_id), ...(saved && { saved }) };
      campaign.countedAt = world.env.now().getTime();
      return { campaign_id };
    },
  ),
  /** What becomes of a campaign of it is not documented: here the worst, all of the audience get it. */
  deleteSegment: act(z.strictObject({ segment: z.string() }), (world, { segment }) => {
    const gone = found(world.segments.get(segment), `segment ${segment}`);
    world.segments.remove(segment);
    for (const { recipients } of world.campaigns.all()) if (recipients?.saved === gone) recipients.isSegmentGone = true;
    return { deleted: segment };
  }),
  /** A key is switched off in the account. */
  disableKey: act(z.strictObject({ key: z.string() }), (world, { key }) => {
    world.disabledKeys.add(key);
    return { disabled: 1 };
  }),
  /** An app's access, or every key of the account, is taken back by its owner. */
  withdraw: act(z.strictObject({ account: z.string(), app: z.string().optional() }), (world, { account, app }) => ({
    withdrawn: world.tokens.endSubject(account, app),
  })),
  /** A review lets go what it held. */
  release: act(z.strictObject({ campaign_id: z.string() }), (world, { campaign_id }) => {
    const campaign = campaignIn(world, campaign_id);
    if (campaign.sendEndsAt !== undefined || !["sending", "paused"].includes(campaign.status))
      throw new RangeError(`${campaign_id} is not held`);
    release(world, campaign, world.env.now().getTime());
    return { released: campaign_id };
  }),
  /** What people do with a campaign; times are now. */
  engage: act(
    z.strictObject({
      campaign_id: z.string(),
      opens: count.optional(),
      uniqueOpens: count.optional(),
      clicks: z.array(z.strictObject({ url: z.string(), total: count, unique: count })).optional(),
      unsubscribed: count.optional(),
      abuseReports: count.optional(),
      hardBounces: count.optional(),
      softBounces: count.optional(),
      forwards: count.optional(),
    }),
    (world, { campaign_id, ...counts }) => {
      const campaign = campaignIn(world, campaign_id);
      campaign.engagement = { ...campaign.engagement, ...given(counts), at: world.env.now().getTime() };
      return { campaign_id };
    },
  ),
  /** A person signs up by the form of the audience. */
  signUp: act(z.strictObject({ list_id: z.string(), email: z.email() }), (world, { list_id, email }) => {
    const member = world.addMember(audienceIn(world, list_id), email, { source: "Hosted Signup Form" });
    tellMember(world, "subscribe", member, "user");
    return { id: member.hash };
  }),
  /** A person leaves by the link of a campaign; only they can come back. */
  leave: act(
    z.strictObject({ list_id: z.string(), email: z.email(), campaign_id: z.string().default("") }),
    (world, { list_id, email, campaign_id }) => {
      const member = memberIn(world, list_id, email);
      Object.assign(member, { status: "unsubscribed", isBarred: true, changedAt: world.env.now().getTime() });
      const campaign = world.campaigns.get(campaign_id);
      if (campaign)
        campaign.engagement = { ...campaign.engagement, unsubscribed: campaign.engagement.unsubscribed + 1 };
      const data = { "[action]": "unsub", "[reason]": "manual", "[campaign_id]": campaign_id };
      tellMember(world, "unsubscribe", member, "user", data);
      return { id: member.hash };
    },
  ),
  /** Their address bounces for good. */
  bounce: act(z.strictObject({ list_id: z.string(), email: z.email() }), (world, { list_id, email }) => {
    const member = memberIn(world, list_id, email);
    Object.assign(member, { status: "cleaned", isBarred: true, changedAt: world.env.now().getTime() });
    tellMember(world, "cleaned", member, "admin", { "[reason]": "hard" });
    return { id: member.hash };
  }),
};

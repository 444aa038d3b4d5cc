import {
  type Ground,
  hmacSha256Hex,
  md5Hex,
  randomDigits,
  type SimRequest,
  simStore,
  simWebhooks,
} from "@postd/connector-kit/simulator";
import type { Account, Audience, Campaign, Engagement, Hook, Member, Segment, StoredFile, Template } from "./model.ts";
import { defaultSettings, type Settings } from "./settings.ts";

/** Fact sheet, "App set-up". */
export const app = { client_id: "486213097512", client_secret: "simulated-mailchimp-client-secret" } as const;

/** How the API names a member: MD5 of the address in lower case. */
export const hashOf = (email: string): string => md5Hex(email.toLowerCase());

const noEngagement: Engagement = {
  opens: 0,
  uniqueOpens: 0,
  clicks: [],
  unsubscribed: 0,
  abuseReports: 0,
  hardBounces: 0,
  softBounces: 0,
  forwards: 0,
};

/** Everything Mailchimp keeps, with two ready-made accounts in two data centres. */
export function createWorld({ env, tokens }: Ground) {
  const hex = (length: number) => env.randomId().slice(0, length);
  const now = () => env.now().getTime();
  const keys = new Map<string, string>();
  const world = {
    env,
    tokens,
    settings: defaultSettings as Settings,
    accounts: simStore<Account>(),
    audiences: simStore<Audience>(),
    segments: simStore<Segment>(),
    members: simStore<Member>(),
    templates: simStore<Template>(),
    files: simStore<StoredFile>(),
    campaigns: simStore<Campaign>(),
    hookFacts: simStore<Hook>(),
    /** Deleted after they were sent: gone from the account, not from anybody's inbox. */
    recalled: [] as Campaign[],
    /** Keys that were switched off. */
    disabledKeys: new Set<string>(),
    /** Requests whose answer has not left. */
    open: new Map<SimRequest, { readonly account: string; readonly at: number }>(),
    /** Signed only where the webhook has a secret (fact sheet, "Webhooks"). */
    hooks: simWebhooks(env, ({ body, secret, at }) => {
      const t = Math.floor(at.getTime() / 1000);
      const signed = secret !== "" && { "x-mailchimp-signature": `t=${t},v1=${hmacSha256Hex(secret, `${t}.${body}`)}` };
      return { "user-agent": "MailChimp", ...signed };
    }),
    newId: () => hex(10),
    newNumber: () => Number(randomDigits(7)),
    addAccount(name: string, more: Partial<Account> = {}): Account {
      const id = env.randomId().slice(0, 25);
      const person = { id: randomDigits(8), name: "Ida Holm", email: "ida@northfold.example" };
      const domains = new Map([["northfold.example", { verified: true, authenticated: true }]]);
      const flags = { role: "owner", plan: "monthly", isPremium: false, isDisabled: false } as const;
      return world.accounts.put({ id, dc: "us19", name, person, ...flags, domains, ...more });
    },
    addAudience(account: Account, name: string, people: readonly string[] = []): Audience {
      const audience: Audience = {
        id: world.newId(),
        webId: world.newNumber(),
        account,
        name,
        fromName: account.name,
        fromEmail: account.person.email,
        createdAt: now(),
      };
      world.audiences.put(audience);
      for (const email of people) world.addMember(audience, email, {});
      return audience;
    },
    addSegment(audience: Audience, name: string, more: Partial<Segment> = {}): Segment {
      const facts = { type: "static", match: "all", conditions: [], createdAt: now() } as const;
      return world.segments.put({ id: String(world.newNumber()), audience, name, ...facts, ...more });
    },
    addMember(audience: Audience, email: string, more: Partial<Member>): Member {
      const hash = hashOf(email);
      return world.members.put({
        id: `${audience.id}:${hash}`,
        hash,
        audience,
        webId: world.newNumber(),
        email,
        status: "subscribed",
        isBarred: false,
        fields: {},
        language: "",
        isVip: false,
        tags: new Map(),
        createdAt: now(),
        changedAt: now(),
        source: "API - Generic",
        ...more,
      });
    },
    newCampaign: (account: Account, more: Pick<Campaign, "type"> & Partial<Campaign>): Campaign => ({
      id: world.newId(),
      webId: world.newNumber(),
      account,
      createdAt: now(),
      status: "save",
      contentType: "html",
      countedAt: 0,
      settings: {},
      tracking: {},
      html: "",
      plainText: "",
      timewarp: false,
      addressees: 0,
      emailsSent: 0,
      engagement: noEngagement,
      testsSent: [],
      ...more,
    }),
    /** A key of the account, as its owner makes it. */
    newKey(account: Account): string {
      const key = tokens.issue(tokens.grant({ subject: account.id }), {
        value: `${env.randomId()}-${account.dc}`,
      }).value;
      keys.set(account.id, key);
      return key;
    },
    /** The key that was made last. */
    keyOf: (account: Account): string => keys.get(account.id) ?? world.newKey(account),
    /** An account as a trial wants it: an audience with people, a tag, a segment, a template. */
    furnish(account: Account): Audience {
      const people = [
        "urban.ek@example.com",
        "vera.lind@example.com",
        "wiola.nowak@example.com",
        "xaver.kurz@example.com",
      ];
      const audience = world.addAudience(account, `${account.name} letter`, people);
      const tag = world.addSegment(audience, "Regulars");
      const [first] = world.members.all((member) => member.audience === audience);
      first?.tags.set(tag.id, now());
      const condition = { condition_type: "EmailAddress", field: "EMAIL", op: "contains", value: "ek@" };
      world.addSegment(audience, "Eks", { type: "saved", conditions: [condition] });
      world.addAudience(account, "Nobody yet");
      const html = '<html><body><h1>Letter</h1><div mc:edit="body">Write here</div></body></html>';
      world.templates.put({ id: String(world.newNumber()), account, name: "Plain letter", html, createdAt: now() });
      return audience;
    },
  };
  world.furnish(world.addAccount("Northfold Coffee", { id: "northfold000000000000acct" }));
  const lake = { id: "40718253", name: "Jonas Berg", email: "jonas@lakeside.example" };
  world.furnish(
    world.addAccount("Lakeside Books", {
      id: "lakeside0000000000000acct",
      dc: "us6",
      person: lake,
      plan: "forever_free",
      domains: new Map([["lakeside.example", { verified: true, authenticated: false }]]),
    }),
  );
  return world;
}
export type World = ReturnType<typeof createWorld>;

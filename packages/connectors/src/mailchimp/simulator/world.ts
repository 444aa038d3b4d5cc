import {
  type Ground,
  hmacSha256Hex,
  md5Hex,
  randomDigits,
  type SimRequest,
  type StoredMedia,
  simStore,
  simWebhooks,
} from "@postd/connector-kit/simulator";
import { defaultSettings, type Settings } from "./settings.ts";

export type Plan = "monthly" | "pay_as_you_go" | "forever_free";
export type Role = "owner" | "admin" | "manager" | "author" | "viewer";
export type MemberStatus = "subscribed" | "unsubscribed" | "cleaned" | "pending" | "transactional" | "archived";

export interface Account {
  readonly id: string;
  /** Data centre: "us19". */
  readonly dc: string;
  readonly name: string;
  readonly person: { readonly id: string; readonly name: string; readonly email: string };
  role: Role;
  plan: Plan;
  /** Has what only premium plans have. */
  isPremium: boolean;
  isDisabled: boolean;
  /** Sending domains by name. */
  readonly domains: Map<string, { verified: boolean; authenticated: boolean }>;
}

export interface Audience {
  readonly id: string;
  readonly webId: number;
  readonly account: Account;
  readonly name: string;
  readonly fromName: string;
  readonly fromEmail: string;
  readonly createdAt: number;
}

export interface Condition {
  readonly condition_type?: string | undefined;
  readonly field: string;
  readonly op: string;
  readonly value?: unknown;
}

/** A tag is a static segment. */
export interface Segment {
  readonly id: string;
  readonly audience: Audience;
  readonly name: string;
  readonly type: "saved" | "static";
  readonly match: "any" | "all";
  readonly conditions: readonly Condition[];
  readonly createdAt: number;
}

export interface Member {
  /** Audience and hash of the address. */
  readonly id: string;
  readonly hash: string;
  readonly audience: Audience;
  readonly webId: number;
  email: string;
  status: MemberStatus;
  /** Left by their own will, bounced or complained: no API call brings them back. */
  isBarred: boolean;
  fields: Readonly<Record<string, unknown>>;
  language: string;
  isVip: boolean;
  /** Ids of static segments, with the time. */
  readonly tags: Map<string, number>;
  readonly createdAt: number;
  changedAt: number;
  readonly source: string;
}

export interface Template {
  readonly id: string;
  readonly account: Account;
  readonly name: string;
  readonly html: string;
  readonly createdAt: number;
}

export interface StoredFile {
  readonly id: string;
  readonly account: Account;
  readonly name: string;
  readonly folder: number;
  readonly media: StoredMedia;
  readonly url: string;
  readonly createdAt: number;
}

export interface Recipients {
  readonly audience: Audience;
  readonly saved?: Segment;
  readonly match?: "any" | "all";
  readonly conditions?: readonly Condition[];
}

export interface Clicks {
  readonly url: string;
  readonly total: number;
  readonly unique: number;
}

/** What people did with a campaign. */
export interface Engagement {
  readonly opens: number;
  readonly uniqueOpens: number;
  readonly clicks: readonly Clicks[];
  readonly unsubscribed: number;
  readonly abuseReports: number;
  readonly hardBounces: number;
  readonly softBounces: number;
  readonly forwards: number;
  readonly at?: number;
}

export interface Campaign {
  readonly id: string;
  readonly webId: number;
  readonly account: Account;
  readonly type: "regular" | "plaintext";
  readonly createdAt: number;
  status: "save" | "schedule" | "sending" | "sent" | "paused" | "canceled";
  contentType: "template" | "html" | "url" | "multichannel";
  recipients?: Recipients;
  /** The recipients are counted then. */
  countedAt: number;
  settings: Readonly<Record<string, string | boolean | number>>;
  tracking: Readonly<Record<string, unknown>>;
  socialCard?: Readonly<Record<string, string>>;
  html: string;
  plainText: string;
  /** When a scheduled one goes out, or the send was asked for. */
  sendAt?: number;
  timewarp: boolean;
  /** When the last e-mail is out; absent while a review holds it. */
  sendEndsAt?: number;
  /** To whom it goes, fixed when sending begins. */
  addressees: number;
  emailsSent: number;
  engagement: Engagement;
  readonly testsSent: string[];
}

export interface Hook {
  readonly id: string;
  readonly audience: Audience;
  readonly url: string;
  readonly events: Readonly<Record<string, boolean>>;
  readonly sources: Readonly<Record<string, boolean>>;
}

export interface Batch {
  readonly id: string;
  readonly account: Account;
  readonly total: number;
  readonly errored: number;
  readonly at: number;
  readonly endsAt: number;
  readonly archive: Uint8Array;
  isTold: boolean;
}

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
    batches: simStore<Batch>(),
    batchHooks: simStore<{ readonly id: string; readonly account: Account; readonly url: string; enabled: boolean }>(),
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

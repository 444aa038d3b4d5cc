import { publishingAtOnce, Variables } from "../../apps/server/src/config/variables.ts";

type SettingName = keyof typeof Variables.shape;

/** What a setting is for, and what holds while it is not set. A setting without a line here does not compile. */
const descriptions: Readonly<Record<SettingName, { readonly what: string; readonly unset?: string }>> = {
  NODE_ENV: {
    what: "`production` turns the simulators off unless `POSTD_SIMULATORS` says otherwise.",
    unset: "development",
  },
  DATABASE_URL: {
    what: "PostgreSQL 15 or newer, as `postgres://user:password@host:5432/postd`.",
    unset: "a PostgreSQL of POSTD's own in the data folder",
  },
  POSTD_PORT: {
    what: "Port of the web pages and the API. A port that is named is never moved.",
    unset: "3000, or the next free one while simulators are on",
  },
  POSTD_HOST: { what: "Address to listen on; `0.0.0.0` for every network interface." },
  POSTD_SIMULATOR_PORT: { what: "Port of the simulated platforms." },
  POSTD_DATA_DIR: { what: "Folder for the bundled database, media and keys." },
  POSTD_PUBLIC_URL: {
    what: "Where browsers and platforms reach this instance. Sign-in redirects, webhooks and media links begin with it.",
    unset: "the address it listens on",
  },
  POSTD_MASTER_KEY: {
    what: "Base64 of 32 bytes; wraps the keys of all tenants. Several separated by commas: the first is current, the others still open old values.",
    unset: "a key file in the data folder",
  },
  POSTD_AUTH_SECRET: {
    what: "At least 32 characters; signs sessions. The same for all processes.",
    unset: "a file in the data folder",
  },
  POSTD_SIMULATORS: {
    what: "`on`, `off`, or the address of simulators running elsewhere; `on,-bluesky` leaves single platforms real.",
    unset: "on; off in production",
  },
  POSTD_HOST_MAP: {
    what: "Where calls to a host go instead: `host=url,host=url`. A test server of your own, for instance.",
    unset: "nowhere else",
  },
  POSTD_EGRESS_ALLOW: {
    what: "Hosts in private networks that may be called all the same, separated by commas.",
    unset: "none",
  },
  POSTD_SMTP_URL: {
    what: "Mail server, `smtps://user:password@mail.example.org`.",
    unset: "no mail leaves; outside production it is written to the log",
  },
  POSTD_MAIL_FROM: { what: "Sender of mail." },
  POSTD_LOG_LEVEL: { what: "`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`." },
  POSTD_OPERATOR_EMAILS: {
    what: "People who run this instance and may pause all of it, separated by commas. They count once they confirmed the address by mail.",
    unset: "only who opened the operator's link: `npm run people -- link`",
  },
  POSTD_SIGN_UP: {
    what: "Who may make an account: `open` for everybody, `invite` for people with an invitation, `closed` for nobody new.",
    unset: "open while every platform is simulated, else invite",
  },
  POSTD_METRICS_TOKEN: {
    what: "Needed as a bearer token to read `/metrics`.",
    unset: "this machine and private networks may read it",
  },
  POSTD_TRUSTED_PROXIES: {
    what: "Proxies whose `X-Forwarded-For` is believed: addresses or ranges, separated by commas.",
    unset: "none",
  },
  POSTD_MEDIA_QUOTA: { what: "What the files of one workspace may take together, such as `500MB`.", unset: "`20GB`" },
  POSTD_INBOUND_SPOOL: {
    what: "What requests of platforms may take in the data folder while the database is away; beyond it they are asked to send again.",
    unset: "`64MB`",
  },
  POSTD_BUDGETS: {
    what: "Limits of platforms as your app has them, in place of those POSTD knows: `linkedin.app_calls_day=none,x.posts_day=500`. Names are in `budgets` of `GET /api/platforms`.",
    unset: "what the connectors say",
  },
  POSTD_WORKSPACES_PER_PERSON: { what: "How many workspaces one person may own; who owns as many makes no more." },
  POSTD_INBOX: {
    what: "`off`: what people write to accounts is read only when somebody asks; each reading costs calls.",
  },
  POSTD_UPKEEP: {
    what: "`off`: accounts are not looked at every 6 hours, and sign-ins are renewed only when they are used, so that idle ones end.",
  },
  POSTD_NUMBERS: {
    what: "`off`: numbers of posts and accounts are read only when somebody asks; each reading costs calls.",
  },
  POSTD_WORKERS_PUBLISH: {
    what: "Publish jobs one worker process runs at a time for one workspace; a third more is kept for others.",
    unset: `\`${publishingAtOnce}\``,
  },
  POSTD_WORKERS_HEALTH: { what: "Health checks one worker process makes at a time." },
  POSTD_WORKERS_REFRESH: { what: "Sign-ins one worker process renews ahead of time at a time." },
  POSTD_WORKER_CONCURRENCY: {
    what: "Older name of `POSTD_WORKERS_PUBLISH`.",
    unset: "`POSTD_WORKERS_PUBLISH` holds",
  },
};

/** Settings in the order config.ts has them, with what holds where they are absent. Pure. */
export function settings(): { readonly name: string; readonly what: string; readonly unset: string }[] {
  return Object.entries(Variables.shape).map(([name, schema]) => {
    const { what, unset } = descriptions[name as SettingName];
    return { name, what, unset: unset ?? defaultOf(schema) };
  });
}

function defaultOf(schema: {
  safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown };
}): string {
  const { data } = schema.safeParse(undefined);
  return typeof data === "string" || typeof data === "number" ? `\`${data}\`` : "";
}

import path from "node:path";
import { parseArgs } from "node:util";
import type { AppCredentials, Provider, Secret } from "@postd/connector-kit";
import type { BudgetLimits, SignUpRule } from "@postd/core";
import { z } from "zod";
import { type Env, readApps } from "./config/apps.ts";
import { ConfigError, type ConfigProblem } from "./config/config-error.ts";
import type { HostMapping, SimulatorSetting } from "./config/fields.ts";
import { type logLevels, publishingAtOnce, Variables } from "./config/variables.ts";

export const roles = ["all", "http", "worker"] as const;
export type Role = (typeof roles)[number];

/** Everything an operator can set, checked once. Whatever holds a password or key is a `Secret` and prints as such. */
export interface Config {
  readonly role: Role;
  readonly isProduction: boolean;
  readonly host: string;
  readonly port: number;
  /** True when the operator named a port: it is then never moved on. */
  readonly portIsFixed: boolean;
  readonly simulatorPort: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Where a person typed the command; npm runs it in the project's folder. Absolute. */
  readonly callerDir: string;
  /** Without a slash at the end; undefined: the address the server listens on. */
  readonly publicUrl: string | undefined;
  /** undefined: the bundled PostgreSQL in the data folder. */
  readonly databaseUrl: Secret | undefined;
  /** Base64 of 32 bytes each, the current one first; undefined: the keyring file in the data folder. */
  readonly masterKeys: readonly Secret[] | undefined;
  /** undefined: `auth-secret` in the data folder. */
  readonly authSecret: Secret | undefined;
  readonly simulators: SimulatorSetting;
  readonly hostMap: readonly HostMapping[];
  readonly egressAllow: readonly string[];
  /** undefined: no mail is sent; outside production it is written to the log instead. */
  readonly smtpUrl: Secret | undefined;
  readonly mailFrom: string;
  readonly logLevel: (typeof logLevels)[number];
  /** How many of each kind of work one worker process does at a time. */
  readonly workers: {
    /** Publish jobs, for one tenant; a third more is kept for others. */
    readonly publish: number;
    /** Health checks. */
    readonly health: number;
    /** Renewals of sign-ins ahead of time. */
    readonly refresh: number;
  };
  /** Whether workers look at accounts and renew sign-ins by themselves. */
  readonly upkeep: boolean;
  /** Whether workers read numbers of posts and accounts by themselves. */
  readonly numbers: boolean;
  /** Whether workers read what people write to accounts by themselves. */
  readonly inbox: boolean;
  /** What the media of one tenant may take together. */
  readonly mediaQuotaBytes: number;
  /** What requests of platforms may take on this machine together while the database is away. */
  readonly inboundSpoolBytes: number;
  /** Limits of platforms as the operator knows them, in place of what the connectors say. */
  readonly budgets: BudgetLimits;
  /** How many workspaces one person may own before they can make no more. */
  readonly workspacesPerPerson: number;
  /** Lower case. Whoever confirmed one of them by mail runs the instance; others open the operator's link. */
  readonly operatorEmails: readonly string[];
  /** undefined: open while every platform is simulated, else by invitation. */
  readonly signUp: SignUpRule | undefined;
  /** undefined: only this machine and private networks may read /metrics. */
  readonly metricsToken: Secret | undefined;
  /** Addresses or ranges of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly apps: ReadonlyMap<string, AppCredentials>;
  readonly apiVersions: ReadonlyMap<string, string>;
  /** Variables beginning with POSTD_ that nothing reads: a typing mistake, most likely. */
  readonly unknownVariables: readonly string[];
}

/** Read by other programs of this project; not a typing mistake here. */
const readElsewhere = /^POSTD_(TEST_.*|SPECS_DIR|SIMULATOR_LATENCY_MS)$/;

export interface ConfigInput {
  readonly env: Env;
  /** Arguments after the program's name; only `--role` is read. */
  readonly argv: readonly string[];
  /** They declare which app credentials and API versions exist. */
  readonly providers: readonly Provider[];
}

/** Turns environment and arguments into a checked config. Pure; throws `ConfigError` naming every wrong variable. */
export function parseConfig({ env, argv, providers }: ConfigInput): Config {
  // Compose files pass unset variables as empty text.
  const given: Env = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = Variables.safeParse(given);
  const apps = readApps(given, providers);
  const role = z.enum(roles).safeParse(roleArgument(argv));
  const problems: ConfigProblem[] = [
    ...(parsed.success ? [] : parsed.error.issues).map((issue) => ({
      variable: String(issue.path[0] ?? "environment"),
      message: issue.message.replace(/\.$/, ""),
    })),
    ...twoNames(given),
    ...apps.problems,
    ...(role.success ? [] : [{ variable: "--role", message: `must be one of ${roles.join(", ")}` }]),
  ];
  if (!parsed.success || !role.success || problems.length > 0) throw new ConfigError(problems);
  const known = new Set([...Object.keys(Variables.shape), ...apps.names]);
  const v = parsed.data;
  const isProduction = v.NODE_ENV === "production";
  return {
    role: role.data,
    isProduction,
    host: v.POSTD_HOST,
    port: v.POSTD_PORT ?? 3000,
    portIsFixed: v.POSTD_PORT !== undefined,
    simulatorPort: v.POSTD_SIMULATOR_PORT,
    dataDir: path.resolve(v.POSTD_DATA_DIR),
    callerDir: path.resolve(given.INIT_CWD ?? "."),
    publicUrl: v.POSTD_PUBLIC_URL,
    databaseUrl: v.DATABASE_URL,
    masterKeys: v.POSTD_MASTER_KEY,
    authSecret: v.POSTD_AUTH_SECRET,
    simulators: v.POSTD_SIMULATORS ?? { mode: isProduction ? "off" : "own", except: [] },
    hostMap: v.POSTD_HOST_MAP,
    egressAllow: v.POSTD_EGRESS_ALLOW,
    smtpUrl: v.POSTD_SMTP_URL,
    mailFrom: v.POSTD_MAIL_FROM,
    logLevel: v.POSTD_LOG_LEVEL,
    workers: {
      publish: v.POSTD_WORKERS_PUBLISH ?? v.POSTD_WORKER_CONCURRENCY ?? publishingAtOnce,
      health: v.POSTD_WORKERS_HEALTH,
      refresh: v.POSTD_WORKERS_REFRESH,
    },
    upkeep: v.POSTD_UPKEEP === "on",
    numbers: v.POSTD_NUMBERS === "on",
    inbox: v.POSTD_INBOX === "on",
    mediaQuotaBytes: v.POSTD_MEDIA_QUOTA,
    inboundSpoolBytes: v.POSTD_INBOUND_SPOOL,
    budgets: v.POSTD_BUDGETS,
    workspacesPerPerson: v.POSTD_WORKSPACES_PER_PERSON,
    operatorEmails: v.POSTD_OPERATOR_EMAILS,
    signUp: v.POSTD_SIGN_UP,
    metricsToken: v.POSTD_METRICS_TOKEN,
    trustedProxies: v.POSTD_TRUSTED_PROXIES,
    apps: apps.apps,
    apiVersions: apps.apiVersions,
    unknownVariables: Object.keys(given).filter(
      (name) => name.startsWith("POSTD_") && !known.has(name) && !readElsewhere.test(name),
    ),
  };
}

/** The one place that reads the process's environment. */
export function readConfig(providers: readonly Provider[]): Config {
  return parseConfig({ env: process.env, argv: process.argv.slice(2), providers });
}

function roleArgument(argv: readonly string[]): string {
  const { values } = parseArgs({ args: [...argv], options: { role: { type: "string" } }, strict: false });
  return typeof values.role === "string" ? values.role : "all";
}

/** The older name goes on working; two numbers for one thing are a mistake that nobody could see otherwise. */
function twoNames(given: Env): ConfigProblem[] {
  const [now, older] = [given.POSTD_WORKERS_PUBLISH, given.POSTD_WORKER_CONCURRENCY];
  if (now === undefined || older === undefined || Number(now) === Number(older)) return [];
  const message = "is the older name of POSTD_WORKERS_PUBLISH, and both are set, to different numbers. Set one of them";
  return [{ variable: "POSTD_WORKER_CONCURRENCY", message }];
}

import { secret } from "@postd/connector-kit";
import type { SignUpRule } from "@postd/core";
import { z } from "zod";
import {
  BudgetList,
  ByteSize,
  EmailList,
  HostList,
  HostMap,
  HttpUrl,
  MasterKeys,
  Port,
  Simulators,
  secretUrl,
} from "./fields.ts";

const signUpRules = ["open", "invite", "closed"] as const satisfies readonly SignUpRule[];
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const mailAddress = z
  .string()
  .regex(
    /^(?:[^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/,
    "must be an address such as POSTD <postd@example.org>",
  );

const commaList = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

/** How many of one kind of work a worker process does at a time. */
const atOnce = z.coerce.number("must be a number").int().min(1).max(500);
export const publishingAtOnce = 24;

/** Every setting that is not a connector's own; docs/configuration.md is made from it. */
export const Variables = z.object({
  NODE_ENV: z.string().optional(),
  POSTD_PORT: Port.optional(),
  POSTD_HOST: z.string().default("127.0.0.1"),
  POSTD_SIMULATOR_PORT: Port.default(4100),
  POSTD_DATA_DIR: z.string().default("./data"),
  POSTD_PUBLIC_URL: HttpUrl.optional(),
  DATABASE_URL: secretUrl(["postgres:", "postgresql:"], "postgres://user:password@host:5432/postd").optional(),
  POSTD_MASTER_KEY: MasterKeys.optional(),
  POSTD_AUTH_SECRET: z
    .string()
    .min(32, "must have at least 32 characters. Make one with: openssl rand -base64 32")
    .transform((text) => secret(text))
    .optional(),
  POSTD_SIMULATORS: Simulators.optional(),
  POSTD_HOST_MAP: HostMap.default([]),
  POSTD_EGRESS_ALLOW: HostList.default([]),
  POSTD_SMTP_URL: secretUrl(["smtp:", "smtps:"], "smtps://user:password@mail.example.org").optional(),
  POSTD_MAIL_FROM: mailAddress.default("POSTD <postd@localhost>"),
  POSTD_LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(", ")}`).default("info"),
  POSTD_WORKERS_PUBLISH: atOnce.optional(),
  POSTD_WORKERS_HEALTH: atOnce.default(10),
  POSTD_WORKERS_REFRESH: atOnce.default(5),
  POSTD_WORKER_CONCURRENCY: atOnce.optional(),
  POSTD_UPKEEP: z.enum(["on", "off"], "must be on or off").default("on"),
  POSTD_NUMBERS: z.enum(["on", "off"], "must be on or off").default("on"),
  POSTD_INBOX: z.enum(["on", "off"], "must be on or off").default("on"),
  POSTD_MEDIA_QUOTA: ByteSize.prefault("20GB"),
  POSTD_INBOUND_SPOOL: ByteSize.prefault("64MB"),
  POSTD_BUDGETS: BudgetList.prefault(""),
  POSTD_WORKSPACES_PER_PERSON: z.coerce.number("must be a number").int().min(1).max(100_000).default(20),
  POSTD_OPERATOR_EMAILS: EmailList.default([]),
  POSTD_SIGN_UP: z
    .enum(signUpRules, `must be ${signUpRules.slice(0, -1).join(", ")} or ${signUpRules.at(-1)}`)
    .optional(),
  POSTD_METRICS_TOKEN: z
    .string()
    .min(16, "must have at least 16 characters. Make one with: openssl rand -hex 24")
    .transform((text) => secret(text))
    .optional(),
  POSTD_TRUSTED_PROXIES: commaList.default([]),
});

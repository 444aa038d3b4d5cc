import { allProviders } from "@postd/connectors";
import { type CheckName, checkNames, type Outcome } from "./checks.ts";
import type { Checks, TriedPlatform } from "./validate.ts";

/** One row of `logs/connector_test_results.json`: a platform, or a provider with what its platforms came to. */
export interface ReportRow {
  readonly platform: string;
  readonly kind: "platform" | "provider";
  readonly name: string;
  readonly provider: string;
  /** Of a provider: its platforms. */
  readonly platforms?: readonly string[];
  readonly status: Outcome["status"];
  readonly checks: Checks;
  /** Of a platform: the same, one sign-in at a time. */
  readonly signIns?: TriedPlatform["signIns"];
  readonly tookMs: number;
}

export interface Report {
  readonly ranAt: string;
  readonly mode: "simulated" | "live";
  readonly status: Outcome["status"];
  readonly platforms: readonly ReportRow[];
}

/** Pure. A provider that is its only platform's namesake has no row of its own. */
export function reportOf(
  tried: readonly TriedPlatform[],
  { mode, ranAt }: { readonly mode: Report["mode"]; readonly ranAt: Date },
): Report {
  const rows = tried.map(({ platform, signIns, tookMs }): ReportRow => {
    const checks = together(signIns.map(({ label, checks }) => ({ name: label, checks })));
    const { id, name, provider } = platform;
    return { platform: id, kind: "platform", name, provider, status: statusOf(checks), checks, signIns, tookMs };
  });
  const providers = [...new Set(rows.map(({ provider }) => provider))].filter(
    (provider) => !rows.some(({ platform }) => platform === provider),
  );
  const sums = providers.map((provider): ReportRow => {
    const own = rows.filter((row) => row.provider === provider);
    const checks = together(own);
    return {
      platform: provider,
      kind: "provider",
      name: allProviders.find(({ id }) => id === provider)?.name ?? provider,
      provider,
      platforms: own.map(({ platform }) => platform),
      status: statusOf(checks),
      checks,
      tookMs: own.reduce((sum, { tookMs }) => sum + tookMs, 0),
    };
  });
  const platforms = [...rows, ...sums].sort((a, b) => (a.platform < b.platform ? -1 : 1));
  return { ranAt: ranAt.toISOString(), mode, status: worst(platforms.map(({ status }) => status)), platforms };
}

/** 1 where anything failed, or nothing at all could be tried. */
export const exitCodeOf = ({ status }: Report): number => (status === "ok" ? 0 : 1);

const words: Readonly<Record<Outcome["status"], string>> = {
  ok: "ok",
  absent: "absent",
  failed: "FAILED",
  not_tried: "not tried",
};

/** The table people read, and below it why something is not ok. Pure. */
export function tableOf({ platforms }: Report): string {
  const rows = platforms.filter(({ kind }) => kind === "platform");
  const cells = [
    ["platform", ...checkNames],
    ...rows.map(({ platform, checks }) => [platform, ...checkNames.map((name) => words[checks[name].status])]),
  ];
  const widths = (cells[0] ?? []).map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const table = cells.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd());
  const reasons = rows.flatMap(({ platform, checks }) =>
    checkNames.flatMap((name) => {
      const { status, detail } = checks[name];
      return status === "ok" ? [] : [`  ${platform}, ${name}: ${words[status]}${detail ? `. ${detail}` : ""}`];
    }),
  );
  return [...table, ...(reasons.length > 0 ? ["", ...reasons] : [])].join("\n");
}

/** What several came to: a failure of one is all's; absent only where none has it. */
function together(list: readonly { readonly name: string; readonly checks: Checks }[]): Checks {
  const sum = (check: CheckName): Outcome => {
    const status = worst(list.map(({ checks }) => checks[check].status));
    const said = list.flatMap(({ name, checks }) => {
      const { status: own, detail } = checks[check];
      return own === status && detail ? [list.length > 1 ? `${name}: ${detail}` : detail] : [];
    });
    return { status, ...(said.length > 0 && { detail: said.join("; ") }) };
  };
  return Object.fromEntries(checkNames.map((name) => [name, sum(name)])) as Record<CheckName, Outcome>;
}

const order = ["failed", "ok", "not_tried", "absent"] as const;
const worst = (list: readonly Outcome["status"][]): Outcome["status"] =>
  order.find((status) => list.includes(status)) ?? "not_tried";
const statusOf = (checks: Checks): Outcome["status"] => worst(Object.values(checks).map(({ status }) => status));

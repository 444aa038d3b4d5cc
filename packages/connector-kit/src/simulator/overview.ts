import type { ControlPanel } from "./control-panel.ts";
import { escapeHtml, htmlPage, postCard } from "./html.ts";
import type { MountedSimulator } from "./mount.ts";
import { type SimAccount, type SimPost, simFaults } from "./types.ts";

/** GET /__sim/: everything posted, newest first, then what each simulator offers for a try. */
export function overviewPage(panel: ControlPanel): string {
  const posts = panel.mounts
    .flatMap((mount) => mount.simulator.posts().map((post) => ({ mount, post })))
    .sort((left, right) => right.post.createdAt.localeCompare(left.post.createdAt));
  const cards = posts.map(({ mount, post }) => cardOf(panel, mount, post)).join("");
  const names = panel.mounts.flatMap(({ definition }) => definition.errors?.fault ?? []);
  const bodyHtml = `<h1>What was posted</h1>${cards || '<p class="soft">Nothing yet. Publish something and load this page again.</p>'}
${panel.mounts.map(simulatorSection).join("")}${faultsSection(names)}`;
  return htmlPage({ title: `Simulated platforms (${posts.length} posts)`, bodyHtml });
}

/** The page behind a permalink. */
export function postPage(panel: Pick<ControlPanel, "localPath">, mount: MountedSimulator, post: SimPost): string {
  return htmlPage({
    title: `${post.accountName} on ${post.platform}`,
    bodyHtml: `${cardOf(panel, mount, post)}<p><a href="/__sim/">everything posted</a></p>`,
  });
}

/** What a test can make a platform do; docs/guides/simulators.md says more. */
function faultsSection(names: readonly string[]): string {
  const faults = [...simFaults, "drop", "hold", "replace", "platformError", ...names];
  return `<section><h2>Faults</h2><p class="soft">${faults.map((name) => `<code>${escapeHtml(name)}</code>`).join(" ")}</p>
<p class="soft">Armed by <code>POST /__sim/&lt;platform&gt;/faults {"fault", "times"?, "skip"?, "match"?}</code>. <code>platformError</code> takes
<code>status</code>, <code>headers</code>, <code>body</code> or the platform's own fields; with <code>"after": true</code> the call is applied all the same.</p></section>`;
}

function cardOf(panel: Pick<ControlPanel, "localPath">, mount: MountedSimulator, post: SimPost): string {
  return postCard(post, {
    page: post.permalink === undefined ? undefined : panel.localPath(post.permalink),
    media: (sha256) =>
      mount.simulator.media?.(sha256) === undefined ? undefined : `/__sim/${mount.definition.id}/media/${sha256}`,
  });
}

function simulatorSection({ definition, simulator }: MountedSimulator): string {
  const accounts = simulator.accounts?.() ?? [];
  const rows = accounts.map(accountRow).join("");
  const table =
    rows === ""
      ? ""
      : `<table><thead><tr><th>Account</th><th>Sign in with</th></tr></thead><tbody>${rows}</tbody></table>`;
  return `<section><h2>${escapeHtml(definition.platforms.join(", "))}</h2>
<p class="soft">Serves ${definition.hosts.map((host) => `<code>${escapeHtml(host)}</code>`).join(" ")}</p>${table}</section>`;
}

function accountRow(account: SimAccount): string {
  const signIn = Object.entries(account.extra ?? {})
    .filter(([, value]) => typeof value === "string")
    .map(([name, value]) => `${escapeHtml(name)}: <code>${escapeHtml(String(value))}</code>`)
    .join("<br>");
  return `<tr><td>${escapeHtml(account.name)}<br><span class="soft">${escapeHtml(account.handle ?? account.id)} · ${escapeHtml(account.kind)}</span></td><td>${signIn || '<span class="soft">the login page</span>'}</td></tr>`;
}

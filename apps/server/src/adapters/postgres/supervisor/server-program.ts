import { type ChildProcess, spawn } from "node:child_process";
import type { SystemUser } from "./system-user.ts";

/**
 * How a PostgreSQL program is told where its cluster is. On Linux it starts inside the folder and names it `/proc/self/cwd`:
 * the working folder is entered before the user is dropped, so the data may lie under folders that user cannot pass (0700),
 * and paths may be of any length. Elsewhere it is the plain path.
 */
export function clusterArgument(cluster: string): string {
  return process.platform === "linux" ? "/proc/self/cwd" : cluster;
}

/**
 * Starts a PostgreSQL program in the cluster folder. Its own session keeps Ctrl-C in the terminal away from it, so that
 * POSTD can finish its work first. It gets an environment of its own: POSTD's holds secrets and may hold PG* settings.
 */
export function spawnInCluster(
  program: string,
  args: readonly string[],
  options: { cluster: string; user: SystemUser | undefined; output: number | "pipe" },
): ChildProcess {
  return spawn(program, args, {
    cwd: options.cluster,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
    detached: true,
    windowsHide: true,
    stdio: ["ignore", options.output, options.output],
    ...options.user,
  });
}

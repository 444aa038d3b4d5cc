import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Binaries, findBinaries } from "./binaries.ts";
import { ensureCluster, superuser } from "./cluster.ts";
import { claimCluster, type Layout, layoutOf, prepareFolders } from "./layout.ts";
import { databaseName, ensureDatabase, isOurs } from "./login.ts";
import { heartbeatMs, join, refuseOtherPlaces } from "./members.ts";
import { choosePort } from "./port.ts";
import {
  dropPidFile,
  host,
  type Postmaster,
  runningPostmaster,
  startPostmaster,
  stopPostmaster,
} from "./postmaster.ts";
import { isAlive, isPostgresOf, signal } from "./processes.ts";
import { withStartLock } from "./start-lock.ts";
import { chooseSystemUser, type SystemUser } from "./system-user.ts";

/** What the supervisor says while it works; pino's loggers fit. */
export type SupervisorLog = Record<"info" | "warn" | "error", (fields: object, message: string) => void>;

/** A postmaster that ended although nobody asked for it. `recoveredInMs` comes with the second event, once it is back. */
export type ExitEvent = {
  readonly kind: "exited" | "recovered";
  readonly pid: number;
  readonly recoveredInMs?: number;
};

export type BundledPostgresOptions = {
  /** POSTD's data folder; everything of the server is under `postgres/` in it. */
  readonly dataDir: string;
  readonly log: SupervisorLog;
  /** Loopback port; without it a free one is chosen once and kept. */
  readonly port?: number;
};

const lockPatienceMs = 180_000;
const answerPatienceMs = 60_000;
const watchEveryMs = 500;
const backoffMs = [0, 250, 500, 1_000, 2_000, 5_000];

/**
 * Starts the bundled PostgreSQL on this data folder, or joins the one another POSTD process (or one that was killed) left
 * running there, and keeps it running until `stop()`. Throws with a way out when it cannot run here.
 */
export async function startBundledPostgres(options: BundledPostgresOptions): Promise<BundledPostgres> {
  const layout = layoutOf(options.dataDir);
  const user = chooseSystemUser(layout);
  const binaries = findBinaries(user);
  prepareFolders(layout, user);
  const context = { ...options, layout, user, binaries };
  return withStartLock(layout.lockFile, lockPatienceMs, async () => {
    await refuseOtherPlaces(layout);
    claimCluster(layout, user);
    const password = await ensureCluster(layout, binaries, user);
    const postmaster = await bringUp(context, password, options.port);
    return new BundledPostgres(context, password, postmaster);
  });
}

type Context = BundledPostgresOptions & {
  readonly layout: Layout;
  readonly user: SystemUser | undefined;
  readonly binaries: Binaries;
};

/**
 * Owner of this process's share in the server. Whoever notices its death starts it again, whoever leaves last stops it;
 * there is no other owner, so http and worker processes on one data folder need no order among themselves.
 */
export class BundledPostgres {
  readonly host = host;
  #context: Context;
  #password: string;
  #postmaster: Postmaster;
  #membership: ReturnType<typeof join>;
  #listeners = new Set<(event: ExitEvent) => void>();
  #timers: NodeJS.Timeout[];
  #state: "running" | "recovering" | "restarting" | "stopped" = "running";
  #recovery: Promise<void> = Promise.resolve();
  #onProcessExit = () => this.#leaveAtExit();

  constructor(context: Context, password: string, postmaster: Postmaster) {
    this.#context = context;
    this.#password = password;
    this.#membership = join(context.layout, context.user);
    this.#postmaster = postmaster;
    this.#timers = [
      setInterval(() => this.#membership.beat(), heartbeatMs).unref(),
      setInterval(() => this.#watch(), watchEveryMs).unref(),
    ];
    this.#attach(postmaster);
    process.on("exit", this.#onProcessExit);
  }

  /** Process number of the postmaster; another one after each restart. */
  get pid(): number {
    return this.#postmaster.pid;
  }

  /** Stays the same for the life of this object, restarts included. */
  get port(): number {
    return this.#postmaster.port;
  }

  /** Connection URL for a role (default: the superuser). Holds the password: never log it. */
  url(role: string = superuser, database: string = databaseName): string {
    const password = role === superuser ? this.#password : this.rolePassword(role);
    return `postgres://${encodeURIComponent(role)}:${encodeURIComponent(password)}@${host}:${this.port}/${database}`;
  }

  /**
   * The password a role has, or is to be given when it is made: derived from the superuser's, so there is one secret to
   * keep. Making the role is the caller's.
   */
  rolePassword(role: string): string {
    return createHmac("sha256", this.#password).update(`role:${role}`).digest("base64url");
  }

  /** Tells of unexpected deaths and of the recovery after them. Gives a function that ends the telling. */
  onExit(listener: (event: ExitEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops and starts the server (open connections are cut), on the same port. */
  async restart(): Promise<void> {
    if (this.#state === "stopped") throw new Error("The bundled PostgreSQL was stopped.");
    await this.#recovery;
    this.#state = "restarting";
    try {
      await this.#underLock(async () => {
        if (isAlive(this.pid)) await stopPostmaster(this.pid);
        this.#attach(await bringUp(this.#context, this.#password, this.port));
      });
    } finally {
      this.#state = "running";
    }
  }

  /**
   * Leaves the server, and stops it (fast shutdown, everything on disk) unless other POSTD processes still use it.
   * Gives whether it was stopped. A second call does nothing.
   */
  async stop(): Promise<boolean> {
    if (this.#state === "stopped") return false;
    this.#state = "stopped";
    await this.#recovery;
    for (const timer of this.#timers) clearInterval(timer);
    process.off("exit", this.#onProcessExit);
    return this.#underLock(async () => {
      const isShared = this.#membership.othersRemain();
      const running = runningPostmaster(this.#context.layout);
      if (!isShared && running) await stopPostmaster(running.pid);
      this.#membership.leave();
      return !isShared;
    });
  }

  #attach(postmaster: Postmaster): void {
    this.#postmaster = postmaster;
    postmaster.child?.once("exit", () => this.#watch());
  }

  #watch(): void {
    if (this.#state !== "running" || isAlive(this.pid)) return;
    this.#state = "recovering";
    this.#recovery = this.#recover();
  }

  async #recover(): Promise<void> {
    const begun = performance.now();
    const lost = this.pid;
    const { log } = this.#context;
    log.warn({ pid: lost }, "PostgreSQL ended unexpectedly; starting it again");
    this.#tell({ kind: "exited", pid: lost });
    for (let attempt = 0; this.#state === "recovering"; attempt += 1) {
      await delay(backoffMs[Math.min(attempt, backoffMs.length - 1)]);
      try {
        await this.#underLock(async () => {
          if (this.#state === "recovering") this.#attach(await bringUp(this.#context, this.#password, this.port));
        });
        if (this.#state !== "recovering") return;
        this.#state = "running";
        const recoveredInMs = Math.round(performance.now() - begun);
        log.info({ pid: this.pid, recoveredInMs }, "PostgreSQL is back");
        this.#tell({ kind: "recovered", pid: this.pid, recoveredInMs });
        return this.#watch();
      } catch (error) {
        log.error({ attempt: attempt + 1, err: error }, "PostgreSQL could not be started again; trying on");
      }
    }
  }

  #tell(event: ExitEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #underLock<T>(work: () => Promise<T>): Promise<T> {
    return withStartLock(this.#context.layout.lockFile, lockPatienceMs, work);
  }

  /** The process ends without `stop()` (a crash): nothing can be awaited any more, but the server need not stay behind. */
  #leaveAtExit(): void {
    const isShared = this.#membership.othersRemain();
    this.#membership.leave();
    if (!isShared && isAlive(this.pid)) signal(this.pid, process.platform === "win32" ? "SIGKILL" : "SIGINT");
  }
}

/** Joins the postmaster that runs and answers, or starts one. Call under the start lock. */
async function bringUp(context: Context, password: string, port: number | undefined): Promise<Postmaster> {
  const { layout, user, binaries, log } = context;
  const running = runningPostmaster(layout);
  if (running) {
    if (await isOurs(running, { layout, user, password, timeoutMs: answerPatienceMs })) {
      log.info({ pid: running.pid, port: running.port }, "joined the PostgreSQL that runs on this data folder");
      return running;
    }
    if (isPostgresOf(layout.cluster, running.pid) === "yes") {
      log.warn({ pid: running.pid }, "PostgreSQL on this data folder does not answer; stopping it");
      await stopPostmaster(running.pid);
    } else dropPidFile(layout);
  }
  const started = await startPostmaster(layout, binaries, user, await choosePort(layout, user, port));
  if (!(await isOurs(started, { layout, user, password, timeoutMs: answerPatienceMs }))) {
    await stopPostmaster(started.pid);
    throw new Error(
      `PostgreSQL started but refuses the password in ${layout.passwordFile}. Restore that file from a backup.`,
    );
  }
  await ensureDatabase(started.port, password);
  return started;
}

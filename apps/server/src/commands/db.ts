import path from "node:path";
import { parseArgs } from "node:util";
import { restoreBackup } from "../adapters/postgres/backup/restore-backup.ts";
import { writeBackup } from "../adapters/postgres/backup/write-backup.ts";
import { knownMigrations, migrateDatabase } from "../adapters/postgres/migrate.ts";
import { retryInbound } from "../adapters/postgres/retry-inbound.ts";
import type { Config } from "../config.ts";
import { checkDatabase } from "./check-database.ts";
import { masterKeysAtHand } from "./master-keys.ts";
import { openServer } from "./open-server.ts";
import { runCommand, UsageError } from "./run-command.ts";

const usage = `npm run db -- <command>

  migrate                              bring the database to this version
  check                                connection, version, roles, row security, keys
  backup <folder> [--with-key] [--no-media]
                                       one consistent copy while the server runs; --with-key puts the master keys
                                       beside it, so keep it as safe as the tokens themselves
  restore <folder> [--without-key]     load a backup into an empty database; stop the server first
  retry-inbound                        try again what platforms sent and POSTD put aside`;

await runCommand(usage, async (config, args, say) => {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      "with-key": { type: "boolean" },
      "without-key": { type: "boolean" },
      "no-media": { type: "boolean" },
    },
  });
  const [command, folder, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`There is too much on the line: ${more.join(" ")}`);
  const server = await openServer(config);
  try {
    switch (command) {
      case "migrate":
        await migrateDatabase(server.url);
        say(`${server.name} is at ${(await knownMigrations()).at(-1)}.`);
        return true;
      case "check":
        return await check(config, server, say);
      case "backup": {
        const target = folderOf(config, folder);
        const withKey = values["with-key"] === true;
        const withMedia = values["no-media"] !== true;
        const made = await writeBackup({
          url: server.url,
          folder: target,
          dataDir: config.dataDir,
          withKey,
          withMedia,
        });
        const rows = made.tables.reduce((sum, { file }) => sum + file.rows, 0);
        say(`${rows} rows of ${made.tables.length} tables are in ${target}${withMedia ? ", with media" : ""}.`);
        if (withKey) say("The master keys are in it too: whoever has this folder can open every token.");
        else if (made.masterKeys.length > 0)
          say(
            `To restore it you need master key ${made.masterKeys.join(", ")}, which is not in it. Keep ${keySource(config)} safe elsewhere.`,
          );
        return true;
      }
      case "restore": {
        const source = folderOf(config, folder);
        const keysAtHand = masterKeysAtHand(config);
        const withoutKey = values["without-key"] === true;
        const done = await restoreBackup({
          url: server.url,
          folder: source,
          dataDir: config.dataDir,
          keysAtHand,
          withoutKey,
        });
        say(`${done.rows} rows are in ${server.name}.`);
        if (done.held > 0)
          say(
            `${done.held} posts fell due since the backup and may have gone out already. They are held: decide for each one.`,
          );
        if (done.missingKeys.length > 0) say("Tokens could not be brought back. Connect every account again.");
        return true;
      }
      case "retry-inbound":
        say(`${await retryInbound(server.url)} requests of platforms are tried again.`);
        return true;
      default:
        throw new UsageError(`There is no command "${command}".`);
    }
  } finally {
    await server.close();
  }
});

async function check(
  config: Config,
  server: { url: string; name: string },
  say: (line: string) => void,
): Promise<boolean> {
  say(server.name);
  const findings = await checkDatabase(server.url, config);
  for (const { ok, what, detail } of findings) say(`  ${ok ? "ok  " : "FAIL"}  ${what}: ${detail}`);
  return findings.every(({ ok }) => ok);
}

function folderOf(config: Config, folder: string | undefined): string {
  if (!folder) throw new UsageError("Name a folder.");
  return path.resolve(config.callerDir, folder);
}

function keySource(config: Config): string {
  return config.masterKeys ? "POSTD_MASTER_KEY" : path.join(config.dataDir, "keyring.json");
}

import { sql } from "drizzle-orm";
import { loadAuthSecret } from "../adapters/kms/auth-secret.ts";
import { actAs } from "../adapters/postgres/acting.ts";
import { createPeopleRepo } from "../adapters/postgres/people-repo.ts";
import { openRolePool } from "../adapters/postgres/pools.ts";
import { runSql } from "../adapters/postgres/run-sql.ts";
import { buildPeople } from "../compose/build-people.ts";
import { createLogger } from "../compose/logger.ts";
import { publicUrlOf } from "../compose/public-url.ts";
import type { Config } from "../config.ts";
import { openServer } from "./open-server.ts";
import { runCommand, UsageError } from "./run-command.ts";

const usage = `npm run people -- <command>     the server may keep running

  link                         a link that makes whoever opens it an operator, once, within a day
  operators                    who runs this instance
  end-operator <address>       somebody no longer does
  password <address>           a link for a new password, for somebody whom no mail reaches
  end-second-factor <address>  the codes of somebody who lost both the app and the backup codes`;

await runCommand(usage, async (config, args, say) => {
  const [command, address, ...more] = args;
  if (more.length > 0) throw new UsageError(`There is too much on the line: ${more.join(" ")}`);
  const server = await openServer(config);
  const app = openRolePool({ url: server.url, role: "postd_app", max: 2 });
  try {
    const { rows } = await runSql<{ now: Date }>(app.db, sql`select domain_now() as now`);
    const now = rows[0]?.now ?? new Date();
    const repo = createPeopleRepo(app.db);
    const mailed = Promise.withResolvers<string>();
    const people = buildPeople({
      db: app.db,
      config,
      log: createLogger({ ...config, logLevel: "silent" }),
      clock: { now: () => now },
      publicUrl: publicUrlOf(config),
      authSecret: loadAuthSecret(config),
      signUp: "closed",
      // The link is shown here, to whoever may run commands on this machine.
      mail: {
        send: async ({ text }) => {
          mailed.resolve(text);
          return true;
        },
      },
    });
    switch (command) {
      case "link":
        say(`Open this within a day. Whoever does first becomes an operator; older links have ended.`);
        say(await people.service.makeOperatorLink());
        if (config.signUp === "closed") say("POSTD_SIGN_UP is closed, so only somebody who has an account can use it.");
        return true;
      case "operators": {
        const found = await repo.operators(config.operatorEmails);
        for (const { email, name, by } of found) say(`${email}  ${name}  ${by}`);
        if (found.length === 0) say("Nobody runs this instance yet. Make a link with: npm run people -- link");
        for (const line of unusable(config)) say(line);
        return found.length > 0;
      }
      case "end-operator": {
        const ended = await repo.endOperator(addressOf(address));
        say(ended ? `${address} is no operator any more.` : `${address} never opened an operator's link.`);
        if (config.operatorEmails.includes(addressOf(address)))
          say("The address is in POSTD_OPERATOR_EMAILS: take it out there as well.");
        return ended;
      }
      case "password": {
        const email = addressOf(address);
        if (!(await repo.hasAccount(email))) {
          say(`Nobody has signed up with ${email}.`);
          return false;
        }
        await people.library.api.requestPasswordReset({ body: { email } });
        say(/http\S+/.exec(await mailed.promise)?.[0] ?? "");
        return true;
      }
      case "end-second-factor": {
        const email = addressOf(address);
        const ended = await actAs({ kind: "operator", reason: "ended at the machine" }, () =>
          repo.endSecondFactor(email),
        );
        say(
          ended
            ? `${email} signs in by password alone now, and was signed out everywhere. Ask them to switch codes on again.`
            : `${email} has no second factor here.`,
        );
        return ended;
      }
      default:
        throw new UsageError(`There is no command "${command}".`);
    }
  } finally {
    await app.close();
    await server.close();
  }
});

/** Settings that look as if they made operators and do not. */
function unusable(config: Config): readonly string[] {
  return config.operatorEmails.length > 0 && !config.smtpUrl
    ? ["POSTD_OPERATOR_EMAILS counts only for confirmed addresses, and none is confirmed without POSTD_SMTP_URL."]
    : [];
}

function addressOf(text: string | undefined): string {
  if (!text) throw new UsageError("Name an address.");
  return text.toLowerCase();
}

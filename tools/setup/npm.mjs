import { spawn } from "node:child_process";
import path from "node:path";

/**
 * Runs npm quietly with the given Node; rejects with npm's own words when it fails. The npm that started us is used where
 * there is one, and what `npm run` put into the environment for us is not handed to it.
 */
export function npm(node, args, cwd) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOfOurRun(name)));
  env.PATH = [path.dirname(node), process.env.PATH].filter(Boolean).join(path.delimiter);
  const quiet = ["--loglevel=error", "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress"];
  const own = process.env.npm_execpath;
  const [program, first] = own && /npm-cli\.c?js$/.test(own) ? [node, [own]] : ["npm", []];
  const child = spawn(program, [...first, ...args, ...quiet], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    shell: program === "npm" && process.platform === "win32",
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`npm could not be started: ${error.message}`)));
    child.once("close", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`npm ${args[0]} failed:\n${essence(said)}\n\nOnce that is mended, run the same command again.`),
        );
    });
  });
}

/** npm explains its whole command line after some errors. */
function essence(said) {
  const lines = said.split("\n").filter((line) => !/^npm error\s*$/.test(line));
  const usage = lines.findIndex((line) => /^npm error Usage:/.test(line));
  return lines
    .slice(0, usage < 0 ? 20 : Math.min(usage, 20))
    .join("\n")
    .trim();
}

function isOfOurRun(name) {
  return /^npm_(package|lifecycle|command|config_(local_prefix|prefix|workspace|workspaces|omit|include|production)$)/.test(
    name,
  );
}

/** Says what takes a while, and then how long it took. */
export async function announced(what, work) {
  process.stderr.write(`${what} ... `);
  const begun = Date.now();
  try {
    await work();
    process.stderr.write(`done in ${((Date.now() - begun) / 1000).toFixed(1)} s\n`);
  } catch (error) {
    process.stderr.write("failed\n");
    throw error;
  }
}

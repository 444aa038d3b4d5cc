/** `npm run boundaries`: who imports whom, and which names are not used where. npm hoists, so package.json alone stops nothing. */
import path from "node:path";
import { checkTree } from "./boundaries/check-tree.ts";

const { fileCount, problems } = checkTree(path.resolve(import.meta.dirname, ".."));
for (const problem of problems) console.error(problem);
console.log(`boundaries: ${fileCount} files, ${problems.length} broken`);
process.exitCode = problems.length > 0 ? 1 : 0;

export interface ConfigProblem {
  readonly variable: string;
  readonly message: string;
}

/** Every wrong variable at once, by name and with the way out; values are never repeated. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];
  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ variable, message }) => `${variable} ${message}.`).join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

export function npm(node: string, args: readonly string[], cwd: string): Promise<void>;
export function announced(what: string, work: () => Promise<void>): Promise<void>;

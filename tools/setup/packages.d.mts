type Entry = {
  version?: string;
  integrity?: string;
  link?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  peer?: boolean;
};
export function installPackages(root: string, node: string): Promise<void>;
export function isInstalled(root: string): boolean;
export function missing(wanted: Record<string, Entry>, present: Record<string, Entry>): string[];

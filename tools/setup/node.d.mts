export function findNode(root: string): Promise<string>;
export function isNewEnough(version: string): boolean;

/** A real address of the platform; the simulator host and the web map it to themselves. */
export const webUrl = (host: string, path: string): string => `https://${host}${path}`;

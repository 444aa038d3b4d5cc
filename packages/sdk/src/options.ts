export interface ClientOptions {
  /** Where the server is, with or without a slash at the end. */
  readonly baseUrl: string;
  /** `postd_...`; leave out where `fetch` carries a session cookie. */
  readonly apiKey?: string;
  /** Works in another of the session's tenants. */
  readonly tenantId?: string;
  /** Another way to send: with a cookie jar, a proxy, or straight into a server under test. Default: the global one. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

export interface CallOptions {
  /** Makes a repeat of a creating call answer the first result. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  /** A file for `createMedia` instead of a JSON body. */
  readonly upload?: { readonly file: Blob; readonly fileName?: string; readonly altText?: string };
}

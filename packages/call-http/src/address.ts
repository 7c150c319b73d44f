/** An absolute URL without its fragment; `undefined` for what is none. */
export function addressOf(text: string, base?: string): URL | undefined {
  try {
    const url = new URL(text, base);
    url.hash = "";
    return url;
  } catch {
    return undefined; // the caller says what is wrong
  }
}

/** Whether a request can be sent there. */
export function isFollowable({ protocol, username, password }: URL): boolean {
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

/** A request in words, without the query, which may have secrets. */
export function describe({ method, url }: { readonly method: string; readonly url: string }): string {
  const { origin, pathname } = new URL(url);
  return `${method} ${origin}${pathname}`;
}

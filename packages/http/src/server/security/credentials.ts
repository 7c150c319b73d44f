/** The key a request carries: as a bearer token, or where clients of Durable Functions have it. */
export function keyOf(request: {
  header: (name: string) => string | undefined;
  query: (name: string) => string | undefined;
}): string | undefined {
  const bearer = /^Bearer +(\S+)\s*$/i.exec(request.header("authorization") ?? "")?.[1];
  return bearer ?? request.header("x-functions-key") ?? request.query("code");
}

import { InvalidArgumentError, NonRetriableError, VirtualClock } from "@perdure/core";
import { managedIdentity, namedSecret } from "../src";
import type { TokenSource } from "../src";
import { ManagedIdentities } from "../src/tokens/managed-identities";
import { TokenProviders } from "../src/tokens/token-providers";
import type { TokenOptions } from "../src/tokens/token-providers";
import { TestServer } from "./support/test-server";

const signal = new AbortController().signal;
const HOUR = 3_600_000;
let clock: VirtualClock;
let endpoint: TestServer;

beforeAll(async () => void (endpoint = await new TestServer().start()));
afterAll(() => endpoint.stop());
beforeEach(() => {
  clock = new VirtualClock();
  endpoint.received.length = 0;
  endpoint.respond = (_request, response) =>
    response.end(
      JSON.stringify({ access_token: `token-${endpoint.received.length}`, expires_on: expiry(HOUR) }),
    );
});

/** As endpoints write it: seconds since the epoch, as text. */
function expiry(inMs: number): string {
  return String((clock.now() + inMs) / 1000);
}

function onMachine(): ManagedIdentities {
  return new ManagedIdentities({ clock, environment: {}, metadataUrl: `${endpoint.url}/metadata` });
}

describe("the managed identity", () => {
  it("of a virtual machine is asked of its metadata service", async () => {
    await expect(onMachine().token(managedIdentity("https://vault.example/"))).resolves.toBe("token-1");

    expect(endpoint.received).toMatchObject([{ method: "GET", headers: { metadata: "true" } }]);
    expect(endpoint.received[0]?.path).toBe(
      "/metadata?api-version=2018-02-01&resource=https%3A%2F%2Fvault.example%2F",
    );
  });

  it("of an app is asked of the endpoint in its environment", async () => {
    const environment = { IDENTITY_ENDPOINT: `${endpoint.url}/msi/token`, IDENTITY_HEADER: "h3ader" };

    const token = new ManagedIdentities({ clock, environment }).token(
      managedIdentity("https://vault.example/"),
    );

    await expect(token).resolves.toBe("token-1");
    expect(endpoint.received).toMatchObject([{ method: "GET", headers: { "x-identity-header": "h3ader" } }]);
    expect(endpoint.received[0]?.path).toBe(
      "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fvault.example%2F",
    );
  });

  it("needs both variables: one of them belongs to another service", async () => {
    const environment = { IDENTITY_ENDPOINT: "http://127.0.0.1:1/" };

    const identities = new ManagedIdentities({ clock, environment, metadataUrl: endpoint.url });

    await expect(identities.token(managedIdentity("r"))).resolves.toBe("token-1");
  });

  it.each([
    [{ clientId: "c" }, "client_id=c", "client_id=c"],
    [{ objectId: "o" }, "object_id=o", "principal_id=o"],
    [{ resourceId: "/s/r" }, "msi_res_id=%2Fs%2Fr", "mi_res_id=%2Fs%2Fr"],
  ])("is chosen by %j", async (options, onMachineQuery, inAppQuery) => {
    const environment = { IDENTITY_ENDPOINT: endpoint.url, IDENTITY_HEADER: "h" };

    await onMachine().token(managedIdentity("r", options));
    await new ManagedIdentities({ clock, environment }).token(managedIdentity("r", options));

    expect(endpoint.received.map(({ path }) => path.split("resource=r&")[1])).toEqual([
      onMachineQuery,
      inAppQuery,
    ]);
  });

  it("is asked once for all who need it, until five minutes before it expires", async () => {
    const identities = onMachine();
    const source = managedIdentity("r");

    const first = await Promise.all([identities.token(source), identities.token(source)]);
    clock.jumpTo(clock.now() + HOUR - 300_001);
    const later = await identities.token(source);
    clock.jumpTo(clock.now() + 1);
    const last = await identities.token(source);

    expect([...first, later, last]).toEqual(["token-1", "token-1", "token-1", "token-2"]);
  });

  it("has a token for each resource", async () => {
    const identities = onMachine();

    const tokens = [
      await identities.token(managedIdentity("a")),
      await identities.token(managedIdentity("b")),
    ];

    expect(tokens).toEqual(["token-1", "token-2"]);
  });

  it.each<[string, object, boolean]>([
    ["a number of seconds from now", { expires_in: "3600" }, true],
    ["a number", { expires_on: 4_000_000_000 }, true],
    ["nothing", {}, false],
    ["nonsense", { expires_on: "tomorrow" }, false],
  ])("takes an expiry given as %s", async (_what, fields, isKept) => {
    endpoint.respond = (_request, response) => response.end(JSON.stringify({ access_token: "t", ...fields }));
    const identities = onMachine();

    await identities.token(managedIdentity("r"));
    await identities.token(managedIdentity("r"));

    expect(endpoint.received).toHaveLength(isKept ? 1 : 2);
  });

  it.each([
    [
      400,
      { error: "invalid_request", error_description: "Identity not found" },
      true,
      ": invalid_request: Identity not found",
    ],
    [403, { message: "no" }, true, ": no"],
    [404, {}, false, ""],
    [410, "updating", false, ""],
    [429, { error: "busy" }, false, ": busy"],
    [500, "<html>", false, ""],
    [302, "", true, ""],
  ])("refused with %i says why, and whether it may pass", async (status, body, isNonRetriable, reason) => {
    endpoint.respond = (_request, response) =>
      response
        .writeHead(status, { location: "/other" })
        .end(typeof body === "string" ? body : JSON.stringify(body));
    const identities = onMachine();

    const error: unknown = await identities.token(managedIdentity("r")).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ message: `the managed identity endpoint answered ${status}${reason}` });
    expect(NonRetriableError.is(error)).toBe(isNonRetriable);
    expect(endpoint.received).toHaveLength(1);
  });

  it("that could not be got is asked for again", async () => {
    const identities = onMachine();
    const { respond } = endpoint;
    endpoint.respond = (_request, response) => response.writeHead(503).end();
    await expect(identities.token(managedIdentity("r"))).rejects.toThrow("answered 503");
    endpoint.respond = respond;

    await expect(identities.token(managedIdentity("r"))).resolves.toBe("token-2");
  });

  it.each(["{", '{"access_token":"half-a-tok', '{"access_token":7}', "null"])(
    "does not tell what it cannot read: %s",
    async (body) => {
      endpoint.respond = (_request, response) => response.end(body);

      const error: unknown = await onMachine()
        .token(managedIdentity("r"))
        .catch((thrown: unknown) => thrown);

      expect(String(error)).toBe("Error: the managed identity endpoint sent no token");
      expect(error).not.toHaveProperty("cause");
    },
  );

  it("is given up after ten seconds where there is no such service", async () => {
    const asked = new Promise<void>((resolve) => (endpoint.respond = () => resolve()));

    const token = onMachine().token(managedIdentity("r"));
    await asked;
    clock.wakeNext();

    await expect(token).rejects.toThrow("did not answer within 10000 ms");
  });

  it("cannot be reached where nobody listens, and the header is not told", async () => {
    const gone = await new TestServer().start();
    const { url } = gone;
    await gone.stop();

    for (const [IDENTITY_ENDPOINT, IDENTITY_HEADER] of [
      [url, "s3cret"],
      [endpoint.url, "s3cret\n!"],
      ["no url", "s3cret"],
    ] as const) {
      const identities = new ManagedIdentities({
        clock,
        environment: { IDENTITY_ENDPOINT, IDENTITY_HEADER },
      });
      const error = (await identities
        .token(managedIdentity("r"))
        .catch((thrown: unknown) => thrown)) as Error;
      expect(error.message).toContain("the managed identity endpoint cannot be reached");
      expect(`${String(error.stack)}${String(error.cause)}`).not.toContain("s3cret");
    }
  });
});

describe("the token of a source", () => {
  const credential = (source: TokenSource, options: TokenOptions = {}) =>
    new TokenProviders(options, clock).credential(source, signal);

  it.each<[string, TokenOptions]>([
    ["a text", { secrets: { pay: "s3cret" } }],
    ["a function", { secrets: { pay: () => "s3cret" } }],
    ["a promise", { secrets: { pay: async () => "s3cret" } }],
  ])("of a name is %s of the worker", async (_what, options) => {
    await expect(credential(namedSecret("pay"), options)).resolves.toMatchObject({
      header: "authorization",
      value: "Bearer s3cret",
    });
  });

  it("goes as it is into another header", async () => {
    const source = namedSecret("pay", { header: "x-api-key" });

    await expect(credential(source, { secrets: { pay: "s3cret" } })).resolves.toMatchObject({
      header: "x-api-key",
      value: "s3cret",
    });
  });

  it("of another kind comes from its provider, which gets the source", async () => {
    const provider = jest.fn(() => "t");
    const source = { kind: "vault", path: "a/b" };

    await expect(credential(source, { tokenProviders: { vault: provider } })).resolves.toMatchObject({
      value: "Bearer t",
    });
    expect(provider).toHaveBeenCalledWith(source, signal);
  });

  it("may come from another provider than the one that is built in", async () => {
    const options = { tokenProviders: { AzureManagedIdentity: () => "by hand" } };

    await expect(credential(managedIdentity("r"), options)).resolves.toMatchObject({
      value: "Bearer by hand",
    });
  });

  it.each<[string, TokenSource, TokenOptions, string]>([
    [
      "nobody knows the kind",
      { kind: "vault" },
      {},
      "No token of kind 'vault' could be got: the worker has no provider",
    ],
    [
      "nobody knows the name",
      namedSecret("toString"),
      {},
      "the worker has no secret 'toString': give it in http.secrets.",
    ],
    ["it is empty", namedSecret("a"), { secrets: { a: "" } }, "is no text that a header can have"],
    [
      "it has a line feed",
      namedSecret("a"),
      { secrets: { a: "s3cret\n" } },
      "is no text that a header can have",
    ],
    ["it is none", { kind: "k" }, { tokenProviders: { k: () => undefined as never } }, "is no text"],
  ])("is a failure that no retry helps when %s", async (_what, source, options, message) => {
    const error = (await credential(source, options).catch((thrown: unknown) => thrown)) as Error;

    expect(error).toMatchObject({ name: "HttpTokenFailed", isNonRetriable: true });
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("s3cret");
  });

  it.each([
    [new Error("the vault is sealed"), "the vault is sealed", false],
    [new NonRetriableError("no such path"), "no such path", true],
    ["sealed", "its provider threw no error", false],
  ])("that its provider throws for says why: %s", async (thrown, reason, isNonRetriable) => {
    const options = {
      tokenProviders: {
        vault: () => {
          throw thrown;
        },
      },
    };

    await expect(credential({ kind: "vault" }, options)).rejects.toMatchObject({
      ...{ name: "HttpTokenFailed", isNonRetriable },
      message: `No token of kind 'vault' could be got: ${reason}.`,
    });
  });

  it.each<[unknown, string]>([
    [{ secrets: { a: 1 } }, "http.secrets has a value of type number for 'a'"],
    [{ tokenProviders: { a: "t" } }, "http.tokenProviders has no function for 'a'"],
  ])("is refused when the worker is made: %j", (options, message) => {
    const make = () => new TokenProviders(options as TokenOptions, clock);

    expect(make).toThrow(InvalidArgumentError);
    expect(make).toThrow(message);
  });
});

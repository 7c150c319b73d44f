import { inspect } from "node:util";
import { BackendConfigurationError } from "@perdure/core";
import { type StorageConnection, resolveConnection } from "../../src/storage/connection";

const KEY = Buffer.alloc(64, 7).toString("base64");
const SAS = "sv=2024-01-01&sig=c2lnbmF0dXJl";
const credential = { getToken: () => Promise.resolve(null) };

describe("resolveConnection", () => {
  it("knows the emulator's account", () => {
    const { blob, queue, table, signIn } = resolveConnection({
      connectionString: " usedevelopmentstorage=TRUE; ",
    });

    expect([blob.url, queue.url, table.url]).toEqual([
      "http://127.0.0.1:10000/devstoreaccount1",
      "http://127.0.0.1:10001/devstoreaccount1",
      "http://127.0.0.1:10002/devstoreaccount1",
    ]);
    expect(signIn).toMatchObject({ kind: "key", accountName: "devstoreaccount1" });
  });

  it("looks for the emulator on the host that the connection string names", () => {
    const connectionString = "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://storage.test";

    expect(resolveConnection({ connectionString }).queue.url).toBe(
      "http://storage.test:10001/devstoreaccount1",
    );
  });

  it("makes the addresses of an account with a key", () => {
    const connectionString = `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${KEY};EndpointSuffix=core.example`;

    const resolved = resolveConnection({ connectionString });

    expect(resolved.table).toEqual({ url: "https://shop.table.core.example" });
    expect(resolved.signIn).toEqual({ kind: "key", accountName: "shop", accountKey: KEY });
  });

  it("prefers the addresses that the connection string states", () => {
    const connectionString = `AccountName=shop;AccountKey=${KEY};QueueEndpoint=http://127.0.0.1:7001/shop/`;

    const resolved = resolveConnection({ connectionString });

    expect(resolved.queue.url).toBe("http://127.0.0.1:7001/shop");
    expect(resolved.blob.url).toBe("https://shop.blob.core.windows.net");
  });

  it("adds a shared access signature to every address", () => {
    const urls = ["Blob", "Queue", "Table"]
      .map((name) => `${name}Endpoint=https://shop.${name}.example`)
      .join(";");

    const resolved = resolveConnection({ connectionString: `${urls};SharedAccessSignature=?${SAS}` });

    expect(resolved.table).toEqual({ url: "https://shop.table.example", sas: SAS });
    expect(resolved.signIn).toEqual({ kind: "sas" });
  });

  it("takes an account name or addresses with a token credential", () => {
    const urls = {
      blobUrl: "https://b.example",
      queueUrl: "https://q.example/",
      tableUrl: "https://t.example",
    };

    const byName = resolveConnection({ accountName: "shop", credential });
    const byUrls = resolveConnection({ endpoints: urls, credential });

    expect(byName.blob.url).toBe("https://shop.blob.core.windows.net");
    expect(byUrls.queue.url).toBe("https://q.example");
    expect(byUrls.signIn).toEqual({ kind: "token", credential });
  });

  it.each<[string, StorageConnection]>([
    ["nothing", { connectionString: "" }],
    ["prose", { connectionString: `my key is ${KEY}` }],
    ["a key alone", { connectionString: KEY }],
    ["no name", { connectionString: `AccountKey=${KEY}` }],
    ["no key", { connectionString: "AccountName=shop" }],
    ["half a key", { connectionString: `AccountName=shop;AccountKey=${KEY.slice(0, -7)}` }],
    ["a bad address", { connectionString: `AccountName=shop;AccountKey=${KEY};BlobEndpoint=not an address` }],
    [
      "a signed address",
      { connectionString: `AccountName=s;AccountKey=${KEY};BlobEndpoint=https://x.test/?${SAS}` },
    ],
    ["a signature without addresses", { connectionString: `SharedAccessSignature=${SAS}` }],
    ["an account name with a domain", { accountName: "shop.blob.core.windows.net", credential }],
    [
      "tokens over http",
      {
        endpoints: { blobUrl: "http://b.test", queueUrl: "http://q.test", tableUrl: "http://t.test" },
        credential,
      },
    ],
  ])("refuses %s and says what to do, without a secret", (_, connection) => {
    let error: unknown;
    try {
      resolveConnection(connection);
    } catch (thrown) {
      error = thrown;
    }

    expect(error).toBeInstanceOf(BackendConfigurationError);
    for (const secret of [KEY, KEY.slice(0, 20), SAS, "c2lnbmF0dXJl"])
      expect(inspect(error)).not.toContain(secret);
  });
});

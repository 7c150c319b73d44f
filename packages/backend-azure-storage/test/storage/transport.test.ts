import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { inspect } from "node:util";
import {
  BackendConfigurationError,
  type Clock,
  StorageAccessDeniedError,
  StorageUnavailableError,
  systemClock,
} from "@perdure/core";
import {
  AccountSASPermissions,
  StorageSharedKeyCredential,
  generateAccountSASQueryParameters,
} from "@azure/storage-blob";
import { type ConnectOptions, connectStorage } from "../../src/storage/azure-storage";
import { StorageConflict } from "../../src/storage/storage-errors";
import type { Storage } from "../../src/storage/storage";
import type { StorageRequest } from "../../src/storage/storage-request";
import { connectTestStorage, testConnectionString, uniqueName } from "./describe-storage";
import {
  type Answer,
  FailingService,
  dropConnection,
  neverAnswer,
  startAndDrop,
  startAndStop,
  status,
} from "./failing-service";

const KEY = Buffer.alloc(64, 7).toString("base64");
const ROW = { partitionKey: "p", rowKey: "r" };
const FOUND = status(
  200,
  { "Content-Type": "application/json" },
  '{"PartitionKey":"p","RowKey":"r","odata.etag":"e"}',
);

/** A clock whose waits are over at once and are remembered. */
class ImpatientClock implements Clock {
  readonly waits: number[] = [];

  now(): number {
    return Date.UTC(2030, 0, 1);
  }

  sleep(delayMs: number): Promise<void> {
    this.waits.push(delayMs);
    return Promise.resolve();
  }
}

function connectionStringTo(url: string): string {
  const endpoints = ["Blob", "Queue", "Table"].map((name) => `${name}Endpoint=${url}`);
  return ["AccountName=acct", `AccountKey=${KEY}`, ...endpoints].join(";");
}

describe("a request", () => {
  let service: FailingService;
  let clock: ImpatientClock;
  let storage: Storage;
  let requests: StorageRequest[];

  async function serve(answers: readonly Answer[], options: Partial<ConnectOptions> = {}): Promise<void> {
    service = await FailingService.start(...answers);
    clock = new ImpatientClock();
    requests = [];
    storage = connectStorage({
      connectionString: connectionStringTo(service.url),
      clock,
      onRequest: (request) => requests.push(request),
      ...options,
    });
  }

  afterEach(async () => {
    await storage.close();
    await service.stop();
  });

  const get = (): Promise<unknown> => storage.table("hub").get("p", "r");

  it.each([408, 429, 500, 502, 503, 504])(
    "is repeated after HTTP %d, and counted each time",
    async (code) => {
      await serve([status(code), status(code), FOUND]);

      expect(await get()).toMatchObject(ROW);

      expect(service.requests).toBe(3);
      expect(requests).toEqual(Array(3).fill({ service: "table", operation: "getRow", resource: "hub" }));
    },
  );

  it.each([
    ["before the answer", dropConnection],
    ["in the middle of the answer", startAndDrop],
  ])("is repeated after a connection lost %s", async (_, drop) => {
    await serve([drop, FOUND]);

    expect(await get()).toMatchObject(ROW);
  });

  it("is given up after four tries, with doubled and jittered waits", async () => {
    await serve([status(503, { "x-ms-error-code": "ServerBusy", "x-ms-request-id": "r1" })]);

    const error = await thrownBy(get);

    expect(error).toBeInstanceOf(StorageUnavailableError);
    expect(error.message).toMatch(/table 'hub'.*ServerBusy.*503.*r1/);
    expect(service.requests).toBe(4);
    for (const [n, wait] of clock.waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(250 * 2 ** n);
      expect(wait).toBeLessThanOrEqual(500 * 2 ** n);
    }
  });

  it.each([
    ["seconds", "7", 7000],
    ["a date", new Date(Date.UTC(2030, 0, 1, 0, 0, 3)).toUTCString(), 3000],
  ])("waits as long as the service asks for in %s", async (_, advice, waitMs) => {
    await serve([status(503, { "Retry-After": advice }), FOUND]);

    await get();

    expect(clock.waits).toEqual([waitMs]);
  });

  it("is given up when the service asks for a long wait", async () => {
    await serve([status(503, { "Retry-After": "3600" })]);

    await expect(get()).rejects.toThrow(StorageUnavailableError);

    expect(service.requests).toBe(1);
  });

  it.each([
    ["no answer", neverAnswer],
    ["half an answer", startAndStop],
  ])("is ended in time when there is %s", async (_, answer) => {
    await serve([answer], { requestTimeoutMs: 50 });

    const error = await thrownBy(get);

    expect(error).toBeInstanceOf(StorageUnavailableError);
    expect(error.message).toContain("ETIMEDOUT");
    expect(service.requests).toBe(4);
  });

  it("whose first try got through can meet its own effect", async () => {
    const exists = status(
      409,
      { "Content-Type": "application/json" },
      '{"odata.error":{"code":"EntityAlreadyExists"}}',
    );
    await serve([dropConnection, exists]);

    const error = await thrownBy(() => storage.table("hub").write({ kind: "insert", row: ROW }));

    expect(error).toBeInstanceOf(StorageConflict);
    expect(error).toMatchObject({ kind: "exists" });
  });

  it.each([401, 403])("is not repeated after HTTP %d", async (code) => {
    await serve([status(code, { "x-ms-error-code": "AuthorizationPermissionMismatch" })]);

    const error = await thrownBy(get);

    expect(error).toBeInstanceOf(StorageAccessDeniedError);
    expect(error.message).toContain("AuthorizationPermissionMismatch");
    expect(service.requests).toBe(1);
  });

  it.each(["TableBeingDeleted", "QueueBeingDeleted"])("that meets %s can be made later", async (code) => {
    await serve([status(409, { "x-ms-error-code": code }, "<?xml version='1.0'?><Error></Error>")]);

    await expect(storage.queue("hub").createIfMissing()).rejects.toThrow(StorageUnavailableError);
  });

  it("waits while as many as allowed are on their way", async () => {
    let [now, most] = [0, 0];
    const slowly: Answer = (request, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        FOUND(request, response);
      }, 5);
    };
    await serve([slowly], { maxConcurrentRequests: 3 });

    await Promise.all(Array.from({ length: 20 }, get));

    expect(most).toBe(3);
    expect(service.requests).toBe(20);
  });

  it("of an urgent table waits for no others", async () => {
    let isHeld = true;
    const held: Answer = (request, response) => {
      const answer = (): void => {
        if (isHeld) setTimeout(answer, 5);
        else FOUND(request, response);
      };
      if (request.url?.includes("urgent")) FOUND(request, response);
      else answer();
    };
    await serve([held], { maxConcurrentRequests: 1 });
    const others = [get(), get()];
    while (service.requests === 0) await new Promise(setImmediate);

    expect(await storage.table("urgent", { urgent: true }).get("p", "r")).toMatchObject(ROW);

    expect(service.requests).toBe(2);
    isHeld = false;
    await Promise.all(others);
  });

  it("uses the connection of the one before", async () => {
    await serve([FOUND]);

    for (let n = 0; n < 10; n++) await get();

    expect(await service.connections).toBe(1);
  });

  it("on its way ends when the storage is closed, and a later one opens a new connection", async () => {
    await serve([neverAnswer, FOUND]);
    const pending = thrownBy(get);
    while (service.requests === 0) await new Promise(setImmediate);

    await storage.close();

    expect(await pending).toBeInstanceOf(StorageUnavailableError);
    expect((await pending).message).toContain("closed");
    expect(await get()).toMatchObject(ROW);
  });

  it("between two tries ends when the storage is closed", async () => {
    await serve([status(503, { "Retry-After": "9" })], { clock: systemClock });
    const pending = thrownBy(get);
    while (service.requests === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);

    await storage.close();

    expect(await pending).toBeInstanceOf(StorageUnavailableError);
    expect(service.requests).toBe(1);
  });
});

describe("every operation", () => {
  it("is counted once, by service, operation and resource", async () => {
    const seen: string[] = [];
    const connectionString = testConnectionString();
    const onRequest = ({ service, operation, resource }: StorageRequest): number =>
      seen.push(`${service} ${operation} ${resource}`);
    const storage = connectStorage({ connectionString, onRequest });
    const name = uniqueName();
    const [table, queue, container] = [storage.table(name), storage.queue(name), storage.container(name)];

    await table.createIfMissing();
    await table.write({ kind: "insert", row: ROW });
    await table.write({ kind: "merge", row: ROW });
    await table.get("p", "r");
    await table.query({});
    await table.transact([{ kind: "upsert", row: ROW }]);
    await table.write({ kind: "delete", ...ROW });
    await table.deleteIfPresent();
    await queue.createIfMissing();
    const receipt = await queue.put("{}", 0);
    await queue.update(receipt, 0);
    await queue.peek(1);
    await queue.count();
    const [message] = await queue.receive(1, 1);
    await queue.delete(message!);
    await queue.deleteIfPresent();
    await container.createIfMissing();
    await container.put("a/b", Buffer.from("x"));
    await container.get("a/b");
    for await (const blob of container.list("")) await container.delete(blob);
    await container.deleteIfPresent();
    await storage.close();

    const expected: readonly (readonly [string, readonly string[]])[] = [
      [
        "table",
        [
          "createTable",
          "writeRow",
          "writeRow",
          "getRow",
          "queryRows",
          "transaction",
          "writeRow",
          "deleteTable",
        ],
      ],
      [
        "queue",
        [
          "createQueue",
          "putMessage",
          "updateMessage",
          "peekMessages",
          "countMessages",
          "receiveMessages",
          "deleteMessage",
          "deleteQueue",
        ],
      ],
      ["blob", ["createContainer", "putBlob", "getBlob", "listBlobs", "deleteBlob", "deleteContainer"]],
    ];
    expect(seen).toEqual(expected.flatMap(([service, ops]) => ops.map((op) => `${service} ${op} ${name}`)));
  });
});

describe("storage that", () => {
  const everyService: readonly (readonly [string, (storage: Storage) => Promise<unknown>])[] = [
    ["getRow", (storage) => storage.table("hub").get("p", "r")],
    ["transaction", (storage) => storage.table("hub").transact([{ kind: "insert", row: ROW }])],
    ["createTable", (storage) => storage.table("hub").createIfMissing()],
    ["putMessage", (storage) => storage.queue("hub").put("{}", 0)],
    ["createQueue", (storage) => storage.queue("hub").createIfMissing()],
    ["peekMessages", (storage) => storage.queue("hub").peek(1)],
    ["countMessages", (storage) => storage.queue("hub").count()],
    ["putBlob", (storage) => storage.container("hub").put("b", Buffer.from("x"))],
    ["getBlob", (storage) => storage.container("hub").get("b")],
    ["listBlobs", (storage) => storage.container("hub").list("")[Symbol.asyncIterator]().next()],
  ];

  it.each(everyService)("does not know the key refuses %s without an echo of it", async (_, request) => {
    const connectionString = testConnectionString().replace(/AccountKey=[^;]*/, `AccountKey=${KEY}`);
    const storage = connectStorage({ connectionString });

    const error = await thrownBy(() => request(storage));
    await storage.close();

    expect(error).toBeInstanceOf(StorageAccessDeniedError);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/BwcHBw|SharedKey/);
  });

  it.each(everyService)("is not there fails %s and says where", async (_, request) => {
    const storage = connectStorage({
      connectionString: connectionStringTo(await unusedAddress()),
      clock: new ImpatientClock(),
    });

    const error = await thrownBy(() => request(storage));
    await storage.close();

    expect(error).toBeInstanceOf(StorageUnavailableError);
    expect(error.message).toMatch(/'hub'.*ECONNREFUSED.*127\.0\.0\.1/);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/BwcHBw|SharedKey/);
  });

  it.each(everyService)("is used with a signature does not show it when %s fails", async (_, request) => {
    const address = await unusedAddress();
    const urls = ["Blob", "Queue", "Table"].map((name) => `${name}Endpoint=${address}`).join(";");
    const storage = connectStorage({
      connectionString: `${urls};SharedAccessSignature=sv=2024&sig=c2VjcmV0`,
      clock: new ImpatientClock(),
    });

    const error = await thrownBy(() => request(storage));
    await storage.close();

    expect(error).toBeInstanceOf(StorageUnavailableError);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("c2VjcmV0");
  });

  it("is named by a garbage connection string is refused at once", () => {
    const connect = (): Storage => connectStorage({ connectionString: `AccountKey:${KEY}` });

    expect(connect).toThrow(BackendConfigurationError);
    expect(connect).not.toThrow(KEY);
  });

  it.each(everyService)("is used with a credential that fails denies %s", async (_, request) => {
    const getToken = (): Promise<null> => Promise.reject(new Error("no identity here"));
    const storage = connectStorage({ accountName: "shop", credential: { getToken } });

    const error = await thrownBy(() => request(storage));
    await storage.close();

    expect(error).toBeInstanceOf(StorageAccessDeniedError);
    expect(error.message).toContain("no identity here");
  });
});

describe("signing in", () => {
  it("with a shared access signature opens every service", async () => {
    const storage = connectStorage({ connectionString: signedConnectionString() });
    const name = uniqueName();
    const [table, queue, container] = [storage.table(name), storage.queue(name), storage.container(name)];

    for (const resource of [table, queue, container]) await resource.createIfMissing();
    await table.transact([{ kind: "insert", row: ROW }]);
    const found = await table.query({ filter: "PartitionKey eq 'p'" });
    await table.write({ kind: "delete", ...ROW });
    await queue.put("{}", 0);
    const [message] = await queue.receive(1, 30);
    await queue.delete(await queue.update(message!, 30, '{"n":1}'));
    await container.put("a/b c", Buffer.from("x"));
    const blob = await container.get("a/b c");
    for (const resource of [table, queue, container]) await resource.deleteIfPresent();
    await storage.close();

    expect(found.rows).toHaveLength(1);
    expect(message!.text).toBe("{}");
    expect(Buffer.from(blob!).toString()).toBe("x");
  });

  it("with a credential asks for a token for storage", async () => {
    const asked: unknown[] = [];
    const getToken = (scopes: string | string[]): Promise<null> => {
      asked.push([scopes].flat());
      return Promise.resolve(null);
    };
    const storage = connectStorage({ accountName: "shop", credential: { getToken } });

    await expect(storage.table("t").get("p", "r")).rejects.toThrow(StorageAccessDeniedError);
    await expect(storage.queue("q").put("{}", 0)).rejects.toThrow(StorageAccessDeniedError);
    await expect(storage.container("c").get("b")).rejects.toThrow(StorageAccessDeniedError);
    await storage.close();

    expect(asked).toEqual(Array(3).fill(["https://storage.azure.com/.default"]));
  });
});

describe("close", () => {
  it("may come first and twice", async () => {
    const storage = connectTestStorage();

    await storage.close();
    await storage.close();

    await expect(storage.table(uniqueName()).deleteIfPresent()).resolves.toBeUndefined();
    await storage.close();
  });
});

/** The test account, by a signature that is good for an hour. */
function signedConnectionString(): string {
  const setting = (name: string): string =>
    new RegExp(`${name}=([^;]*)`).exec(testConnectionString())?.[1] ?? "";
  const signature = generateAccountSASQueryParameters(
    {
      services: "bqt",
      resourceTypes: "sco",
      permissions: AccountSASPermissions.parse("rwdlacup"),
      expiresOn: new Date(Date.now() + 3_600_000),
      version: "2021-12-02",
    },
    new StorageSharedKeyCredential(setting("AccountName"), setting("AccountKey")),
  );
  const endpoints = ["BlobEndpoint", "QueueEndpoint", "TableEndpoint"].map(
    (name) => `${name}=${setting(name)}`,
  );
  return [...endpoints, `SharedAccessSignature=${signature.toString()}`].join(";");
}

async function thrownBy(request: () => Promise<unknown>): Promise<Error> {
  return request().then(
    () => Promise.reject(new Error("nothing was thrown")),
    (error: unknown) => error as Error,
  );
}

/** An address of this machine where nobody listens. */
async function unusedAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}/acct`;
}

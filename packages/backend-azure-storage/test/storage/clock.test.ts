import { StorageAccessDeniedError, VirtualClock } from "@perdure/core";
import { StorageClock } from "../../src/storage-clock";
import { connectStorage } from "../../src/storage/azure-storage";
import type { Storage } from "../../src/storage/storage";
import { refusalError, thrownError } from "../../src/storage/failures";
import { RestError, createPipelineRequest } from "@azure/core-rest-pipeline";
import { type Answer, FailingService } from "./failing-service";

const KEY = Buffer.alloc(64, 7).toString("base64");
const HOUR_MS = 3_600_000;
const ROW = '{"PartitionKey":"p","RowKey":"r","odata.etag":"e"}';

describe("the time of storage's answers", () => {
  let service: FailingService;
  let storage: Storage;
  const machine = new VirtualClock(Date.UTC(2030, 0, 1));
  /** What requests were dated. */
  let dates: number[];

  async function serve(answer: Answer): Promise<StorageClock> {
    dates = [];
    service = await FailingService.start((request, response) => {
      dates.push(Date.parse(String(request.headers["x-ms-date"])));
      answer(request, response);
    });
    const endpoints = ["Blob", "Queue", "Table"].map((name) => `${name}Endpoint=${service.url}`);
    const connectionString = ["AccountName=acct", `AccountKey=${KEY}`, ...endpoints].join(";");
    storage = connectStorage({ connectionString, clock: machine });
    const clock = new StorageClock(machine);
    storage.keepTime?.(clock);
    return clock;
  }

  afterEach(async () => {
    await storage.close();
    await service.stop();
  });

  const answering =
    (
      time: () => number,
      status = 200,
      headers: Record<string, string> = { "x-ms-request-id": "1" },
    ): Answer =>
    (_, response) =>
      response
        .writeHead(status, {
          ...headers,
          "Content-Type": "application/json",
          Date: new Date(time()).toUTCString(),
        })
        .end(ROW);

  it.each([200, 404, 403])("R6: is learned from answers of status %p", async (status) => {
    const time = machine.now() + HOUR_MS;
    const clock = await serve(answering(() => time, status));

    await storage
      .table("hub")
      .get("p", "r")
      .catch(() => undefined);

    expect(clock.now()).toBe(time);
    expect(clock.skew?.aheadMs).toBe(-HOUR_MS - 625);
    expect(clock.skew?.uncertaintyMs).toBe(625);
  });

  it("R6: is not learned from a proxy that answers in the service's place", async () => {
    const clock = await serve(answering(() => machine.now() + HOUR_MS, 403, { Via: "proxy" }));

    await storage
      .table("hub")
      .get("p", "r")
      .catch(() => undefined);

    expect(clock.skew).toBeUndefined();
  });

  it("R6: is what later requests are signed by, when the machine's is far off", async () => {
    const time = Date.UTC(2001, 0, 1); // not what this machine's clock shows
    await serve(answering(() => time));

    await storage.table("hub").get("p", "r");
    await storage.table("hub").get("p", "r");
    await storage.container("hub").get("blob");
    await storage.queue("hub").delete({ messageId: "m", popReceipt: "r" });

    expect(Math.abs((dates[0] ?? 0) - time)).toBeGreaterThan(HOUR_MS);
    expect(dates.slice(1)).toEqual([time, time, time]);
  });

  it("R6: tells why storage refused what was signed an hour off", async () => {
    await serve(answering(() => Math.floor(Date.now() / 1000) * 1000 - HOUR_MS, 403));

    const refused: unknown = await storage
      .table("hub")
      .get("p", "r")
      .catch((error: unknown) => error);

    expect(refused).toBeInstanceOf(StorageAccessDeniedError);
    expect((refused as Error).message).toMatch(/clock is (1 h|59 min 59 s) ahead of storage's/);
    expect((refused as Error).message).toContain("NTP");
  });

  it("R6: tells the same of a queue that is to be created", async () => {
    await serve(answering(() => Date.now() + HOUR_MS, 403));

    await expect(storage.queue("hub").createIfMissing()).rejects.toThrow(
      /clock is (1 h|59 min 59 s|1 h .*) behind storage's/,
    );
  });

  it("R6: is not blamed for a refusal within a few minutes of it", async () => {
    await serve(answering(() => Date.now() + 300_000, 403));

    await expect(storage.table("hub").get("p", "r")).rejects.toThrow("Check the key");
  });

  it("R6: may be why a certificate is not valid", async () => {
    await serve(answering(() => 0));
    const request = createPipelineRequest({ url: "https://acct.table.core.windows.net" });
    const error = thrownError(
      "table 'hub'",
      new RestError("not yet", { code: "CERT_NOT_YET_VALID", request }),
    );

    expect((error as Error).message).toContain("Check this machine's clock");
    expect(refusalError("table 'hub'", { status: 403, code: "" }).message).toContain("Check the key");
  });
});

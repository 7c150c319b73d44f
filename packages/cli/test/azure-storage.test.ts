/** Straight on Azure Storage: the same commands, on Azurite. */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { AzureStorageBackend } from "@perdure/backend-azure-storage";
import { newFolder, runIn } from "./support/hub";
import type { Ended } from "./support/hub";

const connectionString = process.env["PERDURE_TEST_STORAGE"] ?? "";
const taskHub = `Cli${randomBytes(4).toString("hex")}`;

let folder: string;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(async () => {
  const backend = new AzureStorageBackend({ connectionString, taskHub });
  await backend.deleteTaskHub();
  await backend.stop();
  await rm(folder, { recursive: true });
});

function perdure(...args: readonly string[]): Promise<Ended> {
  return runIn(folder, args, { env: { PERDURE_STORAGE: connectionString, PERDURE_HUB: taskHub } });
}

describe("on Azure Storage", () => {
  it("starts, shows, explains, looks over and ends what is there", async () => {
    expect(await perdure("start", "nobodyRunsIt", "1", "--id", "a1", "--delay", "1h")).toMatchObject({
      stdout: "a1\n",
    });

    const [list, explained, doctor] = [
      await perdure("list", "--json"),
      await perdure("explain", "a1"),
      await perdure("doctor", "--json"),
    ];

    expect(JSON.parse(list.stdout)).toMatchObject({
      instances: [{ instanceId: "a1", runtimeStatus: "Pending" }],
    });
    expect(explained).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/a1[^]*its start, due/) });
    expect([0, 8]).toContain(doctor.exitCode);
    expect(await perdure("terminate", "a1")).toMatchObject({ exitCode: 0 });
    expect(await perdure("get", "nothing")).toMatchObject({ exitCode: 3 });
  });

  it("says what is wrong when storage is not there, without the key", async () => {
    const key = Buffer.from("secret").toString("base64");
    const nowhere = `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=${key};BlobEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;TableEndpoint=http://127.0.0.1:9/a`;

    const { exitCode, stderr } = await runIn(folder, ["list", "--connection-string", nowhere, "--json"]);

    expect(exitCode).toBe(5);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "StorageUnavailable" } });
    expect(stderr).not.toContain(key);
  });
});

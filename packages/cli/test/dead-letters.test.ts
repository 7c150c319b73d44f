/** `perdure dead-letters`, and what `perdure doctor` says of them. */
import { rm } from "node:fs/promises";
import path from "node:path";
import { EmbeddedBackend } from "@perdure/backend-embedded";
import { systemClock } from "@perdure/core";
import { newFolder, runIn } from "./support/hub";

let folder: string;
let backend: EmbeddedBackend;
beforeEach(async () => {
  folder = await newFolder();
  backend = new EmbeddedBackend({ path: path.join(folder, ".perdure/PerdureHub.perdure") });
  await backend.start();
});
afterEach(async () => {
  await backend.stop();
  await rm(folder, { recursive: true });
});

/** As a worker does with a message that it cannot process. */
async function bury(): Promise<void> {
  const session = await backend.orchestrations.lockNext(AbortSignal.timeout(10_000));
  await session!.load();
  session!.takeMessages();
  await session!.deadLetter("nobody understands it");
}

async function send(id: string): Promise<void> {
  const timestamp = systemClock.now();
  const event = { type: "EventRaised", timestamp, name: "go", input: '"a payload"' } as const;
  await backend.instances.send({ id, instanceId: "i1", event });
}

async function listed(...args: readonly string[]): Promise<readonly { readonly id: string }[]> {
  return JSON.parse((await runIn(folder, ["dead-letters", "list", "--json", ...args])).stdout).deadLetters;
}

describe("perdure dead-letters", () => {
  it("lists them, with their payloads only when asked", async () => {
    await send("m1");
    await bury();

    const table = await runIn(folder, ["dead-letters"]);

    expect(table.stdout).toMatch(/ID +INSTANCE +SINCE +DELIVERIES +REASON\n.* i1 .* nobody understands it/);
    expect(await listed()).toEqual([expect.not.objectContaining({ body: expect.anything() })]);
    expect(await listed("--body")).toEqual([
      expect.objectContaining({ instanceId: "i1", body: expect.stringContaining("a payload") }),
    ]);
  });

  it("redrives one, which is delivered again", async () => {
    await send("m1");
    await bury();
    const [letter] = await listed();

    const { exitCode, stdout } = await runIn(folder, ["dead-letters", "redrive", letter!.id, "--json"]);

    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ ids: [letter!.id], missing: [] });
    expect(await listed()).toEqual([]);
    await bury();
    expect(await listed()).toHaveLength(1);
  });

  it("discards all, and says which were not there", async () => {
    await send("m1");
    await bury();

    const all = await runIn(folder, ["dead-letters", "discard", "--all", "--yes"]);
    const again = await runIn(folder, ["dead-letters", "discard", "gone"]);

    expect(all).toMatchObject({ exitCode: 0, stderr: "1 message deleted.\n" });
    expect(again).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/no dead letter gone/) });
    expect(await listed()).toEqual([]);
  });
});

describe("perdure doctor", () => {
  it("tells of them, in words and as JSON lines, and ends with 8", async () => {
    await send("m1");
    await bury();

    const words = await runIn(folder, ["doctor"]);
    const json = await runIn(folder, ["doctor", "--json"]);

    expect(words).toMatchObject({
      exitCode: 8,
      stdout: expect.stringMatching(/error DeadLetter: [^]*1 error left/),
    });
    expect(json.exitCode).toBe(8);
    expect(
      json.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(expect.arrayContaining([expect.objectContaining({ kind: "DeadLetter", severity: "error" })]));
  });
});

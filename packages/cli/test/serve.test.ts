/** `perdure serve`, and the command line as a client of it. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { Hub } from "./support/hub";
import { fakeSurroundings } from "./support/fake-surroundings";
import { run } from "../src/run";

const KEYS = { PERDURE_OPERATOR_KEY: "operator-operator", PERDURE_READER_KEY: "reader-reader-reader" };

let hub: Hub;
beforeAll(async () => {
  hub = await Hub.start();
});
afterAll(() => hub.stop());

/** Serves until the work is done. */
async function whileServing(
  env: Readonly<Record<string, string>>,
  work: (url: string) => Promise<void>,
): Promise<number> {
  const ending = new AbortController();
  const options = { workingFolder: hub.folder, env, ending: ending.signal };
  const { surroundings, written } = fakeSurroundings(options);
  const serving = new Promise<string>((resolve) => {
    const write = (text: string): void => {
      written.stdout += text;
      resolve((JSON.parse(text) as { readonly url: string }).url);
    };
    Object.assign(surroundings.stdout, { write });
  });
  const ended = run(["serve", "--port", "0", "--json"], surroundings);
  try {
    await work(await serving);
  } finally {
    ending.abort();
  }
  return ended;
}

describe("perdure serve", () => {
  it("answers whoever has a key, by its role, until it is asked to end", async () => {
    const exitCode = await whileServing(KEYS, async (url) => {
      const as = (PERDURE_KEY: string) => ({ env: { PERDURE_URL: url, PERDURE_KEY } });

      const started = await hub.run(
        ["start", "echo", "7", "--id", "s1", "--wait"],
        as(KEYS.PERDURE_OPERATOR_KEY),
      );
      const seen = await hub.run(["get", "s1", "--json"], as(KEYS.PERDURE_READER_KEY));
      const refused = await hub.run(["start", "echo"], as(KEYS.PERDURE_READER_KEY));
      const unknown = await hub.run(["list"], as("another-key-another"));
      const without = await hub.run(["list", "--url", url]);

      expect(started).toMatchObject({ exitCode: 0, stdout: "7\n" });
      expect(JSON.parse(seen.stdout)).toMatchObject({ instanceId: "s1", output: 7 });
      for (const { exitCode: code, stderr } of [refused, unknown, without]) {
        expect(code).toBe(5);
        expect(stderr).toMatch(/key/);
        expect(stderr).not.toMatch(/operator-operator|reader-reader|another-key/);
      }
    });
    expect(exitCode).toBe(0);
  });

  it("without keys answers this machine, and listens nowhere else", async () => {
    const exitCode = await whileServing({}, async (url) => {
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
      expect(await hub.run(["list", "--url", url])).toMatchObject({ exitCode: 0 });
    });
    expect(exitCode).toBe(0);

    const beyond = await hub.run(["serve", "--host", "0.0.0.0", "--port", "0"]);

    expect(beyond.stderr).toMatch(/where others reach it/);
    expect(beyond.exitCode).toBe(2);
  });

  it("says that a port is taken; so does dev", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const port = String((other.address() as AddressInfo).port);

    for (const command of [["serve"], ["dev", __filename]]) {
      const { exitCode, stderr } = await hub.run([...command, "--port", port]);

      expect(stderr).toMatch(new RegExp(`Port ${port} is taken`));
      expect(exitCode).toBe(2);
    }
    await new Promise((resolve) => other.close(resolve));
  });
});

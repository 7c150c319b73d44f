import { Gate } from "../crash/gate";

describe("Gate", () => {
  it("lets calls through while it is open, and gives back what they give", async () => {
    const gate = new Gate();

    await expect(gate.pass(() => Promise.resolve(1))).resolves.toBe(1);
    await expect(gate.pass(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("closes once nobody is inside, and keeps the next ones out until it opens", async () => {
    const gate = new Gate();
    const seen: string[] = [];
    let leave = (): void => undefined;
    const inside = gate.pass(() => new Promise<void>((resolve) => (leave = resolve)));
    await new Promise(setImmediate);

    const closed = gate.close().then(() => seen.push("closed"));
    const waiting = gate.pass(() => Promise.resolve(seen.push("passed")));
    await new Promise(setImmediate);
    seen.push("left");
    leave();
    await Promise.all([inside, closed]);
    gate.open();
    await waiting;

    expect(seen).toEqual(["left", "closed", "passed"]);
  });
});

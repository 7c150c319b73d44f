import {
  begin,
  commitFirst,
  completed,
  eventTo,
  resultOf,
  scheduled,
  sent,
  startOf,
  turnOf,
} from "../builders";
import { caseForEach, contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import type { Scene } from "../scene";

const KIB = 1024;

/** JSON texts, around every limit and through every escaping that storage is known to have. */
const PAYLOADS = {
  "an empty string": '""',
  null: "null",
  zero: "0",
  "spaces around": '  { "a" : 1 }  ',
  "line ends": '"a\\r\\nb"\r\n\n\t',
  markup: '"<a href=\\"x\\">&amp;&lt;]]></a><![CDATA[x]]>&#0;"',
  "a bare address": "https://example.org/blob?x=1",
  "__proto__ and constructor": '{"__proto__":{"polluted":true},"constructor":{"prototype":null}}',
  noncharacters: '"\uFFFE\uFFFF\uFDD0"',
  "escaped control characters": '"\\u0000\\u0001\\u001f\\u007f\\ud800"',
  "raw control characters": '"\u007f\u0085\u00a0\u2028\u2029\ufeff"',
  "surrogate pairs": `"${"😀👩‍👩‍👧‍👦𝒳".repeat(2000)}"`,
  "two bytes a character": `"${"é".repeat(100_000)}"`,
  "three bytes a character": `"${"漢".repeat(40_000)}"`,
  "combining characters": '"e\u0301 \u1100\u1161\u11a8 \u202eabc"',
  "44 KiB": quoted(44 * KIB),
  "45 KiB": quoted(45 * KIB),
  "48 KiB": quoted(48 * KIB),
  "64 KiB less one": quoted(64 * KIB - 1),
  "64 KiB": quoted(64 * KIB),
  "64 KiB and one": quoted(64 * KIB + 1),
  "32 Ki UTF-16 units of two bytes": `"${"é".repeat(32 * KIB - 2)}"`,
  "a pair across 32 Ki units": `"${"a".repeat(32 * KIB - 2)}😀${"b".repeat(10)}"`,
  "a pair across 64 Ki units": `"${"a".repeat(64 * KIB - 2)}😀${"b".repeat(10)}"`,
  "1 MiB": quoted(KIB * KIB),
  "5 MiB that does not compress": quoted(5 * KIB * KIB, true),
  "deeply nested": `${"[".repeat(2000)}${"]".repeat(2000)}`,
};

const IDS = {
  "spaces and punctuation": "a b.c,d;e=f+g&h%20i(j)[k]{l}~!$^*|<m>",
  quotes: `it's "quoted" \`so\``,
  "letters of other scripts": "Größe-漢字-ελ-😀",
  "a colon": "f".repeat(32) + ":0001",
  "a name of Object.prototype": "__proto__",
  "256 characters": "x".repeat(256),
  "a percent escape": "%2F%00",
  "a sentinel look-alike": "sentinel",
};

export const payloads: Topic = {
  title: "payloads (B11)",
  cases: [
    ...caseForEach(PAYLOADS, (name) => `a payload comes back byte for byte: ${name}`, carriesEverywhere),

    ...caseForEach(
      IDS,
      (name) => `an instance id is kept apart from all others: ${name}`,
      async (scene, instanceId) => {
        const { session, state } = await begin(scene, {
          start: startOf(scene, instanceId),
          events: [scheduled(scene, 0)],
        });
        await session.release();

        const item = await scene.lockActivity();
        expect(item.message.instanceId).toBe(instanceId);
        await item.complete(resultOf(scene, state, 0));
        const next = await scene.lock();
        expect(next.instanceId).toBe(instanceId);
        expect((await next.load()).state).toEqual(state);
        await scene.take(next);
        await next.checkpoint(turnOf(scene, { ...state, status: "Completed" }, [completed(scene)]));
        await next.release();

        expect(await scene.instances.getHistory(instanceId)).toHaveLength(5);
        expect(await scene.instances.get(instanceId)).toMatchObject({ instanceId, status: "Completed" });
        const { instances } = await scene.instances.query({ instanceIdPrefix: instanceId, pageSize: 10 });
        expect(instances.map((found) => found.instanceId)).toEqual([instanceId]);
        expect(await scene.instances.purge(instanceId)).toBe(true);
        expect(await scene.instances.get(instanceId)).toBeUndefined();
      },
    ),

    contractCase("ids that differ in case only are two instances", async (scene) => {
      const lower = await begin(scene, { start: startOf(scene, "case"), state: { customStatus: '"lower"' } });
      const upper = await begin(scene, { start: startOf(scene, "CASE"), state: { customStatus: '"upper"' } });

      expect(await scene.instances.get("case")).toMatchObject({ customStatus: '"lower"' });
      expect(await scene.instances.get("CASE")).toMatchObject({ customStatus: '"upper"' });
      await lower.session.release();
      await upper.session.release();
    }),

    contractCase("an id that another begins with is another instance", async (scene) => {
      const short = await begin(scene, { start: startOf(scene, "order-1") });
      const long = await begin(scene, { start: startOf(scene, "order-10"), events: [scheduled(scene, 0)] });
      await short.session.checkpoint(
        turnOf(scene, { ...short.state, status: "Completed" }, [completed(scene)]),
      );
      await short.session.release();

      expect(await scene.instances.purge("order-1")).toBe(true);

      expect(await scene.instances.getHistory("order-10")).toHaveLength(3);
      await long.session.release();
    }),

    contractCase("many payloads of one checkpoint come back, each its own", async (scene) => {
      const inputs = Array.from({ length: 40 }, (_, index) =>
        quoted(20 * KIB + index * 2 * KIB, index % 2 === 0),
      );
      const { session, state } = await begin(scene);

      await session.checkpoint(
        turnOf(
          scene,
          state,
          inputs.map((input, index) => scheduled(scene, index, input)),
        ),
      );

      const { history } = await session.load();
      expect(history.flatMap((event) => (event.type === "TaskScheduled" ? [event.input] : []))).toEqual(
        inputs,
      );
      await session.release();
    }),

    contractCase(
      "a create with a payload beyond the limit is refused and writes nothing",
      async (scene) => {
        const start = startOf(scene, scene.id(), { input: quoted(200_000) });

        await expect(scene.instances.create(start, [])).rejects.toMatchObject({ code: "PayloadTooLarge" });

        expect(await scene.instances.get(start.instanceId)).toBeUndefined();
        expect(await scene.lockWithin(500)).toBeUndefined();
        await scene.instances.create(startOf(scene, start.instanceId), []);
      },
      { maxPayloadBytes: 100_000 },
    ),

    contractCase(
      "a message with a payload beyond the limit is refused",
      async (scene) => {
        const { session, state } = await begin(scene);
        const big = eventTo(scene, state.instanceId, "big", `"${"漢".repeat(40_000)}"`); // 120,002 bytes in UTF-8
        const fits = eventTo(scene, state.instanceId, "fits", `"${"x".repeat(90_000)}"`);

        await expect(scene.instances.send(big)).rejects.toMatchObject({ code: "PayloadTooLarge" });
        await scene.instances.send(fits);

        expect(await scene.take(session)).toEqual([fits]);
        await session.release();
      },
      { maxPayloadBytes: 100_000 },
    ),

    contractCase(
      "a checkpoint with a payload beyond the limit is refused, writes nothing, and the session goes on",
      async (scene) => {
        const { session, state } = await begin(scene);
        const target = scene.id("target");
        const events = [sent(scene, 0, target, '"small"'), scheduled(scene, 1, quoted(200_000))];

        const refused = session.checkpoint(turnOf(scene, { ...state, customStatus: '"new"' }, events));

        await expect(refused).rejects.toMatchObject({ code: "PayloadTooLarge" });
        expect(await scene.instances.get(state.instanceId)).not.toHaveProperty("customStatus");
        expect(await scene.instances.getHistory(state.instanceId)).toHaveLength(2);
        expect(await scene.lockWithin(500)).toBeUndefined();
        await session.checkpoint(turnOf(scene, state, [sent(scene, 0, target, '"small"')]));
        const receiver = await scene.lock();
        expect(receiver.instanceId).toBe(target);
        await receiver.release();
        await session.release();
      },
      { maxPayloadBytes: 100_000 },
    ),

    contractCase(
      "a result beyond the limit is refused, and a smaller one can be sent instead",
      async (scene) => {
        const { session, state } = await begin(scene, { events: [scheduled(scene, 0)] });
        const item = await scene.lockActivity();

        const refused = item.complete(resultOf(scene, state, 0, quoted(200_000)));

        await expect(refused).rejects.toMatchObject({ code: "PayloadTooLarge" });
        const smaller = resultOf(scene, state, 0, '"smaller"');
        await item.complete(smaller);
        expect(await scene.take(session)).toEqual([smaller]);
        await session.release();
      },
      { maxPayloadBytes: 100_000 },
    ),
  ],
};

/** Through a start, an event, an activity, history, custom status and output. */
async function carriesEverywhere(scene: Scene, payload: string): Promise<void> {
  const start = startOf(scene, scene.id(), { input: payload });
  await scene.instances.create(start, []);
  expect((await scene.instances.get(start.instanceId))?.input).toBe(payload);
  const session = await scene.lock();
  await session.load();
  expect(await scene.take(session)).toEqual([start]);
  const state = await commitFirst(scene, session, start, { events: [scheduled(scene, 0, payload)] });
  const item = await scene.lockActivity();
  expect(item.message.input).toBe(payload);
  await item.complete(resultOf(scene, state, 0, payload));
  expect(await scene.take(session)).toMatchObject([{ event: { result: payload } }]);
  await scene.instances.send(eventTo(scene, start.instanceId, "e", payload));
  const [event] = await scene.take(session);
  expect(event?.event).toMatchObject({ type: "EventRaised", input: payload });
  await session.checkpoint(
    turnOf(scene, { ...state, status: "Completed", output: payload, customStatus: payload }, [
      ...(event ? [event.event] : []),
      completed(scene, payload),
    ]),
  );
  expect(await scene.instances.get(start.instanceId)).toMatchObject({
    input: payload,
    output: payload,
    customStatus: payload,
  });
  const { history } = await session.load();
  expect(history.find(({ type }) => type === "EventRaised")).toEqual(event?.event);
  expect(history.at(-1)).toMatchObject({ type: "ExecutionCompleted", output: payload });
  await session.release();
}

/** A JSON string of `length` ASCII characters, quotes included. */
function quoted(length: number, random = false): string {
  if (!random) return `"${"x".repeat(length - 2)}"`;
  let seed = length;
  const characters = Array.from({ length: length - 2 }, () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".charAt((seed >>> 16) & 63);
  });
  return `"${characters.join("")}"`;
}

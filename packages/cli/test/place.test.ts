/** Where the hub is: flags, environment, profiles, the default. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CommandFailure } from "../src/failures";
import { placeFlags, placeOf, placeText } from "../src/connection/place";
import type { PlaceOptions } from "../src/connection/place";
import { fakeSurroundings } from "./support/fake-surroundings";
import { newFolder } from "./support/hub";

const ACCOUNT =
  "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net";

let folder: string;
beforeEach(async () => {
  folder = await newFolder();
  mkdirSync(path.join(folder, "project/deep"), { recursive: true });
  writeFileSync(
    path.join(folder, "project/perdure.yaml"),
    [
      "profiles:",
      "  local: { path: data/shop.perdure }",
      "  account: { connectionString: '${SHOP_STORAGE}', hub: Shop }",
      "  server: { url: 'https://ops.example.com/', key: '${SHOP_KEY}' }",
      "  keyOnly: { key: profile-key }",
      "  emulator: { azurite: true }",
    ].join("\n"),
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

const SECRETS = { SHOP_STORAGE: ACCOUNT, SHOP_KEY: "server-key" };

function place(options: PlaceOptions, env: Readonly<Record<string, string>> = {}) {
  const { surroundings } = fakeSurroundings({
    workingFolder: path.join(folder, "project/deep"),
    env: { ...SECRETS, XDG_CONFIG_HOME: path.join(folder, "config"), ...env },
  });
  return placeOf(options, surroundings);
}

function file(name: string) {
  return { kind: "file", path: path.join(folder, "project", name) };
}

describe("placeOf", () => {
  it("is a file in .perdure of the working folder, named after the hub, when nothing is said", () => {
    expect(place({})).toEqual(file("deep/.perdure/PerdureHub.perdure"));
    expect(place({ hub: "Shop" })).toEqual(file("deep/.perdure/Shop.perdure"));
  });

  it("takes flags before the environment, and the environment before a profile", () => {
    const env = { PERDURE_URL: "http://localhost:1", PERDURE_PROFILE: "local" };

    expect(place({ path: "a.perdure" }, env)).toEqual(file("deep/a.perdure"));
    expect(place({}, env)).toEqual({ kind: "server", url: "http://localhost:1" });
    expect(place({}, { PERDURE_PROFILE: "local" })).toEqual(file("data/shop.perdure"));
  });

  it("takes a profile that a flag names before the environment", () => {
    expect(place({ profile: "local" }, { PERDURE_STORAGE: ACCOUNT })).toEqual(file("data/shop.perdure"));
  });

  it("takes hub and key from wherever they are said first", () => {
    const shop = { kind: "azure-storage", connectionString: ACCOUNT };

    expect(place({ profile: "account" })).toEqual({ ...shop, taskHub: "Shop" });
    expect(place({ profile: "account", hub: "Other" })).toEqual({ ...shop, taskHub: "Other" });
    expect(place({}, { PERDURE_STORAGE: ACCOUNT, PERDURE_HUB: "FromEnv" })).toEqual({
      ...shop,
      taskHub: "FromEnv",
    });
    expect(place({ url: "http://a" }, { PERDURE_KEY: "env-key" })).toEqual({
      kind: "server",
      url: "http://a",
      key: "env-key",
    });
  });

  it("sends the key of a profile nowhere but where the profile says", () => {
    const server = { kind: "server", url: "https://ops.example.com", key: "server-key" };

    expect(place({ profile: "server" })).toEqual(server);
    expect(place({ url: "http://elsewhere" }, { PERDURE_PROFILE: "server" })).toEqual({
      kind: "server",
      url: "http://elsewhere",
    });
    expect(place({}, { PERDURE_URL: "http://elsewhere", PERDURE_PROFILE: "keyOnly" })).toEqual({
      kind: "server",
      url: "http://elsewhere",
    });
  });

  it("takes the default profile of the user's own file, and that of the project before it", () => {
    mkdirSync(path.join(folder, "config/perdure"), { recursive: true });
    const own = "defaultProfile: mine\nprofiles: { mine: { path: /mine }, local: { path: /other } }";
    writeFileSync(path.join(folder, "config/perdure/config.yaml"), own);

    expect(place({})).toEqual({ kind: "file", path: "/mine" });
    expect(place({ profile: "local" })).toEqual(file("data/shop.perdure"));
  });

  it.each<[what: string, options: PlaceOptions, env: Readonly<Record<string, string>>, said: RegExp]>([
    ["two places in the flags", { path: "a", azurite: true }, {}, /--path and --azurite/],
    [
      "two places in the environment",
      {},
      { PERDURE_STORAGE: "a", PERDURE_URL: "http://b" },
      /connectionString and url/,
    ],
    ["an unknown profile", { profile: "acount" }, {}, /no profile 'acount'/],
    [
      "a key with a line break",
      { url: "http://a" },
      { PERDURE_KEY: "bad\nkey" },
      /^The key has [^]*carry\.$/,
    ],
    ["a variable that is not set", { profile: "server" }, { SHOP_KEY: "" }, /needs SHOP_KEY/],
  ])("refuses %s", (_what, options, env, said) => {
    expect(() => place(options, env)).toThrow(said);
    expect(() => place(options, env)).toThrow(CommandFailure);
  });
});

describe("placeText and placeFlags", () => {
  it("tell no secret", () => {
    const { surroundings } = fakeSurroundings({ workingFolder: folder });
    const places = [
      place({ profile: "account" }),
      place({ profile: "server" }),
      place({ profile: "emulator" }),
    ];

    const texts = places.map((one) => `${placeText(one)} ${placeFlags(one, surroundings)}`);

    expect(texts.join("\n")).not.toMatch(/c2VjcmV0|server-key/);
    expect(texts[0]).toMatch(/task hub 'Shop' .*account shop/);
    expect(texts[2]).toMatch(/the emulator\) {2}--azurite/);
  });
});

import { Random } from "../crash/random";

describe("Random", () => {
  it("gives the same numbers for the same seed and others for another", () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 5 }, () => random.between(0, 1_000_000));
    };

    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it("reaches both ends of a range and nothing beyond", () => {
    const random = new Random(7);
    const drawn = new Set(Array.from({ length: 200 }, () => random.between(2, 5)));

    expect([...drawn].sort()).toEqual([2, 3, 4, 5]);
  });
});

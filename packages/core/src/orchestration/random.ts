/**
 * A deterministic generator of numbers from 0 up to 1: Chris Doty-Humphrey's sfc32 (PractRand), seeded by 32 hex
 * digits. Bit operations are the algorithm.
 */
export function seededRandom(seed: string): () => number {
  let a = seedWord(seed, 0);
  let b = seedWord(seed, 1);
  let c = seedWord(seed, 2);
  let counter = seedWord(seed, 3);
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
}

function seedWord(seed: string, index: number): number {
  return Number.parseInt(seed.slice(index * 8, index * 8 + 8), 16) | 0;
}

import { randomInt } from 'node:crypto';

/** Draws evenly from 0, which it may give, to 1, which it never does. */
export type Draw = () => number;

const mostSeed = 0xffff_ffff;

/** What a seed is, for messages. */
export const SEED_TEXT = `a whole number from 0 to ${mostSeed}`;

/** "42" → 42; undefined when it is no seed. */
export function parseSeed(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= mostSeed ? Number(text) : undefined;
}

export const randomSeed = () => randomInt(mostSeed + 1);

/** What the app draws from. Service times and faults have streams of their own: a fault does not move the times. */
export class Chance {
  #serviceTimes: Draw;
  #faults: Draw;

  constructor(seed: number) {
    this.#serviceTimes = seededDraw(seed, 1);
    this.#faults = seededDraw(seed, 2);
  }

  readonly serviceTime: Draw = () => this.#serviceTimes();
  readonly fault: Draw = () => this.#faults();

  /** Begins both streams of a seed anew. */
  reseed(seed: number): void {
    this.#serviceTimes = seededDraw(seed, 1);
    this.#faults = seededDraw(seed, 2);
  }
}

/** The same numbers every time for a seed and a stream of it: sfc32 of http://pracrand.sourceforge.net */
export function seededDraw(seed: number, stream: number): Draw {
  let a = 0;
  let b = seed | 0;
  let c = stream | 0;
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  // Seeds that differ in one bit begin alike.
  for (let round = 0; round < 15; round += 1) next();
  return next;
}

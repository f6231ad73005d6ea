import type { Agent } from 'node:http';
import { callOnward, type OnwardCall } from './onward.ts';

const TIMEOUT_MS = 5_000;

/** What an app asks others for once, when it starts: without all of it, it has an answer for nobody. */
export class StartCalls {
  /** Why it has not got it; undefined when it has, or asks for nothing. */
  problem: string | undefined;
  readonly #calls: readonly OnwardCall[];
  readonly #agent: Agent;

  constructor(calls: readonly OnwardCall[], agent: Agent) {
    this.#calls = calls;
    this.#agent = agent;
  }

  /** Asks for it, one after the other and each of them once, as most apps do. */
  async make(): Promise<void> {
    this.problem = undefined;
    for (const call of this.#calls) {
      const { problem } = await callOnward(call, {}, this.#agent, AbortSignal.timeout(TIMEOUT_MS));
      if (problem === undefined) continue;
      this.problem = `the call to ${call.host} at its start failed: ${problem}`;
      return;
    }
  }
}

import { notYet, notYetSince, type Ready } from '../../../kit/eventually.ts';
import type { AgentApi } from './api.ts';

const CHECK = 'breakwater-lapses';
const LAPSES_AFTER_MS = 250;

/** What of an agent's interface it takes. */
type Checks = Pick<AgentApi, 'addLapsingCheck' | 'removeCheck' | 'statusOf'>;

/**
 * Whether an agent hands on to its server what changes in it. When its server has come to lead, an agent waits for up to
 * three seconds and then compares everything; where it is just reading its files again at that moment, it puts that off
 * for 15 to 30 s without a word, and hands on nothing meanwhile. So it is to be asked to read them when that is over,
 * which a check shows that fails without anybody asking: whatever comes over its interface is handed on at once.
 * https://github.com/hashicorp/consul/blob/v1.16.1/agent/ae/ae.go
 */
export class HandingOn {
  readonly #api: Checks;
  #state: 'unknown' | 'waits' | 'hands-on' = 'unknown';
  #lapsesAfterMs = LAPSES_AFTER_MS;

  /** Of one start of an agent. */
  constructor(api: Checks) {
    this.#api = api;
  }

  async look(): Promise<Ready> {
    try {
      if (this.#state === 'unknown') {
        await this.#api.addLapsingCheck(CHECK, this.#lapsesAfterMs);
        // On a busy machine it may have failed before it came there, which shows nothing.
        if ((await this.#api.statusOf(CHECK)) === 'passing') this.#state = 'waits';
        else this.#lapsesAfterMs *= 2;
      } else if (this.#state === 'waits' && (await this.#api.statusOf(CHECK)) === 'critical') {
        await this.#api.removeCheck(CHECK);
        this.#state = 'hands-on';
      }
      return this.#state === 'hands-on' ? undefined : notYet('it does not hand on yet what changes in it');
    } catch (error) {
      return notYetSince(error);
    }
  }
}

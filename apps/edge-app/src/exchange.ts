import type { Agent } from 'node:http';
import type { Answering } from './answers.ts';
import type { Capacity, Waiter } from './capacity.ts';
import { type Carrier, carrierOf, type Request, type Response, reset } from './carrier.ts';
import type { Chance } from './chance.ts';
import type { ActiveFault, Ending, Faults } from './faults.ts';
import type { Metrics } from './metrics.ts';
import { callOnward, type OnwardCall, traceHeaders } from './onward.ts';
import type { ServiceTime } from './service-time.ts';
import type { StartCalls } from './start-calls.ts';

/** What all requests share. */
export interface Site {
  readonly answers: Answering;
  readonly capacity: Capacity;
  readonly faults: Faults;
  readonly metrics: Metrics;
  readonly serviceTime: ServiceTime;
  readonly chance: Chance;
  readonly calls: readonly OnwardCall[];
  readonly startCalls: Pick<StartCalls, 'problem'>;
  /** Whether calls carry the trace of the request that they are made for. */
  readonly propagates: boolean;
  readonly agent: Agent;
}

/**
 * One request: slot, service time and latency, then a fault or the onward calls and the answer.
 * A caller that leaves gives up its place in the queue, but not the slot that serves it: work for
 * callers who are gone is what makes a retry storm dangerous.
 */
export class Exchange implements Waiter {
  previous: Waiter | undefined;
  next: Waiter | undefined;
  readonly #site: Site;
  readonly #request: Request;
  readonly #response: Response;
  readonly #carrier: Carrier;
  #begunAtMs = 0;
  #waiting = false;

  constructor(site: Site, request: Request, response: Response) {
    this.#site = site;
    this.#request = request;
    this.#response = response;
    this.#carrier = carrierOf(request);
  }

  /** The request has arrived in full. */
  arrive(): void {
    const { answers, capacity, metrics } = this.#site;
    const place = capacity.enter(this);
    if (place === 'queued') {
      this.#waiting = true;
      this.#response.once('close', () => this.#leaveQueue());
    }
    if (place === 'full') {
      metrics.rejected++;
      metrics.countRequest(answers.queueFull(this.#response));
    }
  }

  begin(): void {
    this.#waiting = false;
    this.#begunAtMs = performance.now();
    const { serviceTime, chance, faults } = this.#site;
    let waitMs = serviceTime(chance.serviceTime);
    const delayMs = faults.drawDelayMs();
    // Timers count whole milliseconds and may fire 1 ms early; a fault must not fall short of its delay.
    if (delayMs > 0) waitMs += Math.ceil(delayMs) + 1;
    if (waitMs < 0.5) this.act();
    else setTimeout(act, waitMs, this);
  }

  /** The service time is over. */
  act(): void {
    const { answers, faults, calls, startCalls } = this.#site;
    const { destroyed } = this.#carrier;
    const fault = destroyed ? undefined : faults.drawEnding();
    if (destroyed) {
      this.#leave(0);
    } else if (fault) {
      this.#misbehave(fault);
    } else if (startCalls.problem !== undefined) {
      this.#leave(answers.error(this.#response, 503, startCalls.problem));
    } else if (calls.length > 0) {
      void this.#callOnward();
    } else {
      this.#leave(answers.ok(this.#response, this.#request.url ?? '/', this.#request.headers));
    }
  }

  #misbehave(fault: ActiveFault<Ending>): void {
    const { id, behaviour } = fault;
    switch (behaviour.kind) {
      case 'reset':
        reset(this.#carrier);
        this.#leave(0);
        break;
      case 'hang':
        this.#hang(fault);
        break;
      case 'error':
        this.#leave(this.#site.answers.error(this.#response, behaviour.status, `fault ${id}`));
        break;
    }
  }

  /** Until the caller leaves or the fault is cleared, which abandons the request. */
  #hang(fault: ActiveFault): void {
    const carrier = this.#carrier;
    fault.hung.add(carrier);
    carrier.once('close', () => {
      fault.hung.delete(carrier);
      this.#leave(0);
    });
  }

  async #callOnward(): Promise<void> {
    const { answers, calls, propagates, agent, metrics } = this.#site;
    const trace = traceHeaders(this.#request.headers, propagates);
    const callerGone = new AbortController();
    this.#response.once('close', () => callerGone.abort());
    for (const [index, call] of calls.entries()) {
      const { status, problem } = await callOnward(call, trace, agent, callerGone.signal);
      if (callerGone.signal.aborted) {
        metrics.countOnwardCall(call.host, 'caller_left');
        this.#leave(0);
        return;
      }
      metrics.countOnwardCall(call.host, status === 0 ? 'no_answer' : String(status));
      if (problem === undefined) continue;
      const which = `onward call ${index + 1} of ${calls.length} (${call.host} at ${call.url})`;
      this.#leave(answers.error(this.#response, 502, `${which} failed: ${problem}`));
      return;
    }
    this.#leave(answers.ok(this.#response, this.#request.url ?? '/', this.#request.headers));
  }

  #leave(status: number): void {
    const { capacity, metrics } = this.#site;
    metrics.countRequest(status);
    metrics.observeServiceTime(performance.now() - this.#begunAtMs);
    capacity.leave();
  }

  #leaveQueue(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#site.capacity.withdraw(this);
    this.#site.metrics.countRequest(0);
  }
}

function act(exchange: Exchange): void {
  exchange.act();
}

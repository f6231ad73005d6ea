/** A request that wants a slot. The links are the queue's own: a caller that leaves is unlinked in O(1). */
export interface Waiter {
  previous: Waiter | undefined;
  next: Waiter | undefined;
  /** A slot is yours; give it back with `leave`. */
  begin(): void;
}

/** So many requests at once, so many more in line (first come, first served), and no more. */
export class Capacity {
  inFlight = 0;
  queued = 0;
  readonly #concurrency: number;
  readonly #queue: number;
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #admitting = false;

  constructor(concurrency: number, queue: number) {
    this.#concurrency = concurrency;
    this.#queue = queue;
  }

  /** Begins the waiter now, lines it up, or says there is no room. */
  enter(waiter: Waiter): 'begun' | 'queued' | 'full' {
    if (this.inFlight < this.#concurrency) {
      this.inFlight++;
      waiter.begin();
      return 'begun';
    }
    if (this.queued >= this.#queue) return 'full';
    waiter.previous = this.#last;
    if (this.#last) this.#last.next = waiter;
    else this.#first = waiter;
    this.#last = waiter;
    this.queued++;
    return 'queued';
  }

  /** Takes a waiter that is still in line out of it. */
  withdraw(waiter: Waiter): void {
    if (waiter.previous) waiter.previous.next = waiter.next;
    else this.#first = waiter.next;
    if (waiter.next) waiter.next.previous = waiter.previous;
    else this.#last = waiter.previous;
    waiter.previous = undefined;
    waiter.next = undefined;
    this.queued--;
  }

  /** Gives a slot back and lets the next in line begin. */
  leave(): void {
    this.inFlight--;
    // A waiter that finishes at once leaves from inside begin(): a loop, or a long queue overflows the stack.
    if (this.#admitting) return;
    this.#admitting = true;
    while (this.#first && this.inFlight < this.#concurrency) {
      const waiter = this.#first;
      this.withdraw(waiter);
      this.inFlight++;
      waiter.begin();
    }
    this.#admitting = false;
  }
}

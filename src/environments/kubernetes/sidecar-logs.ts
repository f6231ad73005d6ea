import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunContext } from '../../model/evidence.ts';
import { type ClusterApi, podLog } from './api.ts';
import { StampedLines } from './stamped-lines.ts';

type Gap = RunContext['gaps'][number];

const retryMs = 250;
/** A line that a sidecar has written is on its way for a moment. */
const quietMs = 150;
const noisyMs = 2_000;
const drainMs = 500;
/** A pod that ends is asked for in vain for a moment before it is gone; a kubelet that is away, for longer. */
const troubleMs = 5_000;
/** What configuration a sidecar did not take it says soon after the change; what comes after this much is only in the file. */
const mostSaid = 1_000_000;

/** The pod's log of one container, streamed: resolves with the status of the answer, rejects when it breaks. */
export type LogSource = Pick<ClusterApi, 'stream'>;

interface Followed {
  readonly instance: string;
  readonly pod: string;
  readonly lines: StampedLines;
  readonly begunMs: number;
  /** Its container has ended, and all of its log was read: if the pod is gone then, nothing is missing. */
  whole: boolean;
  /** Nothing more can come: all of it was read, or what is missing is a gap. */
  over: boolean;
}

/**
 * The sidecars' logs, followed from their first line for as long as the lab is there. Lines about requests go into
 * the evidence of the window that is open, and nowhere between windows; the rest goes beside the other logs.
 */
export class SidecarLogs {
  /** Everything that could not be read, from the first line on. */
  readonly gaps: Gap[] = [];
  readonly #api: LogSource;
  readonly #namespace: string;
  readonly #container: string;
  readonly #mark: Buffer;
  readonly #others: LogFiles;
  readonly #followed = new Map<string, Followed>();
  readonly #draining: NodeJS.Timeout;
  /** Instance → what its sidecar has said beside requests since `forget`. */
  readonly #said = new Map<string, string>();
  #window: LogFiles | undefined;
  #stop = new AbortController();
  #followers: Promise<void>[] = [];
  #ended = false;
  #lastLine = 0;

  /** `mark`: how a line about a request begins; `logs`: folder for what sidecars say beside requests. */
  constructor(api: LogSource, namespace: string, container: string, mark: string, logs: string) {
    this.#api = api;
    this.#namespace = namespace;
    this.#container = container;
    this.#mark = Buffer.from(mark);
    this.#others = new LogFiles((instance) => join(logs, `${instance}.sidecar.log`));
    this.#draining = setInterval(() => this.#drain(), drainMs).unref();
  }

  /** Follows a pod until it is gone or this ends. `fresh`: all of its log belongs to this lab, not only what comes now. */
  follow(instance: string, pod: string, fresh: boolean): void {
    // A list of pods that comes late makes one look new again.
    if (this.#followed.has(pod) || this.#ended) return;
    const lines = new StampedLines(fresh ? undefined : new Date().toISOString(), (batch) =>
      this.#take(instance, batch),
    );
    const followed = { instance, pod, lines, begunMs: Date.now(), whole: false, over: false };
    this.#followed.set(pod, followed);
    this.#window?.open(instance);
    this.#followers.push(this.#follow(followed, this.#stop.signal));
  }

  #take(instance: string, batch: readonly Buffer[]): void {
    const { requests = [], other = [] } = Object.groupBy(batch, (line) =>
      line.subarray(0, this.#mark.length).equals(this.#mark) ? 'requests' : 'other',
    );
    if (requests.length > 0) this.#window?.write(instance, Buffer.concat(requests));
    if (other.length === 0) return;
    const text = Buffer.concat(other);
    this.#others.write(instance, text);
    const said = this.#said.get(instance) ?? '';
    if (said.length < mostSaid) this.#said.set(instance, said + text.toString('utf8'));
  }

  /** What a sidecar has said beside requests since `forget`, as far as it has come. */
  said(instance: string): string {
    this.#drain();
    return this.#said.get(instance) ?? '';
  }

  /** What sidecars have said so far is of no interest any more. */
  forget(): void {
    this.#drain();
    this.#said.clear();
  }

  #drain(): void {
    for (const { lines } of this.#followed.values()) lines.drain();
  }

  async #follow(followed: Followed, stop: AbortSignal): Promise<void> {
    let broken = false;
    let troubleSince: number | undefined;
    while (!stop.aborted) {
      if (broken) await this.#stream(followed, { previous: 'true' }, stop).catch(() => {});
      // A stream that breaks has not sent all: what it had not sent yet is asked for again.
      const status = await this.#stream(followed, { follow: 'true' }, stop).catch(() => 0);
      if (stop.aborted) return;
      if (status < 500) troubleSince = undefined;
      else troubleSince ??= Date.now();
      if (status === 200) {
        broken = false;
        followed.whole = true;
      }
      const away = troubleSince !== undefined && Date.now() - troubleSince > troubleMs;
      if (status === 0 || away) broken = true;
      if (status === 404 && !(await this.#exists(followed, stop))) {
        followed.over = true;
        if (broken) this.#miss(followed, 'was gone before all of it was read');
        return;
      }
      await sleep(retryMs, undefined, { signal: stop }).catch(() => {});
    }
  }

  /** Whether the API server has the pod: a kubelet says 404 as well of one that it has not heard of yet. */
  async #exists({ pod }: Followed, stop: AbortSignal): Promise<boolean> {
    const path = `/api/v1/namespaces/${this.#namespace}/pods/${pod}`;
    const status = await this.#api.stream(path, () => {}, stop).catch(() => 0);
    return status !== 404;
  }

  /** What came after the newest line is unknown. */
  #miss({ instance, pod, lines, begunMs }: Followed, why: string): void {
    const what = `the log of ${instance} (${pod} ${why})`;
    this.gaps.push({ what, fromMs: lines.newestMs ?? begunMs, toMs: Date.now() });
  }

  async #stream(followed: Followed, options: Record<string, string>, signal: AbortSignal): Promise<number> {
    const { pod, lines } = followed;
    const path = podLog(this.#namespace, pod, {
      container: this.#container,
      timestamps: 'true',
      ...(lines.newest === undefined ? {} : { sinceTime: lines.since() }),
      ...options,
    });
    lines.restart();
    try {
      return await this.#api.stream(
        path,
        (chunk) => {
          this.#lastLine = Date.now();
          followed.whole = false;
          lines.add(chunk);
        },
        signal,
      );
    } finally {
      lines.drain();
    }
  }

  /**
   * Opens a window: what comes from here on about requests goes to files of this folder, one for each instance.
   * Whatever sidecars have written before is read first, and left out.
   */
  async open(folder: string, patienceMs: number): Promise<void> {
    await this.#readAll(patienceMs, () => {
      this.#window = new LogFiles((instance) => join(folder, `${instance}.log`));
      for (const { instance } of this.#followed.values()) this.#window.open(instance);
    });
  }

  /** Closes the window once all that sidecars have written is in it. */
  async close(patienceMs: number): Promise<void> {
    const window = this.#window;
    await this.#readAll(patienceMs, () => this.#drop());
    await window?.end();
  }

  /** Gives the window up as it is. */
  async giveUp(): Promise<void> {
    await this.#drop()?.end();
  }

  #drop(): LogFiles | undefined {
    const window = this.#window;
    this.#window = undefined;
    return window;
  }

  /**
   * Reads every log to its end, calls `cut` before anything newer is read, and goes on following. A stream to a
   * node that was stopped is as quiet as one that has said all, so every log is asked once more for what it has;
   * one that does not answer is a gap.
   */
  async #readAll(patienceMs: number, cut: () => void): Promise<void> {
    if (this.#ended) return;
    const deadline = Date.now() + noisyMs;
    await sleep(quietMs);
    while (Date.now() - this.#lastLine < quietMs && Date.now() < deadline) await sleep(20);
    await this.#stopFollowing();
    await Promise.all([...this.#followed.values()].map((each) => this.#complete(each, patienceMs)));
    cut();
    if (this.#ended) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#followers = [...this.#followed.values()]
      .filter(({ over }) => !over)
      .map((each) => this.#follow(each, signal));
  }

  async #complete(followed: Followed, patienceMs: number): Promise<void> {
    if (followed.over) return;
    const signal = AbortSignal.timeout(patienceMs);
    // A container that was started again left its last lines with the one before.
    await this.#stream(followed, { previous: 'true' }, signal).catch(() => {});
    const status = await this.#stream(followed, {}, signal).catch(() => 0);
    if (status === 200 || (status === 404 && followed.whole)) return;
    const why = status === 0 ? 'did not answer' : `answered ${status}`;
    this.#miss(followed, status === 404 ? 'was gone before all of it was read' : `${why} at the end`);
  }

  async #stopFollowing(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#followers);
  }

  /** Reads nothing more. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#stopFollowing();
    clearInterval(this.#draining);
    await this.giveUp();
    await this.#others.end();
  }
}

/** A file for each instance, made when it is first written to or told to be there. */
class LogFiles {
  readonly #path: (instance: string) => string;
  readonly #files = new Map<string, WriteStream>();

  constructor(path: (instance: string) => string) {
    this.#path = path;
  }

  open(instance: string): WriteStream {
    const file = this.#files.get(instance) ?? createWriteStream(this.#path(instance), { flags: 'a' });
    this.#files.set(instance, file);
    return file;
  }

  write(instance: string, text: Buffer): void {
    this.open(instance).write(text);
  }

  /** Resolves when all is written. */
  async end(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const file of files) file.end();
    await Promise.all(files.map((file) => finished(file)));
  }
}

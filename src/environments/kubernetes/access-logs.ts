import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCESS_LOG_MARK, type RunContext } from '../../model/evidence.ts';
import { type ClusterApi, podLog } from './api.ts';

type Gap = RunContext['gaps'][number];

const retryMs = 250;
/** Envoy flushes four times a second; a line is on its way a moment longer. */
const quietMs = 800;
const drainMs = 500;
/** A pod that ends is asked for in vain for a moment before it is gone; a kubelet that is away, for longer. */
const troubleMs = 5_000;
const mark = Buffer.from(`${ACCESS_LOG_MARK} `);

/** The pod's log of one container, streamed: resolves with the status of the answer, rejects when it breaks. */
export type LogSource = Pick<ClusterApi, 'stream'>;

interface Followed {
  readonly instance: string;
  readonly pod: string;
  readonly lines: StampedLines;
  readonly begunMs: number;
  /** Nothing more can come: all of it was read, or what is missing is a gap. */
  over: boolean;
}

/** The sidecars' logs, followed from their first line: access lines into evidence, the rest beside the other logs. */
export class AccessLogs {
  readonly gaps: Gap[] = [];
  readonly #api: LogSource;
  readonly #namespace: string;
  readonly #container: string;
  readonly #evidence: string;
  readonly #logs: string;
  readonly #files = new Map<string, { access: WriteStream; other: WriteStream }>();
  readonly #followed = new Map<string, Followed>();
  readonly #draining: NodeJS.Timeout;
  readonly #stop = new AbortController();
  readonly #followers: Promise<void>[] = [];
  #lastLine = 0;

  constructor(api: LogSource, namespace: string, container: string, evidence: string, logs: string) {
    this.#api = api;
    this.#namespace = namespace;
    this.#container = container;
    this.#evidence = evidence;
    this.#logs = logs;
    this.#draining = setInterval(() => {
      for (const { lines } of this.#followed.values()) lines.drain();
    }, drainMs).unref();
  }

  /** Follows a pod until it is gone or this ends. `fresh`: all of its log belongs to this run, not only what comes now. */
  follow(instance: string, pod: string, fresh: boolean): void {
    // A list of pods that comes late makes one look new again.
    if (this.#followed.has(pod) || this.#stop.signal.aborted) return;
    const files = this.#open(instance);
    const lines = new StampedLines(fresh ? undefined : new Date().toISOString(), (batch) => {
      const { access = [], other = [] } = Object.groupBy(batch, (line) =>
        line.subarray(0, mark.length).equals(mark) ? 'access' : 'other',
      );
      if (access.length > 0) files.access.write(Buffer.concat(access));
      if (other.length > 0) files.other.write(Buffer.concat(other));
    });
    const followed = { instance, pod, lines, begunMs: Date.now(), over: false };
    this.#followed.set(pod, followed);
    this.#followers.push(this.#follow(followed));
  }

  async #follow(followed: Followed): Promise<void> {
    const stop = this.#stop.signal;
    let broken = false;
    let troubleSince: number | undefined;
    while (!stop.aborted) {
      if (broken) await this.#stream(followed, { previous: 'true' }, stop).catch(() => {});
      // A stream that breaks has not sent all: what it had not sent yet is asked for again.
      const status = await this.#stream(followed, { follow: 'true' }, stop).catch(() => 0);
      if (stop.aborted) return;
      if (status < 500) troubleSince = undefined;
      else troubleSince ??= Date.now();
      if (status === 200) broken = false;
      const away = troubleSince !== undefined && Date.now() - troubleSince > troubleMs;
      if (status === 0 || away) broken = true;
      if (status === 404 && !(await this.#exists(followed))) {
        followed.over = true;
        if (broken) this.#miss(followed, 'was gone before all of it was read');
        return;
      }
      await sleep(retryMs, undefined, { signal: stop }).catch(() => {});
    }
  }

  /** Whether the API server has the pod: a kubelet says 404 as well of one that it has not heard of yet. */
  async #exists({ pod }: Followed): Promise<boolean> {
    const path = `/api/v1/namespaces/${this.#namespace}/pods/${pod}`;
    const status = await this.#api.stream(path, () => {}, this.#stop.signal).catch(() => 0);
    return status !== 404;
  }

  /** What came after the newest line is unknown. */
  #miss({ instance, pod, lines, begunMs }: Followed, why: string): void {
    const what = `the log of ${instance} (${pod} ${why})`;
    this.gaps.push({ what, fromMs: lines.newestMs ?? begunMs, toMs: Date.now() });
  }

  async #stream(
    { pod, lines }: Followed,
    options: Record<string, string>,
    signal: AbortSignal,
  ): Promise<number> {
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
          lines.add(chunk);
        },
        signal,
      );
    } finally {
      lines.drain();
    }
  }

  #open(instance: string) {
    const files = this.#files.get(instance) ?? {
      access: createWriteStream(join(this.#evidence, 'access', `${instance}.log`), { flags: 'a' }),
      other: createWriteStream(join(this.#logs, `${instance}.sidecar.log`), { flags: 'a' }),
    };
    this.#files.set(instance, files);
    return files;
  }

  /**
   * Waits until nothing more comes, and ends. A stream to a node that was stopped is as quiet as one that has
   * said all, so every log is asked once more for what it has; one that does not answer is a gap.
   */
  async collect(patienceMs: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const deadline = Date.now() + 6_000;
    await sleep(quietMs);
    while (Date.now() - this.#lastLine < quietMs && Date.now() < deadline) await sleep(50);
    await this.#stopFollowing();
    await Promise.all([...this.#followed.values()].map((each) => this.#complete(each, patienceMs)));
    await this.end();
  }

  async #complete(followed: Followed, patienceMs: number): Promise<void> {
    if (followed.over) return;
    const signal = AbortSignal.timeout(patienceMs);
    // A container that was started again left its last lines with the one before.
    await this.#stream(followed, { previous: 'true' }, signal).catch(() => {});
    const status = await this.#stream(followed, {}, signal).catch(() => 0);
    if (status === 200) return;
    const why = status === 0 ? 'did not answer' : `answered ${status}`;
    this.#miss(followed, status === 404 ? 'was gone before all of it was read' : `${why} at the end`);
  }

  async #stopFollowing(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#followers);
  }

  async end(): Promise<void> {
    await this.#stopFollowing();
    const all = [...this.#files.values()].flatMap(({ access, other }) => [access, other]);
    this.#files.clear();
    clearInterval(this.#draining);
    await Promise.all(
      all.map((file) => {
        file.end();
        return finished(file);
      }),
    );
  }
}

/**
 * Lines that the kubelet has put a time before: "2026-01-02T03:04:05.123456789Z text". The times are taken
 * off; with them a stream that broke goes on where it was, and no line comes twice. Taken in bulk: the API
 * sends every line by itself, and looking at each at once would cost more than all else that the harness does.
 */
export class StampedLines {
  /** Comparable time of the newest line. */
  newest: string | undefined;
  readonly #sink: (lines: readonly Buffer[]) => void;
  /** What has not been looked at; half a line may be the first of it. */
  #chunks: Buffer[] = [];

  /** `sink` gets the new lines of what is drained together. */
  constructor(from: string | undefined, sink: (lines: readonly Buffer[]) => void) {
    this.newest = from === undefined ? undefined : comparable(from);
    this.#sink = sink;
  }

  /** Epoch milliseconds of the newest line. */
  get newestMs(): number | undefined {
    return this.newest === undefined ? undefined : Date.parse(`${this.newest.slice(0, 23)}Z`);
  }

  /** Whole seconds: the API knows nothing finer. */
  since(): string {
    return `${(this.newest ?? '').slice(0, 19)}Z`;
  }

  /** A new stream begins: half a line of the last one is worth nothing. */
  restart(): void {
    this.#chunks = [];
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  drain(): void {
    const data = Buffer.concat(this.#chunks);
    const fresh: Buffer[] = [];
    let begin = 0;
    for (;;) {
      const newline = data.indexOf(10, begin);
      if (newline < 0) break;
      const blank = data.indexOf(32, begin);
      if (blank > begin && blank < newline) {
        const time = comparable(data.toString('latin1', begin, blank));
        if (this.newest === undefined || time > this.newest) {
          this.newest = time;
          fresh.push(data.subarray(blank + 1, newline + 1));
        }
      }
      begin = newline + 1;
    }
    if (fresh.length > 0) this.#sink(fresh);
    this.#chunks = begin < data.length ? [Buffer.from(data.subarray(begin))] : [];
  }
}

const WHOLE_LENGTH = '2026-01-02T03:04:05.123456789Z'.length;

/** RFC 3339 in UTC, whose fraction has as many digits as it needs → nine digits, so that texts compare as times. */
function comparable(time: string): string {
  // Nearly all have all nine.
  if (time.length === WHOLE_LENGTH && time.endsWith('Z')) return time.slice(0, -1);
  const [seconds = '', fraction = ''] = time.replace(/(Z|\+00:00)$/, '').split('.');
  return `${seconds}.${fraction.padEnd(9, '0')}`;
}

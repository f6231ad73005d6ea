import type { Outcome } from '../model/evidence.ts';
import type { AccessLine, AccessLogParser } from './access-log.ts';

/** How a sidecar says a request ended; every combination is stored once and requests refer to it by number. */
export interface Ending {
  /** "-", "UO", "UF,URX". */
  readonly flag: string;
  readonly details: string;
  /** 0 when there was no answer. */
  readonly status: number;
  /** Address it went to last, or "-". */
  readonly host: string;
  /** Service by its short name, or "-" when no cluster was chosen. */
  readonly service: string;
  readonly direction: 'outbound' | 'inbound' | 'none';
  /** Whether the answer went out whole. */
  readonly whole: boolean;
  readonly outcome: Outcome;
  /** Whether `host` itself answered, rather than a sidecar in its place. */
  readonly answered: boolean;
}

/** Combinations beyond this are counted as the last one; real runs have dozens. */
const MOST = 32_768;
const SLOTS = MOST * 2;
const KEYS = 6;

/** Every ending seen, by number. */
export class Endings {
  readonly all: Ending[] = [];
  readonly #parser: AccessLogParser;
  readonly #keys = new Int32Array(MOST * KEYS);
  readonly #slots = new Uint16Array(SLOTS);

  constructor(parser: AccessLogParser) {
    this.#parser = parser;
  }

  idOf(line: AccessLine): number {
    const whole = line.totalUs >= 0 ? 1 : 0;
    let hash = Math.imul(line.host, 0x9e3779b1) ^ line.status;
    hash = Math.imul(hash ^ (line.details << 3) ^ whole, 0x85ebca6b);
    hash = Math.imul(hash ^ (line.cluster << 5) ^ line.flags, 0xc2b2ae35);
    let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    for (;;) {
      const id = (this.#slots[slot] ?? 0) - 1;
      if (id < 0) return this.#add(slot, line, whole);
      if (this.#isAt(id, line, whole)) return id;
      slot = (slot + 1) & (SLOTS - 1);
    }
  }

  #isAt(id: number, line: AccessLine, whole: number): boolean {
    const keys = this.#keys;
    const at = id * KEYS;
    return (
      keys[at] === line.host &&
      keys[at + 1] === line.status &&
      keys[at + 2] === line.details &&
      keys[at + 3] === line.cluster &&
      keys[at + 4] === line.flags &&
      keys[at + 5] === whole
    );
  }

  #add(slot: number, line: AccessLine, whole: number): number {
    if (this.all.length === MOST) return MOST - 1;
    const parser = this.#parser;
    const id =
      this.all.push(
        ending(
          parser.flags.texts[line.flags] ?? '-',
          parser.details.texts[line.details] ?? '-',
          Math.max(0, line.status),
          parser.hosts.texts[line.host] ?? '-',
          parser.clusters.texts[line.cluster] ?? '-',
          whole === 1,
        ),
      ) - 1;
    this.#keys.set([line.host, line.status, line.details, line.cluster, line.flags, whole], id * KEYS);
    this.#slots[slot] = id + 1;
    return id;
  }
}

function ending(
  flag: string,
  details: string,
  status: number,
  host: string,
  cluster: string,
  whole: boolean,
): Ending {
  const outcome = outcomeOf(flag, details, status, whole);
  return {
    flag,
    details,
    status,
    host,
    service: serviceOf(cluster),
    direction: cluster.startsWith('outbound|')
      ? 'outbound'
      : cluster.startsWith('inbound|')
        ? 'inbound'
        : 'none',
    whole,
    outcome,
    answered: host !== '-' && (outcome === 'ok' || (outcome === 'error' && details === 'via_upstream')),
  };
}

function outcomeOf(flag: string, details: string, status: number, whole: boolean): Outcome {
  if (isShed(flag, details)) return 'shed';
  if (status === 0 || !whole) return 'unanswered';
  return status < 400 ? 'ok' : 'error';
}

/** What a sidecar refuses by itself to protect a service. */
function isShed(flag: string, details: string): boolean {
  // An answer that came from upstream was not shed: UO on it only says that its retry was.
  // https://github.com/envoyproxy/envoy/blob/main/source/common/router/router.cc (RetryStatus::NoOverflow)
  if (details === 'via_upstream') return false;
  const flags = flag.split(',');
  return (
    flags.includes('UO') ||
    flags.includes('RL') ||
    flags.includes('OM') ||
    details === 'reached_concurrency_limit' ||
    details === 'denied_by_admission_control'
  );
}

/** "outbound|8080||edge-app.default.svc.cluster.local" → "edge-app". */
function serviceOf(cluster: string): string {
  const host = cluster.split('|')[3] ?? '';
  if (host === '') return '-';
  return /\.svc\.[^.]+\.[^.]+$|\.svc$/.test(host) ? (host.split('.')[0] ?? host) : host;
}

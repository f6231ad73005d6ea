import type { Detections, ProcessSample, StatisticsSample } from '../model/evidence.ts';

/** What one client sidecar knew about one service over time; times from the start of the load. */
export interface StatisticsSeries {
  readonly instance: string;
  readonly service: string;
  readonly t: number[];
  readonly overflow: number[];
  readonly connections: number[];
  /** Connections since its sidecar started. */
  readonly opened: number[];
  readonly completed: number[];
  readonly pending: number[];
  readonly retries: number[];
  readonly ejectionsRefused: number[];
  readonly detections: Detections[];
  readonly panics: number[];
  readonly controlPlane: StatisticsSample['controlPlane'][];
  /** Every change of a host's state, in order. */
  readonly changes: { readonly t: number; readonly address: string; readonly ejected: boolean }[];
}

/** Gathers samples into one series for each client and service. */
export class StatisticsReader {
  readonly series: StatisticsSeries[] = [];
  readonly #byKey = new Map<string, StatisticsSeries>();
  readonly #ejected = new Map<string, Set<string>>();

  add(sample: StatisticsSample, originMs: number): void {
    const key = `${sample.instance} ${sample.service}`;
    let series = this.#byKey.get(key);
    if (series === undefined) {
      series = {
        instance: sample.instance,
        service: sample.service,
        t: [],
        overflow: [],
        connections: [],
        opened: [],
        completed: [],
        pending: [],
        retries: [],
        ejectionsRefused: [],
        detections: [],
        panics: [],
        controlPlane: [],
        changes: [],
      };
      this.#byKey.set(key, series);
      this.#ejected.set(key, new Set());
      this.series.push(series);
    }
    const t = sample.t - originMs;
    series.t.push(t);
    series.overflow.push(sample.overflow);
    series.connections.push(sample.connections);
    series.opened.push(sample.opened);
    series.completed.push(sample.completed);
    series.pending.push(sample.pending);
    series.retries.push(sample.retries);
    series.ejectionsRefused.push(sample.ejectionsRefused);
    series.detections.push(sample.detections);
    series.panics.push(sample.panics);
    series.controlPlane.push(sample.controlPlane);
    const before = this.#ejected.get(key) ?? new Set();
    const now = new Set(sample.hosts.filter((host) => host.ejected).map((host) => host.address));
    for (const address of now) {
      if (!before.has(address)) series.changes.push({ t, address, ejected: true });
    }
    for (const address of before) {
      if (!now.has(address)) series.changes.push({ t, address, ejected: false });
    }
    this.#ejected.set(key, now);
  }
}

/** One program over time; times from the start of the load. */
export interface ProcessSeries {
  readonly name: string;
  readonly t: number[];
  readonly pid: number[];
  readonly cpuMs: number[];
  readonly rssBytes: number[];
}

export class ProcessReader {
  readonly series = new Map<string, ProcessSeries>();

  add(sample: ProcessSample, originMs: number): void {
    let series = this.series.get(sample.name);
    if (series === undefined) {
      series = { name: sample.name, t: [], pid: [], cpuMs: [], rssBytes: [] };
      this.series.set(sample.name, series);
    }
    series.t.push(sample.t - originMs);
    series.pid.push(sample.pid);
    series.cpuMs.push(sample.cpuMs);
    series.rssBytes.push(sample.rssBytes);
  }
}

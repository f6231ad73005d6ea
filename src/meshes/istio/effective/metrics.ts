import { valueAt } from '../../../kit/path.ts';
import type { Setting, Sidecar, Told, Unused } from '../../../model/effective.ts';
import type { EnvoyCluster, EnvoyListener } from '../../envoy/config-dump.ts';
import { type Place, settingAt } from '../../told.ts';
import { list } from '../configuration-hosts.ts';
import { patchesFor, writtenFields } from './filter-patches.ts';
import type { Workload } from './selection.ts';
import type { ResourcesUnderTest } from './written.ts';

interface MetricsContext {
  readonly under: ResourcesUnderTest;
  readonly workload: Workload;
  readonly maybe: readonly Setting[];
}

/** What of a sidecar's own configuration changes what it counts of its calls; none where nothing does. */
export function readMetrics(
  listeners: readonly EnvoyListener[],
  clusters: readonly EnvoyCluster[],
  context: MetricsContext,
): Pick<Sidecar, 'metrics'> {
  const managers = listeners
    .flatMap(({ filter_chains }) => filter_chains ?? [])
    .flatMap(({ filters }) => filters ?? [])
    .flatMap(({ typed_config }) => typed_config ?? []);
  const isSilent = managers
    .flatMap(({ http_filters }) => http_filters ?? [])
    .some(({ typed_config }) => typed_config?.dynamic_stats === false);
  // Istio gives each its own name with a semicolon at its end.
  const renamed = clusters.find(
    ({ name, alt_stat_name }) =>
      name.startsWith('outbound|') && alt_stat_name !== undefined && alt_stat_name.replace(/;$/, '') !== name,
  );
  const isMapped = managers.some(({ local_reply_config }) => (local_reply_config?.mappers ?? []).length > 0);
  const metrics = [
    ...(isSilent
      ? [{ why: 'counts neither answers nor their time', setting: told('dynamic_stats', 'false', context) }]
      : []),
    ...(renamed?.alt_stat_name === undefined
      ? []
      : [
          {
            why: `counts calls of ${renamed.name} under another name, which nobody is offered`,
            setting: told('alt_stat_name', renamed.alt_stat_name, context),
          },
        ]),
    ...(isMapped
      ? [
          {
            why: 'counts what it refuses by another status than it gives its callers',
            setting: told('mappers', 'of local replies', context),
          },
        ]
      : []),
  ];
  return metrics.length === 0 ? {} : { metrics };
}

/** A value that a patch has written. */
function told(field: string, value: string, { under, workload, maybe }: MetricsContext): Told<string> {
  const [place] = patchesFor(under, workload)
    .filter(({ context }) => context !== 'SIDECAR_INBOUND' && context !== 'GATEWAY')
    .flatMap((patch) => writtenFields(patch, field));
  return { value, from: place === undefined ? { by: 'unknown', maybe } : settingAt(place) };
}

/**
 * What a Telemetry says of Istio's standard metrics, and of logs, which is not in effect where sidecars have none of
 * those metrics: what runs there has the log of the lab, whatever is written.
 */
export function unusedMetricsAndLogs(
  side: Pick<Unused, 'service' | 'side'>,
  under: ResourcesUnderTest,
  filters: ReadonlySet<string>,
): readonly Unused[] {
  if (filters.has('istio.stats')) return [];
  const whys = [
    {
      about: 'metrics',
      field: 'metrics',
      why: "it is about Istio's standard metrics, and the sidecars here are Envoy's own build, which has none",
    },
    {
      about: 'log',
      field: 'accessLogging',
      why: 'the lab reads of every request in the log of each sidecar, and leaves it as it is',
    },
  ] as const;
  return under.ofKind('Telemetry').flatMap((resource) =>
    whys.flatMap(({ about, field, why }): readonly Unused[] => {
      if (list(valueAt(resource.value, ['spec', field])).length === 0) return [];
      const place: Place = { resource, path: ['spec', field] };
      return [{ about, ...side, setting: settingAt(place), why }];
    }),
  );
}

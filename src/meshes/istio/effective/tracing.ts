import { valueAt } from '../../../kit/path.ts';
import type { Setting, Tracing, Unused } from '../../../model/effective.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import type { TopologyPlan } from '../../../model/topology.ts';
import type { EnvoyListener } from '../../envoy/config-dump.ts';
import { type Place, settingAt, tell, within, writtenAt } from '../../told.ts';
import { list } from '../configuration-hosts.ts';
import { ROOT_NAMESPACE } from '../names.ts';
import { olderFirst, selectorOf, type Workload, whyNotSelected } from './selection.ts';
import { readNumber } from './values.ts';
import type { ResourcesUnderTest } from './written.ts';

interface TracingContext {
  readonly under: ResourcesUnderTest;
  readonly workload: Workload;
  readonly topology: TopologyPlan;
  readonly maybe: readonly Setting[];
}

/**
 * Which requests a sidecar reports, by the tracing of its listeners. Istio makes it of every Telemetry that holds for
 * the workload: the mesh's, then the namespace's, then its own, and in each one entry after the other; whoever comes
 * later has the last word on each field.
 * https://istio.io/latest/docs/reference/config/telemetry/
 */
export function readTracing(
  listeners: readonly EnvoyListener[],
  mode: 'CLIENT' | 'SERVER',
  context: TracingContext,
): Tracing {
  const held = listeners
    .flatMap(({ filter_chains }) => filter_chains ?? [])
    .flatMap(({ filters }) => filters ?? [])
    .flatMap(({ typed_config }) => typed_config?.tracing ?? [])[0];
  const entries = entriesFor(mode, context);
  const places = (...path: readonly (string | number)[]) => entries.map((entry) => within(entry, ...path));
  const sampled = tell((held?.random_sampling?.value ?? 0) / 100, {
    places: places('randomSamplingPercentage'),
    read: (written) => {
      const share = readNumber(written);
      return share === undefined ? undefined : share / 100;
    },
    // PILOT_TRACE_SAMPLING.
    fallbacks: [{ value: 0.01, of: 'Istio' }],
    maybe: context.maybe,
    field: 'randomSamplingPercentage',
  });
  const name = context.topology.tracing?.provider ?? '';
  if (held?.provider === undefined) {
    return { sampled, provider: undefined, off: whyOff(places, entries, name, mode, context) };
  }
  const provider = tell(name, {
    places: places('providers', 0, 'name'),
    read: (written) => (typeof written === 'string' ? written : undefined),
    fallbacks: [],
    maybe: context.maybe,
  });
  return { sampled, provider };
}

function whyOff(
  places: (...path: readonly (string | number)[]) => readonly Place[],
  entries: readonly Place[],
  known: string,
  mode: 'CLIENT' | 'SERVER',
  { under, workload }: TracingContext,
): NonNullable<Tracing['off']> {
  const disabled = places('disableSpanReporting').find((place) => writtenAt(place) !== undefined);
  if (disabled !== undefined && writtenAt(disabled) === true)
    return { why: 'reporting spans is switched off', settings: [settingAt(disabled)] };
  const named = places('providers', 0, 'name').find((place) => writtenAt(place) !== undefined);
  if (named !== undefined && writtenAt(named) !== known) {
    const why = `the mesh has no provider ${JSON.stringify(writtenAt(named))}; it has ${JSON.stringify(known)}`;
    return { why, settings: [settingAt(named)] };
  }
  const [entry] = entries;
  if (entry !== undefined && named === undefined) {
    return {
      why: `no Telemetry for it names a provider, and the mesh has no default; it has ${JSON.stringify(known)}`,
      settings: [settingAt(entry)],
    };
  }
  const [elsewhere] = everyEntry({ under, workload }).map((entry) => within(entry, 'match', 'mode'));
  if (elsewhere !== undefined) {
    const why = `what is written of traces is for ${mode === 'CLIENT' ? 'requests that come to it' : 'its own calls'} alone`;
    return { why, settings: [settingAt(elsewhere)] };
  }
  const others = under.ofKind('Telemetry').some((each) => whyNotSelected(each, workload) !== undefined);
  return { why: `no Telemetry ${others ? 'that is written ' : ''}is for its requests`, settings: [] };
}

/** Every entry of `spec.tracing` that holds for a workload, the one with the last word first. */
function entriesFor(mode: 'CLIENT' | 'SERVER', context: TracingContext): readonly Place[] {
  return everyEntry(context).filter((entry) => {
    const wanted = writtenAt(within(entry, 'match', 'mode'));
    return wanted !== 'CLIENT' && wanted !== 'SERVER' ? true : wanted === mode;
  });
}

/** The same for calls and for what comes in. */
function everyEntry({ under, workload }: Pick<TracingContext, 'under' | 'workload'>): readonly Place[] {
  return telemetriesFor(under, workload)
    .flatMap((resource) =>
      list(valueAt(resource.value, ['spec', 'tracing'])).map(
        (_, index): Place => ({ resource, path: ['spec', 'tracing', index] }),
      ),
    )
    .toReversed();
}

/** Whether it is for some workloads of its namespace, and not for all of them. */
const isOwn = (telemetry: MeshResource) => Object.keys(selectorOf(telemetry) ?? {}).length > 0;

/** Why istiod does not look at a Telemetry that would hold for a workload; undefined where it does. */
function whyPassedOver(
  telemetry: MeshResource,
  under: ResourcesUnderTest,
  workload: Workload,
): string | undefined {
  const { namespace } = telemetry;
  if (isOwn(telemetry)) {
    if (namespace === workload.namespace) return undefined;
    return `in ${namespace}, which is the mesh's own namespace, one with a selector is for workloads there`;
  }
  const [oldest] = under
    .ofKind('Telemetry')
    .filter((each) => each.namespace === namespace && !isOwn(each))
    .toSorted(olderFirst);
  if (oldest === undefined || oldest === telemetry) return undefined;
  const all = namespace === ROOT_NAMESPACE ? 'the mesh' : `the namespace ${namespace}`;
  return `of several for all of ${all} the oldest holds, and then the first by name: ${oldest.name}`;
}

/** In the order in which istiod merges them. Of several for a whole namespace it takes the oldest. */
function telemetriesFor(under: ResourcesUnderTest, workload: Workload): readonly MeshResource[] {
  const all = under.ofKind('Telemetry').filter((each) => whyNotSelected(each, workload) === undefined);
  const wide = (namespace: string) =>
    all
      .filter((each) => each.namespace === namespace && !isOwn(each))
      .toSorted(olderFirst)
      .slice(0, 1);
  return [
    ...wide(ROOT_NAMESPACE),
    ...(workload.namespace === ROOT_NAMESPACE ? [] : wide(workload.namespace)),
    ...all.filter((each) => isOwn(each) && each.namespace === workload.namespace).toSorted(olderFirst),
  ];
}

/** A Telemetry that is written and is not for a workload. */
export function unusedTelemetries(
  service: string,
  side: Unused['side'],
  { under, workload }: Pick<TracingContext, 'under' | 'workload'>,
): readonly Unused[] {
  return under.ofKind('Telemetry').flatMap((resource): readonly Unused[] => {
    const why = whyNotSelected(resource, workload) ?? whyPassedOver(resource, under, workload);
    if (why === undefined || list(valueAt(resource.value, ['spec', 'tracing'])).length === 0) return [];
    const selector: Place = { resource, path: ['spec', 'selector'] };
    const place = writtenAt(selector) === undefined ? { resource, path: ['spec'] } : selector;
    return [{ about: 'tracing', service, side, setting: settingAt(place), why }];
  });
}

import { formatMs, formatPercent, formatRate } from '../../kit/format.ts';
import type { TuningReport } from './model.ts';

type Trial = TuningReport['trials'][number];

/** A share as a trial can tell it: a tenth of a percent. */
const share = (value: number | undefined) =>
  value === undefined ? '-' : formatPercent(Number(value.toFixed(4)));

export const trialHead = [
  'Trial',
  'Limits at each client',
  'Offered',
  'Goodput',
  'Refused',
  'Latency',
  'Result',
];

/** The cells of one trial. */
export function trialCells({ name, limits, offered, goodput, refused, latency, verdict }: Trial): string[] {
  return [
    name.replace(/^trial-0*/, ''),
    limits,
    formatRate(offered),
    goodput === undefined ? '-' : formatRate(goodput),
    share(refused),
    latency === undefined ? '-' : `${latency.name} ${formatMs(latency.ms)}`,
    verdict,
  ];
}

export const limitHead = ['Limit', 'Each client', 'All clients', 'With 95 %', 'Before', 'Theory'];

/** The cells of one limit. */
export function limitCells(limit: TuningReport['limits'][number]): string[] {
  const { name, value, whole, low, high, before, expected, edge } = limit;
  return [
    name,
    `${value}${edge === undefined ? '' : ` (${edge})`}`,
    whole === undefined ? '-' : String(whole),
    low === high ? String(low) : `${low} to ${high}`,
    before === undefined ? 'no limit' : String(before),
    expected === undefined ? '-' : String(expected),
  ];
}

export const costHead = [
  'Requests a connection',
  'Trials that held',
  'Connections opened',
  'Latency',
  'CPU of sidecars a request',
];

/** The cells of what connections cost that carry so many requests. */
export function costCells({
  requests,
  trials,
  held,
  opened,
  latency,
  cpuMs,
}: NonNullable<TuningReport['costs']>[number]): string[] {
  return [
    requests === undefined ? 'no limit' : String(requests),
    `${held} of ${trials}`,
    formatRate(opened),
    latency === undefined ? '-' : `${latency.name} ${formatMs(latency.ms)}`,
    cpuMs === undefined ? '-' : formatMs(cpuMs),
  ];
}

export const scalingHead = ['Shape', 'Clients, replicas', 'Offered', 'By the model', 'Measured', 'Agree'];

/** The cells of what the same limits come to on another shape. */
export function scalingCells({
  shape,
  clients,
  servers,
  offered,
  model,
  measured,
  agrees,
  untried,
}: NonNullable<TuningReport['scaling']>[number]): string[] {
  return [
    shape,
    `${clients}, ${servers}`,
    formatRate(offered),
    [outcomeWords(model), ...(model.assuming === undefined ? [] : [`if ${model.assuming}`])].join(', '),
    measured === undefined
      ? `not tried: ${untried ?? 'trials proved nothing'}`
      : [
          outcomeWords(measured),
          ...(measured.latency === undefined
            ? []
            : [`${measured.latency.name} ${formatMs(measured.latency.ms)}`]),
          ...(measured.trials === 1 ? [] : [`${measured.held} of ${measured.trials} trials held`]),
        ].join(', '),
    agrees === undefined ? '-' : agrees ? 'yes' : model.assuming === undefined ? 'no' : 'no: it cannot',
  ];
}

const outcomeWords = ({ holds, goodput, refused }: { holds: boolean; goodput: number; refused: number }) =>
  `${holds ? 'holds' : 'misses'}: ${formatRate(goodput)}, refused ${share(Number(refused.toFixed(3)))}`;

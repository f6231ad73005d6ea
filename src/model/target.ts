import { z } from 'zod';

/** What tells instances: all that every given field matches. */
export const instanceFields = {
  service: z.string().optional().describe('Every replica of this service.'),
  workload: z.string().optional().describe('Every replica of this workload.'),
  replica: z.int().min(1).optional().describe('One replica of the workload, counted from 1.'),
  zone: z.string().optional().describe('Every replica in this locality: region/zone, or a whole region.'),
};

/** For schemas with `instanceFields`. */
export const replicaOfWorkload = [
  (target: { readonly replica?: number | undefined; readonly workload?: string | undefined }) =>
    target.replica === undefined || target.workload !== undefined,
  { message: 'replica counts the replicas of a workload: name the workload too' },
] as const;

/** Which instances a fault hits or a check is about. */
export const instanceTarget = z
  .strictObject(instanceFields)
  .refine((target) => target.service ?? target.workload ?? target.zone, {
    message: 'a target needs one of service, workload or zone',
  })
  .refine(...replicaOfWorkload);

export const faultTarget = instanceTarget.describe('Which instances the fault hits.');

export type InstanceTarget = z.output<typeof instanceTarget>;
export type FaultTarget = z.output<typeof faultTarget>;

/** In a few words: "region1/zone-east", "edge-app-east-1", "edge-app in region1/zone-east". */
export function describeTarget({ service, workload, replica, zone }: FaultTarget): string {
  const who = workload === undefined ? service : replica === undefined ? workload : `${workload}-${replica}`;
  return [who, zone].filter((part) => part !== undefined).join(' in ');
}

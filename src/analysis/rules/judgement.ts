import type { Judgement, Reach } from './contract.ts';

/** For a rule that has nothing to look at in a run; its limit says when it has. */
export const NOT_APPLICABLE = { status: 'not-applicable', observed: '-' } as const;

/** For a rule about what sidecars know of requests, where they pass on bytes. */
export const BLIND = { ...NOT_APPLICABLE, limit: 'only where sidecars know of requests' } as const;

/** The detail is for violations only: what is fine needs no advice. */
export function judgement(
  violated: boolean,
  observed: string,
  limit: string,
  detail: string,
  reach?: Reach,
): Judgement {
  return {
    status: violated ? 'violated' : 'ok',
    observed,
    limit,
    ...(violated ? { detail } : {}),
    ...(reach === undefined ? {} : { reach }),
  };
}

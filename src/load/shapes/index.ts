import type { LoadOf, ShapeKind } from './contract.ts';
/**
 * Every shape that a load may have, by the field that asks for it; errors name them in this order.
 * docs/adding-a-load-shape.md says how to add one.
 */
export const shapeKinds = {
  rate: (await import('./rate.ts')).rate,
  stages: (await import('./stages.ts')).stages,
  closed: (await import('./closed.ts')).closed,
  script: (await import('./script.ts')).script,
};

type Kinds = typeof shapeKinds;
export type ShapeName = keyof Kinds;

/** How much a load sends, and how: one of the shapes, told apart by `kind`. */
export type LoadShape = {
  readonly [Name in ShapeName]: { readonly kind: Name } & ReturnType<Kinds[Name]['shape']>;
}[ShapeName];

export const shapeNames = Object.keys(shapeKinds) as ShapeName[];

/** The kind of a shape, typed loosely: its name has already matched the two. */
export const shapeKind = (name: ShapeName) => shapeKinds[name] as unknown as ShapeKind;

/** "400 requests/s for 30 s, from frontend to edge-app". */
export function describeLoad(load: LoadOf<LoadShape>): string {
  return `${shapeKind(load.shape.kind).describe(load)}, from ${load.from} to ${load.to}`;
}

/** A load's lines in a plan. */
export const planLines = (load: LoadOf<LoadShape>) => shapeKind(load.shape.kind).planLines(load);

/** A load's height at a moment, as a share of its peak. */
export const heightAt = (load: LoadOf<LoadShape>, atMs: number) =>
  shapeKind(load.shape.kind).heightAt(load, atMs);

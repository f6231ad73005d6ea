import { z } from 'zod';

/** The schema of something that is told apart by its `kind`. */
export type KindSchema = z.ZodObject<{ readonly kind: z.ZodLiteral<string> }>;

interface Kind {
  readonly schema: KindSchema;
}

type SchemasOf<Kinds extends readonly Kind[]> = { readonly [Index in keyof Kinds]: Kinds[Index]['schema'] };

/** The schema of everything that is one of the kinds. */
export function unionOf<const Kinds extends readonly [Kind, ...Kind[]]>(kinds: Kinds) {
  // What `map` makes of a tuple has forgotten which schema is where.
  const schemas = kinds.map(({ schema }) => schema) as SchemasOf<Kinds>;
  return z.discriminatedUnion('kind', schemas);
}

/** Kinds by what `kind` is in their schema. */
export function byKind<K extends Kind>(kinds: readonly K[]): ReadonlyMap<string, K> {
  return new Map(kinds.map((kind) => [kind.schema.shape.kind.value, kind]));
}

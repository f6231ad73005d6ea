import { describe, expect, it } from 'vitest';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { placesOfMessages, withoutEachPart } from './validate-places.ts';

type Spec = Readonly<Record<string, unknown>>;

/** Where a validator's messages about a spec are; the validator is a function here. */
function places(spec: Spec, validate: (spec: Spec) => readonly string[]): Record<string, string> {
  const value = { kind: 'DestinationRule', spec };
  const parts = withoutEachPart({ value } as unknown as MeshResource);
  const messages = validate(spec);
  const found = placesOfMessages({
    messages,
    without: parts.map((part) => ({ path: part.path, messages: validate(part.value['spec'] as Spec) })),
  });
  return Object.fromEntries(
    messages.map((message, index) => [`${index} ${message}`, found[index]?.join('.') ?? '']),
  );
}

const sum = (shares: unknown) =>
  Object.values(shares ?? {}).reduce((all: number, share) => all + Number(share), 0);

describe('the place of a message', () => {
  it('is the field that it is about', () => {
    const spec = { host: 'a', tls: { mode: 'MUTUAL' }, pool: { max: -1, idle: '1s' } };
    expect(places(spec, ({ pool }) => ((pool as Spec)?.['max'] === -1 ? ['negative'] : []))).toEqual({
      '0 negative': 'spec.pool.max',
    });
  });

  it('is what holds all the parts that it is about', () => {
    const spec = { host: 'a', shares: { a: 70, b: 20 } };
    const validate = ({ shares }: Spec) => {
      const all = sum(shares);
      return shares === undefined || all === 100 ? [] : [`${all} is not 100`];
    };
    expect(places(spec, validate)).toEqual({ '0 90 is not 100': 'spec.shares' });
  });

  it('is the last of two fields of the spec that exclude each other', () => {
    const validate = ({ a, b }: Spec) => (a && b ? ['not both'] : []);
    expect(places({ a: 1, c: 1, b: 1 }, validate)).toEqual({ '0 not both': 'spec.b' });
  });

  it('is one after the other where the same is said of several', () => {
    const validate = ({ list }: Spec) => (list as number[]).filter((each) => each < 0).map(() => 'negative');
    expect(places({ list: [1, -1, 2, -2] }, (spec) => (spec['list'] ? validate(spec) : []))).toEqual({
      '0 negative': 'spec.list.1',
      '1 negative': 'spec.list.3',
    });
  });

  it('is no part without which a validator says something else', () => {
    const validate = ({ hosts, max }: Spec) => {
      if (hosts === undefined) return ['no hosts'];
      return max === -1 ? ['negative'] : [];
    };
    expect(places({ hosts: ['a'], max: -1 }, validate)).toEqual({ '0 negative': 'spec.max' });
  });

  it('is not known for what is missing, or where there are too many parts', () => {
    expect(places({ a: 1 }, () => ['no routes'])).toEqual({ '0 no routes': '' });
    const list = Array.from({ length: 1_000 }, (_, index) => index);
    expect(places({ list }, ({ list: all }) => (all ? ['too long'] : []))).toEqual({ '0 too long': '' });
  });
});

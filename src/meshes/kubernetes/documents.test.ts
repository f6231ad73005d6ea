import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../kit/problems.ts';
import { readKubernetesYaml } from './documents.ts';
import recorded from './testing/kubectl-reads.json' with { type: 'json' };
import { writeKubernetesYaml } from './write.ts';

/** What kubectl makes of a text (the decoder of k8s.io/apimachinery 0.35, over sigs.k8s.io/yaml 1.6). */
interface Recorded {
  readonly text: string;
  readonly documents?: readonly unknown[];
  readonly error?: string;
  /** Whether the text is refused here though kubectl reads it: other readers read something else. */
  readonly refused?: boolean;
}

const lines = (text: string) => readKubernetesYaml(text, 'mesh.yaml').problems.map(formatProblem);
const values = (text: string) => readKubernetesYaml(text, 'mesh.yaml').documents.map(({ value }) => value);

describe('YAML of Kubernetes', () => {
  it('is read as kubectl reads it, or refused with a line', () => {
    const wrong = (recorded as readonly Recorded[]).filter(({ text, documents, error, refused }) => {
      const read = readKubernetesYaml(text, 'mesh.yaml');
      if (error === undefined && !refused) {
        return read.problems.length > 0 || !isDeepStrictEqual(values(text), documents);
      }
      return read.problems.length === 0 || read.problems.some(({ line }) => line === undefined);
    });
    expect(wrong).toEqual([]);
  });

  it('may have documents of comments, separators at both ends, and CRLF', () => {
    const text = '---\n# Source: off.yaml\n---\n# Source: on.yaml\na: 1\n---\n';
    expect(values(text)).toEqual([{ a: 1 }]);
    expect(values(text.replaceAll('\n', '\r\n'))).toEqual([{ a: 1 }]);
    expect(values('# nothing\n')).toEqual([]);
  });

  it('has lists, whose items stand where they are written', () => {
    const text = `apiVersion: v1
kind: List
items:
  - kind: A
  - kind: BList
    items:
      - {kind: B, spec: {host: x}}
      - kind: B
`;
    const { documents } = readKubernetesYaml(text, 'mesh.yaml');
    expect(documents.map(({ value }) => value)).toEqual([
      { kind: 'A' },
      { kind: 'B', spec: { host: 'x' } },
      { kind: 'B' },
    ]);
    expect(documents.map((document) => document.place([]).line)).toEqual([4, 7, 8]);
    expect(documents[1]?.place(['spec', 'host'])).toEqual({ line: 7, column: 32 });
  });

  it('lets what is merged replace what stands before it, and tells where it was written', () => {
    const text = 'a: &a {b: 1, c: 1}\nd:\n  b: 2\n  <<: *a\n  c: 3\n';
    const [document] = readKubernetesYaml(text, 'mesh.yaml').documents;
    expect(document?.value).toMatchObject({ d: { b: 1, c: 3 } });
    expect(document?.place(['d', 'b']).line).toBe(1);
    expect(document?.place(['d', 'c']).line).toBe(5);
  });

  it('is told what its readers would read differently, and what to write instead', () => {
    expect(lines('a: 1 # old\u0085b: 2\n')).toMatchInlineSnapshot(`
      [
        "mesh.yaml:1:11: the character U+0085 ends a line for Kubernetes, not for others, even in a comment
        take it out; in text it can be written "\\u0085", in double quotes",
      ]
    `);
    expect(lines('a: 010\nb: 1_000\non: 1\nc: 9007199254740993\n')).toMatchInlineSnapshot(`
      [
        "mesh.yaml:1:4: Kubernetes reads 010 as 8, others do not
        write 8, or put it in quotes where text is meant",
        "mesh.yaml:2:4: Kubernetes reads 1_000 as 1000, others do not
        write 1000, or put it in quotes where text is meant",
        "mesh.yaml:3:1: Kubernetes reads the key on as true
        put it in quotes",
        "mesh.yaml:4:4: 9007199254740993 is more than every reader of YAML takes exactly
        put it in quotes where text is meant",
      ]
    `);
    expect(lines('# \u001b[31m\na: 1\n---\n\ufeffb: 2\n')).toMatchInlineSnapshot(`
      [
        "mesh.yaml:1:3: the control character U+001B is not allowed in YAML
        take it out; in text it can be written "\\u001b", in double quotes",
        "mesh.yaml:4:1: there is a byte order mark (U+FEFF) in the middle, which only some readers leave out
        take it out",
      ]
    `);
    expect(lines('a: 1\n--- {b: 2}\n')).toMatchInlineSnapshot(`
      [
        "mesh.yaml:2:1: kubectl takes no line that begins with --- and goes on
        put --- on a line of its own",
      ]
    `);
    expect(lines('a:\n  -\tb\nc: [fe80::, ::1]\n')).toMatchInlineSnapshot(`
      [
        "mesh.yaml:2:4: Kubernetes reads no tab here
        use spaces",
      ]
    `);
    expect(lines('a: [fe80::, ::1]\nb: {c: fe80::}\n')).toMatchInlineSnapshot(`
      [
        "mesh.yaml:1:13: Kubernetes does not read "::1" within brackets
        put it in quotes",
      ]
    `);
    expect(lines('- fd00::\n')).toMatchInlineSnapshot(`
      [
        "mesh.yaml:1:3: "fd00::" without quotes is a map with a key "fd00:"
        put it in quotes",
      ]
    `);
  });

  it.each([
    ['thousands of aliases', `a: &a 1\nb: [${'*a, '.repeat(9_000)}]\n`, 0],
    ['too many aliases', `a: &a 1\nb: [${'*a, '.repeat(11_000)}]\n`, 1],
    [
      'aliases of aliases',
      `a: &a [${'x, '.repeat(9)}]\n${'bcdefgh'.replace(/./g, (name) => `${name}: &${name} [${`*${String.fromCharCode(name.charCodeAt(0) - 1)}, `.repeat(10)}]\n`)}`,
      1,
    ],
    ['a long list', `a: [${'1, '.repeat(20_000)}]\n`, 0],
  ])('takes no time for %s', (_, text, problems) => {
    expect(lines(text)).toHaveLength(problems);
  });
});

describe('what istiod gets', () => {
  it('is the value, in quotes wherever a reader could doubt it', () => {
    const value = {
      kind: 'EnvoyFilter',
      spec: {
        on: 'yes',
        zip: '010',
        at: '1:30',
        list: [],
        none: {},
        empty: null,
        nested: [[1, { a: '\u0085' }], 1.5],
      },
    };
    const text = writeKubernetesYaml([value, { kind: 'B' }]);
    expect(text).toMatchInlineSnapshot(`
      "kind: EnvoyFilter
      spec:
        "on": "yes"
        zip: "010"
        at: "1:30"
        list: []
        none: {}
        empty: null
        nested:
          -
            - 1
            -
              a: "\\u0085"
          - 1.5
      ---
      kind: B
      "
    `);
    expect(values(text)).toEqual([value, { kind: 'B' }]);
  });

  it('is read back as it was', () => {
    const read = (recorded as readonly Recorded[]).flatMap((each) =>
      each.refused ? [] : (each.documents ?? []),
    );
    const maps = read.filter((each): each is object => typeof each === 'object' && !Array.isArray(each));
    expect(maps.length).toBeGreaterThan(100);
    expect(maps.filter((map) => !isDeepStrictEqual(values(writeKubernetesYaml([map])), [map]))).toEqual([]);
  });
});

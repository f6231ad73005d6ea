import { expect, test } from 'vitest';
import { parseHcl } from './hcl.ts';

function valueIn(text: string): unknown {
  const read = parseHcl(text, 'a.hcl');
  return 'problem' in read ? read.problem : read.document.value;
}

test('what Consul’s documentation writes is read: blocks, lists, labels, texts of many lines and comments', () => {
  const text = `# A comment.
Kind = "service-resolver"
Name = "web" // another
Weight = 99.5
Enabled = true
/* and
one more */
Subsets = { v1 = { Filter = "Service.Meta.version == v1" } }
Failover "v1" {
  Targets = [
    { Service = "backup" },
    { Datacenter = "dc2" },
  ]
}
Format = <<EOF
one
  two
EOF
Indented = <<-EOF
    a
      b
    EOF
`;
  expect(valueIn(text)).toEqual({
    Kind: 'service-resolver',
    Name: 'web',
    Weight: 99.5,
    Enabled: true,
    Subsets: { v1: { Filter: 'Service.Meta.version == v1' } },
    Failover: { v1: { Targets: [{ Service: 'backup' }, { Datacenter: 'dc2' }] } },
    Format: 'one\n  two\n',
    Indented: 'a\n  b\n',
  });
});

test('blocks of one name are a list, and those with labels one map', () => {
  expect(valueIn('Sources { Name = "a" }\nSources { Name = "b" }')).toEqual({
    Sources: [{ Name: 'a' }, { Name: 'b' }],
  });
  expect(valueIn('Subsets "a" { Filter = "x" }\nSubsets "b" { Filter = "y" }')).toEqual({
    Subsets: { a: { Filter: 'x' }, b: { Filter: 'y' } },
  });
});

test('a field is found where it stands, and one that is not there at its nearest parent', () => {
  const read = parseHcl('Kind = "mesh"\nTLS {\n  Incoming {\n    TLSMinVersion = "x"\n  }\n}\n', 'a.hcl');
  const document = 'document' in read ? read.document : expect.fail();
  expect(document.place(['TLS', 'Incoming', 'TLSMinVersion'])).toEqual({ line: 4, column: 21 });
  expect(document.place(['TLS', 'Incoming', 'TLSMinVersion'], 'key')).toEqual({ line: 4, column: 5 });
  expect(document.place(['TLS', 'Outgoing'])).toEqual({ line: 2, column: 1 });
});

test('numbers are read in all their forms', () => {
  expect(valueIn('A = 0x1f\nB = -0x10\nC = 1e3\nD = -2.5')).toEqual({ A: 31, B: -16, C: 1_000, D: -2.5 });
});

test('what is not of HCL 1 is said with what is', () => {
  expect(valueIn('A = jsonencode({ B = 1 })')).toMatchObject({
    line: 1,
    hint: expect.stringContaining('HCL 1'),
  });
  expect(valueIn('A = var.most')).toMatchObject({ line: 1, hint: expect.stringContaining('HCL 1') });
  expect(valueIn('Kind = "a"\n\nKind = "b"')).toMatchObject({ line: 3, hint: 'a file of HCL has one entry' });
});

test.each([
  ['Name = "web', 1, 'this text has no end on its line'],
  ['Name = web', 1, 'expected a value, got web; text stands in quotes'],
  ['A {\n  B = 1\n', 1, 'this { has no } to it'],
  ['A = [1, 2', 1, 'this [ has no ] to it'],
  ['A = [1 2]', 1, 'expected , or ] in a list'],
  ['A = 1\nB\n', 2, 'the text ends after a name'],
  ['A = 1\nA = 2\n', 2, 'A is written twice'],
  ['A = <<EOF\nx\n', 1, 'this text is to end with EOF, and does not'],
  ['/* x', 1, 'this comment has no end'],
  ['A = {'.repeat(100), 1, 'nested deeper than 64 levels'],
])('%j is one mistake, where it is', (text, line, message) => {
  expect(valueIn(text)).toMatchObject({ line, message: expect.stringContaining(message) });
});

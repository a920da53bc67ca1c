// What is wrong with a parameter, in words for people; what a schema says itself comes before these. Pure.
import type { z } from 'zod';

type Issue = Parameters<z.core.$ZodErrorMap>[0];

const FORMATS: Readonly<Record<string, string>> = {
  uuid: 'a UUID',
  url: 'a URL',
  email: 'an address of mail',
  datetime: 'a time in ISO 8601',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
};
const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'yes or no (true, false)',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** For zod's `error` option. @example schema.safeParse(input, { error: issueWords }) */
export function issueWords(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'it is missing'
        : `it must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return `it must ${sizeWords(issue.origin, 'at least', Number(issue.minimum))}`;
    case 'too_big':
      return `it must ${sizeWords(issue.origin, 'at most', Number(issue.maximum))}`;
    case 'invalid_value':
      return `it must be ${issue.values.map(String).join(' or ')}`;
    case 'invalid_format':
      return issue.format in FORMATS ? `it must be ${FORMATS[issue.format]}` : undefined;
    case 'unrecognized_keys':
      return `there is no ${issue.keys.join(', ')}`;
    default:
      return undefined;
  }
}

function sizeWords(origin: string, bound: string, size: number): string {
  if (origin === 'string')
    return size === 1 && bound === 'at least'
      ? 'not be empty'
      : `have ${bound} ${size} character${size === 1 ? '' : 's'}`;
  if (origin === 'array') return `name ${bound} ${size}`;
  return `be ${bound} ${size}`;
}

import { randomInt } from 'node:crypto';

const FIRST = [
  'amber',
  'bold',
  'brisk',
  'calm',
  'clear',
  'cosy',
  'deft',
  'eager',
  'fair',
  'fleet',
  'gentle',
  'grey',
  'hardy',
  'keen',
  'lively',
  'merry',
  'mild',
  'neat',
  'noble',
  'proud',
  'quick',
  'quiet',
  'rosy',
  'sharp',
  'snug',
  'spry',
  'still',
  'sunny',
  'swift',
  'warm',
  'wild',
  'wise',
];
const SECOND = [
  'auk',
  'avocet',
  'brant',
  'cod',
  'crab',
  'curlew',
  'diver',
  'dolphin',
  'dunlin',
  'eider',
  'fulmar',
  'gannet',
  'grebe',
  'guillemot',
  'gull',
  'heron',
  'kelp',
  'kittiwake',
  'limpet',
  'mussel',
  'otter',
  'petrel',
  'plover',
  'porpoise',
  'puffin',
  'ray',
  'seal',
  'shag',
  'skua',
  'tern',
  'turnstone',
  'whelk',
];

/** A name that nobody has yet: `swift-puffin`, and with a number when all are taken. */
export function friendlyName(isTaken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const number = attempt < 20 ? '' : `-${attempt}`;
    const name = `${pick(FIRST)}-${pick(SECOND)}${number}`;
    if (!isTaken(name)) return name;
  }
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? '';
}

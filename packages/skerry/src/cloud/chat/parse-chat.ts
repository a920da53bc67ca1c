// What somebody means who writes to a machine or a hypervisor. Pure.
import type { EntityKind, Verb } from '../verbs/verb.ts';
import type { VerbTable } from '../verbs/table.ts';

export type ChatMeaning =
  | {
      readonly kind: 'verb';
      readonly verb: Verb;
      readonly params: Readonly<Record<string, string>>;
    }
  /** Something friendly or rude, with what to answer. */
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'yes' }
  | { readonly kind: 'no' }
  | { readonly kind: 'unknown' };

const SMALL_TALK: readonly (readonly [RegExp, string])[] = [
  [
    /^(hi|hello|hey|good (morning|evening|day)|hallo|salut|bonjour)\b/,
    'Hello! Say help to hear what I can do for you.',
  ],
  [/^(thanks|thank you|thx|merci|danke)\b/, "You're welcome."],
  [/^(bye|goodbye|see you)\b/, 'Goodbye. I stay where I am.'],
  [
    /\b(stupid|idiot|sucks?|shut up|fuck|damn)\b/,
    "I'm sorry that you are cross with me. Say help: perhaps we find a way.",
  ],
  [/^(who|what) are you\b/, "I'm a part of this cloud. Ask me how I am."],
];

/**
 * The meaning of words to an entity of a kind: the longest sentence of the verb table that they begin with, with what
 * follows it as parameters.
 *
 * @example
 * parseChat(VERBS, 'vm', 'How are you?'); // { kind: 'verb', verb: info, params: {} }
 */
export function parseChat(table: VerbTable, entity: EntityKind, text: string): ChatMeaning {
  const said = text.trim().replace(/\s+/g, ' ');
  const plain = said.toLowerCase().replace(/[?!.]+$/, '');
  if (plain === 'help' || plain === '?' || plain === 'commands') return { kind: 'help' };
  if (/^(y|yes|ok|do it|sure)$/.test(plain)) return { kind: 'yes' };
  if (/^(n|no|cancel|stop that)$/.test(plain)) return { kind: 'no' };
  const [best] = table
    .of(entity)
    .flatMap((verb) => (verb.chat?.words ?? []).map((words) => ({ verb, words })))
    .filter(({ words }) => plain === words || plain.startsWith(`${words} `))
    .toSorted((a, b) => b.words.length - a.words.length);
  if (best) {
    const takes = best.verb.chat?.takes ?? [];
    const rest = said
      .replace(/[?!.]+$/, '')
      .slice(best.words.length)
      .trim()
      .split(' ')
      .filter(Boolean);
    // `start please` is no start with a parameter, but it is meant.
    const params = Object.fromEntries(
      takes.flatMap((name, at): [string, string][] => {
        const value = at === takes.length - 1 ? rest.slice(at).join(' ') : rest[at];
        return value ? [[name, value]] : [];
      }),
    );
    return { kind: 'verb', verb: best.verb, params };
  }
  const talk = SMALL_TALK.find(([pattern]) => pattern.test(plain));
  return talk ? { kind: 'answer', text: talk[1] } : { kind: 'unknown' };
}

/** What an entity can do for somebody who has these permissions; nothing else is spoken of. */
export function chatHelp(
  table: VerbTable,
  entity: EntityKind,
  may: (permission: string) => boolean,
): string {
  const lines = table
    .of(entity)
    .filter((verb) => verb.chat && may(verb.permission))
    .map((verb) => {
      const takes = (verb.chat?.takes ?? []).map((name) => ` ${name.toUpperCase()}`).join('');
      return `${verb.chat?.words[0]}${takes}: ${verb.summary}`;
    });
  if (lines.length === 0) return 'There is nothing that you may ask of me.';
  return ['You can say:', ...lines].join('\n');
}

/** A verb's answer in words: `{name}` in its sentence is that of the result. */
export function chatAnswer(verb: Verb, result: unknown): string {
  const values = (result ?? {}) as Record<string, string | number | null>;
  const says = verb.chat?.says ?? 'Done.';
  return says.replace(/\{(\w+)\}/g, (_, name: string) => `${values[name] ?? ''}`);
}

/** What an entity says to all who know it when it has done something. */
export function shoutOf(verb: Verb, result: unknown, user: string): string {
  if (!verb.chat) return `${verb.title}: done, as ${user} asked.`;
  return `${chatAnswer(verb, result)} ${user} asked for it.`;
}

// What a form would change. Pure.

export interface Differences {
  readonly given: readonly string[];
  readonly taken: readonly string[];
}

/** @example differences(['info'], ['info', 'create']) // { given: ['create'], taken: [] } */
export function differences(before: Iterable<string>, after: Iterable<string>): Differences {
  const [was, is] = [new Set(before), new Set(after)];
  return {
    given: [...is].filter((each) => !was.has(each)),
    taken: [...was].filter((each) => !is.has(each)),
  };
}

export function isSame({ given, taken }: Differences): boolean {
  return given.length + taken.length === 0;
}

/** What a scope means, but for the names of machines. @example scopeWords('tag:web') // 'all with the tag web' */
export function scopeWords(scope: string, nameOf: (id: string) => string | undefined): string {
  if (scope === 'all') return 'everything';
  if (scope.startsWith('tag:')) return `all with the tag ${scope.slice(4)}`;
  const name = nameOf(scope) ?? scope.slice(scope.indexOf(':') + 1);
  return scope.startsWith('hypervisor:') ? `${name} and its machines` : name;
}

/** @example holderName('role:operator') // 'operator' */
export function holderName(who: string): string {
  return who.slice(who.indexOf(':') + 1);
}

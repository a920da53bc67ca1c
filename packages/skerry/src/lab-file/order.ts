/** What each name waits for. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/**
 * The names in an order in which each comes after all that it waits for; otherwise in their own order. Names that are
 * not in the graph are left out. Of a graph with a cycle, those in it come in their own order: see `findCycle`.
 *
 * @example inOrder(new Map([['a', ['b']], ['b', []]])) // ['b', 'a']
 */
export function inOrder(graph: Graph): string[] {
  const done = new Set<string>();
  const visit = (name: string): void => {
    if (done.has(name) || !graph.has(name)) return;
    done.add(name);
    for (const other of graph.get(name) ?? []) visit(other);
    ordered.push(name);
  };
  const ordered: string[] = [];
  for (const name of graph.keys()) visit(name);
  return ordered;
}

/**
 * One cycle, with its first name again at the end; undefined when there is none.
 *
 * @example findCycle(new Map([['a', ['b']], ['b', ['a']]])) // ['a', 'b', 'a']
 */
export function findCycle(graph: Graph): string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): string[] | undefined => {
    const at = way.indexOf(name);
    if (at !== -1) return [...way.slice(at), name];
    if (done.has(name)) return undefined;
    for (const other of graph.get(name) ?? []) {
      const cycle = visit(other, [...way, name]);
      if (cycle) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const cycle = visit(name, []);
    if (cycle) return cycle;
  }
  return undefined;
}

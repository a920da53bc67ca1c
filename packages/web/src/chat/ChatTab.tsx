// Words with a machine or a hypervisor: the same ones that any chat client has with it.
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import { apiPost, errorData, pathOf } from '../api/client.ts';
import type { EntityState } from '../api/types.ts';
import { observable } from '../store/observable.ts';
import { shouts } from '../store/shouts.ts';
import { useObservable } from '../store/use-observable.ts';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';

interface Line {
  readonly from: 'you' | 'it';
  readonly text: string;
  readonly at: number;
  readonly bad?: boolean;
}

/** What was said, as long as the page is open. */
const talks = observable<ReadonlyMap<string, readonly Line[]>>(new Map());
const NOTHING: readonly Line[] = [];
const SUGGESTED = {
  vm: ['how are you', 'help', 'start'],
  hypervisor: ['how are you', 'help', 'vms'],
};

export function ChatTab({ entity }: { readonly entity: EntityState }) {
  const said = useObservable(talks, (all) => all.get(entity.id) ?? NOTHING);
  const shouted = useObservable(shouts);
  const [busy, setBusy] = useState(false);
  const [text, setText] = useState('');
  const end = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => {
    const own = shouted.filter((each) => each.entity === entity.id);
    const shoutLines = own.map(({ text: words, at }): Line => ({ from: 'it', text: words, at }));
    return [...said, ...shoutLines].toSorted((a, b) => a.at - b.at);
  }, [said, shouted, entity.id]);
  useEffect(() => {
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [lines.length]);
  const add = (line: Omit<Line, 'at'>): void =>
    talks.update((all) => {
      const before = all.get(entity.id) ?? [];
      return new Map(all).set(entity.id, [...before, { ...line, at: Date.now() }]);
    });
  const say = async (words: string): Promise<void> => {
    if (words.trim() === '' || busy) return;
    setText('');
    add({ from: 'you', text: words });
    setBusy(true);
    try {
      const answer = await apiPost<{ text: string }>(`${pathOf(entity.id)}/chat`, { text: words });
      add({ from: 'it', text: answer.text });
    } catch (error) {
      add({ from: 'it', text: errorData(error).message, bad: true });
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void say(text);
  };
  return (
    <section className="card chat" aria-label={`Talk with ${entity.name}`}>
      <div className="chat-lines" role="log" tabIndex={0} aria-label="What was said">
        {lines.length === 0 && (
          <p className="quiet chat-none">
            <Icon name="chat" /> Say something to {entity.name}. It does what you may do.
          </p>
        )}
        {lines.map(({ from, text: words, at, bad }) => (
          <p key={`${at} ${from} ${words}`} className={`chat-line ${from} ${bad ? 'bad' : ''}`}>
            {words}
          </p>
        ))}
        {busy && <p className="chat-line it waiting">…</p>}
        <div ref={end} />
      </div>
      <div className="chat-suggested">
        {SUGGESTED[entity.kind].map((words) => (
          <Button key={words} onClick={() => void say(words)}>
            {words}
          </Button>
        ))}
      </div>
      <form className="chat-form" onSubmit={submit}>
        <input
          aria-label={`Message to ${entity.name}`}
          placeholder={`Message to ${entity.name}`}
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" look="primary" off={text.trim() === ''}>
          Send
        </Button>
      </form>
    </section>
  );
}

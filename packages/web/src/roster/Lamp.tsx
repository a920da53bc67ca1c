import { useEffect, useState } from 'react';
import { useCloud } from '../store/cloud.ts';
import { hypervisorOf } from '../store/state.ts';
import { formatSpan } from '../ui/format.ts';

/** Whether a hypervisor is heard from: a filled light, or since when not. */
export function Lamp({ name, words = false }: { readonly name: string; readonly words?: boolean }) {
  const lamp = useCloud((state) => state.lamps.get(name));
  const connected = useCloud((state) => hypervisorOf(state, name)?.libvirt !== 'lost');
  const isLive = lamp?.live === true;
  const silent = useSilence(isLive ? 0 : (lamp?.heardAt ?? 0));
  const heard = lamp ? `stale, heard ${silent} ago` : 'never heard';
  const text = isLive ? (connected ? 'live' : 'libvirt lost') : heard;
  const tone = isLive ? (connected ? 'live' : 'lost') : 'stale';
  return (
    <span className={`lamp ${tone}`} title={text}>
      <span className="lamp-light" aria-hidden="true" />
      <span className={words || tone !== 'live' ? 'lamp-words' : 'hidden'}>{text}</span>
    </span>
  );
}

function useSilence(since: number): string {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (since === 0) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [since]);
  return formatSpan((now - since) / 1000);
}

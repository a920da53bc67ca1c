import { useEffect, useState } from 'react';
import { useCloud } from '../store/cloud.ts';
import { retryNow } from '../store/connect.ts';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';

/** The connection is lost: since when, and when it is tried again. It lies over the page: nothing moves. */
export function Banner() {
  const phase = useCloud((state) => state.phase);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (phase.is !== 'lost') return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [phase]);
  // A moment without a connection is nothing to speak of.
  if (phase.is !== 'lost' || now - phase.since < 800) return null;
  const seconds = Math.max(0, Math.ceil((phase.retryAt - now) / 1000));
  return (
    <div className="banner" role="alert">
      <Icon name="warn" />
      <p>
        <strong>The connection to central is lost.</strong> What you see is from{' '}
        {new Date(phase.since).toLocaleTimeString()}.{' '}
        {seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again…'}
      </p>
      <Button onClick={retryNow}>Try now</Button>
    </div>
  );
}

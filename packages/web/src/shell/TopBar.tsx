import { Link, useLocation } from '@tanstack/react-router';
import { logOut } from '../api/session.ts';
import { useCloud } from '../store/cloud.ts';
import { mayAnywhere } from '../store/state.ts';
import { helpOpen, newMachine, paletteOpen, theme } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Menu } from '../ui/Menu.tsx';
import { Logo } from './Logo.tsx';
import { goTo } from './navigation.ts';
import { useMe } from './use-me.ts';

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function TopBar() {
  const me = useMe();
  // Where the brand leads to; on a phone that is the list of machines.
  const isHome = useLocation().pathname === '/';
  const phase = useCloud((state) => state.phase.is);
  const mode = useObservable(theme);
  const mayMake = useCloud((state) => mayAnywhere(state, 'alloc'));
  const words = { connecting: 'Connecting', live: 'Live', lost: 'Not connected' }[phase];
  return (
    <header className="topbar">
      <Link to="/" className="brand" aria-label="Skerry, overview">
        <Logo />
        <span>Skerry</span>
      </Link>
      <nav className="topnav" aria-label="Pages">
        <Link
          to="/map"
          className={isHome ? 'topnav-link active' : 'topnav-link'}
          aria-current={isHome ? 'page' : undefined}
        >
          Overview
        </Link>
        <Link to="/log" className="topnav-link">
          Log
        </Link>
        <Link to="/parked" className="topnav-link">
          Parked
        </Link>
        <Link to="/people" className="topnav-link">
          People
        </Link>
      </nav>
      <button type="button" className="search-button" onClick={() => paletteOpen.set(true)}>
        <Icon name="search" />
        <span>Find or do anything</span>
        <kbd>{isMac ? '⌘ K' : 'Ctrl K'}</kbd>
      </button>
      <span className={`live ${phase}`} role="status" title={words}>
        <span className="live-dot" aria-hidden="true" />
        <span className="live-word">{words}</span>
      </span>
      <Button
        look="primary"
        icon="plus"
        className="new-button"
        off={!mayMake}
        title={mayMake ? 'Make a machine (n)' : "you lack the permission 'alloc' everywhere"}
        onClick={() => newMachine.set({})}
      >
        New machine
      </Button>
      <Menu
        label="You and this page"
        className="avatar"
        trigger={me?.user.slice(0, 1).toUpperCase() ?? '·'}
        items={[
          {
            key: 'who',
            label: me ? `${me.user}${me.admin ? ', administrator' : ''}` : '',
            icon: 'people',
            off: true,
          },
          {
            key: 'account',
            label: 'Your account',
            icon: 'lock',
            first: true,
            run: () => goTo('/account'),
          },
          { key: 'people', label: 'People', icon: 'people', run: () => goTo('/people') },
          ...(['auto', 'light', 'dark'] as const).map((name, at) => ({
            key: name,
            label: { auto: 'Colours of the system', light: 'Light', dark: 'Dark' }[name],
            icon: mode === name ? 'check' : { auto: 'auto', light: 'sun', dark: 'moon' }[name],
            first: at === 0,
            run: () => theme.set(name),
          })),
          {
            key: 'help',
            label: 'Keyboard',
            icon: 'help',
            keys: '?',
            first: true,
            run: () => helpOpen.set(true),
          },
          { key: 'out', label: 'Log out', icon: 'logout', run: () => void logOut() },
        ].map((item) => ({ run: () => {}, ...item }))}
      />
    </header>
  );
}

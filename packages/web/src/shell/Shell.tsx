import { Outlet, useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useKeyboard } from '../keyboard/use-keyboard.ts';
import { HelpDialog } from '../keyboard/HelpDialog.tsx';
import { NewMachine } from '../verbs/NewMachine.tsx';
import { Palette } from '../palette/Palette.tsx';
import { Roster } from '../roster/Roster.tsx';
import { useCloud } from '../store/cloud.ts';
import { helpOpen, newMachine, opened, paletteOpen } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Dock } from '../tasks/Dock.tsx';
import { Toasts } from '../ui/Toasts.tsx';
import { AnswerDialog } from '../verbs/AnswerDialog.tsx';
import { QuestionDialog } from '../verbs/QuestionDialog.tsx';
import { Banner } from './Banner.tsx';
import { openedEntity } from './navigation.ts';
import { pageTitle } from './page-title.ts';
import { PhoneNav } from './PhoneNav.tsx';
import { StandBanner } from './StandBanner.tsx';
import { TopBar } from './TopBar.tsx';

export function Shell() {
  useKeyboard();
  const { pathname } = useLocation();
  const isPalette = useObservable(paletteOpen);
  const isHelp = useObservable(helpOpen);
  const making = useObservable(newMachine);
  const title = useCloud((state) => pageTitle(pathname, state.entities.get(openedEntity() ?? '')));
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    opened.set(openedEntity());
    document.querySelector('#page')?.scrollTo(0, 0);
  }, [pathname]);
  return (
    <div className="shell" data-at={pathname === '/' ? 'home' : 'page'}>
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <TopBar />
      <Roster />
      <main id="page" className="page" tabIndex={-1}>
        <Banner />
        <StandBanner />
        <Outlet />
      </main>
      <Dock />
      <PhoneNav />
      <Toasts />
      <QuestionDialog />
      <AnswerDialog />
      {making && <NewMachine {...making} />}
      {isPalette && <Palette />}
      {isHelp && <HelpDialog />}
    </div>
  );
}

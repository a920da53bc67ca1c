import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { loggedIn } from './api/client.ts';
import { checkLogin, logInByLink, takeLinkToken } from './api/session.ts';
import { linkError } from './login/link-error.ts';
import { App } from './shell/App.tsx';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/overlays.css';
import './styles/palette.css';
import './styles/shell.css';
import './styles/roster.css';
import './styles/pages.css';
import './styles/charts.css';
import './styles/tables.css';
import './styles/console.css';
import './styles/chat.css';
import './styles/overview.css';
import './styles/people.css';
import './styles/phone.css';

const token = takeLinkToken();
if (token === null) void checkLogin();
else
  logInByLink(token).catch((error: unknown) => {
    linkError.set(error instanceof Error ? error.message : String(error));
    loggedIn.set(false);
  });

// A link that is pasted into a tab with this page changes its hash and loads nothing.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#login=')) location.reload();
});

const root = document.querySelector('#root');
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );

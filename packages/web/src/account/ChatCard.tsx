import { useState } from 'react';
import { apiPost, errorData } from '../api/client.ts';
import type { VerbErrorData } from '../api/types.ts';
import { Secret } from '../people/Secret.tsx';
import { Facts, Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';

/** What central answers to chat_login. */
interface ChatLogin {
  readonly address: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
  readonly ca: string;
}

/** The way in for an XMPP client of one's own. */
export function ChatCard() {
  const [login, setLogin] = useState<ChatLogin>();
  const [error, setError] = useState<VerbErrorData>();
  const make = (): void => {
    setError(undefined);
    apiPost<ChatLogin>('central/chat_login', {}).then(setLogin, (thrown: unknown) =>
      setError(errorData(thrown)),
    );
  };
  return (
    <section className="card">
      <header className="card-head">
        <h2>Chat</h2>
        <Button icon="chat" className="at-end" onClick={make}>
          New chat password
        </Button>
      </header>
      {error && <Problem title="There is no new password" text={error.message} />}
      <p className="card-text quiet">
        Machines and hypervisors are contacts in an XMPP client of your own: their presence is their
        state, and they do what you write. The password before a new one is good no more.
      </p>
      {login && <LoginDialog login={login} onClose={() => setLogin(undefined)} />}
    </section>
  );
}

function LoginDialog({
  login,
  onClose,
}: {
  readonly login: ChatLogin;
  readonly onClose: () => void;
}) {
  const { address, password, host, port, ca } = login;
  return (
    <Dialog title="Your chat login" onClose={onClose}>
      <div className="dialog-form">
        <Facts
          rows={[
            ['Address', address],
            ['Server', `${host}, port ${port}, with STARTTLS`],
          ]}
        />
        <Secret label="Password" value={password} hint="It is shown only now." />
        <footer className="dialog-foot">
          <a
            className="button plain"
            href={`data:application/x-pem-file,${encodeURIComponent(ca)}`}
            download="skerry-ca.pem"
          >
            Save the authority to trust
          </a>
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}

import { useState } from 'react';
import { apiPost, errorData } from '../api/client.ts';
import type { TokenRow, VerbErrorData } from '../api/types.ts';
import { act } from '../people/act.ts';
import { FormDialog } from '../people/FormDialog.tsx';
import { Secret } from '../people/Secret.tsx';
import { useTokens } from '../people/use-people.ts';
import { Ago, Empty, Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Table } from '../ui/Table.tsx';

/** One's own tokens, or those of another user, which one can only revoke. */
export function TokensCard({ user }: { readonly user?: string }) {
  const { data, error } = useTokens(user);
  const [isMaking, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<TokenRow>();
  const tokens = data ?? [];
  return (
    <section className="card">
      <header className="card-head">
        <h2>Tokens</h2>
        {user === undefined && (
          <Button icon="plus" className="at-end" onClick={() => setMaking(true)}>
            New token
          </Button>
        )}
      </header>
      {error && <Problem title="The tokens cannot be read" text={errorData(error).message} />}
      {data && tokens.length === 0 && (
        <Empty icon="code" title="No tokens">
          {user === undefined
            ? 'With a token a program is you: the command line, a script, a monitor.'
            : `Only ${user} can make one.`}
        </Empty>
      )}
      {tokens.length > 0 && (
        <Table columns={['For', 'Last used', 'Good until', null]}>
          {tokens.map((token) => (
            <tr key={token.id}>
              <th scope="row">
                {token.label || 'no label'} <span className="quiet">{token.id}</span>
              </th>
              <td className="nowrap">
                {token.lastUsed ? <Ago at={Date.parse(token.lastUsed)} /> : 'never'}
              </td>
              <td className="nowrap">{new Date(token.expires).toLocaleDateString()}</td>
              <td className="row-verbs">
                <Button
                  look="ghost"
                  icon="trash"
                  label={`Revoke ${token.label}`}
                  onClick={() => setRevoked(token)}
                />
              </td>
            </tr>
          ))}
        </Table>
      )}
      {isMaking && <NewToken onClose={() => setMaking(false)} />}
      {revoked && (
        <FormDialog
          title={`Revoke a token: ${revoked.label}`}
          action="Revoke"
          look="danger"
          onClose={() => setRevoked(undefined)}
          onSubmit={() =>
            act({
              title: 'Token revoked',
              steps: [{ verb: 'token_revoke', params: { id: revoked.id, user } }],
            })
          }
        >
          <p className="summary">Whatever uses it is refused from now on.</p>
        </FormDialog>
      )}
    </section>
  );
}

const DAYS = [7, 30, 90, 365];

function NewToken({ onClose }: { readonly onClose: () => void }) {
  const [label, setLabel] = useState('');
  const [days, setDays] = useState(90);
  const [token, setToken] = useState<string>();
  const submit = async (): Promise<VerbErrorData | 'stays'> => {
    try {
      const made = await apiPost<{ readonly token: string }>('central/token_create', {
        label,
        days,
      });
      setToken(made.token);
      return 'stays';
    } catch (error) {
      return errorData(error);
    }
  };
  if (token !== undefined)
    return (
      <Dialog title={`Token: ${label}`} onClose={onClose}>
        <div className="dialog-form">
          <Secret
            label="Whoever has it is you"
            value={token}
            hint="It is shown only now. Programs send it as: Authorization: Bearer TOKEN; the command line takes it from SKERRY_CLOUD_TOKEN."
          />
          <footer className="dialog-foot">
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </footer>
        </div>
      </Dialog>
    );
  return (
    <FormDialog title="New token" action="Make it" onSubmit={submit} onClose={onClose}>
      <label className="field">
        <span>What it is for</span>
        <input
          value={label}
          required
          maxLength={100}
          autoComplete="off"
          data-autofocus
          onChange={(event) => setLabel(event.target.value)}
        />
        <span className="hint">You know it by that when you revoke it</span>
      </label>
      <div className="field">
        <label htmlFor="token-days">Good for so many days</label>
        <div className="scope-field">
          <input
            id="token-days"
            type="number"
            min={1}
            max={365}
            value={days}
            required
            onChange={(event) => setDays(Number(event.target.value))}
          />
          <div className="presets">
            {DAYS.map((each) => (
              <Button key={each} look="ghost" onClick={() => setDays(each)}>
                {each}
              </Button>
            ))}
          </div>
        </div>
      </div>
    </FormDialog>
  );
}

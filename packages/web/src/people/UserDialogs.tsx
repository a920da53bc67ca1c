// What one asks before a user is added, changed or removed.
import { useState } from 'react';
import { apiPost, errorData } from '../api/client.ts';
import type { RoleRow, UserRow, VerbErrorData } from '../api/types.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { count } from '../ui/format.ts';
import { act } from './act.ts';
import { CheckList } from './CheckList.tsx';
import { DifferenceList } from './DifferenceList.tsx';
import { differences, isSame } from './differences.ts';
import { FormDialog } from './FormDialog.tsx';
import { linkHere, Secret } from './Secret.tsx';
import { TypedName } from '../ui/TypedName.tsx';

interface Link {
  readonly link: string | null;
}

/** Who is new, and how they log in; then their link. */
export function AddUser({
  roles,
  onClose,
}: {
  readonly roles: readonly RoleRow[];
  readonly onClose: () => void;
}) {
  const [user, setUser] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [byPassword, setByPassword] = useState(false);
  const [password, setPassword] = useState('');
  const [link, setLink] = useState<string>();
  if (link !== undefined) return <LinkDialog user={user} link={link} onClose={onClose} />;
  const submit = async (): Promise<VerbErrorData | 'stays' | undefined> => {
    const params = { user, roles: [...chosen], ...(byPassword && { password }) };
    try {
      const made = await apiPost<Link>('central/user_add', params);
      if (made.link === null) return undefined;
      setLink(made.link);
      return 'stays';
    } catch (error) {
      return errorData(error);
    }
  };
  return (
    <FormDialog
      title="Add a user"
      action={byPassword ? 'Add' : 'Add, and make a link'}
      onSubmit={submit}
      onClose={onClose}
    >
      <label className="field">
        <span>Name</span>
        <input
          value={user}
          required
          autoComplete="off"
          spellCheck={false}
          pattern="[a-z][a-z0-9._\-]*"
          data-autofocus
          onChange={(event) => setUser(event.target.value)}
        />
        <span className="hint">Small letters, digits and . _ -, beginning with a letter</span>
      </label>
      <CheckList
        legend="Roles"
        items={roles.map(({ role }) => role)}
        value={chosen}
        onChange={setChosen}
        none="There are no roles yet."
      />
      <div className="field">
        <span>They log in first by</span>
        <div className="segments" role="group" aria-label="They log in first by">
          <button type="button" aria-pressed={!byPassword} onClick={() => setByPassword(false)}>
            A one-time link
          </button>
          <button type="button" aria-pressed={byPassword} onClick={() => setByPassword(true)}>
            A password
          </button>
        </div>
      </div>
      {byPassword && (
        <label className="field">
          <span>Password</span>
          <input
            type="password"
            value={password}
            required
            minLength={10}
            autoComplete="new-password"
            onChange={(event) => setPassword(event.target.value)}
          />
          <span className="hint">At least 10 characters; they can change it</span>
        </label>
      )}
    </FormDialog>
  );
}

/** A link that logs somebody in, to be handed over. */
export function LinkDialog(props: {
  readonly user: string;
  readonly link: string;
  readonly onClose: () => void;
}) {
  const { user, link, onClose } = props;
  return (
    <Dialog title={`Login link: ${user}`} onClose={onClose}>
      <div className="dialog-form">
        <Secret
          label={`Give it to ${user}, and to nobody else`}
          value={linkHere(link)}
          hint="It logs in once, within 15 minutes, and is shown only now."
        />
        <footer className="dialog-foot">
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}

/** A new link; the password may be forgotten with it. */
export function NewLink({ user: { user, hasPassword, sessions }, onClose }: UserProps) {
  const [reset, setReset] = useState(false);
  const [link, setLink] = useState<string>();
  if (link !== undefined) return <LinkDialog user={user} link={link} onClose={onClose} />;
  const submit = async (): Promise<VerbErrorData | 'stays'> => {
    try {
      setLink((await apiPost<Link>('central/user_link', { user, reset })).link ?? '');
      return 'stays';
    } catch (error) {
      return errorData(error);
    }
  };
  return (
    <FormDialog
      title={`New login link: ${user}`}
      action="Make a link"
      onSubmit={submit}
      onClose={onClose}
    >
      <p className="summary">
        It logs {user} in once. A link that was made before is good no more.
      </p>
      <label className="check">
        <input
          type="checkbox"
          checked={reset}
          data-autofocus
          onChange={(event) => setReset(event.target.checked)}
        />
        <span>
          Forget the password, and end every session
          <span className="hint">
            {hasPassword ? 'There is a password' : 'There is no password'} and{' '}
            {count(sessions, 'session')} now. For who has lost a computer or the password; tokens
            stay.
          </span>
        </span>
      </label>
    </FormDialog>
  );
}

interface UserProps {
  readonly user: UserRow;
  readonly onClose: () => void;
}

/** The roles of a user, and whether they are an administrator. */
export function EditUser({
  user: given,
  roles,
  onClose,
}: UserProps & { readonly roles: readonly RoleRow[] }) {
  // As it was when one began: central refuses to replace what somebody has changed since.
  const [user] = useState(given);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(user.roles));
  const [admin, setAdmin] = useState(user.admin);
  const changes = differences(user.roles, chosen);
  const isAdminChanged = admin !== user.admin;
  const steps = (to: UserRow, expect: readonly string[]) => [
    ...(isSame(changes)
      ? []
      : [{ verb: 'user_roles', params: { user: user.user, roles: to.roles, expect } }]),
    ...(isAdminChanged ? [{ verb: 'user_admin', params: { user: user.user, on: to.admin } }] : []),
  ];
  return (
    <FormDialog
      title={`Roles: ${user.user}`}
      action="Save"
      off={isSame(changes) && !isAdminChanged}
      onClose={onClose}
      onSubmit={() =>
        act({
          title: `Roles of ${user.user}`,
          steps: steps({ ...user, roles: [...chosen], admin }, user.roles),
          undo: steps(user, [...chosen]),
        })
      }
    >
      <CheckList
        legend="Roles"
        items={roles.map(({ role }) => role)}
        value={chosen}
        onChange={setChosen}
        none="There are no roles yet."
      />
      <label className="check">
        <input
          type="checkbox"
          checked={admin}
          onChange={(event) => setAdmin(event.target.checked)}
        />
        <span>
          Administrator
          <span className="hint">May do everything, also here.</span>
        </span>
      </label>
      <DifferenceList
        of={[
          ['role', changes],
          ['', differences(user.admin ? ['administrator'] : [], admin ? ['administrator'] : [])],
        ]}
      />
    </FormDialog>
  );
}

/** What goes with a user, before it does. */
export function RemoveUser({
  user,
  onClose,
  onGone,
}: UserProps & { readonly onGone?: (() => void) | undefined }) {
  const { user: name, roles, grants, sessions, tokens, jobs } = user;
  const [typed, setTyped] = useState('');
  const takes = [
    roles.length > 0 && `${count(roles.length, 'role')}: ${roles.join(', ')}`,
    grants > 0 && count(grants, 'grant'),
    sessions > 0 && `${count(sessions, 'session')}, at once`,
    tokens > 0 && `${count(tokens, 'token')}: what uses ${tokens === 1 ? 'it' : 'them'} is refused`,
    jobs > 0 && `${count(jobs, 'scheduled verb')}: not done any more`,
  ].filter((each) => each !== false);
  return (
    <FormDialog
      title={`Remove a user: ${name}`}
      action="Remove"
      look="danger"
      off={typed !== name}
      onClose={onClose}
      onSubmit={async () => {
        const error = await act({
          title: `${name} is removed`,
          steps: [{ verb: 'user_remove', params: { user: name } }],
        });
        if (!error) onGone?.();
        return error;
      }}
    >
      <div className="summary">
        {takes.length === 0 ? (
          <p>{name} has nothing that would go along. What was done stays in the log.</p>
        ) : (
          <>
            <p>This goes along, and does not come back:</p>
            <ul className="takes">
              {takes.map((each) => (
                <li key={each}>{each}</li>
              ))}
            </ul>
            <p>Machines stay, and what was done stays in the log.</p>
          </>
        )}
      </div>
      <TypedName name={name} value={typed} onChange={setTyped} />
    </FormDialog>
  );
}
